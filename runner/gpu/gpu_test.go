package gpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// eight are rows as a node of eight gives them, in the order that List asks for:
// index, uuid, memory.total, driver_version, power.limit, compute_cap,
// mig.mode.current, name.
func eight() []string {
	var rows []string
	for i := range 8 {
		rows = append(rows, fmt.Sprintf("%d, GPU-00000000-1111-2222-3333-00000000000%d, 81559, 555.44.03, 700.00, 9.0, Disabled, NVIDIA H100 80GB HBM3", i, i))
	}
	return rows
}

func TestEightGPUsAreListed(t *testing.T) {
	standIn(t, echo(eight()...))
	gpus, err := List(t.Context())
	if err != nil || len(gpus) != 8 {
		t.Fatalf("%d GPUs, %v", len(gpus), err)
	}
	want := GPU{
		Index: 7, UUID: "GPU-00000000-1111-2222-3333-000000000007", Name: "NVIDIA H100 80GB HBM3",
		Memory: 81559, Driver: "555.44.03", PowerLimit: 700, Compute: "9.0",
	}
	if gpus[7] != want {
		t.Errorf("the last is %+v", gpus[7])
	}
}

func TestWhatAGPUDoesNotTellIsUnknown(t *testing.T) {
	for _, cell := range []string{"[N/A]", "[Not Supported]", "[Unknown Error]", "ERR!", "N/A", "", "nan", "inf", "-1"} {
		standIn(t, echo("0, GPU-a, "+cell+", 555.44.03, "+cell+", 9.0, Enabled, NVIDIA A100, the long one"))
		gpus, err := List(t.Context())
		if err != nil || len(gpus) != 1 {
			t.Fatalf("%q: %v, %v", cell, gpus, err)
		}
		if g := gpus[0]; !math.IsNaN(g.Memory) || !math.IsNaN(g.PowerLimit) || g.Name != "NVIDIA A100, the long one" || !g.MIG {
			t.Errorf("%q: %+v", cell, g)
		}
	}
}

func TestMissingColumnsAndStrangeLinesHarmNothing(t *testing.T) {
	standIn(t, echo("WARNING: infoROM is corrupted at gpu 0000:17:00.0", "", "3, GPU-a, 81559", "-1, GPU-b", "99999999999999, GPU-c", "\x1b[31mfour, GPU-d"))
	gpus, err := List(t.Context())
	if err != nil || len(gpus) != 1 || gpus[0].Index != 3 || gpus[0].Memory != 81559 {
		t.Fatalf("%+v, %v", gpus, err)
	}
	if g := gpus[0]; g.Name != "" || g.Driver != "" || !math.IsNaN(g.PowerLimit) {
		t.Errorf("%+v knows what no column told", g)
	}
}

func TestAFieldThatAnOldDriverLacksIsLeftOut(t *testing.T) {
	standIn(t, `case "$*" in
*compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;;
*mig.mode*) echo 'Field "mig.mode.current" is not a valid field to query.'; exit 2;;
esac
echo "0, GPU-a, 16160, 418.10, 300.00, Tesla V100"`)
	gpus, err := List(t.Context())
	if err != nil || len(gpus) != 1 || gpus[0].Name != "Tesla V100" || gpus[0].Compute != "" {
		t.Errorf("%+v, %v", gpus, err)
	}
}

func TestTroublesArePutInWords(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         Trouble
		found, mend  string
	}{
		{"driver gone", echo("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure it runs.") + "exit 9", DriverGone, "does not reach", "modprobe"},
		{"on standard error", "echo 'Failed to initialize NVML: Driver Not Loaded' >&2; exit 9", DriverGone, "does not reach", "modprobe"},
		{"no words", "exit 9", DriverGone, "does not reach", "modprobe"},
		{"library missing", "exit 12", DriverGone, "does not reach", "modprobe"},
		{"cut off", echo("Failed to initialize NVML: Unknown Error") + "exit 255", DriverGone, "cut off", "container"},
		{"not allowed", echo("Failed to initialize NVML: Insufficient Permissions") + "exit 4", DriverGone, "may not", "/dev/nvidia"},
		{"mismatch", echo("Failed to initialize NVML: Driver/library version mismatch", "NVML library version: 555.44") + "exit 18", Mismatch, "updated", "restart"},
		{"lost", echo("Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.  Reboot it.") + "exit 15", Lost, "GPU 0000:3B:00.0 is lost", "dmesg"},
		{"lost, spaced", echo("Unable to determine the device handle for GPU 0000:3B:00.0: Unknown Error") + "exit 255", Lost, "GPU 0000:3B:00.0 is lost", "dmesg"},
		{"lost, no words", "exit 15", Lost, "a GPU is lost", "dmesg"},
		{"no devices", echo("No devices were found") + "exit 6", NoDevices, "finds no GPU", "--gpus"},
		{"no devices, ends well", echo("No devices were found"), NoDevices, "finds no GPU", "--gpus"},
		{"nothing", "true", NoDevices, "finds no GPU", "--gpus"},
		{"something else", "printf 'the \\033[31mcat\\033[0m\\001 sat\\377\\n'; exit 3", Refused, "said: the cat sat\uFFFD", "by hand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			standIn(t, c.script)
			gpus, err := List(t.Context())
			e := new(Error)
			if !errors.As(err, &e) || e.Trouble != c.want {
				t.Fatalf("%v, %#v", gpus, err)
			}
			if !strings.Contains(e.Found, c.found) || !strings.Contains(e.Mend, c.mend) {
				t.Errorf("it says %q", e)
			}
		})
	}
}

func TestAMissingToolIsSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	e := new(Error)
	if _, err := List(t.Context()); !errors.As(err, &e) || e.Trouble != NotInstalled || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("List: %v", err)
	}
	if err := Follow(t.Context(), nil, nil); !errors.As(err, &e) || e.Trouble != NotInstalled {
		t.Errorf("Follow: %v", err)
	}
	if _, err := Foreign(t.Context(), nil); !errors.As(err, &e) || e.Trouble != NotInstalled {
		t.Errorf("Foreign: %v", err)
	}
}

func TestTheOthersAreListedBesideALostGPU(t *testing.T) {
	rows := eight()
	rows[3] = "Unable to determine the device handle for GPU 0000:5D:00.0: GPU is lost."
	standIn(t, echo(rows...)+"exit 15")
	gpus, err := List(t.Context())
	e := new(Error)
	if len(gpus) != 7 || !errors.As(err, &e) || e.Trouble != Lost {
		t.Errorf("%d GPUs, %v", len(gpus), err)
	}
}

func TestAHangingToolIsSaid(t *testing.T) {
	// The child of the shell holds the output open, too.
	standIn(t, "echo 0, GPU-a; sleep 60; true")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	gpus, err := List(ctx)
	e := new(Error)
	if !errors.As(err, &e) || e.Trouble != Hanging || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, %v", gpus, err)
	}
}

func TestWhatEvenAKillDoesNotEndIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		defer close(stuck)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := bounded(ctx, func() answer { <-stuck; return answer{} })
		e := new(Error)
		if !errors.As(err, &e) || e.Trouble != Hanging {
			t.Error(err)
		}
		if took := time.Since(begin); took != 3*time.Second+leave {
			t.Errorf("it took %v", took)
		}
	})
}

func TestACancelledQuestionIsNoTrouble(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	standIn(t, echo(eight()...))
	e := new(Error)
	if _, err := List(ctx); !errors.Is(err, context.Canceled) || errors.As(err, &e) {
		t.Error(err)
	}
}

func TestWhatIsLeftBehindDoesNotDelayTheAnswer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	pid := filepath.Join(t.TempDir(), "pid")
	standIn(t, "sleep 60 & echo $! >"+pid+"; "+echo(eight()...))
	begin := time.Now()
	gpus, err := List(t.Context())
	if len(gpus) != 8 || err != nil {
		t.Errorf("%d GPUs, %v", len(gpus), err)
	}
	if b, err := os.ReadFile(pid); err != nil {
		t.Error(err)
	} else if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err != nil {
		t.Error(err)
	} else if p, err := os.FindProcess(n); err == nil {
		_ = p.Kill()
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func FuzzRows(f *testing.F) {
	f.Add("0, GPU-a, 81559, 555.44.03, 700.00, 9.0, Disabled, NVIDIA H100")
	f.Add("7, GPU-b, [N/A], ERR!, , 0x4, 1e999")
	f.Add("1,,,,,,,,,,,,")
	f.Fuzz(func(t *testing.T, row string) {
		tb := table{fields: []string{"index", "uuid", "utilization.gpu", "memory.used", oldReasons, "power.draw"}}
		d, ok := device(tb, row)
		if !ok {
			return
		}
		if d.Index < 0 || d.Index >= maxIndex {
			t.Errorf("index %d", d.Index)
		}
		for _, v := range []float64{d.Util, d.MemUsed, d.Power} {
			if math.IsInf(v, 0) || v < 0 {
				t.Errorf("%q gives %v", row, v)
			}
		}
		if !math.IsNaN(d.Temp) {
			t.Errorf("%q tells the temperature, which was not asked", row)
		}
		if strings.ContainsAny(d.UUID, "\x00\x1b\n\r") {
			t.Errorf("uuid %q", d.UUID)
		}
	})
}
