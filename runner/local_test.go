//go:build linux || darwin

package runner

import "testing"

func TestRunDeliversBothStreamsAndTheExitCode(t *testing.T) {
	t.Parallel()
	rec, res := execute(t, script(t, `
import sys
print("hello")
print("oops", file=sys.stderr)
sys.exit(3)
`))
	if rec.text(false) != "hello\n" || rec.text(true) != "oops\n" {
		t.Errorf("got %q and %q", rec.text(false), rec.text(true))
	}
	if res.Reason != Exited || res.ExitCode != 3 || res.Wall <= 0 || res.CPUUser <= 0 || res.MaxRSS < 1<<20 || res.Survivors != 0 {
		t.Errorf("got %+v", res)
	}
	if len(rec.started) != 1 || rec.started[0].Ticks == 0 || rec.started[0].ShimTicks == 0 {
		t.Errorf("identity %+v", rec.started)
	}
}
