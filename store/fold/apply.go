package fold

import (
	"math"
	"slices"

	"pitwall/store/event"
)

// Apply folds one event in. Events must come in the order of their sequence
// numbers; bodies of unknown kinds, and references to nodes or runs that were
// never opened, change nothing but Seq and the times.
func (s *State) Apply(e event.Event) {
	if s.Seq == 0 {
		s.Started = e.Wall
		s.Status = event.StatusQueued
	}
	s.Seq, s.Active, s.Wall = e.Seq, e.Active, e.Wall
	switch b := e.Body.(type) {
	case event.Log:
		s.log(b)
	case event.Point:
		s.point(b)
	case event.Sample:
		s.Samples = append(s.Samples, Sample{b, s.Active})
	case event.GPUs:
		s.GPUs = append(s.GPUs, GPUs{b, s.Active})
	case event.Draft:
		s.draft(b)
	case event.Applied:
		s.closeEdit(b.Node, b.Edit, func(ed *Edit) {
			ed.Applied, ed.Line, ed.How = true, b.Line, b.How
			if b.How != "" {
				ed.Old, ed.New = b.Old, b.New
			}
		})
	case event.Rejected:
		s.closeEdit(b.Node, b.Edit, func(ed *Edit) { ed.Why = b.Why })
	case event.Attempt:
		s.Attempt = b
	case event.Source:
		s.Sources = append(s.Sources, b)
	case event.Machine:
		s.Machine = b
	case event.Status:
		s.status(b)
	case event.Resumed:
		s.resumed(b)
	case event.Phase:
		if s.Phase.Phase != b.Phase || s.Phase.Node != b.Node {
			s.PhaseSince = s.Active
		}
		s.Phase = b
		if n := s.Node(b.Node); n != nil && b.Phase == event.PhaseChecking {
			n.State = NodeChecking
		}
	case event.Notice:
		s.Notice = b
	case event.Calibration:
		s.Calibration = &b
		if n := s.Node(0); n != nil && len(b.From) > 0 {
			n.State = NodeRecord
			n.TrainSeconds = finite(mean(b.From))
		}
	case event.Ghost:
		s.Ghosts = append(s.Ghosts, b)
	case event.Node:
		s.node(b)
	case event.Checked:
		if n := s.Node(b.Node); n != nil {
			n.Checked, n.Violations = true, b.Violations
			if n.State == NodeNew || n.State == NodeWriting || n.State == NodeChecking {
				n.State = NodeQueued
			}
		}
	case event.Waiting:
		s.Waiting = &b
		if n := s.Node(b.Node); n != nil && b.Purpose == event.PurposeNode {
			n.State = NodeQueued
		}
	case event.RunStarted:
		s.runStarted(b)
	case event.RunEnded:
		s.runEnded(b)
	case event.Judged:
		s.judged(b)
	case event.Confirmed:
		s.Confirmed = &b
		s.mark(MarkResult, b.Node, b.Valid)
	default:
		s.applyTalk(e.Body)
	}
}

func (s *State) mark(kind string, node int, good bool) {
	s.Marks = append(s.Marks, Mark{Kind: kind, Node: node, Seq: s.Seq, Active: s.Active, Good: good})
}

func (s *State) log(b event.Log) {
	if r := s.Run(b.Run); r != nil {
		if r.Lines == 0 {
			r.FirstLine = s.Lines
		}
		r.Lines++
		r.LastLine = s.Lines + 1
	}
	s.Lines++
}

func (s *State) point(b event.Point) {
	s.Points = append(s.Points, Point{b, s.Active})
	r := s.Run(b.Run)
	if r == nil {
		return
	}
	if r.LastPoint == 0 {
		r.FirstPoint = len(s.Points) - 1
	}
	r.LastPoint = len(s.Points)
	r.Step, r.Total = b.Step, b.Total
	if !math.IsNaN(b.TrainMS) {
		r.TrainMS = finite(b.TrainMS)
	}
	if !math.IsNaN(b.TrainLoss) {
		r.TrainLoss = finite(b.TrainLoss)
	}
	if !math.IsNaN(b.ValLoss) {
		r.ValLoss = finite(b.ValLoss)
		s.mark(MarkValidation, r.Node, s.Attempt.Target > 0 && b.ValLoss <= s.Attempt.Target)
	}
}

func (s *State) draft(b event.Draft) {
	n := s.Node(b.Node)
	if n == nil {
		return
	}
	n.State = NodeWriting
	i := s.draftAt(b.Node, b.Edit)
	if i < 0 || b.Part == event.PartPath {
		// An edit that is begun anew replaces what there was of it.
		s.dropDraft(i)
		s.Drafts = append(s.Drafts, Draft{Node: b.Node, Edit: b.Edit})
		i = len(s.Drafts) - 1
	}
	d := &s.Drafts[i]
	d.Part = b.Part
	switch b.Part {
	case event.PartPath:
		d.Path = d.path.add(d.Path, b.Text)
	case event.PartReason:
		d.Reason = d.reason.add(d.Reason, b.Text)
	case event.PartOld:
		d.Old = d.old.add(d.Old, b.Text)
	case event.PartNew:
		d.New = d.new.add(d.New, b.Text)
	}
}

func (s *State) draftAt(node, edit int) int {
	return slices.IndexFunc(s.Drafts, func(d Draft) bool { return d.Node == node && d.Edit == edit })
}

// dropDraft takes a draft away. There are none rather than an empty list, as
// after a checkpoint.
func (s *State) dropDraft(i int) {
	if i < 0 {
		return
	}
	if s.Drafts = slices.Delete(s.Drafts, i, i+1); len(s.Drafts) == 0 {
		s.Drafts = nil
	}
}

func (s *State) closeEdit(node, index int, set func(*Edit)) {
	n, i := s.Node(node), s.draftAt(node, index)
	if n == nil || i < 0 {
		return
	}
	d := s.Drafts[i]
	ed := Edit{Node: node, Index: index, Path: d.Path, Reason: d.Reason, Old: d.Old, New: d.New, Seq: s.Seq, Active: s.Active}
	set(&ed)
	n.Edits = append(n.Edits, len(s.Edits))
	s.Edits = append(s.Edits, ed)
	s.dropDraft(i)
	s.mark(MarkEdit, node, ed.Applied)
}

func (s *State) status(b event.Status) {
	if s.Finished() && b.Status != s.Status {
		s.Ended = 0
	}
	s.Status, s.Why = b.Status, b.Why
	if b.Status == event.StatusRunning {
		s.Waiting = nil
	}
	if s.Finished() {
		s.Ended = s.Wall
		for i := range s.Nodes {
			switch n := &s.Nodes[i]; n.State {
			case NodeNew, NodeWriting, NodeChecking, NodeQueued, NodeTraining:
				n.State = NodeStopped
			}
		}
		s.Waiting = nil
		s.Drafts = nil
		s.hangUp("the attempt ended")
		s.mark(MarkEnd, s.Best(), b.Status == event.StatusDone)
	}
}

// resumed voids what the dead engine left half done: its run, and the edits of
// the node that it was writing.
func (s *State) resumed(b event.Resumed) {
	s.Epoch = b.Epoch
	s.Waiting, s.Drafts = nil, nil
	s.hangUp("its engine ended")
	s.Why = ""
	for i := range s.Runs {
		if r := &s.Runs[i]; r.Live() && r.Run != b.GoesOn {
			r.Ended = &event.RunEnded{
				Run: r.Run, Exit: -1, Reason: "lost", Why: "its engine ended",
				ValLoss: event.NaN(), TrainMS: event.NaN(), EngineMS: event.NaN(),
			}
			r.EndActive = s.Active
		}
	}
	for i := range s.Nodes {
		// Nodes are written side by side: each that was not written whole is void.
		n := &s.Nodes[i]
		if i == b.Node || i > 0 && b.Node > 0 && i > b.Node && !n.Checked && !n.Judged() {
			n.State, n.Why, n.Edits, n.Checked, n.Violations = NodeNew, "", nil, false, nil
		}
	}
}

func (s *State) node(b event.Node) {
	if b.ID != len(s.Nodes) || b.Parent >= b.ID {
		return
	}
	s.Nodes = append(s.Nodes, Node{
		ID: b.ID, Parent: b.Parent, State: NodeNew, ValLoss: event.NaN(), TrainSeconds: event.NaN(),
		Batch: b.Batch, Origin: b.Origin, Idea: b.Idea,
	})
	s.served(b)
	s.mark(MarkNode, b.ID, true)
}

func (s *State) runStarted(b event.RunStarted) {
	if b.Run != len(s.Runs)+1 {
		return
	}
	s.Waiting = nil
	s.Runs = append(s.Runs, Run{RunStarted: b, Active: s.Active, TrainMS: event.NaN(), TrainLoss: event.NaN(), ValLoss: event.NaN(), FirstLine: s.Lines, LastLine: s.Lines})
	if n := s.Node(b.Node); n != nil {
		n.Runs = append(n.Runs, b.Run)
		if b.Purpose == event.PurposeNode || b.Purpose == event.PurposeCalibrateFrom {
			n.State = NodeTraining
		}
	}
	s.mark(MarkRun, b.Node, true)
}

func (s *State) runEnded(b event.RunEnded) {
	r := s.Run(b.Run)
	if r == nil || !r.Live() {
		return
	}
	r.Ended, r.EndActive = &b, s.Active
	if r.Purpose == event.PurposeNode {
		s.RunMS += max(b.WallMS, 0)
	}
	if n := s.Node(r.Node); n != nil && r.Purpose == event.PurposeCalibrateFrom {
		n.State = NodeRecord
		if b.Finished {
			n.ValLoss, n.TrainSeconds = b.ValLoss, b.TrainMS/1000
		}
	}
}

func (s *State) judged(b event.Judged) {
	n := s.Node(b.Node)
	if n == nil {
		return
	}
	n.State, n.Why = b.Verdict, b.Why
	n.ValLoss, n.TrainSeconds, n.FSR = b.ValLoss, b.TrainSeconds, b.FSR
	s.mark(MarkResult, b.Node, n.Valid())
}

// finite gives f as a Float, where an infinity is unknown: that is what it is
// once a checkpoint has kept it.
func finite(f float64) event.Float {
	if math.IsInf(f, 0) {
		return event.NaN()
	}
	return event.Float(f)
}

func mean(xs []float64) float64 {
	t := 0.0
	for _, x := range xs {
		t += x
	}
	return t / float64(len(xs))
}
