package ui

import (
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/event"
	"pitwall/store/storetest"
	"pitwall/ui/frame"
)

// at gives a clock that stands some time after the newest event of a story.
func at(f *storetest.Feed, after time.Duration) func() time.Time {
	return func() time.Time { return time.UnixMilli(f.Writer.State().Wall).Add(after) }
}

func call(n int) func(event.Body) bool {
	return func(b event.Body) bool { c, ok := b.(event.Call); return ok && c.Call == n }
}

func called(n int) func(event.Body) bool {
	return func(b event.Body) bool { c, ok := b.(event.Called); return ok && c.Call == n }
}

// drafting is a piece of what an edit puts in.
func drafting(node, edit int) func(event.Body) bool {
	return func(b event.Body) bool {
		e, ok := b.(event.Draft)
		return ok && e.Node == node && e.Edit == edit && e.Part == event.PartNew
	}
}

func TestModelIsSeenWithoutAKeyWhileItSpeaks(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, drafting(1, 1))
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("model  writing node 1, try 2", "I change both in one go.", "─ answer ─", "<<<<<<< SEARCH", "tokens in", "call 3 of 3", "log")
	d.send(tea.WindowSizeMsg{Width: 220, Height: 60})
	d.until("─ reasoning ─", "The target is near at the end of the run")
	d.send(tea.WindowSizeMsg{Width: 110, Height: 32})
	d.until("model  writing node 1, try 2", "<<<<<<< SEARCH", "loss", "edit 1 of 1 · writing")
	d.press("tab", "tab", "tab")
	d.until("▎log", "step:")
	d.lacks("<<<<<<< SEARCH")
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	d.press("tab", "tab")
	d.until("▎edit", "reason  A higher peak rate")
	d.press("tab")
	d.until("▎model", "<<<<<<< SEARCH")
	// The other node is written at the same time.
	d.press("shift+tab", "shift+tab")
	d.until("▎tree", "✎ 1", "✎ 2", "model writes")
}

func TestLogComesBackWhenTheModelIsDone(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, trains)
	d := drive(t, Options{Store: s, Open: f.ID}, 110, 32)
	d.until("training node 1 of 5", "log  node 1", "following")
	d.lacks("model  ")
	d.press("tab")
	d.until("▎model  writing node 1, try 2", "9.5k in (6.1k cached)", "310 out (120 reasoning)", "$0.0061")
}

func TestSmallScreenShowsTheModelsNewestWords(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, func(b event.Body) bool { v, ok := b.(event.Speech); return ok && v.Call == 3 })
	f.Next(2)
	d := drive(t, Options{Store: s, Open: f.ID}, 80, 24)
	d.until("model  The target is near")
}

func TestWaitingForTheFirstWordIsTimed(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, call(2))
	d := drive(t, Options{Store: s, Open: f.ID, Now: at(f, 75*time.Second)}, 140, 42)
	d.until("waits for its first word, 1 min 15 s", "~9.0k tokens sent of 128k", "model is asked")
}

func TestFailedCallSaysWhyAndWhenItIsSentAgain(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, called(2))
	d := drive(t, Options{Store: s, Open: f.ID, Now: at(f, 3*time.Second)}, 220, 60)
	d.until("✗ failed: 429 Too Many Requests", "again in 9 s")
	f.Until(drafting(1, 1))
	d.until("call 3 of 3")
	d.press("(")
	d.until("call 2 of 3", "429 Too Many Requests", "sent again after 12 s")
	d.press("(", "(")
	d.until("thinking of ideas", "call 1 of 3", "A higher peak rate with a longer warm-up.", "$0.0047")
	d.press(")", ")", ")")
	d.until("call 3 of 3", "I change both in one go.")
}

func TestToolCallsAreSaidInWords(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, func(b event.Body) bool { e, ok := b.(event.Draft); return ok && e.Node == 3 })
	d := drive(t, Options{Store: s, Open: f.ID}, 160, 48)
	d.until("─ tools that it calls", "view train.py", "from: 8", "to: 20", "edit train.py", "reason: STEPS is whole again.", "old: STEPS = STEPS - 20 / 0")
	d.lacks(`{"path"`)
	d.until("debug")
}

func TestToolWordsAreTheSameHoweverTheyCome(t *testing.T) {
	text := "\nedit {\"path\": \"a\\u002fb.py\", \"old\": \"x = 1\\ny = 2\\n\", \"new\": \"\", \"n\": [1, {\"k\": \"v}\"}], \"all\": true}\nview {\"path\": \"c.py\", \"new\": \"a\\nb"
	var one, many toolWords
	one.feed(text)
	for i := range len(text) + 1 {
		many.feed(text[:i])
	}
	want := "edit a?b.py\n  old: 2 lines\n  new: nothing\n  all: true\nview c.py\n  new: 2 lines so far"
	if one.said() != want || many.said() != want {
		t.Errorf("at once:\n%s\nin pieces:\n%s\nwant:\n%s", one.said(), many.said(), want)
	}
	for _, bad := range []string{"}", "{", "\"", "x {\"a\"", "x {,,:}]}} y {", "{\"a\":\"\\u12", strings.Repeat("{\"a\":1}", 100)} {
		var w toolWords
		w.feed(bad)
		w.said()
	}
}

func TestModelPaneStaysWhereItIsScrolled(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, call(3))
	var long strings.Builder
	for i := range 200 {
		long.WriteString("line " + strings.Repeat("i", i%7) + " of what it says\n")
	}
	emit(t, f, event.Speech{Call: 3, Voice: event.VoiceText, Text: "the first line\n" + long.String()})
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("of what it says")
	d.lacks("the first line")
	d.press("tab")
	d.until("▎model")
	d.press("home")
	d.until("the first line", "goes on below")
	emit(t, f, event.Speech{Call: 3, Voice: event.VoiceText, Text: "the last line\n"})
	d.when("the last line came", func() bool { return strings.Contains(d.m.attempt.st.Speaking[0].Text, "the last line") })
	d.lacks("the last line")
	d.press("end")
	d.until("the last line")
	d.lacks("goes on below")
	d.press("pgup")
	d.lacks("the last line")
	d.press("pgdown", "pgdown")
	emit(t, f, event.Speech{Call: 3, Voice: event.VoiceText, Text: "and one more\n"})
	d.until("and one more") // at the end it follows again
}

func TestDiffGrowsOverSeveralOpenEdits(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, drafting(1, 2))
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("edit 2 of 2 · writing", "+ LR = 0.015", "+ WARMUP")
	d.press("[")
	d.until("edit 1 of 2 · not applied yet", "+ LR = 0.015")
	d.lacks("+ WARMUP")
}

func TestEditThatIsNotInTheScriptToTheLetterIsShownAsWritten(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, drafting(2, 1))
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("model  writing node 2")
	d.press("}")
	d.until("node 2 · edit 1 of 1", "This passage is not in train.py to the letter", "- BETA1 = 0.90")
	f.Until(func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == 7 })
	d.press("f")
	d.until("How edit 1 was matched: blanks at the ends of lines left out")
}

func TestScreenStaysWithOneOfTheNodesThatAreWritten(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, drafting(1, 1))
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("node 1 · edit 1 of 1 · writing")
	emit(t, f, event.Draft{Node: 2, Edit: 1, Part: event.PartPath, Text: "train.py"}, event.Draft{Node: 2, Edit: 1, Part: event.PartReason, Text: "Because."})
	f.Until(drafting(1, 2))
	d.until("node 1 · edit 2 of 2 · writing")
}

func TestAttemptWithoutAModelHasNoPaneForOne(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{Steps: 20})
	d := drive(t, Options{Store: s, Open: "1"}, 160, 42)
	d.until("of the way")
	for range 4 {
		d.lacks(" model ")
		d.lacks("▎model")
		d.lacks("tokens")
		d.press("tab")
	}
	d.until("▎edit")
}

func TestTokensCostAndBudgetsTick(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, called(3))
	wall := func(d *driver) string {
		g := regexp.MustCompile(`wall \S* *(\d\d:\d\d)`).FindStringSubmatch(d.text())
		if g == nil {
			t.Fatalf("no wall time is left:\n%s", d.text())
		}
		return g[1]
	}
	later := time.Duration(0)
	d := drive(t, Options{Store: s, Open: f.ID, Now: func() time.Time { return at(f, later)() }}, 220, 60)
	d.until("tokens ~28.", "(12.2k cached), ~", "cost $0.011", "left", "tokens ━━━", "cost ", "runs ", "nodes ", "llm deepseek/deepseek-chat · aide 3/1/0.5/5")
	before := wall(d)
	later = 90 * time.Second
	if after := wall(d); after >= before {
		t.Errorf("%s of wall time are left, then %s", before, after)
	}
	f.Until(func(b event.Body) bool { c, ok := b.(event.Called); return ok && c.Call == 4 })
	d.until("tokens 28.1k in (18.3k cached), 560 out") // exact when it has ended
	f.All()
	d.until("spent: cost")
	for _, size := range [][2]int{{140, 42}, {100, 30}, {80, 24}} {
		d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		d.until("spent: cost", "wall ", "runs ", "$0.0")
	}
}

func TestCostSaysWhatIsNotKnown(t *testing.T) {
	a := race(t, 1, 0)
	for _, c := range []struct {
		cost     float64
		unpriced int
		calls    int
		want     string
	}{{0, 0, 0, "–"}, {0, 0, 1, "$0.00"}, {0.4211, 0, 3, "$0.42"}, {0.42, 1, 3, "≥ $0.42"}, {0, 2, 2, "–"}, {0.0031, 0, 1, "$0.0031"}, {12345, 0, 1, "$12345"}} {
		a.st.Cost, a.st.Unpriced = c.cost, c.unpriced
		a.st.Calls = nil
		for range c.calls {
			a.st.Apply(event.Event{Seq: a.st.Seq + 1, Body: event.Call{Call: int(a.st.Seq)}})
			a.st.Apply(event.Event{Seq: a.st.Seq + 1, Body: event.Called{Call: int(a.st.Seq) - 1}})
		}
		a.st.Cost, a.st.Unpriced = c.cost, c.unpriced
		if got := a.costWords(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestModelKeepsItsOwnNameWhereItIsCut(t *testing.T) {
	for w, want := range map[int]string{
		40: "openrouter/deepseek/deepseek-chat", 20: "…pseek/deepseek-chat", 14: "…deepseek-chat", 13: "deepseek-chat", 8: "deepsee…",
	} {
		if got := frame.ModelName("openrouter/deepseek/deepseek-chat", w); got != want {
			t.Errorf("in %d cells: %q, want %q", w, got, want)
		}
	}
}

func TestTreeSaysWhereNodesComeFromAndWhatTheyTry(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{Model: true, Steps: 20})
	d := drive(t, Options{Store: s, Open: "1"}, 220, 60)
	d.until("debug", "branch", "repeat", "best", "aide 3/1/0.5/5", "idea of node 1")
	d.until("similar", "25 % of the human's changed lines", "0.50 of the human's change, as judged by openai/gpt-5-mini", "✓ a longer warm-up", "○ twice the context",
		"The search ended: the budget of $0.06 is used up.")
}

func TestNothingThatAModelSaysActsOnTheTerminal(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, call(3))
	evil := "evil\x1b[2J\x1b]0;t\x07\u202e\xff\t損失👩‍👧\x9b31m\r\b"
	emit(t, f,
		event.Speech{Call: 3, Voice: event.VoiceReasoning, Text: evil},
		event.Speech{Call: 3, Voice: event.VoiceText, Text: evil + strings.Repeat("損\x1b[31m", 400)},
		event.Speech{Call: 3, Voice: event.VoiceTool, Text: evil + " {\"path\":\"" + evil + "\",\"" + evil + "\":\"" + evil + "\"}"},
		event.Steered{Text: evil}, event.Asked{Node: 1, Origin: evil}, event.Spent{Budget: evil, Why: evil},
		event.Node{ID: 3, Parent: 1, Idea: evil, Origin: evil},
		event.Draft{Node: 1, Edit: 1, Part: event.PartPath, Text: evil}, event.Draft{Node: 1, Edit: 1, Part: event.PartReason, Text: evil},
		event.Draft{Node: 1, Edit: 1, Part: event.PartOld, Text: evil}, event.Draft{Node: 1, Edit: 1, Part: event.PartNew, Text: evil},
		event.Proposed{Node: 1, Edit: 1},
		event.Called{Call: 3, Why: evil, Again: true, WaitMS: 1000},
		event.Call{Call: 4, Node: 1, Purpose: evil, Round: 1, Try: 2, Model: evil, Left: []string{evil}},
		event.Phase{Phase: event.PhaseThinking, Detail: evil})
	d := drive(t, Options{Store: s, Open: f.ID, Editor: noEditor}, 140, 42)
	d.until("evil␛[2J", "waits for you")
	styles := regexp.MustCompile("\x1b\\[[0-9;]*m")
	look := func() {
		t.Helper()
		for _, l := range d.m.screen(d.m.w, d.m.h) {
			for _, r := range styles.ReplaceAllString(l, "") {
				if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e || r == '\ufffe' {
					t.Fatalf("%U reaches the terminal in %q", r, l)
				}
			}
		}
	}
	for _, size := range [][2]int{{140, 42}, {220, 60}, {100, 30}, {80, 24}} {
		d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		for range 6 {
			look()
			d.press("(")
			look()
			d.press("tab")
		}
		d.press(")", ")", ")", ")", "{", "}", "f")
	}
	emit(t, f, event.Decided{Node: 1, Edit: 1, Answer: evil, Reason: evil}, event.Rejected{Node: 1, Edit: 1, Why: evil},
		event.Similarity{Node: 1, Recall: 1, Precision: 1, Judge: evil, Score: 1, Changes: []event.Trait{{What: evil, Reproduced: 1}}},
		event.Judged{Node: 1, Verdict: event.VerdictProvisional, TrainSeconds: 20},
		event.Status{Status: event.StatusDone})
	d.until("The search ended")
	look()
}

// TestAttemptsOfAModelFitEverySize is TestEveryScreenFitsEverySize for what has to
// do with models and with a person's hand.
func TestAttemptsOfAModelFitEverySize(t *testing.T) {
	s := openStore(t)
	done := storetest.Fill(t, s, storetest.Options{Model: true, Steps: 20})
	wide := strings.Repeat("損失 a long text 👩‍👧 ", 40)
	written := modelStory(t, s, drafting(2, 1))
	emit(t, written, event.Steered{Text: wide}, event.Asked{Node: 0, Origin: event.OriginBranch}, event.Paused{Paused: true},
		event.Speech{Call: 4, Voice: event.VoiceText, Text: wide + strings.Repeat("長", 300) + "\n\n\t" + wide})
	waiting := modelStory(t, s, proposed(1, 1))
	emit(t, waiting, event.Draft{Node: 1, Edit: 1, Part: event.PartReason, Text: wide})
	failed := modelStory(t, s, call(2))
	emit(t, failed, event.Called{Call: 2, Why: wide, Again: true, WaitMS: 1 << 40})
	human := storetest.Live(t, s, storetest.Options{Agent: "human", Steps: 20})
	human.Until(func(b event.Body) bool { n, ok := b.(event.Node); return ok && n.ID == 1 })
	emit(t, human, event.Phase{Phase: event.PhaseAwaiting, Node: 1})
	training := modelStory(t, s, trains)
	for i, c := range []struct {
		name   string
		o      Options
		until  string
		keys   string
		editor bool
	}{
		{"done", Options{Open: done}, "of the way", "", false},
		{"done, model", Options{Open: done}, "of the way", "d tab (", false},
		{"done, tree", Options{Open: done}, "of the way", "d shift+tab k k", false},
		{"writing", Options{Open: written.ID}, "model  writing node", "", false},
		{"writing, the other", Options{Open: written.ID}, "model  writing node", "tab } up up", false},
		{"writing, model alone", Options{Open: written.ID}, "model  writing node", "tab z", false},
		{"waiting", Options{Open: waiting.ID}, "waits for you", "", true},
		{"waiting, no", Options{Open: waiting.ID}, "waits for you", "n 損", true},
		{"waiting, elsewhere", Options{Open: waiting.ID}, "waits for you", "{ tab tab tab", true},
		{"failed", Options{Open: failed.ID}, "again in", "tab", false},
		{"human", Options{Open: human.ID}, "is yours to write", "", true},
		{"human, no editor", Options{Open: human.ID}, "is yours to write", "", false},
		{"training, note", Options{Open: training.ID}, "training node 1", "s x", false},
		{"training, stop run", Options{Open: training.ID}, "training node 1", "x", false},
		{"replay", Options{Open: done, Replay: true}, "pause", "space 6 tab", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Store = s
			if c.editor {
				c.o.Editor = noEditor
			}
			d := drive(t, c.o, 140, 45)
			d.until(c.until)
			for _, k := range strings.Fields(c.keys) {
				d.press(k)
			}
			sizes(i, func(w, h int) {
				if (w+h)%9 == 0 {
					d.send(tea.WindowSizeMsg{Width: w, Height: h})
				}
				checkSize(t, d, w, h)
			})
			for _, size := range [][2]int{{80, 24}, {100, 30}, {140, 42}, {220, 60}} {
				d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				for range 5 {
					checkSize(t, d, size[0], size[1])
					d.press("tab")
				}
			}
		})
	}
}
