package frame

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Action is something that a key does now. The same list answers keys, fills
// the last line and the help, so that no key is shown that does nothing.
type Action struct {
	Keys string // names of keys as Bubble Tea gives them, space-separated
	Show string // the keys as people read them
	Bar  string // a word or two for the last line, "" to leave it out there
	Does string // for the help; "" where another action's words stand for it
	Do   func() tea.Cmd
}

// Act makes an action.
func Act(keys, show, bar, does string, do func() tea.Cmd) Action {
	return Action{keys, show, bar, does, do}
}

// Run does what the key means; handled is false where it means nothing here.
func Run(actions []Action, key string) (cmd tea.Cmd, handled bool) {
	for _, a := range actions {
		if slices.Contains(strings.Fields(a.Keys), key) {
			return a.Do(), true
		}
	}
	return nil, false
}
