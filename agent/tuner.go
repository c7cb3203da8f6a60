package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// tuner is a seeded local search over the numeric constants of the script. It
// knows no model and no machine learning: it finds the numbers by syntax, tries
// changes of a few at a time from the best version so far, and goes on in the
// directions that helped. It is the search baseline.
type tuner struct{ python taskdata.Interpreter }

func (*tuner) RunsUnchanged() bool { return false }
func (*tuner) Repeats() bool       { return false }
func (*tuner) Independent() bool   { return false }
func (*tuner) Reads() bool         { return false }

// Tuning of the tuner.
const (
	weightSteps = 8.0  // the number of planned steps: the surest lever on time
	weightTop   = 1.0  // a named float
	weightInt   = 0.15 // another named integer: mostly a shape, which breaks easily
	weightInner = 0.1  // a number inside a function
	maxMoves    = 2    // constants moved at a time, at most
	maxDraws    = 2000 // sets of changes drawn before it gives up
	maxTries    = 40   // of them, those checked against the rules
	timeNoise   = 0.02 // a smaller share of time saved may be luck
	lossWorth   = 1.0  // share of time that a loss lower by 1 is worth: it pays for fewer steps
)

// trial is an earlier node as the tuner sees it.
type trial struct {
	node   int
	values map[string]float64 // what differs from the record, by key
	worth  float64            // 0 is the record itself, more is better
}

// Propose changes one or two constants beside those that it keeps from an
// earlier node, by an edit of each line that they stand in.
func (t *tuner) Propose(ctx context.Context, b Brief, ed *Editor) error {
	name := b.Script
	text, ok := b.Files[name]
	if !ok {
		return fmt.Errorf("the node has no %s to tune", name)
	}
	sources := []string{text}
	for _, o := range b.Past {
		past := text
		for _, e := range o.Edits {
			past = fold.Replace(past, e.Old, e.New)
		}
		sources = append(sources, past)
	}
	lists, err := scanConstants(ctx, t.python, sources)
	if err != nil {
		return err
	}
	s := newSearch(b, lists)
	if len(s.consts) == 0 {
		return errors.New("the script has no numeric constant to tune")
	}
	tries := 0
	for range maxDraws {
		moves := s.propose()
		if moves == nil {
			continue
		}
		if tries++; tries > maxTries {
			break
		}
		hunks := s.hunks(name, text, moves)
		changed := text
		for _, h := range hunks {
			changed = fold.Replace(changed, h.Old, h.New)
		}
		files := map[string]string{}
		for p, f := range b.Files {
			files[p] = f
		}
		files[name] = changed
		violations, err := b.Try(ctx, files)
		if err != nil {
			return err
		}
		if len(violations) > 0 {
			s.forbid(moves)
			continue
		}
		for i, h := range hunks {
			if err := ed.Write(ctx, h.Hunk, h.reason); err != nil {
				return fmt.Errorf("edit %d: %w", i+1, err)
			}
		}
		return nil
	}
	return Refuse("no untried change of the constants keeps the rules")
}

// search is the state of the search before one node, all of it derived from the brief.
type search struct {
	b      Brief
	rng    *rand.Rand
	consts []constant
	weight []float64
	trials []trial
	base   trial              // where the next proposal starts from: the best trial, or the record
	drift  map[string]float64 // by key: direction that helped (> 0 up), scaled by how often
}

func newSearch(b Brief, lists [][]constant) *search {
	s := &search{b: b, rng: rand.New(rand.NewPCG(uint64(b.Seed), uint64(b.Node))), drift: map[string]float64{}}
	original := map[string]float64{}
	for _, c := range lists[0] {
		if c.Line != c.EndLine || c.Value == 0 {
			continue
		}
		s.consts = append(s.consts, c)
		s.weight = append(s.weight, s.prior(c))
		original[c.key()] = c.Value
	}
	for i, o := range b.Past {
		tr := trial{node: o.Node, values: map[string]float64{}, worth: worth(b, o)}
		for _, c := range lists[i+1] {
			if v, ok := original[c.key()]; ok && v != c.Value {
				tr.values[c.key()] = c.Value
			}
		}
		s.trials = append(s.trials, tr)
		if tr.worth > s.base.worth {
			s.base = tr
		}
	}
	s.learn(original)
	return s
}

// worth puts outcomes on one scale: time saved and loss gained where the target
// was reached, else how far it was missed.
func worth(b Brief, o Outcome) float64 {
	switch {
	case o.Verdict == event.VerdictProvisional && o.TrainSeconds > 0:
		saved := (b.RecordSeconds - o.TrainSeconds) / b.RecordSeconds
		if math.Abs(saved) < timeNoise {
			saved = 0
		}
		lower := b.RecordLoss - o.ValLoss
		if math.IsNaN(lower) {
			lower = 0
		}
		return saved + lossWorth*lower
	case o.Verdict == event.VerdictMissed:
		return -timeNoise - 2*(o.ValLoss-b.Target)
	}
	return -1
}

func (s *search) prior(c constant) float64 {
	switch {
	case s.isSteps(c):
		return weightSteps
	case c.Top && !c.Int:
		return weightTop
	case c.Top:
		return weightInt
	}
	return weightInner
}

func (s *search) isSteps(c constant) bool {
	return c.Top && c.Int && s.b.Steps > 0 && int(c.Value) == s.b.Steps
}

// learn shifts weights and directions by what the trials showed. A change is
// judged with the others made in the same node, so that blame is shared.
func (s *search) learn(original map[string]float64) {
	for _, tr := range s.trials {
		for key, v := range tr.values {
			i := slices.IndexFunc(s.consts, func(c constant) bool { return c.key() == key })
			dir := math.Copysign(1, v-original[key]) / float64(len(tr.values))
			switch {
			case tr.worth > 0:
				s.drift[key] += dir
				s.weight[i] *= 1.5
			case tr.worth <= -1:
				s.weight[i] *= 0.3
				s.drift[key] -= dir
			default:
				s.weight[i] *= 0.8
				s.drift[key] -= dir
			}
		}
	}
}

// move is one constant's new value.
type move struct {
	c    constant
	to   float64
	kept bool // taken over from the trial it builds on
}

// propose draws a set of changes that no trial has made yet, nil if it drew an old one.
func (s *search) propose() []move {
	set := map[string]move{}
	for _, c := range s.consts {
		if v, ok := s.base.values[c.key()]; ok {
			set[c.key()] = move{c, v, true}
		}
	}
	n := 1 + s.rng.IntN(maxMoves)
	for range n {
		c, ok := s.draw()
		if !ok {
			return nil
		}
		from := c.Value
		if m, ok := set[c.key()]; ok {
			from = m.to
		}
		to := s.shift(c, from)
		if to == c.Value {
			delete(set, c.key())
			continue
		}
		set[c.key()] = move{c, to, false}
	}
	var moves []move
	values := map[string]float64{}
	for _, c := range s.consts { // in the order of the script
		if m, ok := set[c.key()]; ok {
			moves = append(moves, m)
			values[c.key()] = m.to
		}
	}
	if len(moves) == 0 || slices.ContainsFunc(s.trials, func(t trial) bool { return equalValues(t.values, values) }) {
		return nil
	}
	return moves
}

func equalValues(a, b map[string]float64) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func (s *search) draw() (constant, bool) {
	total := 0.0
	for _, w := range s.weight {
		total += w
	}
	if total <= 0 {
		return constant{}, false
	}
	at := s.rng.Float64() * total
	for i, w := range s.weight {
		if at -= w; at < 0 {
			return s.consts[i], true
		}
	}
	return s.consts[len(s.consts)-1], true
}

// shift moves a value a step of 5 to 30 %, mostly the way that helped before.
func (s *search) shift(c constant, from float64) float64 {
	up := s.rng.Float64() < 0.5
	switch d := s.drift[c.key()]; {
	case s.isSteps(c) && d <= 0:
		up = false // fewer steps are less time; up only where down has failed
	case d != 0 && s.rng.Float64() < 0.8:
		up = d > 0
	}
	factor := 1 + 0.05 + 0.25*s.rng.Float64()
	if s.isSteps(c) {
		factor = 1 + 0.02 + 0.08*s.rng.Float64()
	}
	if !up {
		factor = 1 / factor
	}
	if c.Int {
		to := math.Round(from * factor)
		if to == from {
			to += math.Copysign(1, (factor-1)*from)
		}
		if to == 0 {
			to = from
		}
		return to
	}
	if from > 0.5 && from < 1 {
		// A fraction near one (a momentum, a decay) moves by its distance from one.
		return roundTo(1-(1-from)/factor, 2-int(math.Floor(math.Log10((1-from)/factor))))
	}
	return significant(from * factor)
}

// significant rounds to three digits.
func significant(v float64) float64 {
	return roundTo(v, 2-int(math.Floor(math.Log10(math.Abs(v)))))
}

// roundTo rounds to so many decimals, so that the number reads as one writes it.
func roundTo(v float64, decimals int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', max(0, decimals), 64), 64)
	if err != nil || r == 0 {
		return v
	}
	return r
}

// forbid drops the constant that broke a rule; where it could be one of several,
// all of them become less likely.
func (s *search) forbid(moves []move) {
	var fresh []string
	for _, m := range moves {
		if !m.kept {
			fresh = append(fresh, m.c.key())
		}
	}
	for i, c := range s.consts {
		switch {
		case !slices.Contains(fresh, c.key()):
		case len(fresh) == 1:
			s.weight[i] = 0
		default:
			s.weight[i] *= 0.3
		}
	}
}

// reasoned is a hunk with the sentence that explains it.
type reasoned struct {
	Hunk
	reason string
}

// hunks turns moves into edits, one for each line that changes.
func (s *search) hunks(path, text string, moves []move) []reasoned {
	lines := strings.SplitAfter(text, "\n")
	byLine := map[int][]move{}
	var order []int
	for _, m := range moves {
		if byLine[m.c.Line] == nil {
			order = append(order, m.c.Line)
		}
		byLine[m.c.Line] = append(byLine[m.c.Line], m)
	}
	slices.Sort(order)
	var out []reasoned
	for _, n := range order {
		line := lines[n-1]
		ms := byLine[n]
		slices.SortFunc(ms, func(a, b move) int { return b.c.From - a.c.From })
		var reasons []string
		for _, m := range ms {
			line = line[:m.c.From] + format(m) + line[m.c.To:]
			reasons = append([]string{s.reason(m)}, reasons...)
		}
		from, to := unique(lines, n-1, n)
		old := strings.Join(lines[from:to], "")
		lines[n-1] = line
		out = append(out, reasoned{Hunk{path, old, strings.Join(lines[from:to], "")}, strings.Join(reasons, " ")})
	}
	return out
}

func format(m move) string {
	if m.c.Int {
		return strconv.FormatFloat(m.to, 'f', 0, 64)
	}
	text := strconv.FormatFloat(m.to, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

func (s *search) reason(m move) string {
	name, key := m.c.Place, m.c.key()
	if name == "" {
		name = "the number in line " + strconv.Itoa(m.c.Line)
	}
	was := format(move{c: m.c, to: m.c.Value})
	percent := 100 * math.Abs(m.to-m.c.Value) / math.Abs(m.c.Value)
	word := "Raise"
	if m.to < m.c.Value {
		word = "Lower"
	}
	what := fmt.Sprintf("%s %s from %s to %s (%.0f %%)", word, name, was, format(m), percent)
	switch d := s.drift[key]; {
	case m.kept:
		return fmt.Sprintf("Keep %s at %s, as in node %d, the best so far.", name, format(m), s.base.node)
	case s.isSteps(m.c) && m.to < m.c.Value:
		return what + ": each step costs the same, so this alone saves that share of the time if the loss holds."
	case s.isSteps(m.c):
		return what + ": fewer steps missed the target, so buy loss first and time later."
	case d > 0 == (m.to > m.c.Value) && d != 0:
		return what + ": further the way that helped before."
	case d != 0:
		return what + ": the other way hurt before."
	}
	return what + ": not tried yet; a lower loss would pay for fewer steps."
}
