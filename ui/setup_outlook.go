package ui

import (
	"fmt"
	"strings"
	"time"

	"pitwall/internal/clean"
	"pitwall/internal/tokencount"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// outlook says of the choices what will come of them.
type outlook struct {
	m     *Model
	sheet *sheet
	told  *told
	cost  *cost
}

// answerTokens is what an answer of a model is taken to come to, for a guess.
const answerTokens = 3000

// lines says what will happen, what it may cost at most, and how long it takes about.
func (o *outlook) lines() []string {
	spec, a := o.sheet.final(), o.sheet.agent()
	does := fmt.Sprintf("%s tries %s", clean.Line(a.Name), frame.Plural(spec.Nodes, "node"))
	if a.Model && spec.Model != "" {
		name := clean.Line(spec.Model)
		does = fmt.Sprintf("%s writes %s", cell.Cut(name[strings.LastIndexByte(name, '/')+1:], 40), frame.Plural(spec.Nodes, "node"))
	}
	if o.sheet.scaffolds() {
		does += ", " + clean.Line(spec.Scaffold)
	}
	if spec.Parallel > 1 {
		does += fmt.Sprintf(", %d at a time", spec.Parallel)
	}
	if spec.Gate {
		does += "; you approve each edit"
	}
	lines := []string{does}
	if a.Model {
		lines = append(lines, o.costWords())
	}
	return append(lines, o.timeWords()...)
}

// costWords says what the attempt may cost.
func (o *outlook) costWords() string {
	spec := o.sheet.final()
	var bounds []string
	if spec.Budget.Cost > 0 {
		bounds = append(bounds, "$"+dollarsTyped(spec.Budget.Cost))
	}
	if spec.Budget.Tokens > 0 {
		bounds = append(bounds, tokencount.Exact(spec.Budget.Tokens)+" tokens")
	}
	guess, known := o.guess()
	switch most := "at most " + strings.Join(bounds, " or "); {
	case len(bounds) > 0 && known && (spec.Budget.Cost == 0 || guess < spec.Budget.Cost):
		return most + "; a guess is " + frame.Money(guess)
	case len(bounds) > 0:
		return most
	case known:
		return "about " + frame.Money(guess) + ", a guess; no budget bounds it"
	}
	return "cost unknown; no budget bounds it"
}

// guess gives what the calls of the model may come to in dollars: the first prompt
// and an answer for each, at the model's price.
func (o *outlook) guess() (usd float64, known bool) {
	spec, c, p := o.sheet.final(), o.sheet.models.find(o.sheet.spec.Model), o.told.prompt
	if c == nil || !c.priced() || p == nil {
		return 0, false
	}
	calls := spec.Nodes
	if spec.Summaries {
		calls += spec.Nodes
	}
	if spec.Ideas {
		calls++
		if f := spec.Search; f.Branch > 0 {
			calls += (max(spec.Nodes-f.Initial, 0) + f.Branch - 1) / f.Branch
		}
	}
	return float64(calls) * (float64(p.Tokens)*c.Input + answerTokens*c.Output) / 1e6, true
}

// timeWords says how long the runs take, at the records' own speed.
func (o *outlook) timeWords() (lines []string) {
	spec := o.sheet.final()
	if o.sheet.track.GPUs > 0 && o.m.o.Cost != nil {
		lines = append(lines, o.cost.words())
	} else if from, to := o.sheet.task.From.LatestSeconds(), o.sheet.task.To.LatestSeconds(); from > 0 && (to > 0 || o.sheet.task.Open()) {
		nodes := float64(spec.Nodes) * from
		if b := float64(spec.Budget.RunMS) / 1000; b > 0 {
			nodes = min(nodes, b)
		}
		kind := "runs"
		if o.sheet.track.Practice {
			kind = "practice runs"
		}
		text := fmt.Sprintf("about %s of %s", roughly(nodes+float64(spec.Calibrate)*(from+to)+2*float64(spec.Confirm)*from), kind)
		if o.sheet.agent().Model {
			text += ", beside the model's writing"
		}
		lines = append(lines, text)
	}
	if b := spec.Budget.GPUHours; b > 0 {
		lines = append(lines, "all runs at most "+gpuHoursTyped(b)+" GPU-hours")
	}
	if spec.Budget.WallMS > 0 {
		lines = append(lines, "the search at most "+timeTyped(spec.Budget.WallMS))
	}
	return lines
}

// roughly gives a length of time in seconds without more digits than a guess has.
func roughly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}
