package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/storetest"
)

func TestANoteIsTypedOverTheHistoryInSeveralLines(t *testing.T) {
	s := openStore(t)
	id := storetest.Fill(t, s, storetest.Options{})
	d := drive(t, Options{Store: s}, 100, 24)
	d.until("FSR")
	d.press("l")
	d.until("history", "n note")
	d.press("n")
	d.until("note on attempt 1", "▌", "enter keep", "alt+enter new line", "esc as it was")
	d.typeIn("look gain")
	d.press("left", "left", "left", "left", "a")
	d.send(tea.KeyPressMsg{Code: tea.KeyEnd})
	d.send(tea.PasteMsg{Content: " at\u202e it\r\n\x1b[2Jsoon"})
	d.send(tea.KeyPressMsg{Code: tea.KeyEnter, Mod: tea.ModAlt})
	d.typeIn("q")
	d.until("look again at it", "q▌")
	d.press("enter")
	d.until("look again at it · soon · q")
	d.lacks("note on attempt 1")
	if sum, err := s.Attempt(t.Context(), id); err != nil || sum.Note != "look again at it\nsoon\nq" {
		t.Fatalf("the note is %q (%v)", sum.Note, err)
	}
	d.press("n")
	d.until("note on attempt 1", "soon")
	d.typeIn(" and more")
	d.press("esc")
	d.until("n note")
	if strings.Contains(d.text(), "and more") {
		t.Error("what was dropped stays")
	}
	d.press("n", "ctrl+u", "backspace", "ctrl+u", "backspace", "ctrl+u", "enter")
	d.when("the note to go", func() bool { return !strings.Contains(d.text(), "look again") })
}
