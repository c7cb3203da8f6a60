// Package prompt makes what a language model is told, from templates that a user
// can replace, within a number of tokens, and reads the answers that are no edits.
//
// A prompt is a text/template under a name: system, improve, debug, reflect,
// ideate, summarise and judge. The parts task, script and history stand in several
// of them and can be replaced alone. Templates are given Data, and Left: what was
// left out for want of room, in one line.
//
// They call these functions besides those of text/template:
//
//	fence INFO TEXT   TEXT as it is, in a fence longer than any run of backticks in it
//	output TEXT       the same for what a program printed, without control characters
//	quote TEXT        TEXT on one line, cut to a sentence or two, as code
//	seconds X         "264.63 s"; "unknown" for NaN
//	loss X            "3.2781"; "unknown" for NaN
//	known X           whether X is a number
package prompt

// Data is what a template is given. What a prompt does not need may be empty.
type Data struct {
	Task               string // "nanogpt/4"
	FromTitle, ToTitle string // of the task's two records; ToTitle is withheld where there is no hint
	Track              string
	Practice           bool              // results of the track say nothing about models
	Script             string            // path of the training script
	Files              map[string]string // those to edit, by path
	Target             float64           // highest last validation loss that counts
	Unit               string            // of losses, "nats/token"
	RecordSeconds      float64           // training time of the record on this machine, NaN if unknown
	RecordLoss         float64           // its last validation loss, NaN if unknown
	Steps              int               // that the record trains for, 0 if unknown
	Hint, HintLevel    string            // Markdown; "" without a hint
	Documents          []Document
	Rules              []string // a sentence or two each
	History            []Past   // judged nodes, oldest first; a debug prompt has its Parent left out
	Notes              []string // of the researcher, oldest first
	Idea               string   // the hypothesis to work on, "" for any
	Node, Nodes        int      // the node to write, and how many there may be
	Tools              bool     // edits are tool calls, not blocks of text
	Parent             *Past    // for debug: the node that failed

	Round, Rounds int       // for reflect: from 1
	Troubles      []Trouble // for reflect

	Log       string   // for summarise: the end of a run's log
	Diff      string   // for summarise and judge: what the node changed
	HumanDiff string   // for judge, and withheld from all others: the answer
	Ideas     int      // for ideate: how many are wanted
	Tried     []string // for ideate: what was proposed before
}

// Document is an external document that goes with a hint.
type Document struct{ Title, Text string }

// Past is an earlier node.
type Past struct {
	Node, Parent int
	Verdict      string // one word
	Why          string // the verdict's reason, in words
	Reason       string // the node's hypothesis, in the words of who wrote it
	Diff         string // against its parent
	Summary      string // what a model said of its run
	ErrorTail    string // the end of what its run printed, where it failed
	ValLoss      float64
	TrainSeconds float64 // NaN where unknown, as ValLoss
	Best         bool    // of the nodes so far
}

// Trouble is something about an answer that has to be mended.
type Trouble struct {
	What string // in words
	Near string // the lines of the file that come nearest to what was not found
}

// Prompt is a text for a model.
type Prompt struct {
	Text   string
	Tokens int      // by Estimate
	Left   []string // what was left out for want of room, for people
}

// Estimate is about how many tokens a text takes: one for every 3.5 bytes, as code
// and English take with common vocabularies. Other scripts take fewer bytes a token.
func Estimate(text string) int { return (2*len(text) + 6) / 7 }
