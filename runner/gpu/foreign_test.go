package gpu

import (
	"errors"
	"math"
	"strings"
	"testing"
)

const apps = `case "$*" in
*compute-apps*) cat <<'END'
4242, GPU-b, 40960, /opt/env/bin/python3
4242, GPU-a, 31949, /opt/env/bin/python3
77, GPU-a, 500, /usr/bin/ours
91, GPU-c, [N/A], [Not Found]
5000, GPU-z, 1024, evil` + "\x1b[2J" + `tool, with a comma
END
;;
*) echo "0, GPU-a"; echo "1, GPU-b"; echo "2, GPU-c";;
esac`

func TestForeignProcessesAreNamed(t *testing.T) {
	standIn(t, apps)
	ps, err := Foreign(t.Context(), func(pid int) bool { return pid == 77 })
	if err != nil || len(ps) != 3 {
		t.Fatalf("%v, %v", ps, err)
	}
	for i, want := range []string{
		"pid 91, which cannot be seen from here on GPU 2",
		"python3 (pid 4242), 71.2 GiB on GPU 0, 1",
		"eviltool, (pid 5000), 1.0 GiB",
	} {
		if ps[i].String() != want {
			t.Errorf("%q, want %q", ps[i], want)
		}
	}
	if !math.IsNaN(ps[0].Memory) {
		t.Errorf("%v MiB of what was not told", ps[0].Memory)
	}
	if w := Words(ps); !strings.HasPrefix(w, "others compute on the GPUs: pid 91") || !strings.HasSuffix(w, "(wait until they end, or end them)") {
		t.Errorf("it says %q", w)
	}
}

func TestOnlyAFewProcessesAreNamedInASentence(t *testing.T) {
	ps := []Process{{PID: 1, Name: "a"}, {PID: 2, Name: "b"}, {PID: 3, Name: "c"}, {PID: 4, Name: "d"}, {PID: 5, Name: "e"}}
	if w := Words(ps); !strings.Contains(w, "c (pid 3)") || strings.Contains(w, "d (pid 4)") || !strings.Contains(w, "and 2 more") {
		t.Errorf("it says %q", w)
	}
}

func TestNobodyElseIsNothing(t *testing.T) {
	standIn(t, `case "$*" in *compute-apps*) echo "77, GPU-a, 500, ours";; *) exit 9;; esac`)
	ps, err := Foreign(t.Context(), func(pid int) bool { return true })
	if err != nil || len(ps) != 0 || Words(ps) != "" {
		t.Errorf("%v, %v", ps, err)
	}
}

func TestADriverThatIsGoneIsNotNobody(t *testing.T) {
	standIn(t, echo("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")+"exit 9")
	e := new(Error)
	if ps, err := Foreign(t.Context(), nil); !errors.As(err, &e) || e.Trouble != DriverGone {
		t.Errorf("%v, %v", ps, err)
	}
}
