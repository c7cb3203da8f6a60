package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/store"
	"pitwall/store/storetest"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// driveHome is drive at home, with the attempts read.
func driveHome(t testing.TB, o Options, w, h int) *driver {
	t.Helper()
	d := drive(t, o, w, h)
	d.when("the attempts", func() bool { return d.m.loaded })
	return d
}

// typeIn presses a key for each rune.
func (d *driver) typeIn(text string) {
	for _, r := range text {
		d.press(string(r))
	}
}

func TestTracksAreReachedByKeysAndKeepTheirPlace(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t)}, 120, 40)
	d.until("[1 micro]", "2 nanogpt", "3 nanogpt-medium", "micro/7 → 8")
	d.press("tab")
	d.until("[2 nanogpt]", "nanogpt/89", "89/89", "8xH100")
	d.press("g", "j")
	d.until("nanogpt/2", "2/89")
	d.press("tab")
	d.until("[3 nanogpt-medium]", "18/18")
	d.press("tab")
	d.until("[1 micro]", "micro/7 → 8")
	d.press("shift+tab", "shift+tab")
	d.until("[2 nanogpt]", "nanogpt/2 ", "2/89")
	for _, k := range []string{"l", "esc"} {
		d.m.loaded = false
		d.press(k)
		d.when("the attempts", func() bool { return d.m.loaded })
	}
	d.until("[2 nanogpt]", "2/89")
	d.press("1")
	d.until("[1 micro]")
	d.press("3")
	d.until("[3 nanogpt-medium]")
}

func TestHomeOpensOnTheTrackThatSuitsTheMachine(t *testing.T) {
	gpus := func(context.Context) string { return "nanogpt" }
	d := driveHome(t, Options{Store: openStore(t), Track: gpus}, 100, 30)
	d.until("[2 nanogpt]")

	d = driveHome(t, Options{Store: openStore(t), Track: func(context.Context) string { return "" }}, 100, 30)
	d.send(trackMsg(""))
	d.until("[1 micro]")
	d.press("j")
	d.send(trackMsg("nanogpt"))
	d.until("[1 micro]") // a person has begun there
}

func TestTrackToBeginWith(t *testing.T) {
	rec := func(track string, n int) taskdata.Record {
		return taskdata.Record{Track: track, Number: n, Seconds: 100 / float64(n)}
	}
	records := []taskdata.Record{rec("a", 1), rec("a", 2), rec("a", 3)}
	task := taskdata.Task{From: records[0], To: records[1]}
	closed := newTrack(taskdata.Track{ID: "a"}, records, []taskdata.Task{task})
	task.Ready = true
	open := newTrack(taskdata.Track{ID: "a"}, records, []taskdata.Task{task})
	practice := newTrack(taskdata.Track{ID: "p", Practice: true}, records, []taskdata.Task{task})
	if open.rank() <= practice.rank() || practice.rank() <= closed.rank() {
		t.Errorf("ranks: ready %d, practice %d, not ready %d", open.rank(), practice.rank(), closed.rank())
	}
	if open.first() != 1 || closed.first() != 3 {
		t.Errorf("they begin with records %d and %d, want the one that can be attempted and the newest", open.first(), closed.first())
	}
}

func TestLongListKeepsTheChosenRecordInSight(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t)}, 80, 24)
	d.press("2")
	n := len(taskdata.Embedded().Records("nanogpt"))
	ends := map[string]int{"g": 1, "home": 1, "G": n, "end": n}
	for i, k := range strings.Fields("k k pgup up pgup pgup ctrl+u g j j G k home down pgdown pgdown ctrl+d end") {
		before := d.m.choice.record().Number
		d.press(k)
		d.send(tea.WindowSizeMsg{Width: 40 + 13*i, Height: 12 + 3*i%40})
		after := d.m.choice.record().Number
		if want := ends[k]; want > 0 && after != want || want == 0 && after == before {
			t.Errorf("%s goes from record %d to %d", k, before, after)
		}
		d.until(fmt.Sprintf("›%3d", after), fmt.Sprintf("%d/%d", after, n))
	}
}

func TestFilterNarrowsByNumberTitlePersonAndDate(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t)}, 140, 42)
	d.press("2", "/")
	d.typeIn("yarn")
	d.until("filter yarn▌", "1 of 89", "YaRN", "enter keep", "esc clear")
	if raw := strings.Join(d.m.screen(140, 42), "\n"); !strings.Contains(raw, string(d.m.frame.Theme.Bold+d.m.frame.Theme.Hit)+"YaRN") {
		t.Error("what was found is not marked")
	}
	d.press("esc")
	d.until("1 micro", "89 ") // all again
	d.lacks("filter yarn")
	for text, want := range map[string]func(taskdata.Record) bool{
		"77":           func(r taskdata.Record) bool { return strings.Contains(fmt.Sprint(r.Number, r.People), "77") },
		"2024-12":      func(r taskdata.Record) bool { return strings.HasPrefix(r.Date, "2024-12") },
		"YOUJIACHENG":  func(r taskdata.Record) bool { return strings.Contains(fmt.Sprint(r.People), "YouJiacheng") },
		"2025-01 youj": func(r taskdata.Record) bool { return r.Number == 19 || r.Number == 20 },
	} {
		d.press("/", "ctrl+u")
		for _, r := range text {
			if r == ' ' {
				d.press("space")
				continue
			}
			d.press(string(r))
		}
		d.press("enter")
		var got, wanted []int
		for _, i := range d.m.choice.current().found {
			got = append(got, d.m.choice.current().records[i].Number)
		}
		for _, r := range taskdata.Embedded().Records("nanogpt") {
			if want(r) {
				wanted = append(wanted, r.Number)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(wanted) {
			t.Errorf("%q leaves %v, want %v", text, got, wanted)
		}
		d.until(fmt.Sprintf("1/%d of 89  “%s”", len(got), text), "esc all records")
	}
	d.press("tab")
	d.lacks("esc all records") // each track has its own
	d.press("2", "esc")
	d.lacks("of 89  “")
}

func TestFilterThatFindsNothingSaysSo(t *testing.T) {
	for _, w := range []int{40, 80, 140} {
		d := driveHome(t, Options{Store: openStore(t)}, w, 24)
		d.press("2", "/", "損", "失", "é")
		d.until("▌", "has “損失é” in it", "esc shows all")
		d.press("enter", "enter", "j", "p", "p", "G")
		d.until("has “損失é” in it", "esc shows all 89 records")
		d.press("esc")
		d.until("89/89")
	}
}

func TestChosenRecordStaysWhereTheFilterLetsIt(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t)}, 100, 30)
	d.press("2", "g", "j", "j", "/")
	d.typeIn("muon")
	d.until("nanogpt/3 ")
	d.press("down")
	d.until("nanogpt/4 ", "filter muon▌")
	d.press("enter", "esc")
	d.until("nanogpt/4 ", "4/89")
	d.press("/")
	d.typeIn("yarn")
	d.until("nanogpt/31 ")
	d.press("esc") // back from where one looked
	d.until("nanogpt/4 ", "4/89")
	d.press("/")
	d.typeIn("yarn")
	d.press("enter", "esc") // to where one went
	d.until("nanogpt/31 ", "31/89")
}

func TestRecordWithoutScriptSaysWhyItCannotBeAttempted(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t), Start: func(context.Context, store.Spec) (string, error) {
		t.Error("an attempt was started")
		return "", nil
	}}, 100, 30)
	d.press("2", "g", "j")
	d.until("nanogpt/2 ", "Rotary positions", "31.4 min", "over record 1", "kellerjordan0", "2024-06-06", "nanogpt/2 → 3", "Cannot be attempted yet: its scripts are not", "enter why not")
	d.lacks("agent  [") // nothing to choose
	d.lacks("hint")
	task, err := taskdata.Embedded().FindTask("nanogpt/2")
	if err != nil {
		t.Fatal(err)
	}
	if d.m.frame.Toast().Text != "" {
		t.Fatal("something is said before it was asked for")
	}
	d.press("enter")
	if text := d.m.frame.Toast().Text; !strings.Contains(text, task.Why) || d.m.frame.Toast().Bad {
		t.Errorf("Enter says %q", text)
	}
	screen := d.text()
	if strings.Contains(screen, task.To.Summary[:20]) {
		t.Errorf("the next record's summary shows:\n%s", screen)
	}
}

func TestRetimingsStandByTheRecord(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t)}, 120, 40)
	d.press("2", "/", "2", "1", "enter")
	d.until("nanogpt/21 ", "2.933 min", "retimed 2.997 min on 2025-02-01", "retimed 3.014 min on 2025-05-24")
	d.press("esc", "j")
	d.until("nanogpt/22 ", "2.99 min  1.008× over record 21") // of the time it was retimed to
}

func TestHistoryPlotGoesOverDates(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {140, 42}, {220, 60}} {
		d := driveHome(t, Options{Store: openStore(t)}, size[0], size[1])
		d.press("2", "g")
		d.until("record time, log min", "2025", "2026", "◆")
		d.press("p")
		d.until("over date", "45 min → 1.23 min, 36.6×", "◆ 1 of 89", "esc list")
		d.press("j", "esc")
		d.until("2/89")
		d.press("1")
		d.until("practice record time, log s")
		d.lacks("2026 ")
	}
}

// TestPracticeStandsByEveryFigure looks at each place with a figure of the practice track.
func TestPracticeStandsByEveryFigure(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{Hint: "1"})
	line := func(d *driver, with string) {
		t.Helper()
		d.until(with)
		for _, l := range strings.Split(d.text(), "\n") {
			if strings.Contains(l, with) && strings.Contains(l, "practice") {
				return
			}
		}
		t.Errorf("no practice beside %q:\n%s", with, d.text())
	}
	for _, w := range []int{40, 60, 80, 100, 140, 220} {
		home := driveHome(t, Options{Store: s}, w, 50)
		line(home, "time")
		line(home, "→") // the two times
		home.press("G")
		line(home, "  practice")
		home.press("p")
		line(home, "log s")
		home.press("p", "g", "G", "k", "h", "i")
		line(home, "what the agent is told")
		home.press("esc", "d")
		line(home, "Smear")
		home.press("esc", "s")
		line(home, "about ")
		home.press("esc", "l")
		home.until("history")
		home.until("0.65", "practice")
		for _, replay := range []bool{false, true} {
			a := drive(t, Options{Store: s, Open: "1", Replay: replay}, w, 50)
			a.until("practice")
			if !replay {
				line(a, "FSR ")
			}
		}
	}
}

func TestPutFoundMarksAllThatTheWordsFound(t *testing.T) {
	th := frame.NewTheme(true)
	for _, c := range []struct{ text, words, want string }{
		{"Muon, tuned", "mu tu", "[Mu]on, [tu]ned"},
		{"aaa", "aa", "[aaa]"},
		{"İstanbul İ", "i̇", "İstanbul İ"},
		{"STRASSE straße", "straß", "STRASSE [straß]e"},
		{"損失損", "失", "損[失]損"},
		{"plain", "", "plain"},
	} {
		row := cell.New(ansi.StringWidth(c.text))
		got := putFound(th, row, "", c.text, words(c.words)).String()
		got = strings.NewReplacer(string(th.Hit), "[", "\x1b[m", "]").Replace(got)
		if got != c.want {
			t.Errorf("%q in %q: %q, want %q", c.words, c.text, got, c.want)
		}
	}
}
