package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/plot"
)

// track is a track's data, read once, and what is chosen of it.
type track struct {
	taskdata.Track
	records []taskdata.Record
	tasks   map[int]*taskdata.Task // by the number of their first record
	ghosts  map[int]*ghost         // by number, once they are there; nil where there is none
	asked   map[int]bool           // ghosts that were asked for
	curves  bool                   // some record has a loss curve
	missing bool                   // the scripts of some task are not here

	minutes  bool        // its times are given in minutes
	close    bool        // some of its records are hardly faster than the one before
	byDate   bool        // its history goes over dates, else over numbers
	times    plot.Series // record times over date or number
	steps    plot.Series // the same as a staircase: a record stands until the next one
	whole    int         // cells that its times take before the point
	fraction int         // and from the point on

	filter  string
	found   []int // indices of the records that pass the filter
	at, top int   // indices into found
	number  int   // of the record to come back to when the filter lets it through again
}

func newTrack(t taskdata.Track, records []taskdata.Record, tasks []taskdata.Task) *track {
	tr := &track{Track: t, records: records, tasks: map[int]*taskdata.Task{}, ghosts: map[int]*ghost{}, asked: map[int]bool{}}
	for i := range tasks {
		tr.tasks[tasks[i].From.Number] = &tasks[i]
		tr.missing = tr.missing || !tasks[i].Ready
	}
	fastest, dates := math.Inf(1), map[string]bool{}
	for i := range records {
		rec := &records[i]
		dates[rec.Date] = true
		tr.curves = tr.curves || rec.HasCurve()
		if rec.Seconds > 0 {
			fastest = min(fastest, rec.Seconds)
		}
	}
	tr.minutes = fastest >= 60 && !math.IsInf(fastest, 1)
	delete(dates, "")
	tr.byDate = len(dates) > 1
	for i := range records {
		rec := &records[i]
		number, _, _ := strings.Cut(tr.time(rec), " ")
		whole, fraction, _ := strings.Cut(number, ".")
		tr.whole = max(tr.whole, clean.Width(whole))
		if fraction != "" {
			tr.fraction = max(tr.fraction, 1+len(fraction))
		}
		if s := tr.speedup(rec); s > 0 && s < 1.02 {
			tr.close = true
		}
		if x, y, ok := tr.point(rec); ok {
			if n := tr.times.Len(); n > 0 && tr.byDate {
				_, last := tr.steps.At(tr.steps.Len() - 1)
				tr.steps.Append(x, last)
			}
			tr.times.Append(x, y)
			tr.steps.Append(x, y)
		}
		tr.retimed(rec)
	}
	tr.number = tr.first()
	tr.narrow()
	return tr
}

// rank says how well a track is to begin with: best one of the benchmark that can
// be attempted here, else the practice track.
func (t *track) rank() int {
	ready := false
	for _, task := range t.tasks {
		ready = ready || task.Ready
	}
	switch {
	case ready && !t.Practice:
		return 2
	case t.Practice:
		return 1
	}
	return 0
}

// first gives the number of the record to begin with: of the last task of the
// benchmark that can be attempted, else of the last one that can, else of the
// newest record.
func (t *track) first() int {
	number, best := 0, 0
	for _, rec := range t.records {
		task := t.tasks[rec.Number]
		if t.Practice && rec.Number == 7 && task != nil {
			return 7
		}
		if task == nil || !task.Ready {
			continue
		}
		rank := 2
		switch {
		case task.Benchmark():
			rank = 3
		case task.Open():
			rank = 1
		}
		if rank >= best {
			number, best = rec.Number, rank
		}
	}
	if number == 0 && len(t.records) > 0 {
		number = t.records[len(t.records)-1].Number
	}
	return number
}

// point gives where a record stands in the history plot.
func (t *track) point(rec *taskdata.Record) (x, y float64, ok bool) {
	if rec.Seconds <= 0 {
		return 0, 0, false
	}
	if y = t.axis(rec.Seconds); !t.byDate {
		return float64(rec.Number), y, true
	}
	day, err := time.Parse(time.DateOnly, rec.Date)
	return plot.Day(day), y, err == nil
}

// retimed adds a record's later measurements to the staircase.
func (t *track) retimed(rec *taskdata.Record) {
	if !t.byDate {
		return
	}
	last := rec.Seconds
	for _, again := range rec.Retimed {
		day, err := time.Parse(time.DateOnly, again.Date)
		if err != nil || again.Seconds <= 0 || t.steps.Len() == 0 {
			continue
		}
		t.steps.Append(plot.Day(day), t.axis(last))
		t.steps.Append(plot.Day(day), t.axis(again.Seconds))
		last = again.Seconds
	}
}

// axis gives a time in the track's unit.
func (t *track) axis(s float64) float64 {
	if t.minutes {
		return s / 60
	}
	return s
}

// time gives a record's time with its unit, as precise as it was published.
func (t *track) time(rec *taskdata.Record) string {
	if rec.Seconds > 0 && rec.Published != "" {
		return clean.Line(rec.Published)
	}
	return t.length(rec.Seconds)
}

// length gives a length of time in the track's unit, "–" where it is not known.
func (t *track) length(s float64) string {
	switch {
	case s <= 0 || math.IsNaN(s):
		return "–"
	case t.minutes:
		return strconv.FormatFloat(math.Round(s/60*1000)/1000, 'f', -1, 64) + " min"
	}
	return frame.Seconds(s)
}

// unit is the unit of the track's times, in a word.
func (t *track) unit() string {
	if t.minutes {
		return "min"
	}
	return "s"
}

// aligned is time with the points of all the track's times below each other.
func (t *track) aligned(rec *taskdata.Record) string {
	number, unit, _ := strings.Cut(t.time(rec), " ")
	whole, fraction, found := strings.Cut(number, ".")
	if found {
		fraction = "." + fraction
	}
	return frame.Pad(whole, t.whole, true) + frame.Pad(fraction, t.fraction, false) + " " + frame.Pad(unit, len(t.unit()), false)
}

// alignedWidth is the width of aligned.
func (t *track) alignedWidth() int { return t.whole + t.fraction + 1 + len(t.unit()) }

// before gives the record before one, nil for the first.
func (t *track) before(number int) *taskdata.Record {
	for i := range t.records {
		if t.records[i].Number == number && i > 0 && t.records[i-1].Number == number-1 {
			return &t.records[i-1]
		}
	}
	return nil
}

// speedup gives how many times as fast a record is as the one before it, 0 where
// that is not known.
func (t *track) speedup(rec *taskdata.Record) float64 {
	last := t.before(rec.Number)
	if last == nil || last.LatestSeconds() <= 0 || rec.Seconds <= 0 {
		return 0
	}
	return last.LatestSeconds() / rec.Seconds
}

// ratio gives a speedup: "1.22×", finer where the track's records lie closely together.
func (t *track) ratio(s float64) string {
	switch {
	case s >= 9.9995:
		return fmt.Sprintf("%.1f×", s)
	case t.close:
		return fmt.Sprintf("%.3f×", s)
	}
	return fmt.Sprintf("%.2f×", s)
}

// share gives the length of a time's bar, and whether bars go by the logarithm.
func (t *track) share(s float64) (share float64, log bool) {
	lo, hi := t.times.Range(0, t.times.Len())
	s = t.axis(s)
	if s <= 0 || hi <= 0 {
		return 0, false
	}
	if log = hi > 10*lo; !log {
		return s / hi, false
	}
	lo /= 1.25 // the fastest has a bar too
	return math.Log(s/lo) / math.Log(hi/lo), true
}

// record gives the chosen record, nil where the filter leaves none.
func (t *track) record() *taskdata.Record {
	if len(t.found) == 0 {
		return nil
	}
	t.at = max(min(t.at, len(t.found)-1), 0)
	return &t.records[t.found[t.at]]
}

func (t *track) move(n int) {
	t.at = max(min(t.at+n, len(t.found)-1), 0)
	t.settle()
}

// settle makes the chosen record the one to come back to.
func (t *track) settle() {
	if rec := t.record(); rec != nil {
		t.number = rec.Number
	}
}

// choose chooses the record with a number, where the filter lets it through.
func (t *track) choose(number int) {
	if i := slices.IndexFunc(t.found, func(i int) bool { return t.records[i].Number == number }); i >= 0 {
		t.at = i
	}
}

// narrow takes up a changed filter. The chosen record stays if it passes, and
// comes back when it passes again.
func (t *track) narrow() {
	words := words(t.filter)
	t.found = t.found[:0:0]
	for i := range t.records {
		if passes(&t.records[i], words) {
			t.found = append(t.found, i)
		}
	}
	t.at, t.top = 0, 0
	t.choose(t.number)
}

// count says how many records the filter leaves.
func (t *track) count() string { return fmt.Sprintf("%d of %d", len(t.found), len(t.records)) }

// readyWords says how many tasks can be attempted.
func (t *track) readyWords(imports bool) string {
	ready := 0
	for _, task := range t.tasks {
		if task.Ready {
			ready++
		}
	}
	switch {
	case ready == 0 && imports:
		return " · no task ready: I imports"
	case ready == 0:
		return " · no task ready"
	}
	return fmt.Sprintf(" · %d of %d tasks ready", ready, len(t.tasks))
}

// words gives the words of a filter, in lower case.
func words(filter string) [][]rune {
	var ws [][]rune
	for _, w := range strings.Fields(filter) {
		ws = append(ws, lower(w))
	}
	return ws
}

// lower gives the runes of s in lower case, as many as there are in s.
func lower(s string) []rune {
	rs := []rune(s)
	for i, r := range rs {
		rs[i] = unicode.ToLower(r)
	}
	return rs
}

// within gives where a word begins in text from index at on, -1 where it is not there.
func within(text, word []rune, at int) int {
	for i := at; i+len(word) <= len(text); i++ {
		if slices.Equal(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

// passes reports whether each word is in a record's number, title, people or date.
func passes(rec *taskdata.Record, words [][]rune) bool {
	if len(words) == 0 {
		return true
	}
	fields := [][]rune{lower(strconv.Itoa(rec.Number)), lower(rec.Title), lower(rec.Date), lower(strings.Join(rec.People, "\n"))}
	for _, w := range words {
		if !slices.ContainsFunc(fields, func(f []rune) bool { return within(f, w, 0) >= 0 }) {
			return false
		}
	}
	return true
}

// putFound adds clean text, with what the words of a filter found of it marked.
func putFound(th *frame.Theme, row *cell.Row, st cell.Style, text string, words [][]rune) *cell.Row {
	if len(words) == 0 {
		return row.Put(st, text)
	}
	rs, low := []rune(text), lower(text)
	marked := make([]bool, len(rs)+1)
	for _, w := range words {
		for i := within(low, w, 0); i >= 0; i = within(low, w, i+1) {
			for k := range w {
				marked[i+k] = true
			}
		}
	}
	for i := 0; i < len(rs); {
		j := i + 1
		for j < len(rs) && marked[j] == marked[i] {
			j++
		}
		s := st
		if marked[i] {
			s += th.Hit
		}
		row.Put(s, string(rs[i:j]))
		i = j
	}
	return row
}
