//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

// fill opens the place's store for f, as another process would.
func (p *place) fill(f func(*store.Store)) {
	p.t.Helper()
	s, err := store.Open(context.Background(), p.home)
	if err != nil {
		p.t.Fatal(err)
	}
	f(s)
	if err := s.Close(); err != nil {
		p.t.Fatal(err)
	}
}

func TestWithoutPythonHomeSaysWhatToInstallAndNothingStarts(t *testing.T) {
	p := newPlace(t, "PITWALL_PYTHON=/nowhere/python3")
	p.fill(func(s *store.Store) { storetest.Fill(t, s, storetest.Options{}) })
	d := p.open(100, 32)
	d.Sees("No run can be started here", "PITWALL_PYTHON", "/nowhere/python3", "Python 3.9 or newer")

	d.Key("enter")
	// Looking works all the same: the script, the human answer, and an attempt.
	d.Key("d").Sees("import").Key("esc").Sees("No run can be started here")
	d.Key("H").Sees("the answer to").Key("esc").Sees("No run can be started here")
	d.Key("h").Finds(`\[1[ \]]`)
	d.Key("l").Sees("pitwall   history", "1 attempt ", "tuner")
	d.Key("enter").Sees("✓ done", "result")
	d.Key("p").Misses("✓ done").replays("that plays", func(b bar) bool { return b.playing })
	d.Key("esc").Sees("No run can be started here")
	d.Key("q").Leaves()

	// On PATH there is none either: it says so without being told where to look.
	bare := newPlace(t, "PATH="+t.TempDir())
	d = bare.open(100, 32)
	d.Sees("No run can be started here", "install Python 3.9 or newer")
	d.Key("enter").Key("l").Sees("No attempt yet").Key("q").Leaves()

	for _, q := range []*place{p, bare} {
		for _, a := range q.attempts() {
			if q == bare || a.Number != 1 {
				t.Errorf("Enter started attempt %d all the same", a.Number)
			}
		}
		if logs, _ := filepath.Glob(filepath.Join(q.home, "logs", "*")); len(logs) > 0 {
			t.Errorf("an engine was started: %q", logs)
		}
	}
}

// hostile are pieces of text that a terminal would obey, each with what is to be
// seen of it. Their payloads are evil, 66 and 666.
var hostile = []struct{ text, seen string }{
	{"\x1b]0;evil-title\x07", "␛]0;evil-title␇"},
	{"\x1b]2;evil-title\x1b\\", "␛]2;evil-title␛\\"},
	{"\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇"},
	{"\x1b]8;;http://evil.example/\x1b\\link", "␛]8;;http://evil.example/␛\\link"},
	{"\x1b[2J\x1b[666;66H", "␛[2J␛[666;66H"},
	{"\x1b[38;2;66;6;66mcolour\x1b[0m", "colour"},
	{"\x1b[?1049l\x1b[66n\x1bc", "␛[?1049l␛[66n␛c"},
	{"\x1bPevil-dcs\x1b\\", "␛Pevil-dcs␛\\"},
	{"\x1b_evil-apc\x1b\\\x1b^evil-pm\x1b\\", "␛_evil-apc␛\\␛^evil-pm␛\\"},
	{"\x9b666n\x9d0;evil-c1\x9c", "�666n�0;evil-c1�"},
	{"\u009b666n\u009d0;evil-c1\u009c", "�666n�0;evil-c1�"},
	{"\u202eevil-rlo\u202c\u2066evil-lri\u2069", "⟨U+202E⟩evil-rlo⟨U+202C⟩⟨U+2066⟩evil-lri⟨U+2069⟩"},
	{"over\rwritten\b\b\x0e", "over␍written␈␈␎"},
}

// obeyed gives what a terminal would do, other than what the screen has to do,
// if it were sent raw.
func obeyed(raw string) (bad []string) {
	if !utf8.ValidString(raw) {
		bad = append(bad, "bytes that are not UTF-8")
	}
	for _, r := range raw {
		if r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			bad = append(bad, fmt.Sprintf("character %U", r))
		}
	}
	p := ansi.NewParser()
	text := func(what string) func([]byte) {
		return func(data []byte) { bad = append(bad, fmt.Sprintf("%s %q", what, data)) }
	}
	p.SetHandler(ansi.Handler{
		Execute: func(b byte) {
			if !slices.Contains([]byte("\r\n\b\t"), b) {
				bad = append(bad, fmt.Sprintf("control character %#x", b))
			}
		},
		HandleCsi: func(cmd ansi.Cmd, params ansi.Params) {
			params.ForEach(-1, func(i, n int, _ bool) {
				if n == 666 || n == 66 && (cmd.Final() == 'n' || cmd.Final() == 'm' && i == 2) {
					bad = append(bad, fmt.Sprintf("control sequence %v %c", params, cmd.Final()))
				}
			})
		},
		HandleEsc: func(cmd ansi.Cmd) {
			if cmd.Final() == 'c' {
				bad = append(bad, "a reset")
			}
		},
		HandleOsc: func(cmd int, data []byte) {
			if strings.Contains(string(data), "evil") || !slices.Contains([]int{2, 10, 11, 12, 110, 111, 112}, cmd) {
				bad = append(bad, fmt.Sprintf("OSC %q", data))
			}
		},
		HandleDcs: func(_ ansi.Cmd, _ ansi.Params, data []byte) { text("DCS")(data) },
		HandlePm:  text("PM"), HandleApc: text("APC"), HandleSos: text("SOS"),
	})
	p.Parse([]byte(raw))
	slices.Sort(bad)
	return slices.Compact(bad)
}

// hostileAttempt stores an attempt all of whose texts are hostile.
func hostileAttempt(t *testing.T, s *store.Store) (id string) {
	t.Helper()
	var evil strings.Builder
	for _, h := range hostile {
		evil.WriteString(h.text)
	}
	ev := evil.String()
	id, err := s.Create(t.Context(), store.Spec{Task: "micro/7", Hint: "1", Agent: "nobody" + ev, Scaffold: "flat" + ev, Runner: "local" + ev, Nodes: 2, Seed: 1, Calibrate: 1, Confirm: 1})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Lease(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	fsr := 0.5
	ghost := []event.GhostPoint{{Step: 1, TrainMS: 100, TrainLoss: 4, ValLoss: 4}, {Step: 9, TrainMS: 900, TrainLoss: 2, ValLoss: 2}}
	w.Emit(
		event.Attempt{
			ID: id, Task: "micro/7", Track: "micro", From: 7, To: 8, FromTitle: ev, ToTitle: ev, Hint: "1", HintText: ev,
			Agent: "nobody" + ev, Scaffold: "flat" + ev, Runner: "local" + ev, Nodes: 2, Seed: 1, Target: 2, Unit: "nats" + ev, Calibrate: 1, Confirm: 1, Version: ev,
		},
		event.Source{Path: "train.py", Text: "first = 1\nlast = 2 # " + ev + "\n"},
		event.Status{Status: event.StatusRunning, Why: ev},
		event.Machine{Key: "k", Label: "machine" + ev, Interpreter: ev, Cores: 2},
		event.Notice{Level: "warn", Text: "notice" + ev},
		event.Ghost{Record: 7, Title: ev, Source: ev, Seconds: 1, Points: ghost},
		event.Ghost{Record: 8, To: true, Title: ev, Source: ev, Seconds: 1, Points: ghost},
		event.Calibration{ID: "c", Key: "k", From: []float64{2}, To: []float64{1}, Resolved: true, Why: ev, SD: 0.1, SDSource: ev},
		event.Node{ID: 0, Parent: -1},
		event.Node{ID: 1, Parent: 0},
	)
	for i, part := range []event.Draft{
		{Part: event.PartPath, Text: "train.py"},
		{Part: event.PartReason, Text: "reason" + ev},
		{Part: event.PartOld, Text: "first = 1\n"},
		{Part: event.PartNew, Text: "first = 3 # edit" + ev + "\n"},
	} {
		part.Node, part.Edit = 1, 1
		w.EmitAt(event.Times{Active: int64(100 * i), Wall: 1_790_000_000_000 + int64(100*i)}, part)
	}
	w.Emit(
		event.Applied{Node: 1, Edit: 1, Line: 1},
		event.Checked{Node: 1, Violations: []event.Violation{{Rule: "rule" + ev, Line: 1, What: "breach" + ev}}},
		event.Waiting{Node: 1, Purpose: event.PurposeNode, Holder: "holder" + ev},
		event.RunStarted{Run: 1, Node: 1, Purpose: event.PurposeNode, Job: "job" + ev, Argv: []string{"python", ev}},
	)
	for i, h := range hostile {
		w.Emit(event.Log{Run: 1, Stderr: i%2 == 1, End: '\n', Data: fmt.Appendf(nil, "line%02d %s end%02d", i, h.text, i)},
			event.Point{Run: 1, Step: i, Total: len(hostile), TrainMS: float64(100 * i), TrainLoss: 3, ValLoss: 3, LR: 1, GradNorm: 1, StepAvgMS: 100})
	}
	w.Emit(
		event.RunEnded{Run: 1, Exit: 1, Signal: "signal" + ev, Reason: "exited" + ev, Why: "crashed: " + ev, ValLoss: 3, TrainMS: 900},
		event.Judged{Node: 1, Verdict: event.VerdictFailed, Why: "crashed: " + ev, ValLoss: 3, TrainSeconds: 0.9, FSR: &fsr},
		event.Confirmed{Node: 1, Why: "unsure: " + ev, MeanLoss: 3},
		event.Phase{Phase: event.PhaseFinished, Detail: ev},
		event.Status{Status: event.StatusDone, Why: ev},
	)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.SetNote(t.Context(), id, "note"+ev); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestControlSequencesOfAnAttemptNeverReachTheTerminal(t *testing.T) {
	p := newPlace(t)
	var id string
	p.fill(func(s *store.Store) { id = hostileAttempt(t, s) })
	d := p.open(200, 60, "watch", id)
	for i, h := range hostile {
		d.Sees(fmt.Sprintf("line%02d %s end%02d", i, h.seen, i))
	}
	// Every pane in turn, alone and beside the others, and every other screen.
	d.Key("d").Sees("first = 3 # edit␛]0;evil-title␇")
	for range 4 {
		d.Key("z", "tab", "z", "b").sync()
	}
	d.Key("{").sync().Key("}").sync().Key("f").sync()
	d.Key("tab", "tab").Sees("/ search").Key("/").Sees("enter keep").Key("evil-title").Key("enter").Sees("line01")
	d.Key("l").Sees("pitwall   history", "nobody", "note")
	d.Key("p").replays("of the attempt", func(bar) bool { return true })
	for _, key := range []string{"5", "space", "]", "}", ".", ",", "L"} {
		d.Key(key).sync()
	}
	d.Key("esc").Sees("record time", "FSR", "nobody")
	for _, s := range []struct{ w, h int }{{80, 24}, {100, 30}, {60, 12}} {
		d.Resize(s.w, s.h).sync()
		d.Key("l").Sees("pitwall   history").Key("enter").Sees("done").Key("tab").sync().Key("tab").sync().Key("tab").sync().Key("esc").Sees("record")
	}
	d.Key("q").Leaves()
	for _, what := range obeyed(d.Raw()) {
		t.Errorf("the terminal was sent %s", what)
	}
	for _, title := range d.Titles() {
		if title != "" && !strings.HasPrefix(title, "pitwall · ") {
			t.Errorf("the window's title was set to %q", title)
		}
	}
}

func TestCommandsSendNoControlSequencesOfAnAttemptToTheTerminal(t *testing.T) {
	p := newPlace(t)
	var id string
	p.fill(func(s *store.Store) { id = hostileAttempt(t, s) })
	for _, args := range [][]string{{"attempts"}, {"show", id}} {
		d := p.open(200, 60, args...)
		eventually(t, patience, "the command ends", d.over)
		if raw := d.Raw(); raw == "" {
			t.Errorf("pitwall %s: printed nothing", args[0])
		}
		for _, what := range obeyed(d.Raw()) {
			t.Errorf("pitwall %s: the terminal was sent %s", strings.Join(args, " "), what)
		}
	}
}

// sync waits until the program has taken all keys before it: it opens the help
// and closes it again.
func (d *terminal) sync() *terminal {
	d.t.Helper()
	return d.Key("?").Sees("keys of", "esc back").Key("?").Misses("keys of")
}

// fits waits until the screen is drawn for exactly its size: a line across all
// of it, and a last row that is whole.
func (d *terminal) fits() *terminal {
	d.t.Helper()
	return d.Until("a drawing for its size", func(string) bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		rows := d.rows()
		return slices.Contains(rows, strings.Repeat("─", d.w)) && strings.HasSuffix(rows[d.h-1], "? help")
	})
}

func TestScreenFitsEverySizeWhileTrainingGoesOn(t *testing.T) {
	p := newCalibratedPlace(t)
	home := p.open(20, 5)
	home.Sees("too small").Resize(80, 24).Sees("start tuner on micro/7").fits()

	id := p.begin("tuner", 3).ID
	d := p.open(80, 24, "watch", id)
	d.Sees("micro/7 → 8").fits()
	d.Until("a run", func(s string) bool { return regexp.MustCompile(`step \d+/\d+`).MatchString(s) })
	sizes := []struct{ w, h int }{{140, 42}, {20, 5}, {220, 60}, {80, 24}, {40, 10}, {39, 10}, {140, 42}, {20, 5}, {80, 24}}
	for _, s := range sizes {
		d.Resize(s.w, s.h)
		home.Resize(s.w, s.h)
		if s.w < 40 {
			for _, d := range []*terminal{d, home} {
				d.Until("a short message", func(screen string) bool {
					text := strings.TrimSpace(screen)
					return strings.HasPrefix(text, "too small") && !strings.Contains(text, "\n")
				})
			}
			continue
		}
		home.fits().Sees("micro/7")
		d.fits().Sees("micro/7")
		if rows := d.Rows(); !strings.Contains(rows[0], "micro/7") {
			t.Errorf("at %d×%d the first row is %q", s.w, s.h, rows[0])
		}
		if s.w >= 140 {
			d.trains()
		}
	}
	// Many sizes in a row, with no time to draw them.
	for i := range 60 {
		d.Resize(10+(i*37)%200, 2+(i*17)%60)
	}
	d.Resize(132, 42).fits().Sees("micro/7 → 8").trains()
	p.do("stop", id)
	d.Sees("stopped").fits()
	d.Key("q").Leaves()
	home.Key("l").Sees("pitwall   history", "stopped")
	home.Resize(140, 42).Sees("pitwall   history", "stopped").Key("q").Leaves()
}

// colours gives the colour sequences in raw.
func colours(raw string) (found []string) {
	for _, g := range regexp.MustCompile(`\x1b\[([\d;:]*)m`).FindAllStringSubmatch(raw, -1) {
		for _, part := range regexp.MustCompile(`[;:]`).Split(g[1], -1) {
			n, _ := strconv.Atoi(part)
			if n >= 30 && n <= 49 || n >= 90 && n <= 107 {
				found = append(found, g[0])
				break
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestNoColorMeansNoColour(t *testing.T) {
	for _, c := range []struct {
		env  string
		want bool
	}{{"NO_COLOR=1", false}, {"PITWALL_E2E=colour", true}} {
		p := newPlace(t, c.env)
		p.fill(func(s *store.Store) { storetest.Fill(t, s, storetest.Options{}) })
		d := p.open(132, 42)
		d.Sees("micro/7 → 8", "FSR").Key("h").Finds(`\[1[ \]]`)
		d.Key("d").Sees("import").Key("esc").Sees("start tuner")
		d.Key("H").Sees("the answer to").Key("esc").Sees("start tuner")
		d.Key("l").Sees("pitwall   history", "tuner").Key("enter").Sees("✓ done", "result")
		d.Key("d").Sees("train.py", "step:").sync()
		d.Key("p").replays("of the attempt", func(bar) bool { return true })
		d.Key("q").Leaves()
		got := colours(d.Raw())
		if c.want != (len(got) > 0) {
			t.Errorf("with %s there are colours %q", c.env, got)
		}
	}
}

func TestScreenNeedsATerminal(t *testing.T) {
	p := newPlace(t)
	for _, args := range [][]string{{}, {"watch", "1"}, {"replay", "1"}} {
		_, words, err := p.try(args...)
		if err == nil || !strings.Contains(words, "needs a terminal") {
			t.Errorf("pitwall %q without a terminal: %v, %q", args, err, words)
		}
	}
	if _, err := os.Stat(p.home); err == nil {
		t.Error("a screen that could not open made a store")
	}
}
