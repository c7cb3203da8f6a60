package gpu

import "slices"

// ticks groups rows into samples. nvidia-smi writes a row for each GPU, by index,
// and nothing between two rounds.
type ticks struct {
	now  []Device // of the round under way
	last []Device // the round before
	top  int      // the highest index so far, which ends a round; -1 before the first
}

// add takes a row and gives the samples that are whole with it.
func (t *ticks) add(d Device) (whole [][]Device) {
	switch {
	case len(t.now) > 0 && d.Index <= t.now[len(t.now)-1].Index:
		whole = append(whole, t.flush())
	case len(t.now) == 0 && t.top >= 0 && d.Index > t.top:
		t.now = slices.Clone(t.last) // a GPU that has come belongs to the round that seemed whole
	}
	t.now = append(t.now, d)
	if d.Index == t.top {
		whole = append(whole, t.flush())
	}
	return whole
}

// flush ends the round under way, if one is.
func (t *ticks) flush() []Device {
	if len(t.now) == 0 {
		return nil
	}
	t.last, t.now = t.now, nil
	t.top = max(t.top, t.last[len(t.last)-1].Index)
	return t.last
}
