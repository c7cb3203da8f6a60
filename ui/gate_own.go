package ui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
	"pitwall/ui/frame"
)

// ownMost bounds a script that a person writes, in bytes.
const ownMost = 4 << 20

// ownScript is a file that a person writes in the place of an edit, or as a node.
type ownScript struct {
	ask  asking
	path string
	base string // as it would stand without their doing
}

// Messages about a person's own script.
type (
	ownFileMsg struct {
		a    *attempt
		own  ownScript
		file string
		err  error
	}
	ownDoneMsg struct {
		a    *attempt
		own  ownScript
		text string
		err  error
	}
)

// own opens the editor with the file as it would stand with the edit that waits
// applied, or as the node to be written finds it. What was written before and has
// not been taken is there still.
func (a *attempt) own(ask asking) tea.Cmd {
	own := a.ownBase(ask)
	start := own.base
	if kept, ok := a.kept[ask]; ok {
		start = kept
	}
	open := func() tea.Msg {
		file, err := writeOwn(own.path, start)
		return ownFileMsg{a, own, file, err}
	}
	if d, ok := a.draft(ask); ok && !standsIn(d, a.st.Files(ask.node)) {
		return tea.Batch(open, a.m.frame.Say("the passage of the edit is not in "+d.Path+" to the letter: the script is there without it", false))
	}
	return open
}

// standsIn reports whether the passage that an edit replaces is there to the letter.
func standsIn(d fold.Draft, files map[string]string) bool {
	return d.Old == "" || strings.Contains(files[d.Path], d.Old)
}

func (a *attempt) ownBase(ask asking) ownScript {
	own := ownScript{ask: ask, path: taskdata.ScriptName}
	node := a.st.Node(ask.node)
	if d, ok := a.draft(ask); ok {
		own.path = d.Path
		files := a.st.Files(ask.node)
		own.base = files[d.Path]
		if standsIn(d, files) {
			own.base = fold.Replace(own.base, d.Old, d.New)
		}
		return own
	}
	files := a.st.Files(max(node.Parent, 0))
	if _, ok := files[own.path]; !ok && len(a.st.Sources) > 0 {
		own.path = a.st.Sources[0].Path
	}
	own.base = files[own.path]
	return own
}

// writeOwn makes a file that only its owner can read.
func writeOwn(name, text string) (file string, err error) {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, path.Base(name))
	f, err := os.CreateTemp("", "pitwall-*-"+safe[max(len(safe)-60, 0):])
	if err != nil {
		return "", fmt.Errorf("make a file to edit: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("write the file to edit: %w", err)
	}
	return f.Name(), nil
}

// readOwn reads what a person saved.
func readOwn(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("read what you saved: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, ownMost+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read what you saved: %w", err)
	case len(b) > ownMost:
		return "", fmt.Errorf("what you saved has more than %d MB, nothing was sent", ownMost>>20)
	case !utf8.Valid(b):
		return "", errors.New("what you saved is no UTF-8 text, nothing was sent")
	}
	return string(b), nil
}

// runEditor runs the editor on a file, reads what was saved and removes the file.
func (a *attempt) runEditor(msg ownFileMsg) tea.Cmd {
	if msg.err != nil {
		return a.m.frame.Complain("open your editor", msg.err)
	}
	return a.m.exec(a.m.o.Editor(msg.file), func(err error) tea.Msg {
		defer os.Remove(msg.file)
		if err != nil {
			return ownDoneMsg{a, msg.own, "", fmt.Errorf("the editor ended with an error, nothing was sent: %w", err)}
		}
		text, err := readOwn(msg.file)
		return ownDoneMsg{a, msg.own, text, err}
	})
}

// wrote takes what a person wrote: to be sent, with a reason where it is a node.
func (a *attempt) wrote(msg ownDoneMsg) tea.Cmd {
	ask := msg.own.ask
	d := event.Decided{Answer: event.AnswerOwn, Path: msg.own.path, Text: msg.text}
	switch {
	case msg.err != nil:
		return a.m.frame.Say(msg.err.Error(), true)
	case msg.text == msg.own.base:
		return a.m.frame.Say("nothing was changed and nothing sent: it still waits", false)
	case ask.edit > 0:
		a.kept[ask] = msg.text
		return a.decide(ask, d, fmt.Sprintf("your edit takes the place of edit %d of node %d", ask.edit, ask.node))
	}
	a.kept[ask] = msg.text
	in := frame.NewInput("why, in a line", "", reasonBytes)
	in.Keep, in.Drop = "send, empty will do", "not yet"
	in.Done = func(keep bool) tea.Cmd {
		if !keep {
			return a.m.frame.Say("nothing was sent: e opens what you wrote again", false)
		}
		d.Reason = strings.TrimSpace(in.Text())
		return a.decide(ask, d, fmt.Sprintf("node %d is as you wrote it", ask.node))
	}
	a.Input = in
	return nil
}
