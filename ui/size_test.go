package ui

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

// sizes gives screens of 1 to 200 by 1 to 60: many heights at the widths where
// the layout changes, and a spread at the others. Each caller's offset gives
// others of them.
func sizes(offset int, do func(w, h int)) {
	edges := map[int]bool{1: true, 39: true, 40: true, 72: true, 80: true, 99: true, 100: true, 200: true}
	for w := 1; w <= 200; w++ {
		step := 61
		if edges[w] {
			step = 4
		}
		for h := 1 + (7*w+offset)%step; h <= 60; h += step {
			do(w, h)
		}
	}
}

func checkSize(t *testing.T, d *driver, w, h int) {
	t.Helper()
	rows := d.m.screen(w, h)
	if len(rows) != h {
		t.Fatalf("%d rows at %dx%d", len(rows), w, h)
	}
	for i, r := range rows {
		if n := ansi.StringWidth(r); n != w || strings.Contains(r, "\n") {
			t.Fatalf("row %d takes %d cells at %dx%d: %q", i, n, w, h, ansi.Strip(r))
		}
	}
}

// TestEveryScreenFitsEverySize holds each screen, filled, empty and in trouble,
// to exactly the size that it is given.
func TestEveryScreenFitsEverySize(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{Hint: "123", Agent: "an agent with a very long name 損失損失損失"})
	f := storetest.Live(t, s, storetest.Options{Nodes: 12})
	f.Until(func(b event.Body) bool { e, ok := b.(event.Draft); return ok && e.Node == 2 && e.Part == event.PartNew })
	f.Writer.Emit(event.Log{Run: 1, End: '\n', Data: []byte("損失\t\x1b[2J👩‍👧\u202e" + strings.Repeat("長", 300))},
		event.Notice{Level: "warn", Text: strings.Repeat("a long notice 損失 ", 20)},
		event.Checked{Node: 2, Violations: []event.Violation{{Rule: "clock", Line: 3, What: strings.Repeat("損", 90)}}})
	gone := storetest.Live(t, s, storetest.Options{})
	gone.Until(func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == 5 && p.Step == 60 })
	if err := errors.Join(f.Writer.Flush(context.Background()), gone.Writer.Close(context.Background())); err != nil {
		t.Fatal(err)
	}
	start := func(context.Context, store.Spec) (string, error) { return "", nil }
	resume := func(context.Context, string) error { return nil }
	blocked := func(context.Context) error { return errors.New(strings.Repeat("no python3 損失; ", 20)) }
	full := Options{Store: s, Start: start, Resume: resume, Version: "v1.2.3", Machine: func(context.Context) string { return "a machine, 2 cores" }}
	open := func(id string, replay bool) Options {
		o := full
		o.Open, o.Replay = id, replay
		return o
	}
	troubled := full
	troubled.Preflight = blocked
	page, _ := setupOptions(s)
	page.Start, page.Models = start, func(context.Context) ([]ModelChoice, error) {
		return append(setupModels, ModelChoice{ID: strings.Repeat("損", 40) + "/" + strings.Repeat("失", 90), Context: 1 << 40, Input: 1e9, Output: 1e9, Why: strings.Repeat("no key 損失 ", 30)}), nil
	}
	ailing := page
	ailing.Preflight, ailing.Agents = blocked, []Agent{{Name: strings.Repeat("損失", 20), Why: strings.Repeat("no key 損失 ", 30), Model: true}}
	ended, _ := importing(t, imported(t, 4, 5))
	ended.Import = func(context.Context, string, func(importer.Progress)) (importer.Report, *taskdata.Catalog, error) {
		return importer.Report{Source: "modded-nanogpt", Items: testItems}, nil, errors.New(strings.Repeat("git has failed 損失 ", 20))
	}
	under, _ := importing(t, nil)
	wired, _ := gpuOptions(t)
	wired.Import, wired.Cost = under.Import, func(store.Spec) (string, error) { return strings.Repeat("up to 損失 runs ", 20), nil }
	lacking := wired
	lacking.Environment = func(context.Context, string) ([]EnvCheck, error) {
		return []EnvCheck{{Name: strings.Repeat("損", 30), Found: strings.Repeat("nothing 失 ", 40), Mend: strings.Repeat("install 損 ", 40)}, {Name: "torch", OK: true, Found: "2.7.1"}}, nil
	}
	for i, c := range []struct {
		name  string
		o     Options
		until string
		keys  string
	}{
		{"home, imported", wired, "! data", ""},
		{"home, imported, other sources", wired, "peak 34.0", "t b h h"},
		{"home, much is missing", lacking, "nothing", "h"},
		{"home, needs", lacking, "nothing", "e"},
		{"home, open", Options{Store: s, Tasks: imported(t, 89), Import: under.Import}, "judged by", ""},
		{"set up on GPUs", lacking, "nothing", "enter"},
		{"set up on GPUs, asked", wired, "! data", "enter S"},
		{"import", under, "none on this task yet", "I"},
		{"import, under way", under, "none on this task yet", "I x enter"},
		{"import, ended", ended, "none on this task yet", "I x enter"},
		{"home", full, "w watch", "h"},
		{"home, last record", full, "w watch", "j j j"},
		{"home, narrowed", full, "w watch", "/ M u o n enter h h"},
		{"home, nanogpt", full, "w watch", "2 g j"},
		{"home, the newest of medium", full, "w watch", "3 G"},
		{"home, retimed", full, "w watch", "2 / 2 1 enter j"},
		{"home, filter in flight", full, "w watch", "2 / k e r"},
		{"home, wide filter that finds nothing", full, "w watch", "3 / 損 失 é 👩 損 失 損 失 損 失 損 失 損 失 損 失 損 失 損 失 損 失 損 失 損 失"},
		{"home, why not", full, "w watch", "2 g enter"},
		{"home, plot", full, "w watch", "p 2 g j j"},
		{"home, plot of nothing", full, "w watch", "3 p / z z enter"},
		{"home, blocked", troubled, "No run can be started", "j"},
		{"home, empty store", Options{Store: openStore(t)}, "none on this task yet", "/ z z"},
		{"script", full, "w watch", "d G"},
		{"answer", full, "w watch", "H n"},
		{"hint", full, "w watch", "h h h h i"},
		{"history", full, "w watch", "l j *"},
		{"history, a note", full, "w watch", "l n 損 x left"},
		{"history, empty", Options{Store: openStore(t)}, "none on this task yet", "l"},
		{"help", full, "w watch", "?"},
		{"set up", page, "w watch", "s"},
		{"set up, a model", page, "w watch", "a s up up"},
		{"set up, typing", page, "w watch", "a s g down down down down enter 損 失"},
		{"set up, prompt", page, "w watch", "a s tab G"},
		{"set up, prompt alone", page, "w watch", "a s z"},
		{"set up, models", page, "w watch", "a s m"},
		{"set up, models of a filter", page, "w watch", "a s m 損 失"},
		{"set up, help", page, "w watch", "a s ?"},
		{"set up, in trouble", ailing, "No run can be started", "s S"},
		{"done", open("1", false), "of the way", ""},
		{"done, edits", open("1", false), "of the way", "d ["},
		{"done, tree", open("1", false), "of the way", "d shift+tab"},
		{"done, loss", open("1", false), "of the way", "tab z"},
		{"done, log", open("1", false), "of the way", "tab tab / s"},
		{"done, log sideways", open("2", false), "writing node 2", "tab tab home > >"},
		{"writing", open("2", false), "writing node 2", ""},
		{"writing, stop", open("2", false), "writing node 2", "X"},
		{"interrupted", open("3", false), "interrupted", "tab t"},
		{"replay", open("1", true), "pause", "space 5"},
		{"replay, help", open("1", true), "pause", "space ?"},
		{"not there", open("77", false), "esc", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := drive(t, c.o, 140, 45)
			d.until(c.until)
			for _, k := range strings.Fields(c.keys) {
				d.press(k)
			}
			sizes(i, func(w, h int) {
				if (w+h)%9 == 0 { // the way of a real resize
					d.send(tea.WindowSizeMsg{Width: w, Height: h})
				}
				checkSize(t, d, w, h)
			})
			d.cmd(d.m.frame.Say(strings.Repeat("long trouble 損失 ", 40), true))
			checkSize(t, d, 80, 24)
			checkSize(t, d, 41, 11)
		})
	}
}

func TestViewOfNoSizeIsEmpty(t *testing.T) {
	m := New(Options{Store: openStore(t)})
	defer m.Close()
	if v := m.View(); v.Content != "" {
		t.Errorf("%q", v.Content)
	}
}
