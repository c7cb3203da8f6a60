package frame

import tea "charm.land/bubbletea/v2"

// Slow keeps what is too slow to make while drawing: it is asked for in
// Prepare, made in a command, and found here by the next view.
type Slow struct {
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

func newSlow() Slow { return Slow{got: map[string]any{}, asked: map[string]bool{}} }

// Want returns a command that makes a value, nil where it is there or under way.
func (s *Slow) Want(key string, make func() any) tea.Cmd {
	if s.asked[key] {
		return nil
	}
	if len(s.asked) >= slowKept {
		s.Forget()
	}
	s.asked[key] = true
	epoch := s.epoch
	return func() tea.Msg { return slowMsg{key, epoch, make()} }
}

// Wanted reports whether a value is there or under way.
func (s *Slow) Wanted(key string) bool { return s.asked[key] }

// Got gives a value, nil where it is not there yet.
func (s *Slow) Got(key string) any { return s.got[key] }

func (s *Slow) take(msg slowMsg) {
	if msg.epoch == s.epoch {
		s.got[msg.key] = msg.value
	}
}

// Forget has all made anew that is wanted from now on.
func (s *Slow) Forget() {
	s.epoch++
	clear(s.got)
	clear(s.asked)
}
