package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/taskdata"
)

// surroundings is what of a task's needs is on this machine.
type surroundings struct {
	checks []EnvCheck
	err    string
	at     time.Time // when it was looked for
}

type surroundingsMsg struct {
	task string
	surroundings
}

// surveyEvery is how long what was found stays believed while one looks at a task.
const surveyEvery = 30 * time.Second

// needs is what the tasks need on this machine, and what of it was found. The root
// owns it.
type needs struct {
	m    *Model
	here map[string]surroundings // by task
	look string                  // the task whose needs are being looked for, "" for none
}

func newNeeds(m *Model) *needs { return &needs{m: m, here: map[string]surroundings{}} }

// task gives the chosen task where its runs need GPUs and the screen can look for
// them, else nil. While its scripts are missing those come first.
func (n *needs) task() *taskdata.Task {
	if n.m.o.Environment == nil || n.m.choice.current().GPUs == 0 {
		return nil
	}
	return n.m.choice.ready()
}

// survey looks for what a task needs, one task at a time, and seldom again. While
// a run is timed nothing is looked for twice.
func (n *needs) survey(task string) tea.Cmd {
	last, known := n.here[task]
	if n.look != "" || known && (liveOf(n.m.attempts) != nil || n.m.frame.Now().Sub(last.at) < surveyEvery) {
		return nil
	}
	n.look = task
	ask, ctx, now := n.m.o.Environment, n.m.frame.Context, n.m.frame.Now
	return func() tea.Msg {
		checks, err := ask(ctx, task)
		s := surroundings{checks: checks, at: now()}
		if err != nil {
			s.err = oneLine(err)
		}
		return surroundingsMsg{task, s}
	}
}

func (n *needs) take(msg surroundingsMsg) { n.look, n.here[msg.task] = "", msg.surroundings }

// forget has all looked for anew: another catalog may need other things.
func (n *needs) forget() { clear(n.here) }
