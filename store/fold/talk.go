package fold

import (
	"math"
	"slices"

	"pitwall/store/event"
)

// applyTalk folds in what models and people say.
func (s *State) applyTalk(body event.Body) {
	switch b := body.(type) {
	case event.Call:
		s.Speaking = append(s.Speaking, Call{Call: b, Active: s.Active})
	case event.Speech:
		s.speech(b)
	case event.Called:
		s.called(b)
	case event.Templates:
		s.Prompts = append(s.Prompts, b)
	case event.Proposed:
		if i := s.draftAt(b.Node, b.Edit); i >= 0 {
			s.Drafts[i].Waits = true
		}
	case event.Decided:
		s.Decisions = append(s.Decisions, b)
		if i := s.draftAt(b.Node, b.Edit); i >= 0 {
			s.Drafts[i].Waits = false
		}
		s.mark(MarkHand, b.Node, b.Answer != event.AnswerNo)
	case event.Steered:
		s.Notes = append(s.Notes, Note{b.Text, s.Seq, s.Active})
		s.mark(MarkHand, s.Phase.Node, true)
	case event.Asked:
		s.Asked = append(s.Asked, b)
		s.mark(MarkHand, b.Node, true)
	case event.Paused:
		s.Paused = b.Paused
		s.mark(MarkHand, s.Phase.Node, !b.Paused)
	case event.Spent:
		s.Spent = &b
	case event.Similarity:
		if n := s.Node(b.Node); n != nil {
			n.Similar = &b
		}
	}
}

func (s *State) callAt(id int) int {
	return slices.IndexFunc(s.Speaking, func(c Call) bool { return c.Call.Call == id })
}

func (s *State) speech(b event.Speech) {
	i := s.callAt(b.Call)
	if i < 0 {
		return
	}
	c := &s.Speaking[i]
	if c.First == 0 {
		c.First = s.Active
	}
	switch b.Voice {
	case event.VoiceText:
		c.Text = c.text.add(c.Text, b.Text)
	case event.VoiceReasoning:
		c.Reasoning = c.reasoning.add(c.Reasoning, b.Text)
	case event.VoiceTool:
		c.Tool = c.tool.add(c.Tool, b.Text)
	}
}

func (s *State) called(b event.Called) {
	i := s.callAt(b.Call)
	if i < 0 {
		return
	}
	c := s.Speaking[i]
	c.Ended, c.EndActive = &b, s.Active
	c.text, c.reasoning, c.tool = growing{}, growing{}, growing{} // it is whole
	s.Calls = append(s.Calls, c)
	s.Speaking = slices.Delete(s.Speaking, i, i+1)
	if len(s.Speaking) == 0 {
		s.Speaking = nil
	}
	s.Usage = s.Usage.Plus(b.Usage)
	if cost := s.Cost + float64(b.Cost); b.Cost.Known() && !math.IsInf(cost, 0) {
		s.Cost = cost
	} else if b.Usage.Total() > 0 {
		s.Unpriced++
	}
}

// hangUp ends the calls that nobody listens to any more.
func (s *State) hangUp(why string) {
	for len(s.Speaking) > 0 {
		s.called(event.Called{Call: s.Speaking[0].Call.Call, Why: why, Cost: event.NaN()})
	}
}

// served takes away what a person asked for, once its node has begun.
func (s *State) served(b event.Node) {
	if b.Origin != event.OriginBranch && b.Origin != event.OriginRepeat {
		return
	}
	i := slices.Index(s.Asked, event.Asked{Node: b.Parent, Origin: b.Origin})
	if i < 0 {
		return
	}
	// Snapshots share the list: it is made anew.
	s.Asked = slices.Concat(s.Asked[:i], s.Asked[i+1:])
	if len(s.Asked) == 0 {
		s.Asked = nil
	}
}
