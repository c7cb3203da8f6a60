package gpu

import (
	"context"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Device is a GPU at one moment. What nvidia-smi does not tell is NaN.
type Device struct {
	Index    int     // as nvidia-smi counts
	UUID     string  // "GPU-…"
	Util     float64 // percent of the last second in which a kernel ran
	MemUsed  float64 // MiB
	MemTotal float64 // MiB
	Power    float64 // W
	Temp     float64 // °C
	Clock    float64 // MHz, of the multiprocessors
	Slowed   bool    // its clocks are held down by heat or power
}

const (
	every      = time.Second            // between two samples
	settle     = 250 * time.Millisecond // no row for so long, and the sample is whole
	silence    = 10 * time.Second       // no row for so long, and nvidia-smi hangs
	firstRetry = time.Second
	maxRetry   = 16 * time.Second
	maxTries   = 5 // in a row without a row: half a minute, in which a driver may be reloaded
	maxWords   = 16 << 10
)

// Two names of one field: drivers from 535 on have the new one, and later ones
// only that.
const (
	oldReasons = "clocks_throttle_reasons.active"
	newReasons = "clocks_event_reasons.active"
)

// slowing are the reasons for which a GPU's clocks are held down against its
// will: its power cap, and slowdowns by hardware, heat or the power supply.
const slowing = 0x4 | 0x8 | 0x20 | 0x40 | 0x80

// Follow gives sink the state of the GPUs once a second until ctx ends; then it
// returns nil. It returns an *Error, once, when nvidia-smi cannot tell any more;
// one that only dies or hangs is started again, ever more slowly.
//
// visible is what CUDA_VISIBLE_DEVICES names: indexes as nvidia-smi counts, or
// UUIDs, of which a beginning will do; nil is all GPUs, and so is the UUID of a
// MIG instance that does not tell its GPU. A sample holds the devices that
// answered, by index: one that vanished is left out, and comes back when it
// does; where none answered, the sample is empty.
//
// sink is called from one goroutine, should be quick, and keeps the slice.
func Follow(ctx context.Context, visible []string, sink func([]Device)) error {
	path, err := exec.LookPath(smi)
	if err != nil {
		return notInstalled(err)
	}
	f := &follower{
		start: func(ctx context.Context, args []string) *stream { return start(ctx, path, args) },
		sink:  sink,
		see:   visible,
		fields: []string{
			"index", "uuid", "utilization.gpu", "memory.used", "memory.total",
			"power.draw", "temperature.gpu", "clocks.sm", oldReasons,
		},
	}
	return f.follow(ctx)
}

// follower keeps an nvidia-smi going and cuts what it says into samples.
type follower struct {
	start  func(ctx context.Context, args []string) *stream
	sink   func([]Device)
	see    []string
	fields []string
}

func (f *follower) follow(ctx context.Context) error {
	wait, tries := firstRetry, 0
	for {
		h := f.watch(ctx)
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		if name, ok := refusedField(h.words); ok && slices.Contains(f.fields, name) && name != "index" {
			f.fields = replaced(f.fields, name)
			continue
		}
		if h.told {
			wait, tries = firstRetry, 0
		}
		tries++
		if e := h.trouble(); h.stuck || e.Trouble == Mismatch || tries >= maxTries {
			return e
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, maxRetry)
	}
}

// history is what became of one nvidia-smi.
type history struct {
	told  bool   // it gave at least one row
	hung  bool   // it was ended for its silence
	stuck bool   // it did not end even so; another one would only join it
	words string // what it said beside rows
	end   error
}

func (h history) trouble() *Error {
	if h.hung {
		return hanging(nil)
	}
	if e := troubleOf(h.words, h.end); e != nil {
		return e
	}
	return &Error{Refused, "nvidia-smi stops by itself", "run `nvidia-smi -l 1` by hand to see why", nil}
}

// watch follows one nvidia-smi until it or ctx ends.
func (f *follower) watch(ctx context.Context) (h history) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := f.start(ctx, []string{
		"--query-gpu=" + strings.Join(f.fields, ","), "--format=csv,noheader,nounits",
		"-lms", strconv.Itoa(int(every / time.Millisecond)),
	})
	t := table{fields: f.fields}
	ticks := ticks{top: -1}
	quiet, whole := time.NewTimer(patience), time.NewTimer(time.Hour)
	defer quiet.Stop()
	defer whole.Stop()
	lines := s.lines
	for lines != nil {
		select {
		case <-ctx.Done():
			h.stuck = !s.over(&h.end)
			return h
		case line, ok := <-lines:
			if !ok {
				lines = nil
				break
			}
			d, ok := device(t, line)
			if !ok {
				if len(h.words) < maxWords {
					h.words += line + "\n"
				}
				break
			}
			h.told = true
			quiet.Reset(silence)
			whole.Reset(settle)
			for _, sample := range ticks.add(d) {
				f.give(sample)
			}
		case <-whole.C:
			if sample := ticks.flush(); sample != nil {
				f.give(sample)
			}
		case <-quiet.C:
			h.hung = true
			cancel()
			h.stuck = !s.over(&h.end)
			return h
		}
	}
	if sample := ticks.flush(); sample != nil {
		f.give(sample)
	}
	cancel()
	h.stuck = !s.over(&h.end)
	if !h.stuck {
		h.words = s.words() + h.words
	}
	return h
}

// give hands on what can be seen of a sample and answered.
func (f *follower) give(sample []Device) {
	out := make([]Device, 0, len(sample))
	for _, d := range sample {
		if d.answers() && sees(f.see, d.Index, d.UUID) {
			out = append(out, d)
		}
	}
	f.sink(out)
}

// device reads a row; what is no row is not ok.
func device(t table, row string) (Device, bool) {
	index, ok := t.index(row)
	if !ok {
		return Device{}, false
	}
	d := Device{
		Index:    index,
		UUID:     t.text(row, "uuid"),
		Util:     t.number(row, "utilization.gpu"),
		MemUsed:  t.number(row, "memory.used"),
		MemTotal: t.number(row, "memory.total"),
		Power:    t.number(row, "power.draw"),
		Temp:     t.number(row, "temperature.gpu"),
		Clock:    t.number(row, "clocks.sm"),
	}
	for _, name := range []string{oldReasons, newReasons} {
		if bits, err := strconv.ParseUint(t.column(row, name), 0, 64); err == nil && bits&slowing != 0 {
			d.Slowed = true
		}
	}
	return d, true
}

// answers tells whether anything was measured. The row of a GPU that is lost has
// its index and words for the rest.
func (d Device) answers() bool {
	return !math.IsNaN(d.Util) || !math.IsNaN(d.MemUsed) || !math.IsNaN(d.Power) ||
		!math.IsNaN(d.Temp) || !math.IsNaN(d.Clock)
}

// sees tells whether CUDA_VISIBLE_DEVICES names a GPU.
func sees(visible []string, index int, uuid string) bool {
	if visible == nil {
		return true
	}
	for _, v := range visible {
		v = strings.TrimSpace(v)
		if n, err := strconv.Atoi(v); err == nil {
			if n == index {
				return true
			}
			continue
		}
		v = strings.ToUpper(v)
		gpu := strings.TrimPrefix(v, "MIG-")
		if gpu != v && !strings.HasPrefix(gpu, "GPU-") {
			return true
		}
		gpu, _, _ = strings.Cut(gpu, "/")
		if strings.HasPrefix(gpu, "GPU-") && strings.HasPrefix(strings.ToUpper(uuid), gpu) {
			return true
		}
	}
	return false
}
