package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pitwall/store"
)

// started is what the stand-in for an engine of its own was asked for.
type started struct {
	ids  []string
	goOn []bool
}

// startApp gives an app whose engines are not started but counted.
func startApp(t *testing.T, python string) (*app, *started) {
	t.Helper()
	a, _ := onTerminal(t.TempDir())
	env := map[string]string{"PITWALL_HOME": a.home(), "PITWALL_PYTHON": python}
	a.getenv = func(name string) string { return env[name] }
	calls := &started{}
	a.launch = func(ctx context.Context, s *store.Store, id string, goOn bool) error {
		if _, err := s.Attempt(ctx, id); err != nil {
			t.Errorf("an engine is started on an attempt that is not there: %v", err)
		}
		calls.ids, calls.goOn = append(calls.ids, id), append(calls.goOn, goOn)
		return errors.New("no engine here")
	}
	return a, calls
}

// paths are the ways in which an attempt at micro/7 by noop is begun.
func paths(t *testing.T) map[string]func(a *app) error {
	plan := filepath.Join(t.TempDir(), "plan.toml")
	if err := os.WriteFile(plan, []byte("name = \"one\"\ntasks = [\"micro/7\"]\nhints = [\"0\"]\nnodes = 1\n[[agents]]\nagent = \"noop\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := func(code int) error {
		if code == 0 {
			return nil
		}
		return errors.New("it failed")
	}
	return map[string]func(a *app) error{
		"command line": func(a *app) error {
			return failed(a.run(t.Context(), nil, []string{"attempt", "micro/7", "--agent", "noop", "--nodes", "1", "--detach"}))
		},
		"screen": func(a *app) error {
			return a.withStore(t.Context(), func(s *store.Store) error {
				o := a.screenOptions(s, opening{})
				spec, err := o.Defaults("micro/7", "noop")
				if err != nil {
					return err
				}
				spec.Nodes = 1
				_, err = o.Start(t.Context(), spec)
				return err
			})
		},
		"campaign": func(a *app) error { return failed(a.run(t.Context(), nil, []string{"sweep", plan})) },
	}
}

// kept gives the attempts of an app's store.
func kept(t *testing.T, a *app) (list []store.Summary) {
	t.Helper()
	err := a.withStore(t.Context(), func(s *store.Store) (err error) {
		list, err = s.Attempts(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestScreenCommandLineAndCampaignBeginTheSameAttempt(t *testing.T) {
	for name, begin := range paths(t) {
		t.Run(name, func(t *testing.T) {
			a, calls := startApp(t, "python3")
			if err := begin(a); err == nil {
				t.Error("nobody heard that no engine came up")
			}
			list := kept(t, a)
			if len(list) != 1 || len(calls.ids) == 0 || calls.ids[0] != list[0].ID {
				t.Fatalf("%d attempts, engines on %v", len(list), calls.ids)
			}
			if s := list[0]; s.Task != "micro/7" || s.Agent != "noop" || s.Nodes != 1 || s.Hint != "0" || s.Scaffold != "flat" || s.Seed != 1 || s.Calibrate == 0 || s.Confirm == 0 {
				t.Errorf("the attempt is %+v", s.Spec)
			}
			// A campaign ends a pause that it finds.
			if want := name == "campaign"; calls.goOn[0] != want {
				t.Errorf("a pause is ended: %v", calls.goOn[0])
			}
		})
	}
}

func TestNothingIsBegunWhereSomethingIsMissing(t *testing.T) {
	for name, begin := range paths(t) {
		t.Run(name, func(t *testing.T) {
			a, calls := startApp(t, filepath.Join(t.TempDir(), "no-python"))
			err := begin(a)
			if err == nil || name == "screen" && !strings.Contains(err.Error(), "no-python") {
				t.Errorf("the error is %v", err)
			}
			if list := kept(t, a); len(list) != 0 || len(calls.ids) != 0 {
				t.Errorf("%d attempts, engines on %v", len(list), calls.ids)
			}
		})
	}
}
