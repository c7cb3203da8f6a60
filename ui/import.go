package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
	"pitwall/ui/frame"
	"pitwall/ui/widget"
)

// intake is the page on which the records of a clone are taken in.
type intake struct {
	m      *Model
	input  *frame.Input // open while a path is typed
	path   string       // that was typed last
	offers []string     // directories that the path may go on with
	pages  *widget.Pages

	number   int // of the import that is under way, or was last
	end      context.CancelFunc
	running  bool
	stopping bool
	progress importer.Progress

	report *importer.Report // of the last import, nil before one
	failed string           // why it did not come to its end
	top, h int
	drawn  struct { // the report as it was drawn last
		number, w int
		th        *frame.Theme
		rows      []string
	}
}

// Messages to the page.
type (
	progressMsg struct {
		number   int
		progress importer.Progress
		news     <-chan importer.Progress
	}
	takenMsg struct {
		number  int
		report  importer.Report
		catalog *taskdata.Catalog
		err     error
	}
	offersMsg struct {
		typed, text string // what was completed, and what it has become
		offers      []string
	}
)

// pathMost is how many bytes a path can have.
const pathMost = 4096

// openIntake opens the page, where an import that is under way still shows.
func (m *Model) openIntake() tea.Cmd {
	if m.intake == nil {
		m.intake = &intake{m: m, pages: widget.NewPages()}
	}
	m.now = m.intake
	if p := m.intake; !p.running && p.report == nil {
		p.ask()
	}
	return nil
}

// ask opens the line for a path.
func (p *intake) ask() {
	in := frame.NewInput("clone", p.path, pathMost)
	in.Keep, in.Drop = "import", "records"
	in.Change = func() { p.offers = nil }
	in.Done = func(keep bool) tea.Cmd {
		p.path, p.offers = strings.TrimSpace(in.Text()), nil
		switch {
		case keep && p.path != "":
			return p.start(p.path)
		case keep:
			p.ask()
			return nil
		}
		return p.m.goHome()
	}
	p.input, p.report, p.failed, p.top = in, nil, "", 0
}

func (p *intake) Title() string { return "import" }
func (p *intake) spins() bool   { return p.running }

// typing takes the keys of the path; tab completes a directory.
func (p *intake) Typing() func(tea.KeyPressMsg) tea.Cmd {
	if p.input == nil {
		return nil
	}
	return func(k tea.KeyPressMsg) tea.Cmd {
		in := p.input
		if k.Keystroke() == "tab" {
			typed := in.Text()
			return func() tea.Msg { return completed(typed) }
		}
		cmd, closed := in.Key(k)
		if closed && p.input == in {
			p.input = nil
		}
		return cmd
	}
}

func (p *intake) Line(w int) string {
	if p.input == nil {
		return ""
	}
	return p.input.Row(p.m.frame.Theme, w)
}

// start imports what lies at a path, as a person typed it.
func (p *intake) start(typed string) tea.Cmd {
	ctx, end := context.WithCancel(p.m.frame.Context)
	p.number++
	p.end, p.running, p.stopping = end, true, false
	p.progress, p.report, p.failed = importer.Progress{}, nil, ""
	number, take := p.number, p.m.o.Import
	news := make(chan importer.Progress, 1) // the latest that was not shown yet
	work := func() tea.Msg {
		defer end()
		report, catalog, err := take(ctx, homely(typed), func(at importer.Progress) {
			select {
			case <-news:
			default:
			}
			news <- at
		})
		close(news)
		return takenMsg{number, report, catalog, err}
	}
	return tea.Batch(work, follow(number, news))
}

// follow waits for the next that is told of an import's progress.
func follow(number int, news <-chan importer.Progress) tea.Cmd {
	return func() tea.Msg {
		at, more := <-news
		if !more {
			return nil
		}
		return progressMsg{number, at, news}
	}
}

// stop calls an import off; what it took until then stays.
func (p *intake) stop() tea.Cmd {
	p.stopping = true
	p.end()
	return nil
}

func (p *intake) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case progressMsg:
		if msg.number == p.number {
			p.progress = msg.progress
		}
		return follow(msg.number, msg.news)
	case takenMsg:
		if msg.catalog != nil {
			p.m.renew(msg.catalog)
		}
		if msg.number == p.number {
			p.taken(msg)
		}
	case offersMsg:
		if p.input != nil && p.input.Text() == msg.typed {
			if msg.text == msg.typed && len(p.offers) > 0 { // it adds nothing: see the others
				p.pages.Next()
				return nil
			}
			p.input.Field.Set(msg.text)
			p.offers = msg.offers
			p.pages.First()
		}
	}
	return nil
}

// taken shows what became of an import.
func (p *intake) taken(msg takenMsg) {
	p.running, p.top = false, 0
	failed := ""
	switch {
	case msg.err == nil:
	case p.stopping && errors.Is(msg.err, context.Canceled):
		failed = "Stopped. What was taken until then stays, and importing again goes on from there."
	default:
		failed = oneLine(msg.err)
	}
	if len(msg.report.Items) == 0 && failed != "" {
		p.ask() // the path may be mended
		p.failed = failed
		return
	}
	p.report, p.failed = &msg.report, failed
}

func (p *intake) Prepare(int, int) tea.Cmd { return nil }

func (p *intake) scroll(n int) func() tea.Cmd {
	return func() tea.Cmd {
		p.top = max(min(p.top+n, len(p.drawn.rows)-p.h), 0)
		return nil
	}
}

func (p *intake) Actions() []frame.Action {
	var as []frame.Action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, frame.Act(keys, show, bar, does, do))
	}
	switch {
	case p.running && !p.stopping:
		add("esc", "esc", "stop", "stop the import; what was taken stays", p.stop)
		return as
	case p.running:
		return as
	}
	add("esc q backspace", "esc", "records", "back to the records", p.m.goHome)
	if len(p.drawn.rows) > p.h {
		add("j down", "↑ ↓", "line", "scroll by a line; also j and k", p.scroll(1))
		add("k up", "", "", "", p.scroll(-1))
		add("pgdown ctrl+d space f", "space", "page", "scroll by a page; also page up and page down", p.scroll(max(p.h-2, 1)))
		add("pgup ctrl+u b", "", "", "", p.scroll(-max(p.h-2, 1)))
		add("g home", "g G", "ends", "first line, last line", p.scroll(-1<<30))
		add("G end", "", "", "", p.scroll(1<<30))
	}
	add("I enter", "I", "another clone", "import another clone; also enter", func() tea.Cmd { p.ask(); return nil })
	return as
}

// renew takes up a catalog in which more was imported.
func (m *Model) renew(c *taskdata.Catalog) {
	m.tasks = c
	m.frame.Slow.Forget()
	m.choice.renew(c)
	m.needs.forget()
	m.home.plot.forget()
}

// homely gives a path as the system knows it: without the quotes and blanks that
// come with pasting, and with the home directory in the place of ~.
func homely(typed string) string {
	path := strings.TrimSpace(typed)
	if n := len(path); n >= 2 && (path[0] == '\'' || path[0] == '"') && path[n-1] == path[0] {
		path = path[1 : n-1]
	}
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		if home, err := os.UserHomeDir(); err == nil {
			path = home + rest
		}
	}
	return path
}

// offersMost is how many directories are offered.
const offersMost = 200

// completed completes what was typed to the directories that begin with it: as far
// as they agree, with a separator where there is one alone.
func completed(typed string) offersMsg {
	msg := offersMsg{typed: typed, text: typed}
	separator := string(filepath.Separator)
	dir, begin := filepath.Split(typed)
	if typed == "~" {
		dir, begin = "~"+separator, ""
	}
	look := homely(dir)
	if look == "" {
		look = "."
	}
	entries, err := os.ReadDir(look)
	if err != nil {
		return msg
	}
	common := ""
	for _, e := range entries {
		name := e.Name()
		hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(begin, ".")
		if !strings.HasPrefix(name, begin) || hidden || clean.Line(name) != name {
			continue
		}
		if info, err := os.Stat(filepath.Join(look, name)); err != nil || !info.IsDir() {
			continue
		}
		if len(msg.offers) == 0 {
			common = name
		}
		for !strings.HasPrefix(name, common) {
			r := []rune(common)
			common = string(r[:len(r)-1])
		}
		if msg.offers = append(msg.offers, name); len(msg.offers) == offersMost {
			break
		}
	}
	switch len(msg.offers) {
	case 0:
		return msg
	case 1:
		common += separator
		msg.offers = nil
	}
	msg.text = dir + common
	return msg
}
