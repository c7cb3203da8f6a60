package prompt

import (
	"fmt"
	"slices"
	"strings"
)

// view is the dot of a template.
type view struct {
	Data

	Left string // what was left out, in one line; "" if nothing was
}

// Build makes the prompt of that name, of at most that many tokens by Estimate; 0
// is no bound. Where it would be longer, these are left out, as few as will do, in
// this order: error output and diffs of earlier nodes, their summaries, the nodes
// altogether, each from the oldest on; documents, from the last on; the middle of
// logs; the middle of diffs. The best node, the last two and the node to mend stay.
// The judge's diffs, the task, rules, script, hint and notes stay whole: the error
// of a prompt that is too long all the same says how many tokens it takes.
//
// The same data make the same text.
func (s *Set) Build(name string, d Data, tokens int) (Prompt, error) {
	if s.root.Lookup(name) == nil {
		return Prompt{}, fmt.Errorf("no prompt %q; there is %s", name, strings.Join(s.names(), ", "))
	}
	d = due(name, d)
	whole, err := s.render(name, d, nil)
	if err != nil || tokens <= 0 || whole.Tokens <= tokens {
		return whole, err
	}
	cuts, err := s.useful(name, d, cutsOf(d), whole)
	if err != nil {
		return Prompt{}, err
	}
	try := func(k int) (Prompt, error) {
		less, left := shorten(d, cuts[:k])
		return s.render(name, less, left)
	}
	best, err := try(len(cuts))
	if err != nil {
		return Prompt{}, err
	}
	if best.Tokens > tokens {
		return Prompt{}, fmt.Errorf("the prompt %q takes about %d tokens with all left out that can be, and there is room for %d: choose a model with a larger context",
			name, best.Tokens, tokens)
	}
	// Fewer cuts may do. What short does not fit, what long does.
	short, long := 0, len(cuts)
	for long-short > 1 {
		k := (short + long) / 2
		p, err := try(k)
		switch {
		case err != nil:
			return Prompt{}, err
		case p.Tokens <= tokens:
			best, long = p, k
		default:
			short = k
		}
	}
	return best, nil
}

// due withholds what a prompt must not tell, or would tell twice.
func due(name string, d Data) Data {
	if d.Hint == "" {
		d.ToTitle = ""
	}
	if name != "judge" {
		d.HumanDiff = ""
	}
	if name == "debug" && d.Parent != nil {
		d.History = slices.DeleteFunc(slices.Clone(d.History), func(p Past) bool { return p.Node == d.Parent.Node })
	}
	return d
}

func (s *Set) render(name string, d Data, left []string) (Prompt, error) {
	var out strings.Builder
	if err := s.root.ExecuteTemplate(&out, name, view{d, strings.Join(left, "; ")}); err != nil {
		return Prompt{}, s.fault(err)
	}
	text := strings.TrimSpace(strings.ToValidUTF8(out.String(), "\uFFFD")) + "\n"
	return Prompt{text, Estimate(text), left}, nil
}

// useful keeps the cuts that this prompt gets shorter by.
func (s *Set) useful(name string, d Data, cuts []cut, whole Prompt) ([]cut, error) {
	for kind := range cutKinds {
		var those []cut
		for _, c := range cuts {
			if c.kind == kind {
				those = append(those, c)
			}
		}
		if len(those) == 0 {
			continue
		}
		less, _ := shorten(d, those)
		p, err := s.render(name, less, nil)
		if err != nil {
			return nil, err
		}
		if len(p.Text) >= len(whole.Text) {
			cuts = slices.DeleteFunc(cuts, func(c cut) bool { return c.kind == kind })
		}
	}
	return cuts, nil
}
