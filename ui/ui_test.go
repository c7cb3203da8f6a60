package ui

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
	"pitwall/taskdata"
	"pitwall/ui/cell"
)

// now is the moment at which all tests take place.
var now = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

var testAgents = []Agent{
	{Name: "tuner", About: "a seeded local search over the script's numbers", Ready: true},
	{Name: "oracle", About: "writes the next record's own change", Ready: true},
	{Name: "llm", About: "a language model", Why: "no key; see pitwall doctor"},
}

// driver drives a Model as Bubble Tea would, one message at a time, and waits
// for what the screen comes to show, never for a time.
type driver struct {
	t    testing.TB
	m    *Model
	msgs chan tea.Msg
}

func openStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func drive(t testing.TB, o Options, w, h int) *driver {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	if o.Agents == nil {
		o.Agents = testAgents
	}
	d := &driver{t: t, m: New(o), msgs: make(chan tea.Msg, 256)}
	t.Cleanup(d.m.Close)
	d.cmd(d.m.Init())
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

// cmd runs a command in the background; ticks of the clock are left out.
func (d *driver) cmd(c tea.Cmd) {
	if c == nil {
		return
	}
	go func() {
		msg := c()
		if msg == nil {
			return
		}
		select {
		case d.msgs <- msg:
		case <-d.m.frame.Context.Done():
		}
	}()
}

func (d *driver) send(msg tea.Msg) {
	if batch, ok := msg.(tea.BatchMsg); ok {
		for _, c := range batch {
			d.cmd(c)
		}
		return
	}
	_, cmd := d.m.Update(msg)
	d.cmd(cmd)
}

func key(name string) tea.KeyPressMsg {
	switch name {
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "esc":
		return tea.KeyPressMsg{Code: tea.KeyEscape}
	case "tab":
		return tea.KeyPressMsg{Code: tea.KeyTab}
	case "shift+tab":
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	case "left":
		return tea.KeyPressMsg{Code: tea.KeyLeft}
	case "right":
		return tea.KeyPressMsg{Code: tea.KeyRight}
	case "up":
		return tea.KeyPressMsg{Code: tea.KeyUp}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	case "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case "pgdown":
		return tea.KeyPressMsg{Code: tea.KeyPgDown}
	case "pgup":
		return tea.KeyPressMsg{Code: tea.KeyPgUp}
	case "home":
		return tea.KeyPressMsg{Code: tea.KeyHome}
	case "end":
		return tea.KeyPressMsg{Code: tea.KeyEnd}
	case "delete":
		return tea.KeyPressMsg{Code: tea.KeyDelete}
	case "backspace":
		return tea.KeyPressMsg{Code: tea.KeyBackspace}
	case "ctrl+c", "ctrl+d", "ctrl+u", "ctrl+s", "ctrl+r":
		return tea.KeyPressMsg{Code: rune(name[5]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func (d *driver) press(names ...string) {
	for _, n := range names {
		d.send(key(n))
	}
}

// shown gives rows as text, with ▌ before the cell that the cursor is on.
func shown(rows []string) string {
	x, y, typing := cell.TakeCursor(rows)
	for i, row := range rows {
		rows[i] = ansi.Strip(row)
	}
	if typing {
		row := rows[y]
		rows[y] = ansi.Truncate(row, x, "") + "▌" + ansi.TruncateLeft(row, x, "")
	}
	return strings.Join(rows, "\n")
}

func (d *driver) text() string {
	return shown(d.m.screen(d.m.w, d.m.h))
}

// until takes messages until the screen shows all of the texts.
func (d *driver) until(texts ...string) {
	d.t.Helper()
	d.when(fmt.Sprintf("%q", texts), func() bool {
		screen := d.text()
		for _, x := range texts {
			if !strings.Contains(screen, x) {
				return false
			}
		}
		return true
	})
}

func (d *driver) when(what string, ok func() bool) {
	d.t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for !ok() {
		select {
		case msg := <-d.msgs:
			d.send(msg)
		case <-limit.C:
			d.t.Fatalf("never saw %s; the screen is\n%s", what, d.text())
		}
	}
}

func (d *driver) lacks(text string) {
	d.t.Helper()
	if screen := d.text(); strings.Contains(screen, text) {
		d.t.Errorf("the screen shows %q:\n%s", text, screen)
	}
}

func TestEnterTwiceStartsOneAttempt(t *testing.T) {
	s := openStore(t)
	var specs []store.Spec
	started := make(chan struct{}, 2)
	d := drive(t, Options{Store: s, Start: func(ctx context.Context, spec store.Spec) (string, error) {
		specs = append(specs, spec)
		started <- struct{}{}
		return s.Create(ctx, spec)
	}}, 120, 40)
	d.until("micro/7 → 8", "enter  start tuner on micro/7")
	d.press("enter", "enter")
	d.lacks("enter start")
	d.until("attempt 1", "queued")
	<-started
	select {
	case <-started:
		t.Error("two attempts were started")
	default:
	}
	track, err := taskdata.FindTrack("micro")
	if err != nil {
		t.Fatal(err)
	}
	want := store.Spec{Task: "micro/7", Hint: "0", Agent: "tuner", Scaffold: "flat", Runner: "local", Nodes: 3, Seed: 1, Calibrate: track.CalibrationRuns, Confirm: track.ConfirmationRuns}
	if len(specs) != 1 || !reflect.DeepEqual(specs[0], want) {
		t.Errorf("started %+v, want %+v", specs, want)
	}
}

func TestChoicesReachTheSpec(t *testing.T) {
	s := openStore(t)
	got := make(chan store.Spec, 1)
	d := drive(t, Options{Store: s, Start: func(_ context.Context, spec store.Spec) (string, error) {
		got <- spec
		return "", errors.New("no room on the disk; free some")
	}}, 120, 40)
	d.press("h", "h", "a", "n", "n", "N", "enter")
	d.until("could not start the attempt: no room on the disk; free some")
	if spec := <-got; spec.Hint != "2" || spec.Agent != "oracle" || spec.Nodes != 4 {
		t.Errorf("started %+v", spec)
	}
	d.press("a")
	d.until("llm: no key; see pitwall doctor")
	d.lacks("enter start")
}

func TestHomeSaysWhatIsMissing(t *testing.T) {
	d := drive(t, Options{Store: openStore(t), Preflight: func(context.Context) error { return errors.New("no python3 was found: apt install python3") }}, 100, 30)
	d.until("No run can be started here: no python3 was found: apt install python3")
	d.press("d")
	d.until("script of record micro/7", "Micro track")
	d.press("esc")
	d.until("practice: says nothing about models")
}

func TestAnswerIsLabelled(t *testing.T) {
	d := drive(t, Options{Store: openStore(t)}, 100, 30)
	d.press("H")
	d.until("This is the answer", "The agent never sees it", "smear")
}

func TestHintCanBeRead(t *testing.T) {
	d := drive(t, Options{Store: openStore(t)}, 140, 42)
	d.press("h")
	d.until("[1 pseudocode]", "params[\"smear\"]")
}

func TestLiveAttemptIsFollowed(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{Hint: "1"})
	f.Next(5)
	d := drive(t, Options{Store: s}, 140, 42)
	d.until("● attempt 1", "w watch")
	d.press("w")
	d.until("measuring record 7")
	f.Until(func(b event.Body) bool {
		e, ok := b.(event.Draft)
		return ok && e.Node == 1 && e.Edit == 2 && e.Part == event.PartNew
	})
	d.until("writing node 1 of 3", "edit 2 of 2 · writing", "A longer warm-up keeps")
	if d.m.attempt.view.Caret == 0 {
		t.Error("no caret where the agent writes")
	}
	f.Until(func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == 5 && p.Step == 100 })
	d.until("training node 1 of 3", "step 100/200", "record 7", "behind record 8", "following", "of ~22.7 s, 11 s left")
	f.All()
	if err := f.Writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.until("✓ done", "of the way from this record's time", "practice · calibrate 2, confirm 3", "node 2 missed the target")
	d.press("d")
	d.until("against the record", "+ COOLDOWN = 0.5")
	d.press("esc")
	d.until("practice: says nothing about models")
}

func TestReplaySeeksBackToAnEarlierEdit(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{})
	d := drive(t, Options{Store: s, Open: "1", Replay: true}, 140, 42)
	d.until("space pause")
	d.press("space")
	d.until("space play")
	d.press("9")
	d.until("confirming")
	for range 5 {
		d.press("[")
	}
	d.until("node 1 · edit 2 of 2", "+ WARMUP = 30")
	d.lacks("COOLDOWN = 0.5")
	d.press("[")
	d.until("node 1 · edit 1 of 1", "+ LR = 0.015")
	d.lacks("WARMUP = 30")
	d.press("L")
	d.until("of the way from this record's time")
}

func TestStopAsksFirst(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Next(5)
	d := drive(t, Options{Store: s, Open: f.ID}, 100, 30)
	d.until("X stop")
	d.press("X")
	d.until("Stop this attempt?", "y stop", "n go on")
	d.press("n")
	d.lacks("Stop this attempt?")
	d.press("X", "y")
	o := d.ordered(f)
	if o.Name != event.OrderStop {
		t.Errorf("order %v, want one to stop", o)
	}
	taken(t, f, o, "")
	d.until("the engine was told to stop")
}

func TestLeavingSaysThatItGoesOn(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Next(5)
	d := drive(t, Options{Store: s, Open: f.ID}, 100, 30)
	d.until("esc leave it running")
	d.press("esc")
	d.until("attempt 1 goes on by itself")
}

func TestInterruptedAttemptOffersToResume(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Next(2000)
	if err := f.Writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	resumed := make(chan string, 1)
	d := drive(t, Options{Store: s, Open: f.ID, Resume: func(_ context.Context, id string) error { resumed <- id; return nil }}, 100, 30)
	d.until("! interrupted", "r resume", "Its engine is gone")
	d.press("r", "r")
	d.until("the attempt goes on")
	if id := <-resumed; id != f.ID || len(resumed) > 0 {
		t.Errorf("resumed %q and %d more", id, len(resumed))
	}
}

func TestHistoryDeletesAndBringsBack(t *testing.T) {
	s := openStore(t)
	d := drive(t, Options{Store: s}, 100, 30)
	d.press("l")
	d.until("No attempt yet.", "enter starts one")
	storetest.Fill(t, s, storetest.Options{})
	storetest.Fill(t, s, storetest.Options{Agent: "oracle", Hint: "123"})
	d.until("2 attempts", "oracle", "practice", "0.65")
	d.press("g", "D")
	d.until("1 attempt ", "u undo")
	d.lacks("1+2+3")
	d.press("u")
	d.until("2 attempts", "1+2+3")
	d.press("*")
	d.until("★")
	d.press("/", "t", "u", "n", "enter")
	d.until("1 attempt ")
	d.lacks("oracle")
	d.press("esc", "p")
	d.until("space pause")
}

func TestHistorySaysWhyInFull(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Next(2000)
	if err := f.Writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	d := drive(t, Options{Store: s}, 80, 24)
	d.press("l")
	for _, w := range []int{80, 140, 220} {
		d.send(tea.WindowSizeMsg{Width: w, Height: 24})
		d.until("interrupted", "kind", "its engine ended", f.ID)
	}
}

func TestLogIsSearched(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{})
	d := drive(t, Options{Store: s, Open: "1"}, 140, 42)
	d.until("of the way")
	d.press("tab", "tab")
	d.until("▎log")
	d.press("/", "s", "t", "e", "p", ":", "7", "7", "/", "enter")
	d.until("›step:77/200")
	d.press("N")
	d.until("no more “step:77/” in this direction")
}

func TestLongLogLinesScrollSideways(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Until(func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == 5 && p.Step == 10 })
	f.Writer.Emit(event.Log{Run: 5, End: '\n', Data: []byte("first " + strings.Repeat("損失", 40) + " middle " + strings.Repeat("x", 60) + " last")})
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("first 損失")
	d.lacks("sideways") // the log does not have the keys
	d.press("tab", "tab")
	d.until("> sideways", "損…")
	d.press(">")
	d.until("…", "from column", "< > sideways")
	d.lacks("first")
	d.press(">", ">", ">", ">", ">")
	d.until("…", "last", "< sideways")
	d.lacks("< > sideways")
	d.press("?")
	d.until("scroll long lines back")
	d.press("?", "<", "<", "<", "<", "<", "<")
	d.until("first 損失", "> sideways")
	d.lacks("from column")
	d.press("/", "l", "a", "s", "t", "enter")
	d.until("from column", "last")
}

func TestHomeDrawsLossWhereThereIsRoom(t *testing.T) {
	d := drive(t, Options{Store: openStore(t)}, 140, 42)
	d.until("loss, nats/char", "┄┄ record 7", "━━ record 8", "on 2-core", "target 2.00 ", "your attempts")
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	d.until("your attempts", "nodes  3")
	d.lacks("loss, nats/char")
	d.send(tea.WindowSizeMsg{Width: 140, Height: 42})
	d.press("G")
	d.until("micro/9 open")
	d.lacks("┄┄ record")
	d.press("g", "j", "j", "j", "j", "j")
	d.until("┄┄ record 6", "━━ record 7")
	d.lacks("━━ record 8")
	d.press("j")
	for h := 10; h <= 60; h++ { // the curves take no row from what can be chosen
		d.send(tea.WindowSizeMsg{Width: 140, Height: h})
		if screen := d.text(); strings.Contains(screen, "loss, nats/char") &&
			(!strings.Contains(screen, "your attempts") || !strings.Contains(screen, "nodes  3") || !strings.Contains(screen, "The agent is told")) {
			t.Fatalf("the curves stand in the place of something else:\n%s", screen)
		}
	}
}

func TestHelpShowsEveryKeyThatWorks(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{})
	d := drive(t, Options{Store: s, Open: "1"}, 140, 60)
	d.until("of the way")
	for _, a := range d.m.now.Actions() {
		if a.Do == nil || a.Bar != "" && a.Does == "" {
			t.Errorf("action %q is shown and does nothing, or is not in the help", a.Keys)
		}
	}
	d.press("?")
	d.until("keys of attempt 1", "put the result aside", "ctrl+c")
	d.press("?")
	d.until("FSR")
}

func TestAttemptThatIsNotThereSaysSo(t *testing.T) {
	d := drive(t, Options{Store: openStore(t), Open: "99"}, 100, 30)
	d.until("99", "esc back")
	d.press("esc")
	d.until("records")
}

func TestHostileTextCannotAct(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Until(func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == 5 && p.Step == 10 })
	evil := "evil\x1b[2J\x1b]0;t\x07\u202e\xff\t損失👩‍👧"
	f.Writer.Emit(
		event.Log{Run: 5, End: '\n', Data: []byte(evil)},
		event.Notice{Level: "warn", Text: evil},
		event.Phase{Phase: event.PhaseTraining, Node: 1, Detail: evil},
	)
	f.Writer.Emit(event.Waiting{Node: 1, Holder: evil})
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	d := drive(t, Options{Store: s, Open: f.ID}, 160, 42)
	d.until("evil␛[2J", "queued: waits for evil")
	for _, l := range strings.Split(d.text(), "\n") {
		for _, r := range l {
			if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
				t.Fatalf("%U reaches the terminal in %q", r, l)
			}
		}
	}
}

func TestFailuresSayWhatHappenedAndTheMend(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Until(func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == 5 && p.Step == 10 })
	f.Writer.Emit(
		event.RunEnded{Run: 5, Exit: 1, Reason: "exited", Why: "NameError in line 41", EngineMS: event.NaN(), ValLoss: event.NaN(), TrainMS: event.NaN()},
		event.Judged{Node: 1, Verdict: event.VerdictFailed, Why: "the script ended with status 1: NameError in line 41", ValLoss: event.NaN(), TrainSeconds: event.NaN()})
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	d := drive(t, Options{Store: s, Open: f.ID, Resume: func(context.Context, string) error { return nil }}, 140, 42)
	d.until("✗ 1", "failed: the script ended with status 1: NameError in line 41")
	f.Writer.Emit(event.Status{Status: event.StatusFailed, Why: "the disk is full; free some and resume"})
	if err := f.Writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.until("The attempt failed.", "the disk is full; free some and resume", "r resume")
}

func TestRefusedEditIsShownWhenPicked(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{})
	d := drive(t, Options{Store: s, Open: "1"}, 140, 42)
	d.until("of the way")
	d.press("{", "{") // from node 3, the best, to node 1; then on to node 2
	d.until("node 1 · edit 2 of 2")
	d.press("}")
	d.until("Edit 2 was refused", "+ BETA1 = 0.97")
	d.press("[", "]")
	d.until("Edit 2 was refused", "- COOLDOWN = 0.25")
	d.lacks("BETA1")
}

func TestLineBeingWrittenStandsAlone(t *testing.T) {
	a := &attempt{}
	got := a.place(edited{old: "b = 1\n", new: "b = 22", open: true, part: event.PartNew}, "a = 1\nb = 1\nc = 1\n")
	if want := "a = 1\nb = 22\nc = 1\n"; got != want || a.view.Caret != 2 {
		t.Errorf("got %q with the caret in line %d, want %q", got, a.view.Caret, want)
	}
	got = a.place(edited{new: "x = 1\ny", open: true, part: event.PartNew}, "a = 1\nb = 1\nc = 1\n")
	if want := "x = 1\ny\nc = 1\n"; got != want {
		t.Errorf("a file written over is %q, want %q", got, want)
	}
}

func TestHelpLiesOverTheScreenAndScrollsWhereItIsLonger(t *testing.T) {
	d := drive(t, Options{Store: openStore(t)}, 140, 42)
	d.until("none on this task yet")
	d.press("?")
	d.until("keys of records", "narrow by number, title, person or date", "practice: says nothing about models", "esc back")
	d.lacks("↑ ↓ more")
	d.press("esc")
	d.until("? help")
	d.lacks("keys of records")
	d.send(tea.WindowSizeMsg{Width: 80, Height: 16})
	d.press("?")
	d.until("say why no attempt", "↑ ↓ more")
	d.press("G")
	d.until("ctrl+c", "leave pitwall; what runs goes on", "↑ ↓ more")
	d.press("g")
	d.until("say why no attempt")
	d.lacks("ctrl+c")
}

func TestTheTerminalsCursorIsWhereTextIsTyped(t *testing.T) {
	d := drive(t, Options{Store: openStore(t)}, 80, 24)
	d.until("none on this task yet")
	if v := d.m.View(); v.Cursor != nil {
		t.Fatalf("a cursor at %v while nothing is typed", v.Cursor.Position)
	}
	d.press("/", "m", "損", "left")
	v := d.m.View()
	if v.Cursor == nil || v.Cursor.X != len(" filter m") || v.Cursor.Y != 23 {
		t.Fatalf("the cursor is %+v, want it on 損", v.Cursor)
	}
	if strings.Contains(v.Content, "\x1b_") {
		t.Error("the mark of the cursor reaches the terminal")
	}
	d.send(tea.PasteMsg{Content: "u\no\u202en"})
	d.until("filter mu on▌損")
}
