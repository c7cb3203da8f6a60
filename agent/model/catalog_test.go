package model

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pitwall/agent/model/modeltest"
)

// vars gives an environment of nothing but these.
func vars(list ...string) func(string) string {
	m := map[string]string{}
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		m[name] = value
	}
	return func(name string) string { return m[name] }
}

// loadFile loads a catalog with a models.toml.
func loadFile(t *testing.T, toml string, getenv func(string) string) (*Catalog, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.toml")
	if err := os.WriteFile(path, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, getenv)
}

func TestFindKnowsNamesWithAndWithoutProvider(t *testing.T) {
	mine := "[providers.lab]\nbase_url = \"http://lab:8000\"\n[models.\"lab/gpt-5-mini\"]\ncontext = 5\n"
	for name, c := range map[string]struct {
		env, file, name, want string
	}{
		"with provider":           {"", "", "openai/gpt-5", "openai/gpt-5"},
		"provider in capitals":    {"", "", "OpenAI/gpt-5", "openai/gpt-5"},
		"slashes":                 {"", "", "openrouter/anthropic/claude-opus-5", "openrouter/anthropic/claude-opus-5"},
		"not listed":              {"", "", "openai/gpt-99", "openai/gpt-99"},
		"local":                   {"", "", "ollama/qwen3:8b", "ollama/qwen3:8b"},
		"bare, no key":            {"", "", "gpt-5", "openai/gpt-5"},
		"bare, the ready one":     {"AZURE_OPENAI_API_KEY=k;AZURE_OPENAI_ENDPOINT=https://x.test", "", "gpt-5", "azure/gpt-5"},
		"bare, the preferred":     {"ANTHROPIC_API_KEY=k;AIHUBMIX_API_KEY=k", "", "claude-opus-5", "anthropic/claude-opus-5"},
		"bare with a slash":       {"OPENROUTER_API_KEY=k", "", "qwen/qwen3.5-plus-20260420", "openrouter/qwen/qwen3.5-plus-20260420"},
		"bare at an own endpoint": {"OPENAI_BASE_URL=http://localhost:9", "", "whatever-7b", "openai/whatever-7b"},
		"own endpoint wins":       {"OPENAI_BASE_URL=http://localhost:9;ANTHROPIC_API_KEY=k", "", "claude-opus-5", "openai/claude-opus-5"},
		"own endpoint, a path":    {"OPENAI_BASE_URL=http://localhost:9", "", "meta-llama/Llama-3", "openai/meta-llama/Llama-3"},
		"the file wins":           {"OPENAI_BASE_URL=http://localhost:9", mine, "gpt-5-mini", "lab/gpt-5-mini"},
		"blanks around":           {"", "", "  openai/gpt-5\n", "openai/gpt-5"},
	} {
		t.Run(name, func(t *testing.T) {
			cat, err := loadFile(t, c.file, vars(strings.Split(c.env, ";")...))
			if err != nil {
				t.Fatal(err)
			}
			if m, err := cat.Find(c.name); err != nil || m.ID() != c.want {
				t.Errorf("%q is %q, want %q, %v", c.name, m.ID(), c.want, err)
			}
		})
	}
}

func TestFindOffersWhatIsNear(t *testing.T) {
	cat := load(t, vars("ANTHROPIC_API_KEY=k"))
	for name, words := range map[string][]string{
		"claude-opus5":    {`no model "claude-opus5"`, "did you mean anthropic/claude-opus-5", "ollama/NAME"},
		"claud-sonnet-5":  {"anthropic/claude-sonnet-5"},
		"gpt5":            {"openai/gpt-5"},
		"zzzzzzzzzzzzzzz": {"see pitwall models"},
		"":                {"PROVIDER/NAME"},
		"openai/":         {"which model of OpenAI", "pitwall models openai"},
		"two words":       {"no blanks"},
	} {
		_, err := cat.Find(name)
		if err == nil {
			t.Errorf("%q is a model", name)
			continue
		}
		mentions(t, err.Error(), words...)
	}
}

func TestAListedModelHasItsFigures(t *testing.T) {
	cat := load(t, vars())
	m, err := cat.Find("anthropic/claude-sonnet-4-6")
	if err != nil {
		t.Fatal(err)
	}
	if m.Context != 200_000 || m.MaxOutput != 128_000 || !m.Reasons || m.PriceFrom != fromList || *m.Price != (Price{3, 15, 0.3, 3.75}) {
		t.Errorf("%+v %+v", m, m.Price)
	}
	for name, want := range map[string]*Price{
		"openai/gpt-5":                       {1.25, 10, 0.125, 1.25}, // the same figure twice
		"openai/gpt-5.5":                     {5, 30, 0.5, 5},         // the first is that of reading
		"openai/gpt-5.5-pro":                 {30, 180, 30, 30},       // no figures
		"deepseek/deepseek-v4-flash":         {0.14, 0.28, 0.0028, 0.14},
		"gemini/gemini-3.7-flash":            {0.75, 3.75, 0.075, 0.75}, // the price of output by mistake
		"gemini/gemini-3.6-flash":            {1.5, 7.5, 0.15, 1.5},     // the second is that of reading
		"minimax/MiniMax-M3":                 {0.6, 2.4, 0.12, 0.375},
		"openrouter/google/gemini-3.5-flash": {1.5, 9, 0.15, 0.08333},
		"openai/not-listed":                  nil,
		"zhipu-coding/glm-5.2":               nil, // a subscription
	} {
		m, err := cat.Find(name)
		switch {
		case err != nil:
			t.Error(err)
		case want == nil && m.Price != nil, want != nil && (m.Price == nil || *m.Price != *want):
			t.Errorf("%s costs %+v, want %+v", name, m.Price, want)
		case (m.PriceFrom == "") != (m.Price == nil):
			t.Errorf("%s has its price from %q", name, m.PriceFrom)
		}
	}
}

func TestThePricesOfTheListMakeSense(t *testing.T) {
	for _, p := range builtin() {
		for name, m := range p.models {
			if m.Price == nil {
				continue
			}
			if f := *m.Price; f.Input < 0 || f.Output < 0 || f.Cached < 0 || f.Cached > f.Input || f.CacheWrite < 0 || f.CacheWrite > 2*f.Input {
				t.Errorf("%s/%s costs %+v", p.Name, name, f)
			}
		}
	}
}

func TestDefaultIsThatOfTheFirstProviderWithAKey(t *testing.T) {
	for name, c := range map[string]struct{ env, file, want string }{
		"no key":                     {"", "", ""},
		"a local server alone":       {"OLLAMA_HOST=0.0.0.0", "", ""},
		"one key":                    {"GROQ_API_KEY=k", "", "groq/moonshotai/kimi-k2-instruct-0905"},
		"the preferred":              {"OPENAI_API_KEY=k;ANTHROPIC_API_KEY=k;GROQ_API_KEY=k", "", "anthropic/claude-sonnet-4-6"},
		"a token":                    {"ANTHROPIC_AUTH_TOKEN=k", "", "anthropic/claude-sonnet-4-6"},
		"others by name":             {"XYZ=k;VENICE_API_KEY=k;AVIAN_API_KEY=k", "", "avian/moonshotai/kimi-k2.5"},
		"nobody knows what it has":   {"OPENAI_API_KEY=k;OPENAI_BASE_URL=http://localhost:9", "", ""},
		"moved, of Anthropic's wire": {"ANTHROPIC_API_KEY=k;ANTHROPIC_BASE_URL=http://localhost:9", "", "anthropic/claude-sonnet-4-6"},
		"Azure's deployments":        {"AZURE_OPENAI_API_KEY=k;AZURE_OPENAI_ENDPOINT=https://x.test", "", ""},
		"a key for other things":     {"HF_TOKEN=k", "", ""},
		"the file's":                 {"ANTHROPIC_API_KEY=k", "[providers.ollama]\ndefault_model = \"qwen3\"\n", "ollama/qwen3"},
		"a key that cannot be":       {"ANTHROPIC_API_KEY=k\nk;OPENAI_API_KEY=k", "", "openai/gpt-5.6-sol"},
	} {
		t.Run(name, func(t *testing.T) {
			cat, err := loadFile(t, c.file, vars(strings.Split(c.env, ";")...))
			if err != nil {
				t.Fatal(err)
			}
			if m, ok := cat.Default(); ok != (c.want != "") || ok && m.ID() != c.want {
				t.Errorf("%q, %t; want %q", m.ID(), ok, c.want)
			}
		})
	}
}

func TestAKeyThatIsMissingOrBrokenIsToldHowToSet(t *testing.T) {
	for name, c := range map[string]struct {
		env, model string
		words      []string
	}{
		"missing":               {"", "openai/gpt-5", []string{"no key for OpenAI", "set OPENAI_API_KEY", "platform.openai.com"}},
		"blank":                 {"OPENAI_API_KEY= \n", "openai/gpt-5", []string{"no key for OpenAI"}},
		"a line break inside":   {"OPENAI_API_KEY=sk-abcdefgh\nijklmnop", "openai/gpt-5", []string{"OPENAI_API_KEY has a line break", "set it anew"}},
		"a letter of no key":    {"OPENAI_API_KEY=sk-abcdefgh…", "openai/gpt-5", []string{"OPENAI_API_KEY has a blank or a character"}},
		"public, moved":         {"OPENAI_BASE_URL=https://gateway.example.com", "gpt-5", []string{"no key for OpenAI"}},
		"Azure, nothing":        {"", "azure/x", []string{"AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"}},
		"Azure, no address":     {"AZURE_OPENAI_API_KEY=k", "azure/x", []string{"set AZURE_OPENAI_ENDPOINT"}},
		"no address":            {"OPENAI_API_KEY=k;OPENAI_BASE_URL=ftp://x", "openai/x", []string{"OPENAI_BASE_URL is no address", "https://host:port/v1"}},
		"no provider like that": {"", "", []string{"no provider"}},
	} {
		t.Run(name, func(t *testing.T) {
			cat := load(t, vars(strings.Split(c.env, ";")...))
			m := Model{Provider: "nobody", Name: "x"}
			if c.model != "" {
				var err error
				if m, err = cat.Find(c.model); err != nil {
					t.Fatal(err)
				}
			}
			_, err := cat.Client(m)
			if err == nil {
				t.Fatal("there is a client")
			}
			mentions(t, err.Error(), c.words...)
			if strings.Contains(err.Error(), "abcdefgh") {
				t.Errorf("the key shows in %q", err)
			}
			for _, p := range cat.Providers() {
				if p.Name == m.Provider && (p.Ready || p.Why != err.Error()) {
					t.Errorf("%+v, but %v", p, err)
				}
			}
		})
	}
}

func TestAServerOfOnesOwnNeedsNoKey(t *testing.T) {
	for _, env := range []string{
		"OPENAI_BASE_URL=http://localhost:8000", "OPENAI_BASE_URL=http://127.0.0.1:8000/v1", "OPENAI_BASE_URL=http://10.1.2.3:8000", "OPENAI_BASE_URL=http://gpu7:8000",
		"OPENAI_BASE_URL=http://gpu7.lab.internal", "OPENAI_BASE_URL=[::1]:8000",
	} {
		client(t, load(t, vars(env)), "some-model")
	}
	for model, base := range map[string]string{
		"ollama/x": "http://127.0.0.1:11434/v1", "vllm/x": "http://127.0.0.1:8000/v1", "lmstudio/x": "http://127.0.0.1:1234/v1", "llamacpp/x": "http://127.0.0.1:8080/v1",
	} {
		if c := client(t, load(t, vars()), model); c.provider.BaseURL != base {
			t.Errorf("%s is at %s", model, c.provider.BaseURL)
		}
	}
	for host, want := range map[string]string{
		"0.0.0.0": "http://127.0.0.1:11434/v1", "gpu7": "http://gpu7:11434/v1", ":4000": "http://127.0.0.1:4000/v1", "gpu7:4000": "http://gpu7:4000/v1",
		"https://gpu7": "https://gpu7/v1", "::1": "http://[::1]:11434/v1",
	} {
		if c := client(t, load(t, vars("OLLAMA_HOST="+host)), "ollama/x"); c.provider.BaseURL != want {
			t.Errorf("OLLAMA_HOST=%s is %s, want %s", host, c.provider.BaseURL, want)
		}
	}
	if c := client(t, load(t, vars("VLLM_BASE_URL=gpu7:9000", "VLLM_API_KEY=k")), "vllm/x"); c.provider.BaseURL != "http://gpu7:9000/v1" || c.key.value != "k" {
		t.Errorf("%+v", c.provider.Provider)
	}
}

func TestBlanksAroundAKeyAreTakenOff(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "ok"})
	c := client(t, load(t, environment(s.URL(), "OPENAI_API_KEY= "+testKey+"\r\n")), wires[wireOpenAI])
	if _, err := c.Stream(t.Context(), ask("go"), nil); err != nil {
		t.Fatal(err)
	}
	if got := s.Requests()[0].Key; got != testKey {
		t.Errorf("%q", got)
	}
}

func TestEachProviderGetsItsKeyInItsOwnWay(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "ok"})
	for name, c := range map[string]struct{ env, model, header, want string }{
		"openai":          {"OPENAI_API_KEY=abc", "openai/x", "Authorization", "Bearer abc"},
		"anthropic":       {"ANTHROPIC_API_KEY=abc", "anthropic/x", "X-Api-Key", "abc"},
		"anthropic token": {"ANTHROPIC_AUTH_TOKEN=abc", "anthropic/x", "Authorization", "Bearer abc"},
		"azure":           {"AZURE_OPENAI_API_KEY=abc", "azure/x", "Api-Key", "abc"},
		"gemini":          {"GEMINI_API_KEY=abc", "gemini/x", "Authorization", "Bearer abc"},
		"google":          {"GOOGLE_API_KEY=abc", "gemini/x", "Authorization", "Bearer abc"},
		"minimax":         {"MINIMAX_API_KEY=abc", "minimax/x", "X-Api-Key", "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			base := strings.ToUpper(strings.Split(c.model, "/")[0]) + "_BASE_URL=" + s.URL()
			cl := client(t, load(t, vars(c.env, base)), c.model)
			if _, err := cl.Stream(t.Context(), ask("go"), nil); err != nil {
				t.Fatal(err)
			}
			all := s.Requests()
			h := all[len(all)-1].Header
			if h.Get(c.header) != c.want {
				t.Errorf("%s is %q", c.header, h.Get(c.header))
			}
			if name == "anthropic" && h.Get("Authorization") != "" {
				t.Error("the key is sent twice")
			}
		})
	}
}

func TestProvidersSayWhetherTheyAreReady(t *testing.T) {
	cat := load(t, vars("GOOGLE_API_KEY=abc", "OPENAI_BASE_URL=https://me:hidden-password@gateway.test/v1?x=y"))
	got := map[string]Provider{}
	for _, p := range cat.Providers() {
		got[p.Name] = p
		if p.Ready != (p.Why == "") || p.Title == "" || p.Wire == "" {
			t.Errorf("%+v", p)
		}
	}
	if p := got["gemini"]; !p.Ready || p.KeyName != "GOOGLE_API_KEY" {
		t.Errorf("%+v", p)
	}
	if p := got["anthropic"]; p.Ready || p.KeyName != "ANTHROPIC_API_KEY" || p.BaseURL != "https://api.anthropic.com" {
		t.Errorf("%+v", p)
	}
	if p := got["openai"]; p.BaseURL != "https://gateway.test/v1" {
		t.Errorf("%+v", p)
	}
	if s := cat.Mask().Text("hidden-password"); s != hidden {
		t.Errorf("the address's password shows: %s", s)
	}
	for _, name := range []string{"bedrock", "vertexai", "copilot"} {
		if _, ok := got[name]; ok {
			t.Errorf("%s needs more than a key", name)
		}
	}
	if cat.Providers()[0].Name != "anthropic" || cat.Providers()[1].Name != "openai" {
		t.Errorf("they begin with %s, %s", cat.Providers()[0].Name, cat.Providers()[1].Name)
	}
}

func TestTheMaskKnowsEveryKeyThatIsSet(t *testing.T) {
	cat := load(t, vars("MISTRAL_API_KEY=abcdefgh1234", "AZURE_OPENAI_API_KEY=\nzyxwvuts\n987654321\n"))
	if got := cat.Mask().Text("abcdefgh1234 zyxwvuts 987654321"); got != "[key] [key] [key]" {
		t.Error(got)
	}
}

func TestACommandGivesTheKey(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs sh")
	}
	dir := t.TempDir()
	const key = "command-key-0123456789"
	sh := func(script string) string {
		return "[providers.lab]\nbase_url = \"http://127.0.0.1:1\"\nkey_command = [\"sh\", \"-c\", '" + script + "']\n"
	}
	t.Run("once", func(t *testing.T) {
		cat, err := loadFile(t, sh("echo x >> "+dir+"/runs; echo; echo \"  "+key+"  \""), vars())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir + "/runs"); err == nil {
			t.Error("it ran before it was needed")
		}
		for range 2 {
			if c := client(t, cat, "lab/x"); c.key.value != key {
				t.Errorf("key %q", c.key.value)
			}
		}
		if runs, err := os.ReadFile(dir + "/runs"); err != nil || string(runs) != "x\n" {
			t.Errorf("it ran %q, %v", runs, err)
		}
		if got := cat.Mask().Text(key); got != hidden {
			t.Error("the mask does not know it")
		}
	})
	for name, c := range map[string]struct {
		script string
		words  []string
	}{
		"fails":         {"echo " + key + "; echo " + key + " >&2; exit 3", []string{"key_command of lab in models.toml failed (exit status 3)", "by hand"}},
		"prints more":   {"echo " + key + "; echo two", []string{"line break", "the key alone"}},
		"prints naught": {"true", []string{"printed nothing"}},
	} {
		t.Run(name, func(t *testing.T) {
			cat, err := loadFile(t, sh(c.script), vars())
			if err != nil {
				t.Fatal(err)
			}
			_, err = cat.Client(Model{Provider: "lab", Name: "x"})
			if err == nil {
				t.Fatal("there is a client")
			}
			mentions(t, err.Error(), c.words...)
			if strings.Contains(err.Error(), key) {
				t.Errorf("the output shows in %q", err)
			}
		})
	}
	t.Run("is not there", func(t *testing.T) {
		cat, err := loadFile(t, "[providers.openai]\nkey_command = [\"no-such-program\"]\n", vars("OPENAI_API_KEY=zyxwvutsrqponm"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = cat.Client(Model{Provider: "openai", Name: "x"})
		if err == nil {
			t.Fatal("there is a client")
		}
		mentions(t, err.Error(), "cannot be started", "path of a program")
		if !slices.Contains(cat.KeyNames(), "OPENAI_API_KEY") || cat.Mask().Text("zyxwvutsrqponm") != hidden {
			t.Error("a key that is not used is a key still")
		}
	})
}

func TestModelsAreListedFromTheEndpoint(t *testing.T) {
	eachWire(t, func(t *testing.T, c *Client, s *modeltest.Server) {
		s.Serve("zz-own", "gpt-5", "claude-opus-5")
		cat := load(t, environment(s.URL()))
		models, err := cat.Models(t.Context(), c.provider.Name)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]Model{}
		for _, m := range models {
			names[m.Name] = m
		}
		if _, own := names["zz-own"]; own == (c.provider.Wire == wireAzure) {
			t.Errorf("listed %v", models)
		}
		known := "gpt-5"
		if c.provider.Wire == wireAnthropic {
			known = "claude-opus-5"
		}
		if m := names[known]; m.Price == nil || m.Context == 0 || m.Provider != c.provider.Name {
			t.Errorf("%+v", m)
		}
		if !slices.IsSortedFunc(models, func(a, b Model) int { return strings.Compare(a.Name, b.Name) }) {
			t.Error("not sorted")
		}
	})
}

func TestModelsAreThoseOfTheListWhereTheEndpointHasNone(t *testing.T) {
	cat := load(t, vars())
	if models, err := cat.Models(t.Context(), "openai"); err != nil || len(models) < 10 {
		t.Errorf("without a key: %d, %v", len(models), err)
	}
	if _, err := cat.Models(t.Context(), "nobody"); err == nil || !strings.Contains(err.Error(), "openai") {
		t.Errorf("%v", err)
	}
	s := modeltest.New(t)
	down := load(t, environment(s.URL()+"/elsewhere"))
	for name, c := range map[string]struct {
		cat  *Catalog
		kind ErrorKind
	}{
		"no connection": {load(t, environment("http://127.0.0.1:1")), KindUnreachable},
		"no list":       {down, 0},
	} {
		models, err := c.cat.Models(t.Context(), "openai")
		var e *Error
		if c.kind != 0 && (!errors.As(err, &e) || e.Kind != c.kind) || c.kind == 0 && err != nil || len(models) == 0 {
			t.Errorf("%s: %d models, %v", name, len(models), err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if _, err := down.Models(ctx, "openai"); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}
