package environ

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatHoldsASecretIsHandedToNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL"}).Draw(t, "word")
		name := rapid.StringMatching(`(LC_|NCCL_|NANOGPT_|OPENAI_|my_)?[A-Z]{0,5}`).Draw(t, "before") + word + rapid.StringMatching(`[A-Z]{0,5}`).Draw(t, "after")
		env := []string{"PATH=/bin", name + "=s3cret", "LAB=s3cret", "LC_ALL=C", "EDITOR=vi"}
		if got := Plain(env); !slices.Equal(got, []string{"PATH=/bin", "LC_ALL=C"}) {
			t.Errorf("any program sees %q of %q", got, env)
		}
		if got := WithoutSecrets(env, "LAB"); !slices.Equal(got, []string{"PATH=/bin", "LC_ALL=C", "EDITOR=vi"}) {
			t.Errorf("a person's program sees %q of %q", got, env)
		}
	})
}

func TestMoreIsLetThroughByName(t *testing.T) {
	env := []string{"GIT_CONFIG_GLOBAL=x", "GIT_DIR=y", "=C:=z", "odd"}
	if got := strings.Join(Plain(env, "GIT_CONFIG_GLOBAL"), " "); got != "GIT_CONFIG_GLOBAL=x" {
		t.Errorf("%q", got)
	}
}
