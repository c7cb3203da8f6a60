package blocks

import "strings"

// Kinds of answers without an edit.
const (
	KindEmpty    = "empty"    // nothing, or blanks
	KindRefusal  = "refusal"  // the model will not
	KindQuestion = "question" // it asks back, or for what it has
	KindSnippet  = "snippet"  // code, but no edit
	KindChatter  = "chatter"  // anything else
)

// howTo reminds a model of the form of an edit.
const howTo = `Write each edit in this form, with the lines to find exactly as they stand in the file:

train.py
<<<<<<< SEARCH
lines as they stand in the file
=======
lines to put in their place
>>>>>>> REPLACE`

// NoEdits tells what an answer without an edit is, and what to send back to the
// model. Both are "" if the answer begins an edit, whole or not: what became of
// that, its parser has told.
func NoEdits(text string) (kind, words string) {
	began := &beginning{}
	p := NewParser("", nil, began)
	p.Write(text)
	p.Close(false)
	low := strings.ToLower(strings.NewReplacer("’", "'", "`", "'").Replace(strings.TrimSpace(text)))
	switch {
	case began.edit:
		return "", ""
	case low == "":
		return KindEmpty, "Your answer was empty. " + howTo
	case refuses(low):
		return KindRefusal, "Your answer declined the task. It is a benchmark of training speed: all that is asked for is a change to " +
			"the training script given above, that makes it reach the same loss sooner. If a part of it is the obstacle, leave that out and change what you can. " + howTo
	case began.code:
		return KindSnippet, "Your answer shows code, but no edit that can be applied. " + howTo
	case asks(low):
		return KindQuestion, "Nobody is there to answer questions: all that there is stands above, so decide yourself. " + howTo
	}
	return KindChatter, "Your answer holds no edit that can be applied. " + howTo
}

// refuses looks at how an answer begins.
func refuses(low string) bool {
	return containsAny(clip(low, 300),
		"i can't help", "i cannot help", "i can't assist", "i cannot assist", "i can't comply", "i cannot comply",
		"i can't provide", "i cannot provide", "i can't do that", "i cannot do that", "i can't fulfill", "i cannot fulfill",
		"i can't fulfil", "i cannot fulfil", "i can't complete", "i cannot complete", "i can't continue", "i cannot continue",
		"i'm not able to", "i am not able to", "i'm unable to", "i am unable to", "i won't help", "i will not help", "i must decline",
		"i have to decline", "i'm sorry, but", "i am sorry, but", "i apologize, but", "as an ai", "against my guidelines",
	)
}

func asks(low string) bool {
	last := strings.TrimRight(low, " \t\r\n*_\"')")
	return strings.HasSuffix(last, "?") || containsAny(low,
		"could you provide", "could you please", "can you provide", "can you share", "could you share", "please provide",
		"please share", "please clarify", "please paste", "please confirm", "let me know", "would you like",
	)
}

func containsAny(s string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// beginning notes whether an answer begins an edit, and whether it has a fence.
type beginning struct{ edit, code bool }

func (b *beginning) Begin(string)  { b.edit = true }
func (b *beginning) Reason(string) {}
func (b *beginning) Old(string)    {}
func (b *beginning) New(string)    {}
func (b *beginning) End()          {}
func (b *beginning) Abort(string)  {}
func (b *beginning) Prose(s string) {
	b.code = b.code || strings.Contains(s, "```")
}
