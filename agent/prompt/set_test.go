package prompt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name+suffix)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAUsersTemplateTakesTheBuiltInsPlace(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "reflect", "\uFEFFTry again:\r\n{{range .Troubles}}{{quote .What}}{{end}}\r\n")
	write(t, dir, "history", "")
	for _, other := range []string{"notes.txt", ".#improve" + suffix} {
		if err := os.WriteFile(filepath.Join(dir, other), []byte("{{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Build("reflect", example(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Try again:\n`edit of train.py: the passage is not in the file`\n"; p.Text != want {
		t.Errorf("got %q, want %q", p.Text, want)
	}
	if p, err = s.Build("improve", example(), 0); err != nil || strings.Contains(p.Text, "# Earlier nodes") {
		t.Errorf("an empty part is not empty: %v\n%s", err, p.Text)
	}
	standard := loaded(t)
	if s.Hash() == standard.Hash() || len(s.Hash()) != 12 {
		t.Errorf("the sets' hashes are %s and %s", s.Hash(), standard.Hash())
	}
	last := ""
	for i, tmpl := range s.Templates() {
		old := standard.Templates()[i]
		if own := tmpl.Name == "reflect" || tmpl.Name == "history"; own != (tmpl.Hash != old.Hash) || own == (tmpl.Source == "built in") {
			t.Errorf("template %s: source %s, hash %s, built in %s", tmpl.Name, tmpl.Source, tmpl.Hash, old.Hash)
		}
		if tmpl.Name == "reflect" && tmpl.Source != file || tmpl.Name <= last || len(tmpl.Hash) != 12 {
			t.Errorf("after %s comes %+v", last, tmpl)
		}
		last = tmpl.Name
	}
}

func TestKeptTemplatesMakeTheSamePrompts(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "improve", "Node {{.Node}}.{{template \"script\" .}}")
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"a part of another version": "text"}
	for _, tmpl := range s.Templates() {
		texts[tmpl.Name] = tmpl.Text
	}
	delete(texts, "summarise") // which that version did not have
	again, err := FromTexts(texts)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range prompts() {
		was, err1 := s.Build(name, example(), 0)
		is, err2 := again.Build(name, example(), 0)
		if err1 != nil || err2 != nil || was.Text != is.Text {
			t.Errorf("%s differs: %v, %v", name, err1, err2)
		}
	}
	if _, err := FromTexts(map[string]string{"improve": "{{.Gone}}"}); err == nil || !strings.Contains(err.Error(), "version of pitwall") {
		t.Errorf("a field that is gone: %v", err)
	}
}

func TestABrokenTemplateIsToldAtOnce(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       string
		words      []string
	}{
		{"improve", "one\n{{.Task", ":2: ", []string{"unclosed action"}},
		{"improve", "one\ntwo {{fens .Task}}", ":2: ", []string{`"fens" not defined`}},
		{"improve", "{{.Task}}\n{{.Titel}}", ":2: ", []string{"no field .Titel", ".FromTitle", ".Left"}},
		{"improve", "{{.Task}}\n\n{{if not .Practice}}{{if .Tools}}\n{{else}}{{.Titel}}{{end}}{{end}}", ":4: ", []string{"no field .Titel"}},
		{"improve", "{{.Task}}{{range .History}}{{.Loss}}{{end}}", ":1: ", []string{"no field .Loss", ".ValLoss", ".ErrorTail"}},
		{"improve", "{{.Task}}{{range .Notes}}{{else}}{{.Loss}}{{end}}", ":1: ", []string{"no field .Loss"}},
		{"improve", "{{.Task}}{{with .Hint}}{{else}}{{.Loss}}{{end}}", ":1: ", []string{"no field .Loss"}},
		{"improve", "{{.Task}}{{range .Notes}}{{if .}}{{continue}}{{end}}{{.Loss}}{{end}}", ":1: ", []string{"no field .Loss", "string"}},
		{"improve", "{{.Task}}\n{{.Parent.Why}}", ":2: ", []string{".Why", "{{with}}"}},
		{"improve", "{{.Task}}{{if .Tools}}{{else}}{{fence .Task}}{{end}}", ":1: ", []string{"wrong number of args"}},
		{"improve", "{{.Task}}{{template \"tools\" .}}", ":1: ", []string{`"tools" not defined`}},
		{"task", "{{.Heading}}", ":1: ", []string{"no field .Heading"}},
		{"improve", " \n{{/* nothing */}}", ":1: ", []string{"empty"}},
		{"improve", "{{.Task}}{{index .History 0}}", ":1: ", []string{"out of range"}},
	} {
		t.Run(c.text, func(t *testing.T) {
			dir := t.TempDir()
			file := write(t, dir, c.name, c.text)
			_, err := Load(dir)
			if c.words[0] == "empty" {
				c.line = ":1 "
			}
			if err == nil || !strings.HasPrefix(err.Error(), file+c.line) || !strings.HasSuffix(err.Error(), "mend it, or delete the file to use the built-in prompt") {
				t.Fatalf("got %v, want it to name %s%s and the mend", err, file, c.line)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing in: %v", w, err)
				}
			}
			if strings.Contains(err.Error(), "template:") {
				t.Errorf("the error speaks of the library: %v", err)
			}
		})
	}
}

func TestTemplatesThatLookBeforeTheyLeapAreFine(t *testing.T) {
	for _, text := range []string{
		"{{if gt (len .History) 5}}{{(index .History 5).Why}}{{end}} text",
		"{{if .Parent}}{{.Parent.Why}}{{end}} text",
		"{{with $p := .Parent}}{{$p.Why}}{{else}}{{.Task}} text{{end}} text",
		"{{range $i, $p := .History}}{{if $i}}{{break}}{{end}}{{$p.Why}}{{end}} text",
		"{{define \"own\"}}{{.Task}} text{{end}}{{template \"own\" .}}",
		"{{if .Hint}}{{else if .Tools}}{{.Task}}{{else}}{{.Script}}{{end}} {{index .Files .Script}} text",
	} {
		dir := t.TempDir()
		write(t, dir, "improve", text)
		s, err := Load(dir)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if p, err := s.Build("improve", example(), 0); err != nil || !strings.Contains(p.Text, "text") {
			t.Errorf("%s gives %q, %v", text, p.Text, err)
		}
	}
}

func TestFilesThatAreNoTemplatesAreRefused(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "improove", "text")
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "improve, ") {
		t.Errorf("an unknown name: %v", err)
	}
	dir = t.TempDir()
	write(t, dir, "improve", "caf\xe9")
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("Latin-1: %v", err)
	}
	write(t, dir, "improve", strings.Repeat("long", maxTemplate))
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "shorten it") {
		t.Errorf("a megabyte: %v", err)
	}
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "improve"+suffix), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Load(write(t, t.TempDir(), "improve", "text")); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("a file in place of the directory: %v", err)
	}
}

func TestAnUnknownPromptIsRefused(t *testing.T) {
	if _, err := loaded(t).Build("improove", example(), 0); err == nil || !strings.Contains(err.Error(), "improve, ") {
		t.Errorf("got %v, want the names there are", err)
	}
}
