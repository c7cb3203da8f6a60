package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pitwall/agent/engine"
	"pitwall/agent/model"
	"pitwall/internal/environ"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// order gives the engine of an attempt an order and waits until it is done.
func (a *app) order(ctx context.Context, s *store.Store, prefix, name string, args any) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	doc := ""
	if args != nil {
		b, err := json.Marshal(args)
		if err != nil {
			return fmt.Errorf("order %s: %w", name, err)
		}
		doc = string(b)
	}
	id, err := s.Order(ctx, sum.ID, name, doc)
	if err != nil {
		if errors.Is(err, store.ErrNotLive) {
			return fmt.Errorf("attempt %d is %s: no engine works on it; see pitwall show %d", sum.Number, sum.Status, sum.Number)
		}
		return err
	}
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		o, err := s.OrderState(ctx, id)
		switch {
		case err != nil:
			return err
		case o.Done && o.Result != "":
			return fmt.Errorf("attempt %d: %s", sum.Number, o.Result)
		case o.Done:
			return a.report(ctx, s, sum.ID)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("attempt %d was given the order %s and has not taken it yet", sum.Number, name)
		case <-tick.C:
		}
	}
}

func (a *app) pauseCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "pause ID",
		Short: "Pause an attempt",
		Long:  "Pauses an attempt before its next run and the next call of its model. A run in flight goes on to its end, since a timed run cannot be paused. It goes on with: pitwall resume ID",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			return a.order(ctx, s, args[0], event.OrderPause, nil)
		}),
	}
}

func (a *app) steerCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "steer ID NOTE",
		Short:   "Give the agent a note, which it reads with its next node",
		Example: `pitwall steer 3 "leave the learning rate alone; look at the inner loop"`,
		Args:    args(2, 1000),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			return a.order(ctx, s, args[0], event.OrderSteer, event.Steered{Text: strings.TrimSpace(strings.Join(args[1:], " "))})
		}),
	}
}

func (a *app) branchCmd() *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use:   "branch ID NODE",
		Short: "Have the next node start from NODE",
		Long:  "Asks for a node that starts from NODE, before the scaffold's next choice. With --repeat NODE's own script is trained once more.",
		Args:  args(2, 2),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return usagef("node %q is not a number", args[1])
			}
			q := event.Asked{Node: n, Origin: event.OriginBranch}
			if again {
				q.Origin = event.OriginRepeat
			}
			return a.order(ctx, s, args[0], event.OrderAsk, q)
		}),
	}
	cmd.Flags().BoolVar(&again, "repeat", false, "train NODE's script once more, unchanged")
	return cmd
}

func (a *app) approveCmd() *cobra.Command {
	var d event.Decided
	var no, all bool
	var file string
	cmd := &cobra.Command{
		Use:   "approve ID",
		Short: "Say yes or no to an edit that waits",
		Long: "Answers the edit of an attempt with --gate that waits for your word: yes, or --all for all edits of its node, --no with a --reason " +
			"that the agent is told, or --file with a script of your own to take its place.",
		Example: "pitwall approve 3\npitwall approve 3 --no --reason \"that breaks the warm-up\"\npitwall script 3 2 > mine.py && $EDITOR mine.py && pitwall approve 3 --file mine.py",
		Args:    args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			if no && (all || file != "") || all && file != "" {
				return usagef("choose one of --no, --all and --file")
			}
			d.Answer = event.AnswerYes
			switch {
			case no:
				d.Answer = event.AnswerNo
			case all:
				d.Answer = event.AnswerAll
			case file != "":
				text, err := os.ReadFile(file)
				if err != nil {
					return fmt.Errorf("read your script: %w", err)
				}
				d.Answer, d.Text = event.AnswerOwn, string(text)
			}
			return a.answer(ctx, s, args[0], d)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&no, "no", false, "refuse the edit")
	f.BoolVar(&all, "all", false, "yes to this edit and all others of its node")
	f.StringVar(&d.Reason, "reason", "", "why, for the agent to read")
	f.StringVar(&file, "file", "", "put the script in this file in its place")
	return cmd
}

// answer gives a person's word on what waits for it.
func (a *app) answer(ctx context.Context, s *store.Store, prefix string, d event.Decided) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	st, err := s.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return err
	}
	switch w := st.Awaited(); {
	case w != nil:
		d.Node, d.Edit, d.Path = w.Node, w.Edit, w.Path
	case st.Phase.Phase == event.PhaseAwaiting && d.Answer == event.AnswerOwn:
		d.Node = st.Phase.Node
	case st.Phase.Phase == event.PhaseAwaiting:
		return fmt.Errorf("node %d is yours to write: pitwall edit %d", st.Phase.Node, sum.Number)
	default:
		return fmt.Errorf("no edit of attempt %d waits for an answer", sum.Number)
	}
	return a.order(ctx, s, sum.ID, event.OrderDecide, d)
}

func (a *app) editCmd() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "edit ID",
		Short: "Write the node that waits for you, in your editor",
		Long:  "Opens $VISUAL or $EDITOR with the script that a node of agent human starts from, or with the script as a waiting edit would leave it, and takes what you save.",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			return a.edit(ctx, s, args[0], reason)
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, kept with the edit")
	return cmd
}

func (a *app) edit(ctx context.Context, s *store.Store, prefix, reason string) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	st, err := s.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return err
	}
	path, text, ok := yours(st)
	if !ok {
		return fmt.Errorf("nothing of attempt %d waits for you", sum.Number)
	}
	dir, err := os.MkdirTemp("", "pitwall-edit-*")
	if err != nil {
		return fmt.Errorf("make a file to edit: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("make a file to edit: %w", err)
	}
	cmd := a.editor(file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the editor %s ended with an error, nothing was taken: %w", cmd.Path, err)
	}
	saved, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read what you saved: %w", err)
	}
	if string(saved) == text {
		return errors.New("nothing was changed, so nothing was taken")
	}
	return a.answer(ctx, s, sum.ID, event.Decided{Answer: event.AnswerOwn, Path: path, Text: string(saved), Reason: reason})
}

// yours gives the file that waits for a person: as the waiting edit would leave
// it, or as the node to be written finds it.
func yours(st *fold.State) (path, text string, ok bool) {
	if w := st.Awaited(); w != nil {
		return w.Path, fold.Replace(st.Files(w.Node)[w.Path], w.Old, w.New), true
	}
	n := st.Node(st.Phase.Node)
	if st.Phase.Phase != event.PhaseAwaiting || n == nil || len(st.Sources) == 0 {
		return "", "", false
	}
	path = st.Sources[0].Path
	return path, st.Files(n.Parent)[path], true
}

// editor is a person's editor on a file: $VISUAL, $EDITOR, or vi.
func (a *app) editor(file string) *exec.Cmd {
	words := strings.Fields(a.getenv("VISUAL"))
	if len(words) == 0 {
		words = strings.Fields(a.getenv("EDITOR"))
	}
	if len(words) == 0 {
		words = []string{"vi"}
	}
	cmd := exec.Command(words[0], append(words[1:], file)...)
	var keys []string
	if c, err := model.Load(filepath.Join(a.home(), engine.ModelsFile), a.getenv); err == nil {
		keys = c.KeyNames()
	}
	cmd.Env = environ.WithoutSecrets(os.Environ(), keys...) // a script could read them of it
	return cmd
}
