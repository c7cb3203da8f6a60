package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

func (s *setup) actions() []action {
	var as []action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, action{keys, show, bar, does, do})
	}
	if s.told.focus {
		s.toldActions(add)
		return as
	}
	all := s.rowsNow()
	n := s.index(all)
	if n == len(all) {
		if !s.starting {
			add("enter", "enter", "start", "start the attempt and watch it", s.start)
		}
	} else {
		s.rowActions(add, all[n])
	}
	add("j down", "↑ ↓", "choice", "choose a row; also j and k", s.move(1))
	add("k up", "", "", "", s.move(-1))
	add("tab shift+tab", "tab", s.side(), "the "+s.side()+"; tab comes back", func() tea.Cmd { s.told.focus = true; return nil })
	if n < len(all) && !s.starting {
		add("S ctrl+s", "S", "start", "start the attempt and watch it; also ctrl+s", s.start)
	} else if !s.starting {
		add("S ctrl+s", "", "", "", s.start)
	}
	add("esc q backspace", "esc", "records", "back to the records; what was chosen stays", s.leave)
	if s.agent().Model {
		add("m", "m", "model", "choose the model", func() tea.Cmd { s.at = rowModel; return s.openList(rowModel) })
	}
	add("0", "0", "defaults", "the defaults of the track and the agent", s.reset)
	add("h", "h", "", "next hint", s.turn(rowHint, 1))
	if len(s.m.o.Agents) > 1 {
		add("a", "a", "", "next agent", s.turn(rowAgent, 1))
	}
	add("n", "n N", "", "one node more, one fewer", s.turn(rowNodes, 1))
	add("N", "", "", "", s.turn(rowNodes, -1))
	add("g home", "g G", "", "first row, last row; also home and end", s.move(-1<<20))
	add("G end", "", "", "", s.move(1<<20))
	add("pgdown ctrl+d", "page", "", "a page down or up; also ctrl+d and ctrl+u", s.move(max(s.page, 2)))
	add("pgup ctrl+u", "", "", "", s.move(-max(s.page, 2)))
	add("J", "J K", "", "scroll the "+s.side(), s.scroll(3))
	add("K", "", "", "", s.scroll(-3))
	s.zoomAction(add)
	return as
}

// side names what stands on the right.
func (s *setup) side() string {
	if s.agent().Model {
		return "prompt"
	}
	return "hint"
}

// rowActions are the keys of the chosen row.
func (s *setup) rowActions(add addAction, r setupRow) {
	switch {
	case r.list != nil:
		add("enter space", "enter", "list", "open the list", r.list)
	case r.read != nil:
		add("enter", "enter", "type", "type a value; a digit begins it too", func() tea.Cmd { return s.openInput(r, "") })
		for d := '1'; d <= '9'; d++ {
			text := string(d)
			add(text, "", "", "", func() tea.Cmd { return s.openInput(r, text) })
		}
	case r.turn != nil:
		add("enter space", "enter", "", "the next value", s.turn(r.key, 1))
	}
	if r.turn != nil {
		add("right +", "← →", "change", "the next value, the one before; also + and -", s.turn(r.key, 1))
		add("left -", "", "", "", s.turn(r.key, -1))
	}
}

// toldActions are the keys while the right half has them.
func (s *setup) toldActions(add addAction) {
	add("tab esc shift+tab", "tab", "choices", "back to the choices; also esc", func() tea.Cmd {
		s.told.focus, s.told.zoom = false, false
		return nil
	})
	if h := s.told.h; s.told.total > h {
		add("j down", "↑ ↓", "line", "scroll by a line; also j and k", s.scroll(1))
		add("k up", "", "", "", s.scroll(-1))
		add("pgdown ctrl+d space f", "space", "page", "scroll by a page; also page up and page down", s.scroll(max(h-2, 1)))
		add("pgup ctrl+u b", "", "", "", s.scroll(-max(h-2, 1)))
		add("g home", "g G", "ends", "first line, last line", s.scroll(-1<<30))
		add("G end", "", "", "", s.scroll(1<<30))
	}
	s.zoomAction(add)
	if !s.starting {
		add("S ctrl+s", "S", "start", "start the attempt and watch it; also ctrl+s", s.start)
	}
}

func (s *setup) zoomAction(add addAction) {
	if s.m.w >= setupTwo {
		add("z", "z", "", fmt.Sprintf("the %s on the whole screen, and back", s.side()), func() tea.Cmd {
			s.told.zoom = !s.told.zoom
			s.told.focus = s.told.zoom
			return nil
		})
	}
}

// move goes n rows on; the last row, which starts, is followed by the first.
func (s *setup) move(n int) func() tea.Cmd {
	return func() tea.Cmd {
		all := s.rowsNow()
		at, count := s.index(all), len(all)+1
		if n == 1 || n == -1 {
			at = (at + n + count) % count
		} else {
			at = max(min(at+n, count-1), 0)
		}
		s.at = rowStart
		if at < len(all) {
			s.at = all[at].key
		}
		return nil
	}
}

// turn changes the value of a row, wherever one is.
func (s *setup) turn(key string, dir int) func() tea.Cmd {
	return func() tea.Cmd {
		for _, r := range s.rowsNow() {
			if r.key != key || r.turn == nil {
				continue
			}
			delete(s.wrong, key)
			cmd := r.turn(dir)
			if key != rowAgent {
				s.touch()
			}
			return cmd
		}
		return nil
	}
}

// openInput opens a line for a row's value: with text as its beginning, or with the
// value that is there, which the first key writes over.
func (s *setup) openInput(r setupRow, text string) tea.Cmd {
	s.fresh = text == ""
	if s.fresh {
		text = r.text
	}
	in := newInput(strings.TrimSpace(r.name), text, usualBytes)
	in.done = func(keep bool) tea.Cmd {
		if keep {
			s.enter(r, in.text())
		}
		return nil
	}
	s.input = in
	return nil
}

// enter takes what was typed. What cannot be stays in its row, marked.
func (s *setup) enter(r setupRow, text string) {
	set, err := r.read(text)
	if err != nil {
		s.wrong[r.key] = wrongText{text, err.Error()}
	} else {
		delete(s.wrong, r.key)
		set()
	}
	s.touch()
}

// typing gives what takes the keys while something is typed, else nil.
func (s *setup) typing() func(tea.KeyPressMsg) tea.Cmd {
	switch {
	case s.list != nil:
		return s.listKey
	case s.asking:
		return s.answer
	case s.input != nil:
		return s.inputKey
	}
	return nil
}

// inputKey takes a key while a value is typed. Up, down and ctrl+s keep it too.
func (s *setup) inputKey(k tea.KeyPressMsg) tea.Cmd {
	in := s.input
	after := map[string]func() tea.Cmd{"up": s.move(-1), "down": s.move(1), "tab": s.move(1), "ctrl+s": s.start}[k.Keystroke()]
	if after != nil {
		s.input = nil
		in.done(true)
		return after()
	}
	if s.fresh && k.Text != "" {
		in.field.Set("")
	}
	s.fresh = false
	cmd, closed := in.key(k)
	if closed {
		s.input = nil
	}
	return cmd
}
