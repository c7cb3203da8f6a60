package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"

	"pitwall/agent/start"
	"pitwall/store"
)

// starter begins attempts in a store, for whichever command or screen asks for them.
// It asks nobody whether they are worth what they cost.
func (a *app) starter(s *store.Store) start.Starter {
	e := a.engine(s)
	launch := a.launch
	if launch == nil {
		launch = a.launchEngine
	}
	return start.Starter{
		Store: s,
		Model: func(name string) (string, error) {
			m, err := e.Model(name)
			return m.ID(), err
		},
		Preflight: e.Preflight,
		Plan:      e.Plan,
		Launch:    func(ctx context.Context, id string, goOn bool) error { return launch(ctx, s, id, goOn) },
	}
}

// asking is starter that tells on standard error what GPUs are kept busy for and asks
// whether they shall be, unless yes was said beforehand.
func (a *app) asking(s *store.Store, yes bool) start.Starter {
	st := a.starter(s)
	st.Agree = func(ctx context.Context, cost string) error { return a.agree(ctx, cost, yes) }
	return st
}

func (a *app) agree(ctx context.Context, cost string, yes bool) error {
	fmt.Fprintln(a.err, cost)
	if yes {
		return nil
	}
	if !term.IsTerminal(os.Stdin.Fd()) {
		return usagef("nobody is here to agree to that: add --yes")
	}
	fmt.Fprint(a.err, "Start? [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n') // an end is a no
		answer <- line
	}()
	select {
	case line := <-answer:
		if word := strings.ToLower(strings.TrimSpace(line)); word == "y" || word == "yes" {
			return nil
		}
		return errors.New("not started")
	case <-ctx.Done():
		return ctx.Err()
	}
}
