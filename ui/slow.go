package ui

import tea "charm.land/bubbletea/v2"

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
