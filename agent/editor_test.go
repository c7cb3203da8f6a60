package agent_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pitwall/agent"
	"pitwall/store/event"
)

func TestAnEditIsThePiecesThatCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var told [5]string
		ed := agent.NewEditor(3, nil, func(bodies ...event.Body) {
			for _, b := range bodies {
				d := b.(event.Draft)
				told[d.Part] += d.Text
			}
		}, 0)
		ed.Begin("train.py")
		var want [5]string
		want[event.PartPath] = "train.py"
		for range rapid.IntRange(0, 20).Draw(t, "pieces") {
			part := event.Part(rapid.IntRange(2, 4).Draw(t, "part"))
			text := rapid.StringN(0, 4, 12).Draw(t, "text")
			ed.Add(part, text)
			want[part] += text
		}
		p := ed.End()
		if got := [5]string{"", p.Path, p.Reason, p.Old, p.New}; got != want || told != want || p.Edit != 1 {
			t.Fatalf("edit %d is %q, told as %q, want %q", p.Edit, got, told, want)
		}
	})
}

// BenchmarkStreamedEdit takes an edit that comes in pieces of some letters. The time of a
// byte must not grow with the edit.
func BenchmarkStreamedEdit(b *testing.B) {
	for _, size := range []int{100 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%d kB", size>>10), func(b *testing.B) {
			piece := strings.Repeat("x", 16)
			b.SetBytes(int64(size))
			for b.Loop() {
				ed := agent.NewEditor(1, nil, func(...event.Body) {}, 0)
				ed.Begin("train.py")
				for n := 0; n < size; n += len(piece) {
					ed.Add(event.PartNew, piece)
				}
				if p := ed.End(); len(p.New) < size {
					b.Fatal(len(p.New))
				}
			}
		})
	}
}
