package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
)

func TestModelThatIsNotReadySaysWhyAtHomeAndOnThePage(t *testing.T) {
	o, started := setupOptions(openStore(t))
	o.Agents = []Agent{{Name: "llm", About: "a language model", Why: "no key is set: set ACME_API_KEY", Model: true}}
	o.Defaults = func(task, agent string) (store.Spec, error) {
		spec, err := defaultSpec(task, agent)
		spec.Model = ""
		return spec, err
	}
	d := driveHome(t, o, 140, 42)
	d.until("not ready: no key is set: set ACME_API_KEY")
	d.press("s")
	d.until("✗ no key", "  no key is set: set ACME_API_KEY")
	d.when("the models", func() bool { return d.m.setup.sheet.models.known })
	d.press("m")
	d.typeIn("other")
	d.press("enter", "S")
	d.until("not started: model: OTHER_API_KEY is not set: set it")
	d.press("m")
	d.typeIn("home/served") // one that needs no key
	d.press("enter", "S")
	d.until("attempt 1")
	if got := <-started; got.Model != "home/served" {
		t.Errorf("started with %q", got.Model)
	}
}

func TestListOfModelsIsFiltered(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	d := driveHome(t, o, 140, 42)
	d.press("a", "s", "m")
	d.until("4 models", "acme/large", "200k", "$3.00 in", "$15.00 out", "ready", "1000k", "OTHER_API_KEY is not set", "1 of 4")
	d.typeIn("LARGE")
	d.until("1 of 3", "other/large", "LARGE  as it was typed")
	d.lacks("acme/small")
	d.press("space")
	d.typeIn("oth")
	d.until("1 of 1", "not ready: OTHER_API_KEY is not set: set it")
	d.press("ctrl+u")
	d.typeIn("zz yy")
	d.until("No model has these words")
	d.press("enter")
	if got := d.m.setup.sheet.spec.Model; got != "acme/large" {
		t.Errorf("nothing that was chosen makes it %q", got)
	}
	d.press("m")
	d.typeIn("small")
	d.press("up") // to what was typed
	d.press("enter")
	d.until("small writes 3 nodes", "128k")
	d.press("m", "esc")
	d.until("small writes 3 nodes")
}

func TestModelNamedInFullIsChosenBeforeLongerNames(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	o.Models = func(context.Context) ([]ModelChoice, error) {
		return []ModelChoice{{ID: "acme/five-mini", Ready: true}, {ID: "acme/five", Ready: true}}, nil
	}
	for _, name := range []string{"five", "acme/five"} {
		d := driveHome(t, o, 100, 30)
		d.press("a", "s", "m")
		d.until("2 models")
		d.typeIn(name)
		d.press("enter")
		if got := d.m.setup.sheet.spec.Model; got != "acme/five" {
			t.Errorf("%q chooses %q", name, got)
		}
	}
}

func TestListThatCannotBeReadLetsANameBeTyped(t *testing.T) {
	o, started := setupOptions(openStore(t))
	asked := make(chan struct{}, 8)
	o.Models = func(context.Context) ([]ModelChoice, error) {
		asked <- struct{}{}
		return nil, errors.New("the endpoint does not answer: \x1b[2Jlook at it")
	}
	d := driveHome(t, o, 100, 30)
	d.press("a", "s", "m")
	d.until("The list could not be read: the endpoint does not answer: ␛[2Jlook at it; type")
	d.typeIn("acme/new")
	d.until("acme/new  as it was typed")
	d.press("enter", "S")
	d.until("attempt 1")
	if got := <-started; got.Model != "acme/new" {
		t.Errorf("started with %q", got.Model)
	}
	d.press("esc", "enter", "m", "ctrl+r")
	d.when("another question", func() bool { return len(asked) > 1 })

	o.Models = nil
	d = driveHome(t, o, 100, 30)
	d.press("a", "s", "m")
	d.until("there is no list here")
}

func TestSlowPromptHoldsNothingUp(t *testing.T) {
	o, started := setupOptions(openStore(t))
	type request struct {
		ctx    context.Context
		hint   string
		answer chan PromptPreview
	}
	requests := make(chan request, 8)
	o.Prompt = func(ctx context.Context, spec store.Spec) (PromptPreview, error) {
		r := request{ctx, spec.Hint, make(chan PromptPreview, 1)}
		requests <- r
		return <-r.answer, nil
	}
	text := func(s string) PromptPreview {
		return PromptPreview{Messages: []event.Message{{Role: "user", Text: s}}, Tokens: 20_000, Hash: "feedbeef", Left: []string{"node 1"}}
	}
	d := driveHome(t, o, 140, 42)
	d.press("a", "s")
	d.until("preparing…")
	next := func() request {
		t.Helper()
		limit := time.NewTimer(20 * time.Second)
		defer limit.Stop()
		for {
			select {
			case r := <-requests:
				return r
			case msg := <-d.msgs:
				d.send(msg)
			case <-limit.C:
				t.Fatal("no prompt was asked for")
			}
		}
	}
	first := next()
	d.press("h")
	second := next()
	if first.ctx.Err() == nil || second.ctx.Err() != nil || second.hint != "1" {
		t.Errorf("the older request is not called off, or the newer one is about hint %q", second.hint)
	}
	second.answer <- text("the newest prompt")
	d.until("the newest prompt", "~20.0k tokens, 10 % of", "templates feedbeef", "left out, since it does not fit: node 1")
	first.answer <- text("the older prompt")
	d.send(promptMsg{1, text("the older prompt"), nil})
	d.set("gate", "right") // changes no prompt
	d.until("the newest prompt", "you approve")
	d.lacks("the older prompt")
	d.lacks("preparing…")
	d.press("n", "S") // while another is prepared
	d.until("attempt 1")
	if got := <-started; got.Hint != "1" || got.Nodes != 4 {
		t.Errorf("started %+v", got)
	}
	next().answer <- text("too late")
}

func TestPromptIsReadWhereThereIsOneColumn(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	d := driveHome(t, o, 80, 24)
	d.press("a", "s")
	d.until("start  enter")
	d.lacks("You speed up training")
	d.press("tab")
	d.until("▎prompt", "system", "You speed up training.", "hint 0 for acme/large", "~20.0k tokens, 10 % of")
	d.send(tea.WindowSizeMsg{Width: 80, Height: 12})
	d.until("▎prompt")
	d.press("G")
	d.lacks("You speed up training")
	d.press("tab")
	d.until("start  enter")
	d.send(tea.WindowSizeMsg{Width: 140, Height: 42})
	d.press("z")
	d.until("▎prompt")
	d.lacks("start  enter")
	d.press("esc")
	d.until("start  enter", "prompt")
}

func TestPromptThatCannotBeMadeSaysWhy(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	o.Prompt = func(context.Context, store.Spec) (PromptPreview, error) {
		return PromptPreview{}, errors.New("template improve, line 3: no field Hnit")
	}
	d := driveHome(t, o, 140, 42)
	d.press("a", "s")
	d.until("none yet", "template improve, line 3: no field Hnit", "no budget bounds it")
}

func TestHostileNamesAndPromptsCannotAct(t *testing.T) {
	evil := "evil\x1b[2J\x1b]0;t\x07\u202e\xff\t損失"
	o, _ := setupOptions(openStore(t))
	o.Agents = []Agent{{Name: evil, About: evil, Ready: true, Model: true}}
	o.Scaffolds = []Scaffold{{Name: evil, About: evil, Search: event.Search{Initial: 1, Branch: 1}}}
	o.Models = func(context.Context) ([]ModelChoice, error) {
		return []ModelChoice{{ID: evil, Ready: true}, {ID: evil + "/" + evil, Why: evil}}, errors.New(evil)
	}
	o.Prompt = func(context.Context, store.Spec) (PromptPreview, error) {
		return PromptPreview{Messages: []event.Message{{Role: evil, Text: evil + "\r\n" + evil}}, Hash: evil, Left: []string{evil}}, nil
	}
	o.Start = func(context.Context, store.Spec) (string, error) { return "", errors.New(evil) }
	d := driveHome(t, o, 160, 42)
	check := func() {
		t.Helper()
		for _, l := range strings.Split(d.text(), "\n") {
			for _, r := range l {
				if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
					t.Fatalf("%U reaches the terminal in %q", r, l)
				}
			}
		}
	}
	check()
	d.press("s")
	d.until("left out", "templates evil")
	d.when("the models", func() bool { return d.m.setup.sheet.models.known })
	check()
	d.set(rowScaffold, "right")
	check()
	d.press("m")
	check()
	d.press("down")
	check()
	d.press("enter")
	d.until("start  model: evil")
	check()
	d.press("m", "up", "enter", "S")
	d.when("the end of the start", func() bool { return !d.m.setup.starting && d.m.setup.failed != "" })
	check()
}

func TestPageWithItsPromptFitsEverySize(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	o.Prompt = func(context.Context, store.Spec) (PromptPreview, error) {
		text := strings.Repeat("損失 and a\ttab 👩‍👧 ", 30) + strings.Repeat("長", 200) + "\n" + strings.Repeat("x", 300)
		return PromptPreview{Messages: []event.Message{{Role: "user", Text: text}}, Tokens: 1 << 30, Hash: strings.Repeat("損", 30), Left: []string{strings.Repeat("node 損 ", 40)}}, nil
	}
	d := driveHome(t, o, 140, 42)
	d.press("a", "s")
	d.until("templates", "left out")
	for _, focus := range []bool{false, true} {
		for _, w := range []int{40, 41, 63, 64, 80, 95, 96, 97, 140, 220} {
			d.m.setup.told.focus = focus
			d.send(tea.WindowSizeMsg{Width: w, Height: 30})
			_, right := d.m.setup.columns(w)
			d.when("the prompt", func() bool { return d.m.frame.Slow.Got(d.m.setup.told.rowsKey(right)) != nil })
			for h := 10; h <= 60; h++ {
				checkSize(t, d, w, h)
			}
		}
	}
}

// BenchmarkSetup measures a key on the page, with thousands of models to choose from.
func BenchmarkSetup(b *testing.B) {
	o, _ := setupOptions(openStore(b))
	o.Models = func(context.Context) ([]ModelChoice, error) {
		list := make([]ModelChoice, 5000)
		for i := range list {
			list[i] = ModelChoice{ID: fmt.Sprintf("provider-%d/model-%d", i%50, i), Context: 128_000, Input: 1, Output: 2, Ready: true}
		}
		return list, nil
	}
	d := driveHome(b, o, 220, 60)
	d.press("a", "s")
	d.when("the models", func() bool { return d.m.setup.sheet.models.known })
	keys := []tea.KeyPressMsg{key("down"), key("right"), key("m"), key("1"), key("7"), key("down"), key("esc"), key("tab"), key("j"), key("tab")}
	i := 0
	for b.Loop() {
		d.send(keys[i%len(keys)])
		d.m.View()
		i++
	}
}
