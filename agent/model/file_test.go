package model

import (
	"strings"
	"testing"
	"time"

	"pitwall/agent/model/modeltest"
)

func TestAFileLaysOverTheList(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "ok"})
	cat, err := loadFile(t, `
# my own
[providers.my-lab]
base_url = "`+s.URL()+`"
key_env = "LAB_KEY"
headers = { X-Team = "speedrunners", "X-Secret" = "a-secret-value" }
first_byte = "10m"
between = "90s"
price_default = { input = 0.1, output = 0.4 }

[providers.claude-proxy]
base_url = "`+s.URL()+`/v1"
wire = "anthropic"

[models."my-lab/qwen"]
context = 32768
max_output = 4096
input = 1
output = 2.5
cached = 0.25

[models."openai/gpt-5"]
output = 8
`, vars("LAB_KEY="+testKey))
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, cat, "my-lab/qwen")
	if m := c.Model; m.Context != 32768 || m.MaxOutput != 4096 || *m.Price != (Price{1, 2.5, 0.25, 1}) || m.PriceFrom != "models.toml" {
		t.Errorf("%+v %+v", m, m.Price)
	}
	if c.FirstByte != 10*time.Minute || c.Between != 90*time.Second {
		t.Errorf("limits %s and %s", c.FirstByte, c.Between)
	}
	if _, err := c.Stream(t.Context(), ask("go"), nil); err != nil {
		t.Fatal(err)
	}
	if r := s.Requests()[0]; r.Key != testKey || r.Header.Get("X-Team") != "speedrunners" || r.Header.Get("X-Secret") != "a-secret-value" {
		t.Errorf("%+v", r.Header)
	}
	if got := cat.Mask().Text("a-secret-value"); got != hidden {
		t.Error("a header's value shows")
	}
	if m := client(t, cat, "my-lab/other").Model; *m.Price != (Price{0.1, 0.4, 0.1, 0.1}) || m.PriceFrom != "models.toml" {
		t.Errorf("%+v %+v", m, m.Price)
	}
	proxy := client(t, cat, "claude-proxy/x")
	if _, err := proxy.Stream(t.Context(), ask("go"), nil); err != nil || s.Requests()[1].Wire != "anthropic" || proxy.FirstByte != DefaultFirstByte {
		t.Errorf("%v, %+v", err, s.Requests()[1])
	}
	m, err := cat.Find("openai/gpt-5")
	if err != nil || *m.Price != (Price{1.25, 8, 0.125, 1.25}) || m.PriceFrom != "models.toml" || m.Context == 0 {
		t.Errorf("%+v %+v", m, m.Price)
	}
	if m, err := cat.Find("openai/gpt-5-mini"); err != nil || m.PriceFrom != fromList {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestTheEnvironmentMovesWhatTheFileSays(t *testing.T) {
	cat, err := loadFile(t, "[providers.my-lab]\nbase_url = \"http://a:1\"\nkey_env = \"LAB_KEY\"\n", vars("MY_LAB_BASE_URL=http://b:2"))
	if err != nil {
		t.Fatal(err)
	}
	if c := client(t, cat, "my-lab/x"); c.provider.BaseURL != "http://b:2/v1" {
		t.Error(c.provider.BaseURL)
	}
}

func TestNoFileIsNoError(t *testing.T) {
	load(t, vars())
	if _, err := loadFile(t, "", vars()); err != nil {
		t.Error(err)
	}
	if _, err := Load(t.TempDir(), vars()); err == nil {
		t.Error("a directory is no file")
	}
}

func TestAFaultOfTheFileNamesItsLineAndTheMend(t *testing.T) {
	const secret = "zyxw-9876-not-to-be-shown"
	for name, c := range map[string]struct {
		toml string
		line string
		say  []string
	}{
		"syntax":             {"[providers.x]\nbase_url = http://a\n", "models.toml:2:", []string{"docs/agents.md"}},
		"unquoted key":       {"[providers.x]\n\nkey = " + secret + "\n", "models.toml:3:", nil},
		"twice":              {"[providers.x]\nbase_url = \"http://a\"\nbase_url = \"http://b\"\n", "models.toml:3:", nil},
		"unknown section":    {"# c\n\n[provider.x]\n", "models.toml:3:", []string{"provider", "providers, models"}},
		"unknown entry":      {"[providers.openai]\nwire = \"openai\"\nbaseurl = \"x\"\n", "models.toml:3: providers.openai.baseurl", []string{"base_url"}},
		"a key in the file":  {"[providers.openai]\napi_key = \"" + secret + "\"\n", "models.toml:2:", []string{"not kept in this file", "key_env", "key_command"}},
		"key for its name":   {"[providers.openai]\nkey_env = \"" + secret + "\"\n", "models.toml:2:", []string{"not the key itself"}},
		"wrong wire":         {"[providers.openai]\nwire = \"grpc\"\n", "models.toml:2:", []string{`"openai" or "anthropic"`}},
		"wrong type":         {"[providers.openai]\nbase_url = 5\n", "models.toml:2:", []string{"a text", "https://host/v1"}},
		"wrong address":      {"[providers.openai]\nbase_url = \"file:///x\"\n", "models.toml:2:", []string{"no address"}},
		"command as a text":  {"[providers.openai]\nkey_command = \"pass show x\"\n", "models.toml:2:", []string{"a list of texts", `["pass"`}},
		"wrong time":         {"[providers.openai]\nfirst_byte = 30\n", "models.toml:2:", []string{`first_byte = "90s"`}},
		"no time":            {"[providers.openai]\nbetween = \"-1s\"\n", "models.toml:2:", []string{"above 0"}},
		"no address at all":  {"\n[providers.mine]\nkey_env = \"K\"\n", "models.toml:2:", []string{"base_url"}},
		"a name with blanks": {"[providers.\"My Lab\"]\nbase_url = \"http://a\"\n", "models.toml:1:", []string{"small letters"}},
		"negative":           {"[models.\"openai/gpt-5\"]\ninput = 1\noutput = -2\n", "models.toml:3: models.openai/gpt-5.output", []string{"0 or more", "output = 0.25"}},
		"infinite":           {"[models.\"openai/gpt-5\"]\ninput = inf\n", "models.toml:2:", []string{"0 or more"}},
		"not a number":       {"[models.\"openai/gpt-5\"]\ncached = nan\n", "models.toml:2:", []string{"US dollars"}},
		"a text for a price": {"[models.\"openai/gpt-5\"]\ninput = \"$3\"\n", "models.toml:2:", []string{"input = 0.25"}},
		"half a price":       {"[models.\"openai/new\"]\ncontext = 5\ninput = 3\n", "models.toml:3:", []string{"both input and output"}},
		"no tokens":          {"[models.\"openai/gpt-5\"]\ncontext = 0\n", "models.toml:2:", []string{"above 0"}},
		"half a token":       {"[models.\"openai/gpt-5\"]\nmax_output = 1.5\n", "models.toml:2:", []string{"whole number"}},
		"no provider":        {"[models.\"nobody/x\"]\ncontext = 5\n", "models.toml:1:", []string{"known provider", "[providers.NAME]"}},
		"no model":           {"[models.gpt-5]\ncontext = 5\n", "models.toml:1:", []string{`[models."openai/gpt-5"]`}},
		"a model's max":      {"[models.\"openai/gpt-5\"]\nmax_tokens = 5\n", "models.toml:2:", []string{"max_output"}},
		"inline":             {"[providers.openai]\n\nprice_default = { input = 1, output = -1 }\n", "models.toml:3:", []string{"0 or more"}},
		"a header's value":   {"[providers.openai]\n[providers.openai.headers]\nX-A = \"a\"\nX-B = 5\n", "models.toml:4:", []string{"a text"}},
		"a header's name":    {"[providers.openai]\nheaders = { \"X A\" = \"b\" }\n", "models.toml:2:", []string{"no header"}},
		"no table":           {"providers = 5\n", "models.toml:1:", []string{"a table"}},
		"no table below":     {"[providers]\nopenai = 5\n", "models.toml:2:", []string{"[providers.openai]"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadFile(t, c.toml, vars("OPENAI_API_KEY="+secret))
			if err == nil {
				t.Fatal("it is taken")
			}
			if !strings.HasPrefix(err.Error(), c.line) {
				t.Errorf("%q does not begin with %q", err, c.line)
			}
			mentions(t, err.Error(), c.say...)
			if strings.Contains(err.Error(), secret[:leastKey]) {
				t.Errorf("the key shows in %q", err)
			}
		})
	}
}
