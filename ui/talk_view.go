package ui

import (
	"fmt"
	"strings"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// section is a part of what a model says.
type section struct {
	label string
	style cell.Style
	rows  []string // whole
	tail  []string // that may still change
}

func (s section) len() int {
	n := len(s.rows) + len(s.tail)
	if s.label != "" {
		n++
	}
	return n
}

// talkRows draws the model's pane.
func (a *attempt) talkRows(w, h int) []string {
	th := a.m.frame.Theme
	calls, at := a.callsShown()
	r := a.paneTitle(w, paneTalk)
	if at < 0 {
		rows := []string{r.String()}
		for _, l := range cell.Wrap("The model has not been asked yet: what it says shows here.", max(w-3, 1)) {
			rows = append(rows, cell.New(w).Gap(2).Put(th.Dim, l).String())
		}
		return rows
	}
	c := &calls[at]
	count := cell.New(w)
	if len(calls) > 1 {
		count.Put(th.Dim, fmt.Sprintf("call %d of %d", at+1, len(calls))).Gap(1)
	}
	r.Gap(2).Put("", purposeWords(c))
	if room := r.Left() - count.Used() - 3; c.Model != a.st.Attempt.Model && room >= 12 {
		r.Gap(1).Put(th.This, frame.ModelName(c.Model, room)) // the header names the other
	}
	r.Rest(count)
	rows := []string{r.String()}
	foot := a.callState(c, at == len(calls)-1, w)
	if len(c.Left) > 0 && h > 8 {
		rows = append(rows, cell.New(w).Gap(1).Put(th.Faint, "left out of its prompt: "+strings.Join(c.Left, ", ")).String())
	}
	room := max(h-len(rows)-len(foot), 0)
	rows = append(rows, a.speechRows(c, w, room)...)
	for _, f := range foot {
		rows = append(rows, f.String())
	}
	return rows
}

// speechRows gives the part of a call's text that shows in h rows.
func (a *attempt) speechRows(c *fold.Call, w, h int) []string {
	p := &a.talk
	sections := a.sections(c, max(w-3, 1))
	p.h, p.total = h, 0
	for _, s := range sections {
		p.total += s.len()
	}
	if !p.hand {
		p.top = p.total - h
	}
	p.top = max(min(p.top, p.total-h), 0)
	rows := make([]string, 0, h)
	skip := p.top
	for _, s := range sections {
		n := s.len()
		for i := skip; i < n && len(rows) < h; i++ {
			rows = append(rows, a.speechRow(s, i, w, c.Ended == nil && p.top+len(rows) == p.total-1))
		}
		skip = max(skip-n, 0)
	}
	return rows
}

func (a *attempt) speechRow(s section, i, w int, last bool) string {
	th := a.m.frame.Theme
	r := cell.New(w)
	if s.label != "" {
		if i == 0 {
			r.Gap(1).Put(th.Faint, "─ ").Put(th.Dim, s.label).Gap(1)
			return r.Put(th.Faint, strings.Repeat("─", max(r.Left()-1, 0))).String()
		}
		i--
	}
	r.Gap(2)
	if i < len(s.rows) {
		r.Put(s.style, s.rows[i])
	} else {
		r.Put(s.style, s.tail[i-len(s.rows)])
	}
	if last {
		r.Put(th.Accent, "▌")
	}
	return r.String()
}

// sections gives what a model said in a call, as far as it is wrapped.
func (a *attempt) sections(c *fold.Call, w int) []section {
	th, p := a.m.frame.Theme, &a.talk
	key := spokenKey{c.Call.Call, w}
	s := p.spoken[key]
	if s == nil {
		if p.spoken == nil || len(p.spoken) >= spokenKept {
			p.spoken = map[spokenKey]*spoken{}
		}
		s = &spoken{reasoning: wrapped{w: w}, text: wrapped{w: w}}
		p.spoken[key] = s
	}
	p.w = w
	tool := c.Tool
	if tool == "" && c.Ended != nil {
		tool = usesText(c.Ended.Uses)
	}
	s.words.feed(tool)

	var out []section
	add := func(label string, st cell.Style, x *wrapped, text string) {
		if text == "" {
			return
		}
		if x.feed(text, wrapMost) {
			p.behind = true
		}
		out = append(out, section{label, st, x.rows, x.tail(text)})
	}
	add("reasoning", th.Dim, &s.reasoning, c.Reasoning)
	add("answer", "", &s.text, c.Text)
	add("tools that it calls", th.This, &wrapped{w: w}, s.words.said()) // its lines change as they grow
	if len(out) == 1 && out[0].label == "answer" {
		out[0].label = ""
	}
	return out
}

// span is a piece of text in a style.
type span struct {
	style cell.Style
	text  string
}

// flow puts groups of spans on rows of w cells, as many on each as fit.
func flow(w int, groups ...[]span) []*cell.Row {
	r := cell.New(w).Gap(1)
	rows := []*cell.Row{r}
	for i, g := range groups {
		n := 0
		for _, s := range g {
			n += clean.Width(s.text)
		}
		if i > 0 && n+2 > r.Left() {
			r = cell.New(w).Gap(1)
			rows = append(rows, r)
		} else if i > 0 {
			r.Gap(2)
		}
		for _, s := range g {
			r.Put(s.style, s.text)
		}
	}
	return rows
}

// callState gives how a call stands, on a row or a few.
func (a *attempt) callState(c *fold.Call, newest bool, w int) []*cell.Row {
	th := a.m.frame.Theme
	since := ms(a.activeNow() - c.Active)
	switch {
	case c.Ended == nil && c.First == 0:
		sent := "~" + frame.Tokens(int64(c.Tokens)) + " tokens sent"
		if c.Context > 0 {
			sent += " of " + frame.Tokens(int64(c.Context))
		}
		return flow(w, []span{{th.Run, "waits for its first word, " + frame.Long(since)}}, []span{{th.Dim, sent}})
	case c.Ended == nil:
		groups := [][]span{{{th.Run, fmt.Sprintf("~%s tokens in %s", frame.Tokens(outTokens(c)), frame.Long(since))}}}
		if a.talk.hand {
			groups = append(groups, []span{{th.Dim, "goes on below"}})
		}
		return flow(w, groups...)
	case c.Failed():
		return a.failureRows(c, newest, w)
	}
	groups := usageGroups(th, c.Ended)
	groups = append(groups, []span{{th.Dim, frame.Long(ms(c.EndActive - c.Active))}})
	switch c.Ended.Stop {
	case "length":
		groups = append(groups, []span{{th.Warn, "cut off: it reached its limit"}})
	case "refused":
		groups = append(groups, []span{{th.Warn, "it refused"}})
	}
	return flow(w, groups...)
}

// usageGroups gives what a call took.
func usageGroups(th *frame.Theme, e *event.Called) [][]span {
	u, about := e.Usage, ""
	if u.Estimated > 0 {
		about = "~"
	}
	in := []span{{"", about + frame.Tokens(int64(u.Input))}, {th.Dim, " in"}}
	if u.Cached > 0 {
		in = append(in, span{th.Dim, " (" + frame.Tokens(int64(u.Cached)) + " cached)"})
	}
	out := []span{{"", about + frame.Tokens(int64(u.Output))}, {th.Dim, " out"}}
	if u.Reasoning > 0 {
		out = append(out, span{th.Dim, " (" + frame.Tokens(int64(u.Reasoning)) + " reasoning)"})
	}
	if !e.Cost.Known() {
		return [][]span{in, out}
	}
	return [][]span{in, out, {{"", frame.Money(float64(e.Cost))}}}
}

// againWords says when a failed call is sent again, "" where it is not.
func (a *attempt) againWords(c *fold.Call, newest bool) string {
	left := c.EndActive + c.Ended.WaitMS - a.activeNow()
	switch {
	case !c.Ended.Again:
		return ""
	case !newest:
		return "sent again after " + frame.Long(ms(c.Ended.WaitMS))
	case left > 0:
		return "again in " + frame.Long(ms(left+999))
	}
	return "sent again now"
}

// failureRows says why a call failed, and when it is sent again.
func (a *attempt) failureRows(c *fold.Call, newest bool, w int) []*cell.Row {
	th := a.m.frame.Theme
	again := a.againWords(c, newest)
	var rows []*cell.Row
	lines := cell.Wrap("failed: "+clean.Head(c.Ended.Why, 4*w), max(w-4, 1))
	for i, l := range lines {
		if i == 3 {
			break
		}
		r := cell.New(w).Gap(1)
		if i == 0 {
			r.Put(th.Bad, "✗")
		}
		if i == 2 && len(lines) > 3 {
			l = cell.Cut(l+" …", max(w-4, 1))
		}
		rows = append(rows, r.To(3).Put(th.Bad, l))
	}
	if again != "" {
		if last := rows[len(rows)-1]; last.Left() > len(again)+2 {
			last.Gap(2).Put(th.Run, again)
		} else {
			rows = append(rows, cell.New(w).Gap(3).Put(th.Run, again))
		}
	}
	return rows
}

// talkLine gives the newest words of the model on one row, for a screen that has
// no room for its pane; "" while nothing is asked of it.
func (a *attempt) talkLine(w int) string {
	th := a.m.frame.Theme
	r := cell.New(w).Gap(1).Put(th.Dim, "model  ")
	if c := a.failedCall(a.subject()); c != nil {
		again := " · " + a.againWords(c, true)
		why := cell.Cut(clean.Head("failed: "+c.Ended.Why, w), max(r.Left()-clean.Width(again), 8))
		return r.Put(th.Bad, why).Put(th.Run, again).String()
	}
	if len(a.st.Speaking) == 0 {
		return ""
	}
	c := a.callOf(a.subject())
	if c == nil {
		c = &a.st.Speaking[len(a.st.Speaking)-1]
	}
	st, text := cell.Style(""), c.Text
	if text == "" {
		st, text = th.Dim, c.Reasoning
	}
	if text == "" {
		return r.Put(th.Run, fmt.Sprintf("%s: waits for its first word, %s", purposeWords(c), frame.Long(ms(a.activeNow()-c.Active)))).String()
	}
	if over := len(text) - 4*w; over > 0 {
		text = strings.ToValidUTF8(text[over:], "")
	}
	return r.Put(st, frame.CutLeft(clean.Line(strings.Join(strings.Fields(text), " ")), r.Left()-1)).Put(th.Accent, "▌").String()
}
