package adopt

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"pitwall/agent"
	"pitwall/agent/rig"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/patch"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

// Bounds within which the change of a file is shown passage by passage; beyond them the whole file is.
const (
	maxDiffLines = 5000
	maxPassages  = 100
)

// evidence is what a version's files say.
type evidence struct {
	script     bool // there is one
	edits      int
	violations []event.Violation
	unchecked  string // why the rules could not be looked at; "" where they were
}

// passage is a hunk, and the whole file that it takes the place of, where it does.
type passage struct {
	agent.Hunk
	whole string
	how   string // as event.Applied has it
}

// write emits how a version differs from its parent, and checks the track's rules.
func (a *adoption) write(ctx context.Context, i int, v importer.Version) evidence {
	parent, ok := a.node[v.Parent]
	if !ok || parent >= i {
		parent = 0
	}
	own := a.filesOf(v)
	_, found := own[a.main]
	seen := evidence{script: found}
	now := maps.Clone(a.files[parent])
	var gone []string
	ed := agent.NewEditor(i, nil, a.paced, 0)
	union := maps.Clone(now)
	maps.Copy(union, own)
	for _, path := range a.paths(union) {
		from, had := now[path]
		to, has := own[path]
		switch {
		case !found, had && has && from == to, !has && from == "":
			continue
		case !has:
			gone = append(gone, path)
		}
		for _, p := range passages(path, from, to, had) {
			reason := ""
			if seen.edits == 0 {
				reason = clip(v.Hypothesis, maxWords)
			}
			if a.draft(ctx, i, ed, p, now[path], reason) != nil || a.stopped {
				return seen
			}
			seen.edits++
			now[path] = fold.Replace(now[path], p.Old, p.New)
		}
		now[path] = to
	}
	a.files = append(a.files, now)
	if len(gone) > 0 {
		a.notice("warn", "version %d lacks files of its parent, which are shown as emptied: %s", v.Number, clip(strings.Join(gone, ", "), 500))
	}
	if found {
		a.rules(ctx, i, own, &seen)
	}
	return seen
}

// paced emits what is written, a moment after what was written before.
func (a *adoption) paced(bodies ...event.Body) {
	a.emit(bodies...)
	a.active += agent.DefaultPace.Milliseconds()
}

// draft emits an edit of a file that stands as text.
func (a *adoption) draft(ctx context.Context, node int, ed *agent.Editor, p passage, text, reason string) error {
	ed.Begin(p.Path)
	for _, part := range []struct {
		part event.Part
		text string
	}{{event.PartReason, reason}, {event.PartOld, p.Old}, {event.PartNew, p.New}} {
		if err := ed.Show(ctx, part.part, part.text); err != nil {
			return err
		}
	}
	done := event.Applied{Node: node, Edit: ed.End().Edit, Line: 1, How: p.how}
	if p.how != "" {
		done.Old, done.New = p.whole, p.New
	} else if before, _, ok := strings.Cut(text, p.Old); ok {
		done.Line += strings.Count(before, "\n")
	}
	a.emit(done)
	return nil
}

// passages gives the edits that turn a file into another. had is false where there was none.
func passages(path, from, to string, had bool) []passage {
	whole := []passage{{Hunk: agent.Hunk{Path: path, New: to}}}
	if had && from != "" {
		whole[0].whole, whole[0].how = from, "the whole file"
	}
	if from == "" || to == "" || strings.Count(from, "\n") > maxDiffLines || strings.Count(to, "\n") > maxDiffLines || len(patch.Changes(from, to)) > maxPassages {
		return whole
	}
	var list []passage
	text := from
	for _, h := range agent.HunksBetween(path, from, to) {
		list = append(list, passage{Hunk: h})
		text = fold.Replace(text, h.Old, h.New)
	}
	if text != to {
		return whole
	}
	return list
}

// rules looks for breaches of the track's rules in a version's files, own.
func (a *adoption) rules(ctx context.Context, i int, own map[string]string, seen *evidence) {
	for _, path := range a.paths(own) {
		if was, ok := a.files[0][path]; path != a.main && (!ok || was != own[path]) {
			seen.violations = append(seen.violations, event.Violation{Rule: taskdata.RuleFile, What: fmt.Sprintf("%q beside the script is new or changed", path)})
		}
	}
	a.emit(event.Phase{Phase: event.PhaseChecking, Node: i})
	found, err := a.check(ctx, a.task, own[a.main])
	if err != nil {
		seen.unchecked = clip(err.Error(), 500)
		a.notice("warn", "node %d could not be checked against the track's rules: %s", i, seen.unchecked)
		return
	}
	for _, v := range found {
		seen.violations = append(seen.violations, event.Violation{Rule: v.Rule, Line: v.Line, What: v.What, Flag: v.Flag})
	}
	a.emit(event.Checked{Node: i, Violations: seen.violations})
}

// verdict judges a version as one of our own runs would be, as far as its log goes.
func (a *adoption) verdict(i int, v importer.Version, seen evidence, r reading) event.Judged {
	j := event.Judged{Node: i, ValLoss: event.NaN(), TrainSeconds: event.NaN()}
	if r.validated() {
		j.ValLoss, j.TrainSeconds = event.Float(r.last.ValLoss), event.Float(r.last.TrainMS/1000)
	}
	breaches := event.Breaches(seen.violations)
	switch verdict, why := r.fault(v); {
	case !seen.script:
		j.Verdict, j.Why = event.VerdictFailed, "its directory holds no "+theirScript
	case seen.edits == 0:
		j.Verdict, j.Why = event.VerdictEmpty, "its files are those of its parent: no edit stands"
	case len(breaches) > 0:
		j.Verdict, j.Why = event.VerdictInvalid, rig.Broken(breaches)
	case verdict != "":
		j.Verdict, j.Why = verdict, why
	case r.last.ValLoss > a.track.Target:
		j.Verdict = event.VerdictMissed
		j.Why = fmt.Sprintf("validation loss %.4f is above the target of %.2f %s", r.last.ValLoss, a.track.Target, a.track.Unit)
	case seen.unchecked != "":
		j.Verdict, j.Why = event.VerdictInvalid, "its log reaches the target, but whether the script keeps the rules is not known: "+seen.unchecked+"; mend that, delete the attempt and import again"
	default:
		j.Verdict, j.Why = event.VerdictProvisional, "by its log alone, one run: there is no calibration to compare it with"
	}
	return j
}
