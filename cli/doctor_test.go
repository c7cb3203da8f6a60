package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pitwall/agent/rig"
	"pitwall/runner/gputest"
	"pitwall/runner/profile"
	"pitwall/store"
	"pitwall/ui"
)

// onGPUs gives an app on a machine with eight GPUs, so many shards and a Python that
// answers as the shell's words do.
func onGPUs(t *testing.T, shards int, python string) (a *app, bin string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins are scripts")
	}
	bin, data, home := t.TempDir(), t.TempDir(), t.TempDir()
	py := filepath.Join(bin, "trainer")
	profiles := "[defaults]\ndata = \"" + data + "\"\npython = \"" + py + "\"\n"
	if err := errors.Join(gputest.Install(bin), gputest.Data(data, shards),
		os.WriteFile(py, []byte("#!/bin/sh\n"+python+"\n"), 0o700),
		os.WriteFile(filepath.Join(home, rig.ProfilesFile), []byte(profiles), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	env := map[string]string{"PITWALL_HOME": home}
	return &app{out: newDoor(io.Discard, nil), err: newDoor(io.Discard, nil), getenv: func(name string) string { return env[name] }}, bin
}

// told gives a check's words: "miss gpus: found → mend".
func told(t *testing.T, checks []check, name string) string {
	t.Helper()
	for _, c := range checks {
		if c.Name == name {
			mark := "ok"
			if !c.OK {
				mark = "miss"
			}
			return mark + " " + c.Name + ": " + c.Found + " → " + c.Mend
		}
	}
	t.Fatalf("no check %s in %+v", name, checks)
	return ""
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in %q", p, text)
		}
	}
}

func TestDoctorSaysWhatTheGPUTracksNeed(t *testing.T) {
	a, bin := onGPUs(t, 26, "echo 'ModuleNotFoundError: no torch here' >&2; exit 1")
	checks := a.examineGPUs(t.Context())
	contains(t, told(t, checks, "gpus"), "ok ", "8x NVIDIA H100", "driver ")
	contains(t, told(t, checks, "profiles"), "ok ", rig.ProfilesFile+" over the built-in ones")
	contains(t, told(t, checks, "torch"), "miss ", "no torch here", "2.7.1 for nanogpt/1 to 18", "each record's log for nanogpt/19 to 89 and nanogpt-medium/1 to 18", "pip install torch==2.7.1", "python under [defaults]")
	contains(t, told(t, checks, "data"), "miss ", "26 shards in ", "too few for nanogpt/1 (65)", "nanogpt/5 to 7 (27)", "repeat what is there", "cached_fineweb10B.py 65")
	if strings.Contains(told(t, checks, "data"), "nanogpt/9 ") {
		t.Error("a record is said to lack shards that it does not need")
	}

	if err := gputest.Set(bin, "gone", ""); err != nil {
		t.Fatal(err)
	}
	contains(t, told(t, a.examineGPUs(t.Context()), "gpus"), "miss ", "does not reach the NVIDIA driver", "the practice track needs none", "modprobe")
	if err := os.Remove(filepath.Join(bin, "nvidia-smi")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	contains(t, told(t, a.examineGPUs(t.Context()), "gpus"), "miss ", "nvidia-smi is not installed", "install the NVIDIA driver")

	path := filepath.Join(a.home(), rig.ProfilesFile)
	if err := os.WriteFile(path, []byte("[defaults]\n\ndata = 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	contains(t, told(t, a.examineGPUs(t.Context()), "profiles"), "miss ", path+":3:", "mend the file")
}

func TestDoctorIsContentWhereAllIsThere(t *testing.T) {
	a, _ := onGPUs(t, 65, "echo 2.7.1+cu126")
	checks := a.examineGPUs(t.Context())
	contains(t, told(t, checks, "torch"), "ok torch: 2.7.1+cu126")
	contains(t, told(t, checks, "data"), "ok data: 65 shards in ", "enough for every record")
}

func TestEnvironmentOfATaskIsLookedAtOnce(t *testing.T) {
	a, bin := onGPUs(t, 28, "echo x >> \"$0.asked\"; echo 2.8.0")
	s, err := store.Open(t.Context(), a.home())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	machine := a.surveyor()
	look := func(task string) map[string]ui.EnvCheck {
		t.Helper()
		list, err := a.environment(t.Context(), machine, task)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]ui.EnvCheck{}
		for _, c := range list {
			found[c.Name] = c
		}
		return found
	}
	c := look("nanogpt/5")
	if !c["profile"].OK || !c["GPUs"].OK || !c["torch"].OK || !c["data"].OK {
		t.Errorf("%+v", c)
	}
	contains(t, c["profile"].Found, "nanogpt-1-11: 8 GPUs")
	contains(t, c["torch"].Found+c["torch"].Mend, "2.8.0; 2.7.1 is wanted", "pip install torch==2.7.1")
	contains(t, c["data"].Found, "27 shards", "28 in ")
	c = look("nanogpt/1")
	contains(t, c["profile"].Found, "nanogpt-1-11")
	if c["data"].OK {
		t.Errorf("28 shards are enough for 65: %+v", c["data"])
	}
	contains(t, c["data"].Found+c["data"].Mend, "28 of 65 shards", "cached_fineweb10B.py 65")
	if asked, err := os.ReadFile(filepath.Join(bin, "trainer.asked")); err != nil || string(asked) != "x\n" {
		t.Errorf("the interpreter was asked %q, %v", asked, err)
	}
	if list, err := a.environment(t.Context(), machine, "micro/7"); err != nil || list != nil {
		t.Errorf("the practice track needs %v, %v", list, err)
	}
	if err := os.WriteFile(filepath.Join(a.home(), rig.ProfilesFile), []byte("[defaults]\ngpus = 4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c = look("nanogpt/5")
	if c["profile"].OK || len(c) != 2 {
		t.Errorf("%+v", c)
	}
	contains(t, c["profile"].Found, "nanogpt/5@4gpu")
	if err := gputest.Set(bin, "count", "3"); err != nil {
		t.Fatal(err)
	}
	few := rig.CardsNeed(profile.Profile{GPUs: 8}, a.surveyor().CardFacts(t.Context()))
	if few.OK {
		t.Errorf("three GPUs are enough for eight: %+v", few)
	}
	contains(t, few.Found+few.Mend, "3x ", "a run takes 8", "@3gpu")
}
