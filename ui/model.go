package ui

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/widget"
)

// The smallest screen that shows more than a request for a larger one.
const (
	minWidth  = 40
	minHeight = 10
)

// poll is how often the list of attempts is read while it shows.
const poll = time.Second

// spinning is a room in which work may be under way that shows the root's spinner.
type spinning interface{ spins() bool }

// Model is the root of the screen.
type Model struct {
	o      Options
	tasks  *taskdata.Catalog
	frame  *frame.Frame
	cancel context.CancelFunc
	w, h   int

	choice    *choice
	needs     *needs
	preflight *preflight

	home    *records
	list    *history
	attempt *attempt // nil unless one is open
	reader  *reader  // nil unless a script is read
	setup   *setup   // nil until it was opened
	intake  *intake  // nil until it was opened
	now     frame.Room

	help     *widget.Help
	keys     *widget.Scroll // of the help, nil unless it is open
	spin     *widget.Spinner
	attempts []store.Summary // newest first
	loaded   bool            // attempts were read at least once
	machine  string
	exec     func(*exec.Cmd, tea.ExecCallback) tea.Cmd // gives the terminal to a program and takes it back
}

// Messages to the root.
type (
	attemptsMsg struct {
		list []store.Summary
		err  error
	}
	pollMsg    struct{}
	machineMsg string
	openMsg    struct {
		id     string
		replay bool
		speed  float64
	}
)

// New makes the root model. The caller must Close it.
func New(o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Model{o: o, tasks: o.Tasks, frame: frame.New(ctx, o.Now), cancel: cancel, exec: tea.ExecProcess}
	if m.tasks == nil {
		m.tasks = taskdata.Embedded()
	}
	m.help, m.spin = widget.NewHelp(m.frame.Theme.Help), widget.NewSpinner()
	m.choice, m.needs, m.preflight = newChoice(m.o.Agents, m.tasks), newNeeds(m), &preflight{m: m}
	m.home = newRecords(m)
	m.list = newHistory(m)
	m.now = m.home
	return m
}

// Close ends all that the model has under way.
func (m *Model) Close() {
	m.cancel()
	if m.attempt != nil {
		m.attempt.close()
	}
}

// Init starts the reading of what the first screen shows.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{tea.RequestBackgroundColor, m.readAttempts(), m.preflight.ask()}
	if m.o.Machine != nil {
		cmds = append(cmds, func() tea.Msg { return machineMsg(clean.Line(m.o.Machine(m.frame.Context))) })
	}
	if m.o.Track != nil {
		cmds = append(cmds, func() tea.Msg { return trackMsg(m.o.Track(m.frame.Context)) })
	}
	if m.o.Open != "" {
		cmds = append(cmds, func() tea.Msg { return openMsg{m.o.Open, m.o.Replay, m.o.Speed} })
	}
	return tea.Batch(cmds...)
}

func (m *Model) readAttempts() tea.Cmd {
	return func() tea.Msg {
		list, err := m.o.Store.Attempts(m.frame.Context)
		return attemptsMsg{list, err}
	}
}

// Update takes a message; it never blocks.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmds []tea.Cmd
	do := func(c tea.Cmd) {
		if c != nil {
			cmds = append(cmds, c)
		}
	}
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		if m.frame.Turn(msg.IsDark()) {
			m.help = widget.NewHelp(m.frame.Theme.Help)
		}
	case attemptsMsg:
		if msg.err != nil && m.frame.Context.Err() == nil {
			do(m.frame.Complain("read the attempts", msg.err))
		} else if msg.err == nil {
			m.attempts, m.loaded = msg.list, true
		}
		do(tea.Tick(poll, func(time.Time) tea.Msg { return pollMsg{} }))
	case freshMsg:
		m.attempts, m.loaded = msg, true
	case pollMsg:
		if m.attempt == nil {
			do(m.readAttempts())
		} else { // the list does not show
			do(tea.Tick(poll, func(time.Time) tea.Msg { return pollMsg{} }))
		}
	case machineMsg:
		m.machine = string(msg)
	case preflightMsg:
		m.preflight.take(msg.err)
	case surroundingsMsg:
		m.needs.take(msg)
	case openMsg:
		do(m.open(msg))
	case tea.KeyPressMsg:
		do(m.key(msg))
	case tea.PasteMsg:
		if typed := m.now.Typing(); typed != nil {
			do(typed(tea.KeyPressMsg{Text: msg.Content}))
		}
	default:
		if m.frame.Take(msg) {
			break
		}
		do(m.home.Update(msg))
		do(m.list.Update(msg))
		do(m.tellCampaigns(msg))
		if m.setup != nil {
			do(m.setup.Update(msg))
		}
		if m.intake != nil {
			do(m.intake.Update(msg))
		}
		if m.attempt != nil {
			do(m.attempt.Update(msg))
		}
	}
	busy, waits := m.now.(spinning)
	do(m.spin.Update(msg, waits && busy.spins()))
	if m.w >= minWidth && m.h >= minHeight {
		do(m.now.Prepare(m.w, m.h-1))
	}
	return m, tea.Batch(cmds...)
}

func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if m.now == m.home {
		m.home.begun = true
	}
	if typed := m.now.Typing(); typed != nil && m.keys == nil {
		return typed(k)
	}
	if name == "ctrl+c" {
		return tea.Quit
	}
	if m.keys != nil {
		switch name {
		case "?", "esc", "q", "enter":
			m.keys = nil
		default:
			m.keys.Key(k)
		}
		return nil
	}
	if name == "?" {
		m.keys = widget.NewScroll()
		return nil
	}
	cmd, handled := frame.Run(m.now.Actions(), name)
	if handled && m.frame.Toast().Bad {
		m.frame.Hush() // it was read
	}
	return cmd
}

// open goes to an attempt, live or in replay.
func (m *Model) open(msg openMsg) tea.Cmd {
	if m.attempt != nil {
		m.attempt.close()
	}
	m.attempt = newAttempt(m, msg)
	m.reader = nil
	m.now = m.attempt
	m.keys = nil
	return m.attempt.start()
}

func (m *Model) goHome() tea.Cmd {
	if m.attempt != nil {
		m.attempt.close()
		m.attempt = nil
	}
	m.reader = nil
	m.now = m.home
	return m.refresh()
}

// refresh reads the attempts at once, beside the regular reading.
func (m *Model) refresh() tea.Cmd {
	return func() tea.Msg {
		list, err := m.o.Store.Attempts(m.frame.Context)
		if err != nil {
			return nil
		}
		return freshMsg(list)
	}
}

func (m *Model) goHistory() tea.Cmd {
	cmd := m.goHome()
	m.now = m.list
	return cmd
}

// View draws the screen: exactly as many rows as it is high, each of its width.
func (m *Model) View() tea.View {
	rows := m.screen(m.w, m.h)
	x, y, typing := cell.TakeCursor(rows)
	v := tea.NewView(strings.Join(rows, "\n"))
	if typing {
		v.Cursor = tea.NewCursor(x, y)
		v.Cursor.Shape = tea.CursorBar
	}
	v.AltScreen = true
	v.WindowTitle = "pitwall · " + m.now.Title()
	return v
}

func (m *Model) screen(w, h int) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	if w < minWidth || h < minHeight {
		text := fmt.Sprintf("too small: pitwall needs %d×%d", minWidth, minHeight)
		return cell.Fit([]string{cell.New(w).Put("", text).String()}, w, h)
	}
	rows := m.now.Rows(w, h-1)
	if toast := m.frame.Toast(); toast.Text != "" && len(rows) > 0 {
		st, sign := m.frame.Theme.Accent, "·"
		if toast.Bad {
			st, sign = m.frame.Theme.Bad, "✗"
		}
		lines := cell.Wrap(toast.Text, max(w-4, 1))
		lines = lines[:min(len(lines), 3)]
		for i, l := range lines {
			at := len(rows) - len(lines) + i
			r := cell.New(w).Gap(1)
			if i == 0 {
				r.Put(st, sign)
			}
			rows[at] = r.To(3).Put(st, l).String()
		}
	}
	last := m.now.Line(w)
	if last == "" {
		last = m.keyBar(m.now.Actions(), w)
	}
	rows = append(cell.Fit(rows, w, h-1), last)
	if m.keys != nil {
		rows = m.helped(rows, w, h)
	}
	return rows
}
