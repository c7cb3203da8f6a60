package widget

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPagesHoldEachItemOnceAndGoRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewPages()
		for range rapid.IntRange(1, 4).Draw(t, "sizes") {
			items, each := rapid.IntRange(0, 50).Draw(t, "items"), rapid.IntRange(0, 12).Draw(t, "each")
			p.Set(items, each)
			if first, end := p.Bounds(); items > 0 && (first < 0 || first >= end || end > items) || items == 0 && first != end {
				t.Fatalf("of %d items it shows those from %d to %d", items, first, end)
			}
			p.First()
			seen := 0
			for {
				first, end := p.Bounds()
				if first != seen {
					t.Fatalf("a page begins at %d after %d items", first, seen)
				}
				seen = end
				if p.Next(); seen >= items {
					break
				}
			}
			if first, _ := p.Bounds(); first != 0 {
				t.Fatalf("after the last page it is at item %d", first)
			}
			if several := items > max(each, 1); p.Several() != several {
				t.Fatalf("%d items, %d a page: several is %v", items, each, p.Several())
			}
			for range rapid.IntRange(0, 5).Draw(t, "on") {
				p.Next()
			}
		}
	})
}
