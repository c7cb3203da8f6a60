package ui

import (
	tea "charm.land/bubbletea/v2"
	"charm.land/glamour/v2"
	"charm.land/glamour/v2/styles"

	"pitwall/internal/clean"
)

// slow keeps what is too slow to make while drawing: it is asked for in
// prepare, made in a command, and found here by the next view.
type slow struct {
	got   map[string]any
	asked map[string]bool
	epoch int // what was asked for under another theme is thrown away
}

type slowMsg struct {
	key   string
	epoch int
	value any
}

// slowKept bounds what is kept; the oldest are not told apart from the newest,
// since making one anew takes milliseconds.
const slowKept = 64

func newSlow() slow { return slow{got: map[string]any{}, asked: map[string]bool{}} }

// want returns a command that makes a value, nil where it is there or under way.
func (s *slow) want(key string, make func() any) tea.Cmd {
	if s.asked[key] {
		return nil
	}
	if len(s.asked) >= slowKept {
		s.forget()
	}
	s.asked[key] = true
	epoch := s.epoch
	return func() tea.Msg { return slowMsg{key, epoch, make()} }
}

func (s *slow) take(msg slowMsg) {
	if msg.epoch == s.epoch {
		s.got[msg.key] = msg.value
	}
}

func (s *slow) forget() {
	s.epoch++
	clear(s.got)
	clear(s.asked)
}

// markdown gives a text as rows of w cells. It is slow.
func markdown(text string, w int, dark bool) []string {
	config := styles.LightStyleConfig
	if dark {
		config = styles.DarkStyleConfig
	}
	none := uint(0)
	config.Document.Margin = &none
	config.Document.BlockPrefix, config.Document.BlockSuffix = "", ""
	config.Document.Color = nil
	config.CodeBlock.Margin = &none
	config.H1 = config.H2
	config.H1.Prefix, config.H2.Prefix, config.H3.Prefix = "", "", ""
	text = clean.Text(text)
	var rows []string
	r, err := glamour.NewTermRenderer(glamour.WithStyles(config), glamour.WithWordWrap(max(w-1, 10)))
	if err == nil {
		if drawn, err := r.Render(text); err == nil {
			text = drawn
		}
	}
	for _, l := range lines(text) {
		rows = append(rows, fitStyled(l, w))
	}
	return rows
}
