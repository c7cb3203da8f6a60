package widget

import (
	"charm.land/bubbles/v2/paginator"
)

// Pages divides items over pages of equal size, and goes round them.
type Pages struct {
	in    paginator.Model
	items int
}

// NewPages returns pages of nothing.
func NewPages() *Pages { return &Pages{in: paginator.New()} }

// Set says how many items there are, and how many a page holds. The page stays where
// there is one.
func (p *Pages) Set(items, each int) {
	p.items = max(items, 0)
	p.in.PerPage = max(each, 1)
	p.in.TotalPages = 1
	p.in.SetTotalPages(p.items) // leaves the number as it was where there are none
	p.in.Page = min(p.in.Page, p.in.TotalPages-1)
}

// Bounds gives the items of this page: from the first to before end.
func (p *Pages) Bounds() (first, end int) {
	return p.in.GetSliceBounds(p.items)
}

// Several reports whether there is more than one page.
func (p *Pages) Several() bool { return p.in.TotalPages > 1 }

// Next goes to the next page; the last is followed by the first.
func (p *Pages) Next() {
	if p.in.OnLastPage() {
		p.in.Page = 0
		return
	}
	p.in.NextPage()
}

// First goes to the first page.
func (p *Pages) First() { p.in.Page = 0 }

// Sign says which page of how many it is: "2/3".
func (p *Pages) Sign() string { return p.in.View() }
