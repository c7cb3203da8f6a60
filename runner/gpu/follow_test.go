package gpu

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// row is one as Follow asks for: index, uuid, utilization, memory used and in
// all, power, temperature, clock, reasons.
func row(i int) string {
	return fmt.Sprintf("%d, GPU-%d, 9%d, 70%d, 81559, 65%d.25, 6%d, 1755, 0x0000000000000000", i, i, i, i, i, i)
}

// indexes tells the devices of samples: "012 02".
func indexes(samples [][]Device) string {
	var words []string
	for _, s := range samples {
		w := "-"
		for i, d := range s {
			if i == 0 {
				w = ""
			}
			w += strconv.Itoa(d.Index)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// play is a stand-in for the process: it gets what one nvidia-smi does.
type play func(ctx context.Context, say func(lines ...string)) (words string, end error)

// followPlays follows nvidia-smis that do as they are told, one after another,
// in the time of a test's bubble, until the last one has ended or Follow gives up.
func followPlays(t *testing.T, visible []string, plays ...play) (samples [][]Device, starts []time.Duration, fields [][]string, err error) {
	begin := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := &follower{
		see:    visible,
		fields: []string{"index", "uuid", "utilization.gpu", "memory.used", "memory.total", "power.draw", "temperature.gpu", "clocks.sm", oldReasons},
		sink:   func(ds []Device) { samples = append(samples, ds) },
	}
	f.start = func(ctx context.Context, args []string) *stream {
		starts = append(starts, time.Since(begin))
		fields = append(fields, f.fields)
		var p play
		if len(plays) > 0 {
			p, plays = plays[0], plays[1:]
		} else {
			cancel()
			p = func(context.Context, func(...string)) (string, error) { return "", nil }
		}
		words := ""
		s := &stream{lines: make(chan string), end: make(chan error, 1), said: func() string { return words }}
		go func() {
			var end error
			words, end = p(ctx, func(lines ...string) {
				for _, l := range lines {
					select {
					case s.lines <- l:
					case <-ctx.Done():
					}
				}
			})
			close(s.lines)
			s.end <- end
		}()
		return s
	}
	err = f.follow(ctx)
	return samples, starts, fields, err
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func TestRowsAreGroupedBySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples, _, _, _ := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
			for range 3 {
				say(row(0), row(1), row(2))
				wait(ctx, time.Second)
			}
			return "", nil
		})
		if got := indexes(samples); got != "012 012 012" {
			t.Errorf("samples are %q", got)
		}
		want := Device{Index: 2, UUID: "GPU-2", Util: 92, MemUsed: 702, MemTotal: 81559, Power: 652.25, Temp: 62, Clock: 1755}
		if samples[1][2] != want {
			t.Errorf("%+v", samples[1][2])
		}
	})
}

func TestAGPUThatVanishesComesBack(t *testing.T) {
	for _, c := range []struct{ name, second, want string }{
		{"in the middle, no row", row(0) + "|" + row(2), "012 02 012"},
		{"the last, no row", row(0) + "|" + row(1), "012 01 012"},
		{"the first, no row", row(1) + "|" + row(2), "012 12 012"},
		{"its row says so", row(0) + "|1, GPU-1, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]|" + row(2), "012 02 012"},
		{"all", "0, GPU-0, [Unknown Error], ERR!|1|2, GPU-2", "012 - 012"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				samples, _, _, _ := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
					for _, second := range [][]string{{row(0), row(1), row(2)}, strings.Split(c.second, "|"), {row(0), row(1), row(2)}} {
						say(second...)
						wait(ctx, time.Second)
					}
					return "", nil
				})
				if got := indexes(samples); got != c.want {
					t.Errorf("samples are %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestAGPUThatComesLaterJoinsTheSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples, _, _, _ := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
			for _, n := range []int{2, 3, 3} {
				for i := range n {
					say(row(i))
				}
				wait(ctx, time.Second)
			}
			return "", nil
		})
		if got := indexes(samples); got != "01 01 012 012" {
			t.Errorf("samples are %q", got)
		}
	})
}

func TestWhatIsNotToldIsNaN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples, _, _, _ := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
			say("0, GPU-0, [N/A], 512, 81559, [Not Supported], 45, ERR!, 0x0000000000000044", row(1), "a warning: of something")
			return "", nil
		})
		if len(samples) != 1 || len(samples[0]) != 2 {
			t.Fatalf("samples are %q", indexes(samples))
		}
		d := samples[0][0]
		if !math.IsNaN(d.Util) || !math.IsNaN(d.Power) || !math.IsNaN(d.Clock) || d.MemUsed != 512 || d.Temp != 45 || !d.Slowed {
			t.Errorf("%+v", d)
		}
		if samples[0][1].Slowed {
			t.Error("the other is slowed, too")
		}
	})
}

func TestOnlyVisibleGPUsAreGiven(t *testing.T) {
	for _, c := range []struct {
		visible []string
		want    string
	}{
		{nil, "012"},
		{[]string{}, "-"},
		{[]string{"2", " 0"}, "02"},
		{[]string{"gpu-1"}, "1"},
		{[]string{"MIG-GPU-2/1/0"}, "2"},
		{[]string{"MIG-0f3e"}, "012"},
		{[]string{"-1"}, "-"},
		{[]string{"NoDevFiles"}, "-"},
	} {
		synctest.Test(t, func(t *testing.T) {
			samples, _, _, _ := followPlays(t, c.visible, func(ctx context.Context, say func(...string)) (string, error) {
				say(row(0), row(1), row(2))
				return "", nil
			})
			if got := indexes(samples); got != c.want {
				t.Errorf("%q sees %q, want %q", c.visible, got, c.want)
			}
		})
	}
}

func TestAToolThatDiesIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dies := func(ctx context.Context, say func(...string)) (string, error) {
			return "", errors.New("signal: killed")
		}
		lives := func(ctx context.Context, say func(...string)) (string, error) {
			say(row(0))
			return "", errors.New("signal: killed")
		}
		samples, starts, _, err := followPlays(t, nil, dies, dies, dies, lives, dies)
		if err != nil || len(samples) != 1 {
			t.Errorf("%d samples, %v", len(samples), err)
		}
		s := time.Second
		if want := []time.Duration{0, s, 3 * s, 7 * s, 8 * s, 10 * s}; !slices.Equal(starts, want) {
			t.Errorf("starts at %v, want %v", starts, want)
		}
	})
}

func TestADriverThatGoesIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := func(ctx context.Context, say func(...string)) (string, error) {
			say("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")
			return "", errors.New("exit status 9")
		}
		samples, starts, _, err := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
			say(row(0), row(1))
			wait(ctx, time.Second)
			say(row(0), row(1), "Unable to determine the device handle for GPU 0000:3B:00.0: GPU is lost.")
			return "", errors.New("exit status 15")
		}, gone, gone, gone, gone, gone)
		e := new(Error)
		if !errors.As(err, &e) || e.Trouble != DriverGone {
			t.Errorf("it ends with %v", err)
		}
		if len(samples) != 2 || len(starts) != maxTries {
			t.Errorf("%d samples, %d starts", len(samples), len(starts))
		}
	})
}

func TestAMismatchIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, starts, _, err := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
			return "Failed to initialize NVML: Driver/library version mismatch\n", errors.New("exit status 18")
		})
		e := new(Error)
		if !errors.As(err, &e) || e.Trouble != Mismatch || len(starts) != 1 {
			t.Errorf("%d starts, %v", len(starts), err)
		}
	})
}

func TestAToolThatFallsSilentIsEndedAndStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples, starts, _, err := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
			say(row(0))
			<-ctx.Done()
			return "", errors.New("signal: killed")
		}, func(ctx context.Context, say func(...string)) (string, error) {
			say(row(0))
			return "", nil
		})
		if err != nil || len(samples) != 2 || !slices.Equal(starts, []time.Duration{0, silence + firstRetry, silence + 2*firstRetry}) {
			t.Errorf("%d samples, starts at %v, %v", len(samples), starts, err)
		}
	})
}

func TestAToolThatCannotBeEndedIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		defer close(stuck)
		_, starts, _, err := followPlays(t, nil, func(ctx context.Context, say func(...string)) (string, error) {
			<-stuck
			return "", nil
		})
		e := new(Error)
		if !errors.As(err, &e) || e.Trouble != Hanging || len(starts) != 1 {
			t.Errorf("%d starts, %v", len(starts), err)
		}
	})
}

func TestAFieldOfAnotherNameIsAskedForByThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuses := func(name string) play {
			return func(ctx context.Context, say func(...string)) (string, error) {
				say(`Field "` + name + `" is not a valid field to query.`)
				return "", errors.New("exit status 2")
			}
		}
		samples, starts, fields, _ := followPlays(t, nil, refuses(oldReasons), refuses("clocks.sm"),
			func(ctx context.Context, say func(...string)) (string, error) {
				say("0, GPU-0, 91, 700, 81559, 650.00, 61, 0x0000000000000008")
				return "", nil
			})
		if len(samples) != 1 || !samples[0][0].Slowed || !math.IsNaN(samples[0][0].Clock) || samples[0][0].Temp != 61 {
			t.Errorf("samples are %+v", samples)
		}
		if starts[2] != 0 {
			t.Errorf("it waited until %v", starts[2])
		}
		if !slices.Contains(fields[2], newReasons) || slices.Contains(fields[2], "clocks.sm") {
			t.Errorf("it asks for %v", fields[2])
		}
	})
}

// TestTheRealToolIsFollowed follows a process: eight GPUs, one of which says
// [N/A] and one of which vanishes.
func TestTheRealToolIsFollowed(t *testing.T) {
	var first, second []string
	for i := range 8 {
		first = append(first, row(i))
		if i != 5 {
			second = append(second, row(i))
		}
	}
	first[3] = "3, GPU-3, [N/A], 703, 81559, [N/A], 63, 1755, 0x0000000000000001"
	dir := t.TempDir()
	standIn(t, "echo $$ >"+dir+"/pid; echo \"$*\" >"+dir+"/args; "+echo(first...)+echo(second...)+echo(first...)+"sleep 60; true")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	late := time.AfterFunc(20*time.Second, cancel)
	defer late.Stop()
	var samples [][]Device
	err := Follow(ctx, nil, func(ds []Device) {
		if samples = append(samples, ds); len(samples) == 3 {
			cancel()
		}
	})
	if got := indexes(samples); err != nil || got != "01234567 0123467 01234567" {
		t.Fatalf("samples are %q, %v", got, err)
	}
	if d := samples[0][3]; !math.IsNaN(d.Util) || d.Temp != 63 || d.Slowed {
		t.Errorf("%+v", d)
	}
	args, err := os.ReadFile(dir + "/args")
	if err != nil || !strings.Contains(string(args), "--query-gpu=index,uuid,utilization.gpu,") || !strings.Contains(string(args), "-lms 1000") {
		t.Errorf("it was called with %q, %v", args, err)
	}
	if b, err := os.ReadFile(dir + "/pid"); err != nil {
		t.Error(err)
	} else if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err != nil || alive(pid) {
		t.Errorf("pid %d lives on, %v", pid, err)
	}
}

func TestTheToolEndsWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere it ends at its next line")
	}
	file := filepath.Join(t.TempDir(), "pid")
	standIn(t, "echo $$ >"+file+"; "+echo(row(0), row(0))+"exec sleep 60")
	engine := exec.CommandContext(t.Context(), os.Args[0], "_engine")
	out, err := engine.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "1\n" {
		t.Fatalf("the engine says %q, %v", line, err)
	}
	_ = engine.Process.Kill()
	_ = engine.Wait()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the tool ended", func() bool { return !alive(pid) })
}

// alive tells whether a process runs; what waits to be reaped does not.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil || p.Signal(syscall.Signal(0)) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
