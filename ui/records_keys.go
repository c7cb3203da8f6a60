package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"pitwall/taskdata"
	"pitwall/ui/frame"
)

func (r *records) Actions() []frame.Action {
	var as []frame.Action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, frame.Act(keys, show, bar, does, do))
	}
	t, tr := r.choice.ready(), r.choice.current()
	if r.plotting {
		add("esc", "esc", "list", "back to the list of records", func() tea.Cmd { r.plotting = false; return nil })
	}
	r.startAction(tr, add)
	if l := liveOf(r.m.attempts); l != nil {
		id := l.ID
		add("w", "w", "watch "+attemptName(*l), "watch the attempt that is under way", func() tea.Cmd { return r.m.open(openMsg{id: id}) })
	}
	if len(r.choice.tracks) > 1 {
		n := len(r.choice.tracks)
		add("tab", "tab", "track", "next track; shift+tab the one before", r.choice.turn((r.choice.track+1)%n))
		add("shift+tab", "", "", "", r.choice.turn((r.choice.track+n-1)%n))
	}
	if len(tr.found) > 1 {
		add("j down", "↑ ↓", "record", "choose a record; also j and k, and the mouse wheel in most terminals", r.move(1))
		add("k up", "", "", "", r.move(-1))
		add("pgdown ctrl+d", "page", "", "a page down or up; also ctrl+d and ctrl+u", r.move(max(r.list.page-1, 1)))
		add("pgup ctrl+u", "", "", "", r.move(-max(r.list.page-1, 1)))
		add("g home", "g G", "", "first record, last record; also home and end", r.move(-1<<30))
		add("G end", "", "", "", r.move(1<<30))
	}
	add("/", "/", "filter", "narrow by number, title, person or date", func() tea.Cmd {
		return r.OpenFilter(&tr.filter, func() { tr.narrow() }, tr.count)
	})
	if tr.filter != "" && !r.plotting {
		add("esc", "esc", "all records", "show all records again", func() tea.Cmd { tr.settle(); tr.filter = ""; tr.narrow(); return nil })
	}
	if t != nil && len(t.Hints) > 1 {
		add("h right", "h", "hint", "next hint; also ← →", r.choice.turnHint(1))
		add("left", "", "", "", r.choice.turnHint(-1))
	}
	if t != nil {
		r.sourceActions(t, add)
	}
	if t != nil && len(r.m.o.Agents) > 1 {
		add("a", "a", "agent", "next agent", func() tea.Cmd { r.choice.turnAgent(1); return nil })
	}
	if t != nil {
		add("n +", "n N", "nodes", "one node more, one fewer; also + and -", r.count(1))
		add("N -", "", "", "", r.count(-1))
		if a := r.choice.chosenAgent(); a != nil {
			bar := "set up"
			if a.Model || tr.GPUs > 0 {
				bar = "" // Enter does the same
			}
			add("s", "s", bar, "choose all else before the start: scaffold, budgets, gate, seed; see what the agent is told", r.m.openSetup)
		}
	}
	r.lookActions(t, tr, add)
	if tr.times.Len() > 1 {
		does := "the plot of record times on the whole screen, and back"
		add("p", "p", "plot", does, func() tea.Cmd { r.plotting = !r.plotting; return nil })
	}
	if t != nil && r.choice.hintName(t) != taskdata.HintNone {
		add("J", "J K", "", "scroll the hint", func() tea.Cmd { r.detail.top += 3; return nil })
		add("K", "", "", "", func() tea.Cmd { r.detail.top = max(r.detail.top-3, 0); return nil })
		task := *t
		add("i", "i", "", "read the hint on the whole screen", func() tea.Cmd { return r.m.read(hintReader(r.m, task, r.choice.hintName(t))) })
	}
	if len(r.choice.tracks) > 1 {
		for i, t := range r.choice.tracks[:min(len(r.choice.tracks), 9)] {
			key := fmt.Sprint(i + 1)
			add(key, key, "", "go to track "+t.ID, r.choice.turn(i))
		}
	}
	add("q", "q", "quit", "leave pitwall; what runs goes on", func() tea.Cmd { return tea.Quit })
	return as
}

// startAction is the key that starts, or the one that says why nothing can be.
func (r *records) startAction(tr *track, add addAction) {
	switch ok, why := r.begin.can(); {
	case ok && r.m.preflight.blocked != "":
		add("enter", "enter", "check again", "check again whether a run can be started here", r.m.preflight.ask)
	case ok && r.choice.chosenAgent().Model:
		add("enter", "enter", "set up", "choose the model and all else, and see the prompt, before the start", r.m.openSetup)
	case ok && tr.GPUs > 0:
		add("enter", "enter", "set up", "choose all else and see what it costs, before the start", r.m.openSetup)
	case !ok && r.begin.importable():
		add("enter", "enter", "import", "take in the scripts that are missing, from a clone", r.m.openIntake)
	case ok:
		add("enter", "enter", "start", "start an attempt on the chosen task and watch it", r.begin.start)
	case why != "" && !r.begin.starting:
		add("enter", "enter", "why not", "say why no attempt can be started on the chosen record", r.begin.refuse(why))
	}
}

// lookActions are the keys to pages beside the list.
func (r *records) lookActions(t *taskdata.Task, tr *track, add addAction) {
	if r.m.o.Import != nil {
		bar := ""
		if tr.missing && !r.begin.importable() {
			bar = "import"
		}
		add("I", "I", bar, "take in scripts, logs and hints from a clone of modded-nanogpt or llm-speedrunner", r.m.openIntake)
	}
	add("l", "l", "history", "all attempts", r.m.goHistory)
	if r.m.needs.task() != nil {
		add("e", "e", "", "what the runs of the task need on this machine, and what of it is there", func() tea.Cmd { return r.m.read(needsReader(r.m, r.m.needs.task().ID())) })
	}
	if rec := r.choice.record(); rec != nil && hasScript(rec) {
		rec := *rec
		if t != nil {
			rec = t.From // of the source that was chosen
		}
		add("d", "d", "script", "read the record's script", func() tea.Cmd { return r.m.read(scriptReader(r.m, rec)) })
	}
	if t != nil && !t.Open() {
		task := *t
		add("H", "H", "answer", "the human answer: the diff to the next record, which the agent never sees", func() tea.Cmd { return r.m.read(answerReader(r.m, task)) })
	}
}
