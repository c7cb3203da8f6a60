package model

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func maskOf(keys ...string) *Mask {
	m := &Mask{}
	for _, k := range keys {
		m.add(k)
	}
	return m
}

// inPieces sends s through a stream, cut at will.
func inPieces(t *rapid.T, m *Mask, s string) string {
	ms := m.Stream()
	var out strings.Builder
	for s != "" {
		n := rapid.IntRange(1, min(len(s), 9)).Draw(t, "piece")
		out.WriteString(ms.Write(s[:n]))
		s = s[n:]
	}
	out.WriteString(ms.End())
	return out.String()
}

func TestAKeyNeverShowsHoweverTheTextIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`(|sk-|sk-ant-api03-|hf_|Bearer)[A-Za-z0-9_+/=.$:&?-]{20,40}`).Draw(t, "key")
		before := rapid.SampledFrom([]string{
			"", "the key is ", "Authorization: Bearer ", `{"x-api-key": "`, "https://host/v1?key=", "postgres://me:", "sk-", "Bearer ", key[:5], key,
			`"`, "sk-0123456789abcdefghij", "x-api-key:", key[:3] + key[:3],
		}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", " and more", "@host/path", `"}`, "\nnext line", "abc", key, "://", key[:4]}).Draw(t, "after")
		whole := before + key + after
		m := maskOf(key)
		out := inPieces(t, m, whole)
		if text := m.Text(whole); out != text {
			t.Fatalf("%q in pieces gives %q, at once %q", whole, out, text)
		}
		for i := 0; i+leastKey <= len(key); i++ {
			if strings.Contains(out, key[i:i+leastKey]) {
				t.Fatalf("%q shows %q of the key %q", out, key[i:i+leastKey], key)
			}
		}
		if !strings.Contains(out, hidden) {
			t.Fatalf("%q does not say that there was a key", out)
		}
	})
}

func TestTextWithoutAKeyIsUnchanged(t *testing.T) {
	lines := []string{
		"def train_step(params, state, batch):\n", "    risk-free and task-oriented, sk-learn too\n", "x = a & b; y = c ? d : e\n",
		"see https://example.com/v1/models?page=2&keys=3\n", "The bearer of bad news wants authorization first.\n", "api-key handling\n",
		"hf_model = load('x'); gsk_ = 1; AIzawa; xai-lab\n", "a::b://c", "headers = {\"Authorization\": auth_header_value}\n", "über 学习 🚀\n",
		"&key=short ", "http://localhost:8000/v1 ", "s", "sk", "sk-", "Bearer ", "authorization", "x-api-key", ":/", "?", "sk-some-words-with-hyphens-only ",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 0, 12).Draw(t, "lines"), "\n")
		m := maskOf("sk-proj-0123456789abcdefABCDEF", "another.secret/value+1234")
		if out := inPieces(t, m, text); out != text {
			t.Fatalf("%q became %q", text, out)
		}
	})
}

func TestWhatLooksLikeAKeyIsHidden(t *testing.T) {
	var none *Mask
	for in, want := range map[string]string{
		"use sk-proj-Ab3dEf6hIj9kLmN0pQrS now":                "use [key] now",
		"sk-ant-api03-Ab3dEf6hIj9kLmN0pQrS-tu":                "[key]",
		"AIzaSyA1234567890abcdefghijklmnopqrstuv.":            "[key].",
		"gsk_abcdefghij0123456789XYZ":                         "[key]",
		"xai-abcdefghij0123456789XYZ":                         "[key]",
		"(hf_abcdefghij0123456789XYZ)":                        "([key])",
		"Authorization: Bearer abc.def-ghi123456789":          "Authorization: Bearer [key]",
		"authorization: abcdefgh":                             "authorization: [key]",
		`{"x-api-key": "abcdef123456"}`:                       `{"x-api-key": "[key]"}`,
		"X-Api-Key: abcdef123456\r\nHost: x":                  "X-Api-Key: [key]\r\nHost: x",
		"api-key:abcdef123456":                                "api-key:[key]",
		"https://h/v1?key=abcdef123456&x=1":                   "https://h/v1?key=[key]&x=1",
		"https://me:secret@host/path":                         "https://[key]@host/path",
		"provided: sk-abcd********************wxyz.":          "provided: [key].",
		"curl -H 'Authorization: Basic dXNlcjpwYXNzd29yZA=='": "curl -H 'Authorization: Basic [key]'",
		"bearer 0123456789abcdef0123":                         "bearer [key]",
	} {
		if got := none.Text(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestAMaskHoldsBackNoMoreThanItMust(t *testing.T) {
	m := maskOf("sk-proj-0123456789abcdef")
	for _, in := range []string{"def f(x):\n", "Hello, wor", "the risk-free", "x = {", "https://example.com/path"} {
		if got := m.Stream().Write(in); got != in {
			t.Errorf("of %q only %q is shown at once", in, got)
		}
	}
	ms := m.Stream()
	if got := ms.Write("a sk-pr"); got != "a " {
		t.Errorf("the beginning of a key is shown: %q", got)
	}
	if got := ms.Write("ecious word"); got != "sk-precious word" {
		t.Errorf("what turned out to be no key comes as %q", got)
	}
}

func TestAKeyThatIsCutAtTheEndIsHidden(t *testing.T) {
	m := maskOf("abcdefghijklmnopqrst")
	if got := m.Text("key abcdefghij"); got != "key [key]" {
		t.Error(got)
	}
	if got := m.Text("the abc"); got != "the abc" {
		t.Error(got)
	}
}

func TestAPlaceholderIsNoSecret(t *testing.T) {
	if got := maskOf("ollama", "none").Text("ollama runs none"); got != "ollama runs none" {
		t.Error(got)
	}
}

func TestOfTwoKeysTheLongerIsHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if got := inPieces(t, maskOf("abcdefgh", "abcdefghijklmnop"), "x abcdefghijklmnop abcdefgh y"); got != "x [key] [key] y" {
			t.Fatal(got)
		}
	})
}

func TestASecretIsKnownInTheFormsItComesBackIn(t *testing.T) {
	m := maskOf("Bearer p@ss/word+1")
	for _, in := range []string{"Bearer p@ss/word+1", "p@ss/word+1", "p%40ss%2Fword%2B1"} {
		if got := m.Text("<" + in + ">"); strings.Contains(got, "word") {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}
