package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"pitwall/runner"
)

func TestHomeOpensOnTheBenchmarkWhereThereAreGPUs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	for _, c := range []struct{ name, script, want string }{
		{"one GPU", "echo '0, GPU-00000000, 81559, 550.54.15, 700.00, 9.0, Disabled, NVIDIA H100 80GB HBM3'", "nanogpt"},
		{"no devices", "echo 'No devices were found'", ""},
		{"no driver", "echo 'NVIDIA-SMI has failed, a, b'; exit 9", ""},
		{"it hangs", "echo '0, GPU-00000000, 81559, 550.54.15, 700.00, 9.0, Disabled, NVIDIA H100 80GB HBM3'; exec sleep 60", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\n"+c.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+":/usr/bin:/bin")
			begin := time.Now()
			if got := homeTrack(t.Context(), &runner.Local{}); got != c.want {
				t.Errorf("home opens on %q, want %q", got, c.want)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	t.Run("no nvidia-smi", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if got := homeTrack(t.Context(), &runner.Local{}); got != "" {
			t.Errorf("home opens on %q", got)
		}
	})
}
