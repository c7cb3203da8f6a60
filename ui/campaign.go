package ui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/ui/frame"
)

// campaigns shows the campaigns: a list where there are several, and one of them
// as a table of tasks by agents and hints.
type campaigns struct {
	frame.Prompt
	m      *Model
	list   []store.Campaign
	cells  map[string]map[string]store.CellAttempt // of each campaign that shows, by the names of its cells
	live   map[string]bool                         // campaigns that a sweep runs now
	loaded bool
	failed string // why they could not be read, "" if they could

	at, top  int    // in the list
	open     string // the campaign whose table shows, "" for the list
	row, col int    // in the table
	rowTop   int
	colLeft  int
	page     int
}

// Messages to the room of campaigns. A room that was left takes none.
type (
	campaignsMsg struct {
		room  *campaigns
		list  []store.Campaign
		cells map[string]map[string]store.CellAttempt
		live  map[string]bool
		err   error
	}
	campaignsPollMsg struct{ room *campaigns }
)

// goCampaigns goes to the campaigns.
func (m *Model) goCampaigns() tea.Cmd {
	c := &campaigns{m: m, Prompt: frame.NewPrompt(m.frame)}
	m.now = c
	return c.read()
}

// tellCampaigns hands a message to the room of campaigns where it shows.
func (m *Model) tellCampaigns(msg tea.Msg) tea.Cmd {
	if c, ok := m.now.(*campaigns); ok {
		return c.Update(msg)
	}
	return nil
}

func (c *campaigns) Prepare(_, _ int) tea.Cmd { return nil }

func (c *campaigns) Title() string {
	if p := c.shown(); p != nil {
		return "campaign " + p.Name
	}
	return "campaigns"
}

// read asks for the campaigns, with the attempts of those that show.
func (c *campaigns) read() tea.Cmd {
	s, ctx, open := c.m.o.Store, c.m.frame.Context, c.open
	return func() tea.Msg {
		msg := campaignsMsg{room: c, cells: map[string]map[string]store.CellAttempt{}, live: map[string]bool{}}
		msg.list, msg.err = s.Campaigns(ctx)
		for _, p := range msg.list {
			if msg.err != nil {
				break
			}
			if open == "" || open == p.ID {
				msg.cells[p.ID], msg.err = s.Cells(ctx, p.ID)
				msg.live[p.ID] = s.Sweeping(p.ID)
			}
		}
		return msg
	}
}

func (c *campaigns) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case campaignsMsg:
		if msg.room != c {
			return nil
		}
		c.failed = ""
		if msg.err != nil {
			c.failed = msg.err.Error()
		} else {
			first := !c.loaded
			c.list, c.cells, c.live, c.loaded = msg.list, msg.cells, msg.live, true
			if first && len(c.list) == 1 {
				c.open = c.list[0].ID
			}
		}
		return tea.Tick(poll, func(time.Time) tea.Msg { return campaignsPollMsg{c} })
	case campaignsPollMsg:
		if msg.room == c {
			return c.read()
		}
	}
	return nil
}

// shown gives the campaign whose table shows, nil where none does.
func (c *campaigns) shown() *store.Campaign {
	for i := range c.list {
		if c.list[i].ID == c.open {
			return &c.list[i]
		}
	}
	return nil
}

// campaignColumn is an agent with a hint.
type campaignColumn struct {
	agent store.PlanAgent
	hint  string
}

func columnsOf(p store.Plan) (cols []campaignColumn) {
	for _, a := range p.Agents {
		for _, h := range p.Hints {
			cols = append(cols, campaignColumn{a, h})
		}
	}
	return cols
}

// seedsOf gives the attempts of a task in a column, by the plan's seeds; nil where
// there is none yet.
func (c *campaigns) seedsOf(p *store.Campaign, task string, col campaignColumn) []*store.CellAttempt {
	all := make([]*store.CellAttempt, len(p.Plan.Seeds))
	for i, seed := range p.Plan.Seeds {
		if a, ok := c.cells[p.ID][store.CellName(task, col.hint, col.agent.Label, seed)]; ok {
			all[i] = &a
		}
	}
	return all
}

// seedMean is what a table says of the attempts that differ by seed alone.
type seedMean struct {
	fsr              float64
	counted          int  // attempts in fsr
	provisional      bool // not all of these were confirmed
	done, live, lost int  // lost: failed, stopped, interrupted
	newest           *store.CellAttempt
}

func meanOf(attempts []*store.CellAttempt) (m seedMean) {
	for _, a := range attempts {
		if a == nil {
			continue
		}
		if m.newest == nil || a.Number > m.newest.Number {
			m.newest = a
		}
		switch a.Status {
		case event.StatusDone:
			m.done++
			if a.FSR != nil { // nil: unresolved. Nothing valid is an FSR of 0
				m.fsr, m.counted = m.fsr+*a.FSR, m.counted+1
				m.provisional = m.provisional || isProvisional(a)
			}
		case event.StatusFailed, event.StatusStopped, event.StatusInterrupted:
			m.lost++
		default:
			m.live++
		}
	}
	if m.counted > 0 {
		m.fsr /= float64(m.counted)
	}
	return m
}

// isProvisional reports whether an attempt's FSR rests on the one run that chose it.
func isProvisional(a *store.CellAttempt) bool { return a.FSR != nil && *a.FSR != 0 && !a.Confirmed }

// chosen gives what the cursor of the table is on.
func (c *campaigns) chosen(p *store.Campaign) (task store.PlanTask, col campaignColumn, ok bool) {
	cols := columnsOf(p.Plan)
	if len(p.Plan.Tasks) == 0 || len(cols) == 0 {
		return task, col, false
	}
	c.row = max(min(c.row, len(p.Plan.Tasks)-1), 0)
	c.col = max(min(c.col, len(cols)-1), 0)
	return p.Plan.Tasks[c.row], cols[c.col], true
}

// back leaves the table for the list where there are several, else the room.
func (c *campaigns) back() tea.Cmd {
	if c.open == "" || len(c.list) < 2 {
		return c.m.goHistory()
	}
	c.at = max(slices.IndexFunc(c.list, func(p store.Campaign) bool { return p.ID == c.open }), 0)
	c.open = ""
	return nil
}

func (c *campaigns) Actions() []frame.Action {
	var as []frame.Action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, frame.Act(keys, show, bar, does, do))
	}
	if p := c.shown(); p != nil {
		c.tableActions(p, add)
	} else {
		c.listActions(add)
	}
	add("q", "q", "quit", "leave pitwall; what runs goes on", func() tea.Cmd { return tea.Quit })
	return as
}

type addAction func(keys, show, bar, does string, do func() tea.Cmd)

func (c *campaigns) listActions(add addAction) {
	move := func(n int) func() tea.Cmd {
		return func() tea.Cmd { c.at = max(min(c.at+n, len(c.list)-1), 0); return nil }
	}
	if len(c.list) > 0 {
		add("enter", "enter", "open", "show the campaign as a table", func() tea.Cmd {
			c.at = max(min(c.at, len(c.list)-1), 0)
			c.open, c.row, c.col = c.list[c.at].ID, 0, 0
			return nil
		})
	}
	if len(c.list) > 1 {
		add("j down", "↑ ↓", "choose", "choose a campaign; also j and k", move(1))
		add("k up", "", "", "", move(-1))
		add("pgdown ctrl+d", "page", "", "a page down or up; also ctrl+d and ctrl+u", move(max(c.page-1, 1)))
		add("pgup ctrl+u", "", "", "", move(-max(c.page-1, 1)))
		add("g home", "g G", "", "first, last", move(-1<<30))
		add("G end", "", "", "", move(1<<30))
	}
	add("esc l backspace", "esc", "history", "back to the history", c.back)
}

func (c *campaigns) tableActions(p *store.Campaign, add addAction) {
	move := func(rows, cols int) func() tea.Cmd {
		return func() tea.Cmd {
			c.row, c.col = c.row+rows, c.col+cols
			c.chosen(p)
			return nil
		}
	}
	if task, col, ok := c.chosen(p); ok {
		if a := meanOf(c.seedsOf(p, task.ID, col)).newest; a != nil {
			id := a.ID
			add("enter", "enter", fmt.Sprintf("open attempt %d", a.Number), "open the newest attempt of the cell", func() tea.Cmd { return c.m.open(openMsg{id: id}) })
		}
	}
	if len(p.Plan.Tasks) > 1 {
		add("j down", "↑ ↓", "task", "choose a task; also j and k", move(1, 0))
		add("k up", "", "", "", move(-1, 0))
		add("pgdown ctrl+d", "page", "", "a page down or up; also ctrl+d and ctrl+u", move(max(c.page-1, 1), 0))
		add("pgup ctrl+u", "", "", "", move(-max(c.page-1, 1), 0))
		add("g home", "g G", "", "first task, last task", move(-1<<30, 0))
		add("G end", "", "", "", move(1<<30, 0))
	}
	if len(p.Plan.Agents)*len(p.Plan.Hints) > 1 {
		add("l right", "← →", "agent, hint", "choose an agent and a hint; also h and l", move(0, 1))
		add("h left", "", "", "", move(0, -1))
	}
	bar, does := "history", "back to the history"
	if len(c.list) > 1 {
		bar, does = "campaigns", "back to the list of campaigns"
	}
	add("esc backspace", "esc", bar, does, c.back)
}
