package widget

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"charm.land/bubbles/v2/filepicker"
	"charm.land/bubbles/v2/list"
	"charm.land/bubbles/v2/table"
	"charm.land/bubbles/v2/textinput"
	"github.com/charmbracelet/x/ansi"

	"pitwall/ui/cell"
)

// What the screen lists has up to some thousand rows, of which forty show. These
// measure a frame with bubbles' table and list, and with rows of ours: why ours stay.
func BenchmarkRowsOfAList(b *testing.B) {
	const n, w, h = 1000, 140, 40
	b.Run("table", func(b *testing.B) {
		var rows []table.Row
		for i := range n {
			rows = append(rows, table.Row{fmt.Sprint(i), "nanogpt/4", "tuner", "done", "0.18"})
		}
		t := table.New(table.WithRows(rows), table.WithHeight(h), table.WithWidth(w), table.WithColumns([]table.Column{
			{Title: "#", Width: 6},
			{Title: "task", Width: 20},
			{Title: "agent", Width: 20},
			{Title: "status", Width: 12},
			{Title: "FSR", Width: 8},
		}))
		for b.Loop() {
			t.MoveDown(1)
			_ = t.View()
		}
	})
	b.Run("list", func(b *testing.B) {
		var items []list.Item
		for i := range n {
			items = append(items, item(fmt.Sprint("nanogpt/4 tuner ", i)))
		}
		l := list.New(items, list.NewDefaultDelegate(), w, h)
		for b.Loop() {
			l.CursorDown()
			_ = l.View()
		}
	})
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			for i := range h {
				_ = cell.New(w).Put("\x1b[1m", fmt.Sprint(i)).To(6).Put("", "nanogpt/4").To(26).Put("", "tuner").To(46).Put("\x1b[32m", "done").To(58).Put("", "0.18").String()
			}
		}
	})
}

type item string

func (i item) FilterValue() string { return string(i) }
func (i item) Title() string       { return string(i) }
func (i item) Description() string { return "done" }

// TestThePartsAsTheyComeAreNeitherCleanNorExact says why they are wrapped or left. Once
// it fails a wrapper may go.
func TestThePartsAsTheyComeAreNeitherCleanNorExact(t *testing.T) {
	const hostile = "a\x1b]52;c;aGk=\x07b"
	in := textinput.New()
	in.SetWidth(20)
	in.SetValue("損失 \u202etxt")
	if n := ansi.StringWidth(in.View()); n == 20 {
		t.Error("textinput takes the cells that it is given")
	}
	if !strings.Contains(in.Value(), "\u202e") {
		t.Error("textinput keeps overrides of direction out")
	}
	tb := table.New(table.WithRows([]table.Row{{hostile}}), table.WithColumns([]table.Column{{Title: "x", Width: 30}}), table.WithHeight(4), table.WithWidth(40))
	if !strings.Contains(tb.View(), "\x1b]52") {
		t.Error("table cleans its cells")
	}
	l := list.New([]list.Item{item(hostile)}, list.NewDefaultDelegate(), 40, 12)
	if !strings.Contains(l.View(), "\x1b]52") {
		t.Error("list cleans its items")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, hostile), 0o700); err != nil {
		t.Skipf("no such names here: %v", err)
	}
	f := filepicker.New()
	f.CurrentDirectory = dir
	f.SetHeight(4)
	f, _ = f.Update(f.Init()())
	if !strings.Contains(f.View(), "\x1b]52") {
		t.Error("filepicker cleans the names of files")
	}
}
