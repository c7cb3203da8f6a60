package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"pitwall/ui/frame"
)

func (s *setup) Actions() []frame.Action {
	var as []frame.Action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, frame.Act(keys, show, bar, does, do))
	}
	if s.told.focus {
		s.toldActions(add)
		return as
	}
	all := s.choices.all()
	n := s.choices.index(all)
	if n == len(all) {
		if !s.starting {
			add("enter", "enter", "start", "start the attempt and watch it", s.start)
		}
	} else {
		s.rowActions(add, all[n])
	}
	add("j down", "↑ ↓", "choice", "choose a row; also j and k", s.choices.move(1))
	add("k up", "", "", "", s.choices.move(-1))
	add("tab shift+tab", "tab", s.side(), "the "+s.side()+"; tab comes back", func() tea.Cmd { s.told.focus = true; return nil })
	if n < len(all) && !s.starting {
		add("S ctrl+s", "S", "start", "start the attempt and watch it; also ctrl+s", s.start)
	} else if !s.starting {
		add("S ctrl+s", "", "", "", s.start)
	}
	add("esc q backspace", "esc", "records", "back to the records; what was chosen stays", s.leave)
	if s.sheet.agent().Model {
		add("m", "m", "model", "choose the model", func() tea.Cmd { s.choices.at = rowModel; return s.openList(rowModel) })
	}
	add("0", "0", "defaults", "the defaults of the track and the agent", s.reset)
	add("h", "h", "", "next hint", s.choices.turn(rowHint, 1))
	if len(s.m.o.Agents) > 1 {
		add("a", "a", "", "next agent", s.choices.turn(rowAgent, 1))
	}
	add("n", "n N", "", "one node more, one fewer", s.choices.turn(rowNodes, 1))
	add("N", "", "", "", s.choices.turn(rowNodes, -1))
	add("g home", "g G", "", "first row, last row; also home and end", s.choices.move(-1<<20))
	add("G end", "", "", "", s.choices.move(1<<20))
	add("pgdown ctrl+d", "page", "", "a page down or up; also ctrl+d and ctrl+u", s.choices.move(max(s.choices.page, 2)))
	add("pgup ctrl+u", "", "", "", s.choices.move(-max(s.choices.page, 2)))
	add("J", "J K", "", "scroll the "+s.side(), s.told.scroll(3))
	add("K", "", "", "", s.told.scroll(-3))
	s.zoomAction(add)
	return as
}

// side names what stands on the right.
func (s *setup) side() string {
	if s.sheet.agent().Model {
		return "prompt"
	}
	return "hint"
}

// rowActions are the keys of the chosen row.
func (s *setup) rowActions(add addAction, r setupRow) {
	switch {
	case r.list:
		add("enter space", "enter", "list", "open the list", func() tea.Cmd { return s.openList(r.key) })
	case r.read != nil:
		add("enter", "enter", "type", "type a value; a digit begins it too", func() tea.Cmd { return s.choices.openInput(r, "") })
		for d := '1'; d <= '9'; d++ {
			text := string(d)
			add(text, "", "", "", func() tea.Cmd { return s.choices.openInput(r, text) })
		}
	case r.turn != nil:
		add("enter space", "enter", "", "the next value", s.choices.turn(r.key, 1))
	}
	if r.turn != nil {
		add("right +", "← →", "change", "the next value, the one before; also + and -", s.choices.turn(r.key, 1))
		add("left -", "", "", "", s.choices.turn(r.key, -1))
	}
}

// toldActions are the keys while the right half has them.
func (s *setup) toldActions(add addAction) {
	add("tab esc shift+tab", "tab", "choices", "back to the choices; also esc", func() tea.Cmd {
		s.told.focus, s.told.zoom = false, false
		return nil
	})
	if h := s.told.h; s.told.total > h {
		add("j down", "↑ ↓", "line", "scroll by a line; also j and k", s.told.scroll(1))
		add("k up", "", "", "", s.told.scroll(-1))
		add("pgdown ctrl+d space f", "space", "page", "scroll by a page; also page up and page down", s.told.scroll(max(h-2, 1)))
		add("pgup ctrl+u b", "", "", "", s.told.scroll(-max(h-2, 1)))
		add("g home", "g G", "ends", "first line, last line", s.told.scroll(-1<<30))
		add("G end", "", "", "", s.told.scroll(1<<30))
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

// typing gives what takes the keys while something is typed, else nil.
func (s *setup) Typing() func(tea.KeyPressMsg) tea.Cmd {
	switch {
	case s.list != nil:
		return s.list.take
	case s.asking:
		return s.answer
	case s.choices.input != nil:
		return s.inputKey
	}
	return nil
}

// inputKey takes a key while a value is typed. Up, down and ctrl+s keep it too.
func (s *setup) inputKey(k tea.KeyPressMsg) tea.Cmd {
	in := s.choices.input
	after := map[string]func() tea.Cmd{"up": s.choices.move(-1), "down": s.choices.move(1), "tab": s.choices.move(1), "ctrl+s": s.start}[k.Keystroke()]
	if after != nil {
		s.choices.input = nil
		in.Done(true)
		return after()
	}
	if s.choices.fresh && k.Text != "" {
		in.Field.Set("")
	}
	s.choices.fresh = false
	cmd, closed := in.Key(k)
	if closed {
		s.choices.input = nil
	}
	return cmd
}
