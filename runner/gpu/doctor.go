package gpu

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"pitwall/internal/clean"
)

const (
	maxRead  = 4 << 10 // what is looked at of a line
	maxSaid  = 160     // characters of a message that are quoted
	maxRanks = 1 << 10 // whose tracebacks are followed at once
	maxTrace = 500     // lines without an exception, and a traceback was none
)

// Doctor reads the log of a run, all ranks' standard output and error as they
// come, and finds out why it failed. The zero value is ready. It does not judge
// whether the run failed: a run that recovers may leave a diagnosis too. It must
// not be used by two goroutines at once.
type Doctor struct {
	found   bool
	best    finding
	traces  map[int]*trace // tracebacks under way, by rank
	root    root
	pending bool // the next line of best's rank belongs to it
}

// trace is a traceback under way.
type trace struct {
	source string // the last line of source code that it showed
	lines  int
}

// root is torchrun's account of the first failure.
type root struct {
	open bool // inside the block
	rank int  // one more than the rank; 0 unknown
	file string
}

// Add reads a line, without its line break. Of a very long one only the beginning
// is looked at. It keeps nothing of line.
func (d *Doctor) Add(line []byte) {
	line = line[:min(len(line), maxRead)]
	rank, text := RankOf(line)
	if !d.pending && !d.root.open && (len(d.traces) == 0 || d.traces[rank] == nil) && !suspicious(text) {
		return
	}
	d.read(rank, string(text))
}

// Diagnosis tells why the run failed, as far as the lines so far do.
func (d *Doctor) Diagnosis() (Diagnosis, bool) {
	if !d.found {
		return Diagnosis{Rank: -1, GPU: -1}, false
	}
	f := d.best
	if f.rank < 0 {
		f.rank = d.root.rank - 1
	}
	words := f.what
	if !f.alone {
		who := "a rank"
		switch {
		case f.rank >= 0:
			who = "rank " + strconv.Itoa(f.rank)
		case f.gpu >= 0:
			who = "the rank on GPU " + strconv.Itoa(f.gpu)
		}
		words = who + " " + words
	}
	if f.kind == WorkerFailed && d.root.file != "" {
		f.mend = "its error stands in " + d.root.file
	}
	return Diagnosis{Kind: f.kind, Rank: f.rank, GPU: f.gpu, Words: words, Mend: f.mend, Line: f.line}, true
}

// needles are what every telling line has one of, tracebacks aside.
var needles = [...][]byte{
	[]byte("rror"), []byte("memory"), []byte("exitcode"), []byte("Traceback"),
	[]byte("atchdog"), []byte("NVIDIA driver"), []byte("No module named"), []byte("Root Cause"),
	[]byte("No space left"), []byte("Disk quota"), []byte("Xid ("), []byte("GPU is lost"),
	[]byte("fallen off the bus"), []byte("Duplicate GPU"), []byte("Cuda failure"),
	[]byte("oom"), []byte("not found"), []byte("._dynamo.exc."), []byte("magic number"),
}

// suspicious passes what cannot tell anything quickly; a metric line, of which a
// log has most, quickest.
func suspicious(text []byte) bool {
	if len(text) > 4 && text[0] == 's' && (string(text[:5]) == "step:" || string(text[:2]) == "s:") {
		return bytes.Contains(text, needles[0]) // another rank's error may have run into it
	}
	for _, n := range needles {
		if bytes.Contains(text, n) {
			return true
		}
	}
	return false
}

func (d *Doctor) read(rank int, text string) {
	if d.pending && rank == d.best.rank && strings.TrimSpace(text) != "" {
		d.pending = false
		d.best.what += " " + quote(text)
	}
	tr := d.traces[rank]
	if strings.Contains(text, "Traceback (most recent call last)") {
		d.open(rank)
		return
	}
	if d.summary(text) {
		return
	}
	if text != "" && (text[0] == ' ' || text[0] == '\t') && !strings.HasPrefix(strings.TrimSpace(text), "what():") {
		tr.show(text)
		d.age(rank, tr)
		return
	}
	f, ok := match(text)
	name, said, raised := pythonError(text)
	if !ok && raised && (tr != nil || strings.HasSuffix(name, "SyntaxError") || name == "IndentationError") {
		f, ok = raise(name, said, tr)
	}
	if ok {
		if f.rank < 0 {
			f.rank = rank
		}
		f.line = clean.Plain(text, maxSaid)
		d.take(f)
	}
	if raised {
		delete(d.traces, rank)
		return
	}
	d.age(rank, tr)
}

// take keeps a finding that is surer than what was found before.
func (d *Doctor) take(f finding) {
	if !d.found || f.sure > d.best.sure {
		d.found, d.best, d.pending = true, f, f.follow
	}
}

func (d *Doctor) open(rank int) {
	if d.traces == nil {
		d.traces = make(map[int]*trace)
	}
	if len(d.traces) < maxRanks {
		d.traces[rank] = &trace{}
	}
}

// age gives a traceback up that does not end.
func (d *Doctor) age(rank int, tr *trace) {
	if tr == nil {
		return
	}
	if tr.lines++; tr.lines > maxTrace {
		delete(d.traces, rank)
	}
}

// show notes a line of source code; marks below one and places are none.
func (t *trace) show(text string) {
	text = strings.TrimSpace(text)
	if t == nil || strings.HasPrefix(text, `File "`) || strings.Trim(text, "^~ ") == "" {
		return
	}
	t.source = clean.Plain(text, maxSaid)
}

// summary reads what torchrun says when a rank has failed.
func (d *Doctor) summary(text string) bool {
	if _, rest, ok := strings.Cut(text, "failed (exitcode: "); ok {
		code, _ := leading(rest)
		rank := -1
		if _, local, ok := strings.Cut(rest, "local_rank: "); ok {
			if n, ok := leading(local); ok {
				rank = n
			}
		}
		d.ended(rank, code, text)
		return true
	}
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "Root Cause (first observed failure)") {
		d.root.open = true
		return true
	}
	if !d.root.open {
		return false
	}
	key, value, ok := strings.Cut(text, ":")
	if !ok {
		d.root.open = !strings.HasPrefix(text, "=====")
		return !d.root.open
	}
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(key) {
	case "rank":
		if n, ok := leading(value); ok {
			d.root.rank = n + 1
		}
	case "exitcode":
		if code, ok := leading(value); ok {
			d.ended(d.root.rank-1, code, text)
		}
	case "error_file":
		if value != "<N/A>" {
			d.root.file = clean.Plain(value, maxSaid)
		}
	case "traceback":
		d.root.open = false
	case "time", "host", "[0]":
	default:
		return false
	}
	return true
}

// ended judges how the first rank that failed ended. Above 128 a shell stands
// between, and adds that to the signal.
func (d *Doctor) ended(rank, code int, line string) {
	if code > 128 {
		code = 128 - code
	}
	f := finding{kind: WorkerFailed, sure: signal, mend: "look into the log above for what it said last"}
	switch code {
	case -2, -15: // ended from outside, as torchrun does to the others
		return
	case -9:
		f.kind, f.what = HostMemory, "was killed (SIGKILL), most likely by the system for want of memory"
		f.mend = hostMend
	case -7:
		f.kind, f.what = SharedMemory, "died of a bus error (SIGBUS), most likely because /dev/shm is too small"
		f.mend = sharedMend
	case -4:
		f.what = "crashed (SIGILL: torch may be built for another processor)"
	case -8:
		f.what = "crashed (SIGFPE)"
	case -11:
		f.what = "crashed (SIGSEGV)"
	case -6:
		f.sure, f.what = exitOnly, "was aborted (SIGABRT)"
	default:
		f.sure, f.what = exitOnly, fmt.Sprintf("ended with exit code %d", code)
	}
	f.rank, f.gpu, f.line = rank, -1, clean.Plain(line, maxSaid)
	d.take(f)
}

// leading reads the integer that s begins with.
func leading(s string) (int, bool) {
	i := 0
	for i < len(s) && i < 9 && (s[i] >= '0' && s[i] <= '9' || i == 0 && s[i] == '-') {
		i++
	}
	n, err := strconv.Atoi(s[:i])
	return n, err == nil
}

// quote makes a part of a log fit to stand in a sentence.
func quote(s string) string { return clean.Plain(s, maxSaid) }
