package blocks

import (
	"strings"
	"testing"
)

func TestAnswersWithoutAnEditAreTold(t *testing.T) {
	for _, tt := range []struct{ text, kind string }{
		{"", KindEmpty},
		{" \n\t\r\n", KindEmpty},
		{"I can’t help with that request.", KindRefusal},
		{"I'm sorry, but I cannot assist with modifying benchmarks.", KindRefusal},
		{"As an AI language model, I am unable to run code.", KindRefusal},
		{"Which optimizer would you like me to use?", KindQuestion},
		{"**Should I go on?**\n", KindQuestion},
		{"Please provide the contents of train.py so that I can edit it.", KindQuestion},
		{"You could use this:\n```python\nlr = 0.2\n```\nShall I?", KindSnippet},
		{"The script is good as it is. I will not change the optimizer.", KindChatter},
		{"lorem ipsum", KindChatter},
		{"train.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", ""},
		{"I can't help it, but:\n<<<<<<< SEARCH\na\n=======\nb\n", ""},
	} {
		kind, words := NoEdits(tt.text)
		if kind != tt.kind {
			t.Errorf("%q is %q, want %q", tt.text, kind, tt.kind)
		}
		if (words == "") != (kind == "") || kind != "" && !strings.Contains(words, "<<<<<<< SEARCH") {
			t.Errorf("%q: the words do not say what to write: %q", tt.text, words)
		}
	}
}
