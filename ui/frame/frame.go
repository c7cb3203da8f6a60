// Package frame is what every room of the screen is handed: the theme, the keys, a
// line to type on, the clock, a way to say something, a place for slow work, and the
// words that several rooms share. A room sees this and its own state, never the root.
//
// Nothing here starts a goroutine. What takes time is a command: the program runs it
// beside the screen and hands what it returns to the root, which offers it to Take and
// then to the rooms. So all of this is read and written by the one that draws, and
// needs no lock.
package frame

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// Room is one screen. All of its rows have exactly the width asked for.
type Room interface {
	Title() string
	Actions() []Action
	Update(tea.Msg) tea.Cmd
	Prepare(w, h int) tea.Cmd // asks for what the next view needs and is slow to get
	Rows(w, h int) []string   // without the last line
	Line(w int) string        // the last line, where it is not the keys; else ""
	Typing() func(tea.KeyPressMsg) tea.Cmd
}

// Frame is one for all rooms of a screen.
type Frame struct {
	Context context.Context // ends with the screen
	Theme   *Theme          // another one when the terminal's background is told
	Slow    Slow
	Now     func() time.Time

	toast  Toast
	toasts int
}

// New makes the frame of a screen that ends with ctx.
func New(ctx context.Context, now func() time.Time) *Frame {
	return &Frame{Context: ctx, Theme: NewTheme(true), Slow: newSlow(), Now: now}
}

// Toast is a message on the screen. There is none where its text is empty.
type Toast struct {
	Text string // clean
	Bad  bool
	id   int
}

// toastTime is how long a message stays on the screen.
const toastTime = 8 * time.Second

// untoastMsg takes a message off the screen.
type untoastMsg int

// Say shows a line for a while.
func (f *Frame) Say(text string, bad bool) tea.Cmd {
	f.toasts++
	id := f.toasts
	f.toast = Toast{clean.Line(strings.ReplaceAll(text, "\n", " · ")), bad, id}
	return tea.Tick(toastTime, func(time.Time) tea.Msg { return untoastMsg(id) })
}

// Complain says what could not be done, and why.
func (f *Frame) Complain(doing string, err error) tea.Cmd {
	return f.Say(fmt.Sprintf("could not %s: %v", doing, err), true)
}

// Toast gives what is said now.
func (f *Frame) Toast() Toast { return f.toast }

// Hush takes what is said off the screen.
func (f *Frame) Hush() { f.toast = Toast{} }

// Take takes a message of the frame's own; ok is false for any other.
func (f *Frame) Take(msg tea.Msg) (ok bool) {
	switch msg := msg.(type) {
	case slowMsg:
		f.Slow.take(msg)
	case untoastMsg:
		if f.toast.id == int(msg) {
			f.Hush()
		}
	default:
		return false
	}
	return true
}

// Turn changes to the dark or the light theme. What was drawn in the other one is
// forgotten. It reports whether it was another.
func (f *Frame) Turn(dark bool) bool {
	if f.Theme.Dark == dark {
		return false
	}
	f.Theme = NewTheme(dark)
	f.Slow.Forget()
	return true
}

// Header gives the first line of a screen.
func (f *Frame) Header(w int, where string, rest *cell.Row) string {
	r := cell.New(w).Gap(1).Put(f.Theme.Bold+f.Theme.Accent, "pitwall").Gap(3).Put(f.Theme.Bold, where)
	if rest != nil {
		r.Gap(1).Rest(rest)
	}
	return r.String()
}

// Rule gives a thin line across the screen.
func (f *Frame) Rule(w int) string {
	return cell.New(w).Raw(string(f.Theme.Faint)+strings.Repeat("─", max(w, 0))+"\x1b[m", w).String()
}
