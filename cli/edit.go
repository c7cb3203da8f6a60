package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/agent/engine"
	"pitwall/agent/model"
	"pitwall/internal/environ"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

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
