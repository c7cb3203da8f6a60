package prompt

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// prompts are the names that Build is called with.
func prompts() []string {
	return []string{"debug", "ideate", "improve", "judge", "reflect", "summarise", "system"}
}

// tryOut makes each prompt from examples: one with all there can be, one with next
// to nothing, and one that goes through both sides of each condition.
func (s *Set) tryOut() error {
	both, err := s.bothSides()
	if err != nil {
		return err
	}
	for _, name := range prompts() {
		full, err := s.render(name, fullExample(), []string{"documents"})
		if err != nil {
			return err
		}
		if strings.TrimSpace(full.Text) == "" {
			t := s.template(name)
			return fmt.Errorf("%s gives an empty prompt: %s", t.place("1"), t.mend())
		}
		if _, err := s.render(name, bareExample(name), nil); err != nil {
			return err
		}
		err = both.ExecuteTemplate(io.Discard, name, view{fullExample(), "documents"})
		if err != nil && !dependsOnData(err) {
			return s.fault(err)
		}
	}
	return nil
}

// bothSides gives the templates with conditions that hold and do not hold at once.
func (s *Set) bothSides() (*template.Template, error) {
	all := template.New("").Option("missingkey=error").Funcs(functions())
	for _, t := range s.root.Templates() {
		if t.Tree == nil {
			continue
		}
		tree := t.Copy()
		flatten(tree.Root)
		if _, err := all.AddParseTree(t.Name(), tree); err != nil {
			return nil, fmt.Errorf("try out the prompt %s: %w", t.Name(), err)
		}
	}
	return all, nil
}

// flatten makes a list go through both sides of each condition in it.
func flatten(list *parse.ListNode) {
	if list == nil {
		return
	}
	var nodes []parse.Node
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.IfNode:
			flatten(n.List)
			flatten(n.ElseList)
			if n.ElseList != nil {
				n.List.Nodes = append(n.List.Nodes, n.ElseList.Nodes...)
			}
			n.ElseList = n.List
			nodes = append(nodes, n)
		case *parse.WithNode:
			nodes = append(nodes, n)
			nodes = append(nodes, elseOf(&n.BranchNode)...)
		case *parse.RangeNode:
			nodes = append(nodes, n)
			nodes = append(nodes, elseOf(&n.BranchNode)...)
		case *parse.BreakNode, *parse.ContinueNode:
		default:
			nodes = append(nodes, n)
		}
	}
	list.Nodes = nodes
}

// elseOf takes the other side off a branch with a dot of its own, and gives it.
func elseOf(n *parse.BranchNode) []parse.Node {
	flatten(n.List)
	flatten(n.ElseList)
	if n.ElseList == nil {
		return nil
	}
	nodes := n.ElseList.Nodes
	n.ElseList = nil
	return nodes
}

// dependsOnData tells whether an error may come of going where the condition, which
// looks at the data, would not have led.
func dependsOnData(err error) bool {
	return slices.ContainsFunc([]string{"error calling", "undefined variable", "nil pointer", "nil data"}, func(words string) bool {
		return strings.Contains(err.Error(), words)
	})
}

func fullExample() Data {
	past := func(node int) Past {
		return Past{
			Node: node, Parent: node - 1, Verdict: "failed", Why: "exit status 1", Reason: "less work", Diff: "-a\n+b\n",
			Summary: "It stopped.", ErrorTail: "ValueError\n", ValLoss: 3.5, TrainSeconds: 100, Best: true,
		}
	}
	parent := past(4)
	return Data{
		Task: "track/1", FromTitle: "from", ToTitle: "to", Track: "track", Practice: true, Script: "train.py",
		Files: map[string]string{"train.py": "a = 1\n"}, Target: 3.28, Unit: "nats", RecordSeconds: 100, RecordLoss: 3.27, Steps: 10,
		Hint: "Do less.", HintLevel: "1", Documents: []Document{{"a", "text"}, {"b", "text"}}, Rules: []string{"one", "two"},
		History: []Past{past(1), past(2), past(3), past(4)}, Notes: []string{"note", "another"}, Idea: "do less", Node: 5, Nodes: 20,
		Tools: true, Parent: &parent, Round: 1, Rounds: 5, Troubles: []Trouble{{"not found", "1  a = 1"}, {"not found", ""}},
		Log: "step:1/10\n", Diff: "-a\n+b\n", HumanDiff: "-a\n+c\n", Ideas: 3, Tried: []string{"one", "two"},
	}
}

func bareExample(name string) Data {
	nan := math.NaN()
	d := Data{Script: "train.py", RecordSeconds: nan, RecordLoss: nan}
	if name == "debug" {
		d.Parent = &Past{ValLoss: nan, TrainSeconds: nan}
	}
	return d
}

var (
	faultForm = regexp.MustCompile(`(?s)^template: (.+?):(\d+)(?::\d+)?: (?:executing ".*?" at <.*?>: )?(.*)$`)
	fieldForm = regexp.MustCompile(`^can't evaluate field (\S+) in type \*?(\S+)$`)
	nilForm   = regexp.MustCompile(`^nil pointer evaluating \S+\.(\S+)$`)
)

// fault says what is wrong with a template, where, and what to do about it.
func (s *Set) fault(err error) error {
	m := faultForm.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("make a prompt: %w", err)
	}
	t, what := s.template(m[1]), m[3]
	if f := fieldForm.FindStringSubmatch(what); f != nil {
		what = fmt.Sprintf("there is no field .%s; there is %s", f[1], fieldsOf(f[2]))
	} else if f := nilForm.FindStringSubmatch(what); f != nil {
		what = fmt.Sprintf("what .%s is asked of may be missing: put {{with}} or {{if}} around it", f[1])
	}
	return errors.New(t.place(m[2]) + ": " + what + "; " + t.mend())
}

func (s *Set) template(name string) Template {
	for _, t := range s.templates {
		if t.Name == name {
			return t
		}
	}
	return Template{Name: name, Source: builtIn}
}

// place names a line of the template for people.
func (t Template) place(line string) string {
	if t.Source == builtIn || t.Source == kept {
		return fmt.Sprintf("the prompt %s (%s), line %s", t.Name, t.Source, line)
	}
	return fmt.Sprintf("%s:%s", t.Source, line)
}

// mend says what to do about a template that will not do.
func (t Template) mend() string {
	switch t.Source {
	case builtIn:
		return "report this as a bug"
	case kept:
		return "start a new attempt, or go on with the version of pitwall that began this one"
	}
	return "mend it, or delete the file to use the built-in prompt"
}

// fieldsOf lists the fields of a type of template data by its name.
func fieldsOf(name string) string {
	var fields []string
	for _, t := range []reflect.Type{reflect.TypeFor[view](), reflect.TypeFor[Past](), reflect.TypeFor[Document](), reflect.TypeFor[Trouble]()} {
		if t.String() != name {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			if !f.Anonymous {
				fields = append(fields, "."+f.Name)
			}
		}
	}
	if len(fields) == 0 {
		return "none in a " + name
	}
	return strings.Join(fields, ", ")
}
