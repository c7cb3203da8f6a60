package cli

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pitwall/agent/engine"
	"pitwall/agent/model"
	"pitwall/agent/rig"
	"pitwall/runner"
	"pitwall/store"
)

// check is one thing that doctor looked at.
type check struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	Mend  string `json:"mend"` // empty where there is nothing to mend
}

func (a *app) doctorCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what works here and what is missing",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks := a.examine(cmd.Context())
			if a.json {
				return a.print(struct {
					Checks []check `json:"checks"`
				}{checks})
			}
			for _, c := range checks {
				mark := "ok  "
				if !c.OK {
					mark = "miss"
				}
				fmt.Fprintf(a.out, "%s  %-12s %s\n", mark, c.Name, c.Found)
				if c.Mend != "" {
					fmt.Fprintf(a.out, "      %-12s → %s\n", "", c.Mend)
				}
			}
			return nil
		},
	}
}

func (a *app) examine(ctx context.Context) []check {
	checks := []check{a.checkPython(ctx), checkRunner(), a.checkStore(ctx), a.checkDisk(), a.checkLock(ctx)}
	checks = append(checks, a.examineGPUs(ctx)...)
	return append(checks, a.checkKeys(), a.checkSecrets(), checkGit(), check{Name: "machine", OK: true, Found: engine.MachineLabel(runner.Host(ctx))},
		check{Name: "sandbox", OK: false, Found: "training scripts run with your rights: pitwall does not confine them", Mend: "attempt only with agents and hints that you trust, or inside a container"})
}

func (a *app) checkPython(ctx context.Context) check {
	needs := rig.Basics(a.surveyor().Basics(ctx))
	n := needs[len(needs)-1] // the interpreter, or why none would be of use
	return check{Name: "python", OK: n.OK, Found: n.Found, Mend: n.Mend}
}

func checkRunner() check {
	switch runtime.GOOS {
	case "linux":
		return check{Name: "runner", OK: true, Found: "local: every process of a run is ended with it"}
	case "darwin":
		return check{Name: "runner", OK: true, Found: "local: a run's process group is ended with it; a child in a session of its own can outlive it"}
	}
	return check{Name: "runner", Found: "this system can browse and replay, but not train", Mend: "train on Linux or macOS"}
}

func (a *app) checkStore(ctx context.Context) check {
	c := check{Name: "store", OK: true}
	err := a.withStore(ctx, func(s *store.Store) error {
		sums, err := s.Attempts(ctx)
		c.Found = fmt.Sprintf("%s, %d attempts", s.Home(), len(sums))
		return err
	})
	if err != nil {
		return check{Name: "store", Found: err.Error(), Mend: "see the message, or set PITWALL_HOME to another directory"}
	}
	return c
}

// leastDisk is the free space below which a long run may not fit, in bytes.
const leastDisk = 1 << 30

func (a *app) checkDisk() check {
	free, err := freeBytes(a.home())
	if err != nil {
		return check{Name: "disk", Found: err.Error(), Mend: "set PITWALL_HOME to a directory that can be used"}
	}
	c := check{Name: "disk", OK: free >= leastDisk, Found: fmt.Sprintf("%.1f GiB free for %s", float64(free)/(1<<30), a.home())}
	if !c.OK {
		c.Mend = "free some space, or set PITWALL_HOME to a larger disk"
	}
	return c
}

// checkLock tells whether the machine trains for somebody now.
func (a *app) checkLock(ctx context.Context) check {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	held := ""
	lock, err := runner.Acquire(ctx, a.getenv("PITWALL_LOCK"), "pitwall doctor", func(h runner.Holder) {
		held = h.String()
		cancel()
	})
	switch {
	case held != "":
		return check{Name: "timed runs", OK: true, Found: "the machine trains for " + held + "; others wait"}
	case err != nil:
		return check{Name: "timed runs", Found: err.Error(), Mend: "set PITWALL_LOCK to a file that can be written"}
	}
	if err := lock.Release(); err != nil {
		return check{Name: "timed runs", Found: err.Error(), Mend: "set PITWALL_LOCK to a file that can be written"}
	}
	return check{Name: "timed runs", OK: true, Found: "the machine is free"}
}

// checkKeys tells which language models can be used here.
func (a *app) checkKeys() check {
	catalog, err := model.Load(filepath.Join(a.home(), engine.ModelsFile), a.getenv)
	if err != nil {
		return check{Name: "keys", Found: err.Error(), Mend: "mend the file; see docs/agents.md"}
	}
	var set []string
	for _, name := range catalog.KeyNames() {
		if a.getenv(name) != "" {
			set = append(set, name)
		}
	}
	m, ok := catalog.Default()
	if !ok {
		return check{
			Name: "keys", OK: true, Found: "none set; agent llm needs one, or a local server",
			Mend: "set one, as OPENAI_API_KEY or ANTHROPIC_API_KEY; pitwall models lists the providers",
		}
	}
	found := strings.Join(set, ", ")
	if found != "" {
		found += "; "
	}
	return check{Name: "keys", OK: true, Found: found + "agent llm uses " + m.ID() + " where --model names none; no script is handed a key"}
}

func checkGit() check {
	path, err := exec.LookPath("git")
	if err != nil {
		return check{Name: "git", Found: "not on PATH; needed to import a clone, and to apply what `pitwall diff` prints", Mend: "install git"}
	}
	return check{Name: "git", OK: true, Found: path}
}
