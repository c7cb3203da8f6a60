package ui

import (
	"fmt"
	"math"
	"sort"

	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/plot"
)

// curve is a run's or a ghost's loss: training loss smoothed, validation as it is.
type curve struct {
	train, val     plot.Series
	trainAt, valAt []int     // for each point of the series, the index of the point it came from
	fed            int       // points looked at
	mean, square   float64   // moving means of the loss and of its squared distance from its mean
	window         float64   // points that they go over, at most
	sds            []float64 // for each point of train, the standard deviation of its mean

	timed int     // points that have an x
	first int     // index of the first of them
	last  float64 // x of the last of them
	early *curve  // the curve until its clock was set back, nil where it was not
	from  int     // index of the point at which that was
}

// newCurve makes the curve of a run of about so many points. Its moving mean
// goes over a fifth of them, at most 50; at first over fewer, so that it does
// not lag where the loss falls fast. Ghosts are smoothed alike: what lag there is
// falls out of the comparison.
func newCurve(points int) *curve {
	return &curve{window: max(1, min(float64(points)/5, 50))}
}

// add takes a point. One whose x has fallen by half or more begins the curve anew, for
// the script has set its clock back: what it counted before is no time of training.
func (c *curve) add(at int, x, train, val float64) {
	if !math.IsNaN(x) {
		if c.timed > 0 && x < c.last/2 {
			early := *c
			*c = curve{window: c.window, fed: c.fed, early: &early, from: at}
		}
		if c.timed == 0 {
			c.first = at
		}
		c.timed, c.last = c.timed+1, x
	}
	if !math.IsNaN(train) && !math.IsInf(train, 0) {
		n := c.train.Len()
		w := min(c.window, 1+float64(n)/3)
		off := train - c.mean
		c.mean += off / w
		if n > 0 {
			c.square += (off*(train-c.mean) - c.square) / w
		}
		if c.train.Append(x, c.mean); c.train.Len() > n {
			c.sds = append(c.sds, math.Sqrt(max(c.square, 0)/(2*w-1)))
			c.trainAt = append(c.trainAt, at)
		}
	}
	if !math.IsNaN(val) {
		n := c.val.Len()
		if c.val.Append(x, val); c.val.Len() > n {
			c.valAt = append(c.valAt, at)
		}
	}
}

// before gives the curve as it was drawn before the point with index n came.
func (c *curve) before(n int) *curve {
	for c.early != nil && n <= c.from {
		c = c.early
	}
	return c
}

// upTo gives how many points of the series came from points before index n.
func upTo(at []int, n int) int { return sort.SearchInts(at, n) }

// recordCurve makes the curve of a record's reference over seconds, nil where it has none.
func recordCurve(rec taskdata.Record) *curve {
	points := rec.Curve()
	if len(points) == 0 {
		return nil
	}
	c := newCurve(len(points))
	for i, p := range points {
		c.add(i, p.TrainMS/1000, p.TrainLoss, p.ValLoss)
	}
	return c
}

// ghostLook gives how the curve of a record is drawn, the one to beat or the one
// to leave behind: its style, the sign in the legend, and one dot column of how
// many. Where no run of one's own is drawn over them, they are drawn firmer.
func ghostLook(th *frame.Theme, to, alone bool) (st cell.Style, sign string, every int) {
	switch {
	case to && alone:
		return th.Gold, "━━", 1
	case to:
		return th.Gold, "╌╌", 2
	case alone:
		return th.Grey, "┄┄", 2
	}
	return th.Grey, "┄┄", 3
}

// drawGhost adds a record's curve to a chart and its legend: the training loss
// with the validations as dots, or the validations alone where there is no other loss.
func drawGhost(th *frame.Theme, c *plot.Chart, legend *cell.Row, g *curve, name string, to, alone bool) {
	st, sign, every := ghostLook(th, to, alone)
	if g.train.Len() == 0 {
		c.Lines = append(c.Lines, plot.Line{Series: &g.val, Style: st, Every: every})
	} else {
		c.Lines = append(c.Lines,
			plot.Line{Series: &g.train, Style: st, Every: every},
			plot.Line{Series: &g.val, Style: st, Mark: '◦', Points: true})
	}
	legend.Put(st, sign+" ").Put(th.Dim, name).Gap(2)
}

// targetLevel gives the line at the target loss, none where there is no target.
func targetLevel(th *frame.Theme, target float64) []plot.Level {
	if target <= 0 {
		return nil
	}
	return []plot.Level{{Y: target, Style: th.Good, Label: fmt.Sprintf("target %.2f", target)}}
}

// top leaves the first few steps, which fall from far above, out of the picture.
func top(lines []plot.Line) float64 {
	most := math.Inf(-1)
	for _, l := range lines {
		n := l.N
		if n == 0 {
			n = l.Series.Len()
		}
		if n < 12 {
			_, hi := l.Series.Range(0, n)
			most = max(most, hi)
			continue
		}
		_, hi := l.Series.Range(n/20+1, n)
		most = max(most, hi)
	}
	return max(most, 0)
}
