package ui

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/event"
	"pitwall/store/storetest"
)

func noEditor(path string) *exec.Cmd { return exec.Command("editor", path) }

func tea80(w int) tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: w, Height: 42 * w / 140} }

// editing has the driver's screen open an editor that does with a file what edit
// says, and gives the files that it was opened on.
func (d *driver) editing(edit func(file, text string) error) (files *[]string) {
	files = new([]string)
	d.m.exec = func(c *exec.Cmd, done tea.ExecCallback) tea.Cmd {
		file := c.Args[len(c.Args)-1]
		*files = append(*files, file)
		text, err := os.ReadFile(file)
		if err != nil {
			d.t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			d.t.Errorf("%s has mode %v, %v", file, info.Mode(), err)
		}
		err = edit(file, string(text))
		return func() tea.Msg { return done(err) }
	}
	return files
}

func save(text string) func(file, was string) error {
	return func(file, _ string) error { return os.WriteFile(file, []byte(text), 0o600) }
}

func TestGateShowsTheEditAndSendsTheWord(t *testing.T) {
	for key, want := range map[string]struct{ answer, says string }{
		"y": {event.AnswerYes, "edit 1 of node 1: yes"},
		"a": {event.AnswerYes, "edit 1 of node 1: yes"},
		"A": {event.AnswerAll, "yes to all edits of node 1"},
	} {
		s := openStore(t)
		f := modelStory(t, s, proposed(1, 1))
		d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
		d.until("Edit 1 of 2 of node 1 waits for you", "A higher peak rate", "y yes · A yes to all of this node · n no", "this edit alone", "+ LR = 0.015")
		d.lacks("own edit") // there is no editor
		d.lacks("+ WARMUP = 30")
		d.press(key, key)
		d.lacks("waits for you")
		o := d.ordered(f)
		if got := args[event.Decided](t, o); o.Name != event.OrderDecide || got != (event.Decided{Node: 1, Edit: 1, Answer: want.answer}) {
			t.Errorf("%s: order %+v", key, o)
		}
		taken(t, f, o, "")
		d.until(want.says)
		emit(t, f, event.Decided{Node: 1, Edit: 1, Answer: want.answer}, event.Applied{Node: 1, Edit: 1, Line: 13}, event.Proposed{Node: 1, Edit: 2})
		d.until("Edit 2 of 2 of node 1 waits for you", "+ WARMUP = 30")
		d.lacks("+ LR = 0.015")
	}
}

func TestNoTakesAReason(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, proposed(1, 1))
	d := drive(t, Options{Store: s, Open: f.ID}, 100, 30)
	d.until("waits for you", "n no")
	d.press("n")
	d.until("no, because", "esc back")
	d.press("esc")
	d.until("waits for you")
	d.press("n")
	d.typed("too high")
	d.press("enter")
	o := d.ordered(f)
	if got := args[event.Decided](t, o); got != (event.Decided{Node: 1, Edit: 1, Answer: event.AnswerNo, Reason: "too high"}) {
		t.Errorf("order %+v", o)
	}
}

func TestAWordThatIsNotTakenIsAskedForAgain(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, proposed(1, 1))
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("waits for you")
	d.press("y")
	taken(t, f, d.ordered(f), "edit 1 of node 1 does not wait for an answer")
	d.until("your word on edit 1 of node 1: edit 1 of node 1 does not wait for an answer", "waits for you", "y yes")
}

func TestGateThatIsOutOfSightSaysSo(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, proposed(1, 1))
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("waits for you")
	d.press("{")
	d.until("Edit 1 of node 1 waits for your word.", "f show it")
	d.press("y")
	d.lacks("waits for you ")
	d.press("f")
	d.until("Edit 1 of 2 of node 1 waits for you")
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	d.press("tab", "tab", "tab")
	d.until("▎log", "f show it")
	d.press("y", "f", "y")
	if got := args[event.Decided](t, d.ordered(f)); got.Answer != event.AnswerYes {
		t.Errorf("order %+v", got)
	}
}

func TestOwnEditTakesThePlaceOfOneThatWaits(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, proposed(1, 2))
	d := drive(t, Options{Store: s, Open: f.ID, Editor: noEditor}, 140, 42)
	files := d.editing(func(_, text string) error {
		if !strings.Contains(text, "LR = 0.015") || !strings.Contains(text, "WARMUP = 30") {
			t.Errorf("the editor was given a script without the edits:\n%s", text)
		}
		return nil
	})
	d.until("Edit 2 of 2 of node 1 waits for you", "e own edit")
	d.press("e")
	d.until("nothing was changed and nothing sent", "waits for you")

	d.editing(save("mine = 1\n"))
	d.press("e")
	o := d.ordered(f)
	if got := args[event.Decided](t, o); got != (event.Decided{Node: 1, Edit: 2, Answer: event.AnswerOwn, Path: "train.py", Text: "mine = 1\n"}) {
		t.Errorf("order %+v", o)
	}
	taken(t, f, o, "edit 2 of node 1 does not wait for an answer")
	d.until("waits for you") // and what was written is not lost
	again := d.editing(func(_, text string) error {
		if text != "mine = 1\n" {
			t.Errorf("the editor was given %q", text)
		}
		return nil
	})
	d.press("e")
	taken(t, f, d.ordered(f), "")
	d.until("your edit takes the place of edit 2 of node 1")
	for _, file := range append(*files, *again...) {
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) || !strings.HasSuffix(file, "-train.py") {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
	}
}

func TestWhatCannotBeAScriptIsNotSent(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, proposed(1, 1))
	d := drive(t, Options{Store: s, Open: f.ID, Editor: noEditor}, 200, 42)
	d.until("waits for you")
	for words, edit := range map[string]func(string, string) error{
		"what you saved is no UTF-8 text, nothing was sent":             save("\xff\xfe"),
		"what you saved has more than 4 MB, nothing was sent":           save(strings.Repeat("x", 4<<20+1)),
		"read what you saved":                                           func(file, _ string) error { return os.Remove(file) },
		"the editor ended with an error, nothing was sent: exit status": func(string, string) error { return errors.New("exit status 1") },
	} {
		d.editing(edit)
		d.press("e")
		d.until(words, "waits for you")
	}
	d.press("y") // the first order of all
	if got := args[event.Decided](t, d.ordered(f)); got.Answer != event.AnswerYes {
		t.Errorf("order %+v", got)
	}
}

func TestANodeOfOnesOwnIsWrittenInTheEditor(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{Agent: "human", Steps: 20})
	f.Until(func(b event.Body) bool { n, ok := b.(event.Node); return ok && n.ID == 1 })
	emit(t, f, event.Phase{Phase: event.PhaseAwaiting, Node: 1})
	d := drive(t, Options{Store: s, Open: f.ID}, 120, 40)
	d.until("Node 1 is yours to write", "It starts from the script of node 0.", "Set EDITOR")
	d.lacks("e write it")
	d = drive(t, Options{Store: s, Open: f.ID, Editor: noEditor}, 120, 40)
	d.until("Node 1 is yours to write", "e write it")
	d.editing(func(file, text string) error {
		if !strings.Contains(text, "LR = 0.010") {
			t.Errorf("the editor was not given the parent's script: %q", text)
		}
		return os.WriteFile(file, []byte("LR = 1\n"), 0o600)
	})
	d.press("e")
	d.until("why, in a line", "esc not yet")
	d.press("esc")
	d.until("e opens what you wrote again", "Node 1 is yours to write")
	d.editing(func(_, text string) error {
		if text != "LR = 1\n" {
			t.Errorf("the editor was given %q", text)
		}
		return nil
	})
	d.press("e")
	d.until("why, in a line")
	d.typed("faster")
	d.press("enter")
	o := d.ordered(f)
	want := event.Decided{Node: 1, Answer: event.AnswerOwn, Path: "train.py", Text: "LR = 1\n", Reason: "faster"}
	if got := args[event.Decided](t, o); o.Name != event.OrderDecide || got != want {
		t.Errorf("order %+v", o)
	}
	taken(t, f, o, "")
	d.until("node 1 is as you wrote it")
	d.lacks("is yours to write")
}

// seek goes to just after an event of a replay.
func (d *driver) seek(seq int64) {
	d.m.attempt.player.Pause()
	d.m.attempt.player.SeekSeq(seq)
	d.when("the place", func() bool { return d.m.attempt.st.Seq == seq && !d.m.attempt.snap.Playing })
}

func TestReplayShowsThatAnEditWaitedAndWhatWasDecided(t *testing.T) {
	s := openStore(t)
	id := storetest.Fill(t, s, storetest.Options{Model: true, Steps: 20})
	st, err := s.StateAt(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	var marks []int64
	for _, m := range st.Marks {
		if m.Kind == "hand" {
			marks = append(marks, m.Seq)
		}
	}
	d := drive(t, Options{Store: s, Open: id, Replay: true, Editor: noEditor}, 140, 42)
	d.until("space pause", "◈")
	d.seek(marks[0] - 1)
	d.until("edit 1 of 2 · waits for a word", "edit of node 1 waits for a word", "+ LR = 0.015")
	for _, text := range []string{"waits for you", "y yes", "own edit"} {
		d.lacks(text)
	}
	d.press("y", "n", "e")
	d.lacks("no, because")
	d.seek(marks[1] + 2) // the second is applied
	d.press("shift+tab", "k")
	d.until("edit 2 of 2 · approved")
	d.press("f")
	d.seek(marks[2] + 2)
	d.until("edit 2 of 2 · refused by hand", "Edit 2 was refused", "keep it below 0.96")
}
