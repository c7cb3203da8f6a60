package storetest

import (
	"fmt"
	"strings"

	"pitwall/store/event"
)

// What the story of a language model is told with.
const (
	modelName = "deepseek/deepseek-chat"
	judgeName = "openai/gpt-5-mini"
)

var (
	modelSearch = event.Search{Initial: 3, Branch: 1, Debug: 0.5, DebugDepth: 5}
	modelBudget = event.Budget{Tokens: 120_000, Cost: 0.06, WallMS: 30 * 60_000, RunMS: 5 * 60_000}
)

// change is an edit that a model writes.
type change struct{ reason, old, new string }

// talk tells the search of a language model, and its confirmation.
func (s *teller) talk() {
	s.say(10, event.Templates{Hash: "5f1a", Texts: []event.Template{{Name: "improve", Source: "built in", Hash: "77c0", Text: "Make it faster."}}})
	s.ideas()
	s.firstNodes()
	s.debug()
	s.byHand()
	s.say(20, event.Spent{Budget: event.BudgetCost, Why: "the budget of $0.06 is used up"})
	s.confirm(1, fromSeconds-1.3)
	s.judge()
}

// call opens a call to the model and gives its number.
func (s *teller) call(ms int64, node int, purpose string, round, try int) int {
	s.calls++
	model := modelName
	if purpose == event.CallJudge {
		model = judgeName
	}
	s.say(ms, event.Call{
		Call: s.calls, Node: node, Purpose: purpose, Round: round, Try: try, Model: model, Hash: fmt.Sprintf("%04x", s.calls),
		Tokens: 8200 + 400*s.calls, Context: 128_000,
		Messages: []event.Message{{Role: "system", Text: "You speed up training."}, {Role: "user", Text: "Make it faster."}},
	})
	return s.calls
}

// speech says a text a few letters at a time.
func (s *teller) speech(call int, voice event.Voice, text string) {
	for len(text) > 0 {
		n := min(12, len(text))
		s.say(25, event.Speech{Call: call, Voice: voice, Text: text[:n]})
		text = text[n:]
	}
}

// called ends a call. Its output is what was said.
func (s *teller) called(call int, stop string, output, reasoning int) {
	s.say(40, event.Called{
		Call: call, Stop: stop, Served: "deepseek-chat-v3",
		Usage: event.Usage{Input: 8300 + 400*call, Output: output, Cached: 6100, Reasoning: reasoning}, Cost: event.Float(0.004 + 0.0007*float64(call)),
	})
}

func (s *teller) ideas() {
	s.say(10, event.Phase{Phase: event.PhaseThinking, Node: 1, Detail: event.CallIdeate})
	c := s.call(0, 1, event.CallIdeate, 0, 1)
	s.speech(c, event.VoiceReasoning, "What is slow here? The inner loop over parameters, and the rate is timid.")
	s.speech(c, event.VoiceText, "1. A higher peak rate with a longer warm-up.\n2. More momentum for the small batches.\n")
	s.called(c, "end", 60, 20)
}

// drafts tells edits as they come in a model's answer: the text and, from where it
// is an edit, the draft at the same time.
func (s *teller) drafts(call, node, first int, changes ...change) {
	for i, c := range changes {
		edit := first + i
		both := func(part event.Part, text string) {
			for len(text) > 0 {
				n := min(6, len(text))
				s.say(25, event.Speech{Call: call, Voice: event.VoiceText, Text: text[:n]}, event.Draft{Node: node, Edit: edit, Part: part, Text: text[:n]})
				text = text[n:]
			}
		}
		s.speech(call, event.VoiceText, c.reason+"\n\ntrain.py\n<<<<<<< SEARCH\n")
		s.say(0, event.Draft{Node: node, Edit: edit, Part: event.PartPath, Text: "train.py"}, event.Draft{Node: node, Edit: edit, Part: event.PartReason, Text: c.reason})
		both(event.PartOld, c.old)
		s.speech(call, event.VoiceText, "\n=======\n")
		both(event.PartNew, c.new)
		s.speech(call, event.VoiceText, "\n>>>>>>> REPLACE\n\n")
	}
}

// asked tells a person's answer to a proposed edit.
func (s *teller) asked(node, edit int, answer, reason string) {
	s.say(30, event.Phase{Phase: event.PhaseApproving, Node: node, Detail: fmt.Sprintf("edit %d waits for your word", edit)})
	s.say(0, event.Proposed{Node: node, Edit: edit})
	s.say(4000, event.Decided{Node: node, Edit: edit, Answer: answer, Reason: reason, Hash: "aa"}, event.Phase{Phase: event.PhaseWriting, Node: node})
}

// firstNodes tells of nodes 1 and 2, which are written at the same time.
func (s *teller) firstNodes() {
	s.say(10,
		event.Node{ID: 1, Parent: 0, Batch: 1, Idea: "A higher peak rate with a longer warm-up."},
		event.Node{ID: 2, Parent: 0, Batch: 1, Idea: "More momentum for the small batches."},
		event.Phase{Phase: event.PhaseWriting, Node: 1})
	c := s.call(20, 1, event.CallEdit, 0, 1)
	s.say(2500, event.Called{Call: c, Why: "429 Too Many Requests: slow down", Again: true, WaitMS: 12_000, Cost: event.NaN()})
	one := s.call(12_000, 1, event.CallEdit, 0, 2)
	two := s.call(30, 2, event.CallEdit, 0, 1)
	s.speech(one, event.VoiceReasoning, "The target is near at the end of the run, so the rate could be higher. A longer warm-up keeps the first steps from blowing up.\n\nI change both in one go.")
	s.speech(two, event.VoiceReasoning, "Batches are small: more momentum averages over more of them.")
	s.speech(one, event.VoiceText, "Two changes go together here.\n\n")
	s.drafts(one, 1, 1,
		change{"A higher peak rate reaches the target in fewer steps.", "LR = 0.010", "LR = 0.015"},
		change{"A longer warm-up keeps the higher rate stable at the start.", "WARMUP = 20", "WARMUP = 30"})
	s.called(one, "end", 310, 120)
	s.drafts(two, 2, 1, change{"More momentum smooths the gradient of small batches.", "BETA1 = 0.90", "BETA1 = 0.97"})
	s.called(two, "end", 190, 60)
	s.asked(1, 1, event.AnswerYes, "")
	s.say(20, event.Applied{Node: 1, Edit: 1, Line: 13})
	s.asked(1, 2, event.AnswerAll, "")
	s.say(20, event.Applied{Node: 1, Edit: 2, Line: 14}, event.Checked{Node: 1})

	s.say(20, event.Rejected{Node: 2, Edit: 1, Why: "train.py: the passage is not there; the nearest is BETA1 = 0.9 in line 16"})
	r := s.call(20, 2, event.CallReflect, 1, 1)
	s.speech(r, event.VoiceReasoning, "It is written without the zero.")
	s.drafts(r, 2, 2, change{"More momentum smooths the gradient of small batches.", "BETA1 = 0.9\n", "BETA1 = 0.97\n"})
	s.called(r, "end", 150, 30)
	s.asked(2, 2, event.AnswerNo, "keep it below 0.96, it diverged before")
	s.say(20, event.Rejected{Node: 2, Edit: 2, Why: "the researcher refused it: keep it below 0.96, it diverged before"})
	r = s.call(20, 2, event.CallReflect, 2, 1)
	s.drafts(r, 2, 3, change{"A little more momentum.", "BETA1 = 0.9\n", "BETA1 = 0.95\nSTEPS = STEPS - 20 / 0\n"})
	s.called(r, "end", 120, 0)
	s.asked(2, 3, event.AnswerYes, "")
	s.say(20, event.Applied{Node: 2, Edit: 3, Line: 16}, event.Checked{Node: 2}, event.Phase{Phase: event.PhaseTraining, Node: 1})
	s.judged(1, s.train(1, event.PurposeNode, fromSeconds-1.3, 0), fromSeconds-1.3)
	s.say(10, event.Similarity{Node: 1, Recall: 0.25, Precision: 0.5, F1: 1. / 3, Score: event.NaN()}, event.Phase{Phase: event.PhaseTraining, Node: 2})
	s.crash(2)
}

// judged gives a node its verdict.
func (s *teller) judged(node int, loss, seconds float64) {
	fsr := (fromSeconds - seconds) / (fromSeconds - toSeconds)
	s.say(10, event.Judged{Node: node, Verdict: event.VerdictProvisional, ValLoss: event.Float(loss), TrainSeconds: event.Float(seconds), FSR: &fsr})
}

// crash tells a run that ends with an error.
func (s *teller) crash(node int) {
	s.run++
	const why = "the script ended with status 1: ZeroDivisionError: division by zero"
	s.say(40, event.RunStarted{Run: s.run, Node: node, Purpose: event.PurposeNode, Job: fmt.Sprintf("local-%d", s.run), Seed: 2, Argv: []string{"python3", "train.py"}, Ref: fmt.Sprint(4000 + s.run), LimitMS: 120_000})
	s.say(300, event.Log{Run: s.run, Stderr: true, End: '\n', Data: []byte("ZeroDivisionError: division by zero")})
	s.say(40,
		event.RunEnded{Run: s.run, Exit: 1, Reason: "exited", Why: why, WallMS: 340, EngineMS: event.NaN(), Foreign: event.NaN(), ValLoss: event.NaN(), TrainMS: event.NaN()},
		event.Judged{Node: node, Verdict: event.VerdictFailed, Why: why, ValLoss: event.NaN(), TrainSeconds: event.NaN()})
}

// debug tells of node 3, which mends node 2 by way of tools.
func (s *teller) debug() {
	s.say(10, event.Phase{Phase: event.PhaseThinking, Node: 2, Detail: event.CallSummarise})
	c := s.call(0, 2, event.CallSummarise, 0, 1)
	s.speech(c, event.VoiceText, "The script divided by zero before its first step, so nothing is known of the momentum.")
	s.called(c, "end", 40, 0)
	s.say(10, event.Node{ID: 3, Parent: 2, Batch: 3, Origin: event.OriginDebug}, event.Phase{Phase: event.PhaseWriting, Node: 3})
	c = s.call(20, 3, event.CallEdit, 0, 1)
	s.speech(c, event.VoiceText, "The division by zero goes.")
	const reason = "STEPS is whole again."
	s.speech(c, event.VoiceTool, "\nview {\"path\": \"train.py\", \"from\": 8, \"to\": 20}")
	s.speech(c, event.VoiceTool, "\nedit {\"path\": \"train.py\", \"reason\": \""+reason+"\", \"old\": \"STEPS = STEPS - 20 / 0  \\n\", \"new\": \"STEPS = STEPS - 20\\n\"}")
	s.say(10, event.Draft{Node: 3, Edit: 1, Part: event.PartPath, Text: "train.py"})
	s.draft(3, 1, event.PartReason, reason)
	s.draft(3, 1, event.PartOld, "STEPS = STEPS - 20 / 0  \n")
	s.draft(3, 1, event.PartNew, "STEPS = STEPS - 20\n")
	s.called(c, "tools", 130, 0)
	s.asked(3, 1, event.AnswerYes, "")
	s.say(20,
		event.Applied{Node: 3, Edit: 1, Line: 17, How: "blanks at the ends of lines left out", Old: "STEPS = STEPS - 20 / 0\n", New: "STEPS = STEPS - 20\n"},
		event.Checked{Node: 3}, event.Phase{Phase: event.PhaseTraining, Node: 3})
	loss := s.train(3, event.PurposeNode, fromSeconds-0.4, 0.03)
	s.say(10, event.Judged{
		Node: 3, Verdict: event.VerdictMissed, Why: fmt.Sprintf("it ended at %.4f, above the target of %.4f", loss, target),
		ValLoss: event.Float(loss), TrainSeconds: fromSeconds - 0.4,
	})
}

// byHand tells of a pause, a note, a branch that a person asked for and a repeat.
func (s *teller) byHand() {
	s.say(500, event.Steered{Text: "Leave the momentum alone.\nLook at the cooldown."})
	s.say(500, event.Asked{Node: 1, Origin: event.OriginBranch})
	s.say(500, event.Asked{Node: 1, Origin: event.OriginRepeat}, event.Paused{Paused: true})
	s.say(10, event.Status{Status: event.StatusPaused})
	s.say(5000, event.Paused{}, event.Status{Status: event.StatusRunning})
	s.say(10, event.Node{ID: 4, Parent: 1, Batch: 4, Origin: event.OriginBranch}, event.Phase{Phase: event.PhaseWriting, Node: 4})
	c := s.call(20, 4, event.CallEdit, 0, 1)
	s.speech(c, event.VoiceReasoning, strings.Repeat("The cooldown then. ", 12))
	s.drafts(c, 4, 1, change{"Cool down over more of the run.", "COOLDOWN = 0.3", "COOLDOWN = 0.5"})
	s.called(c, "end", 120, 40)
	s.asked(4, 1, event.AnswerOwn, "")
	s.say(20, event.Rejected{Node: 4, Edit: 1, Why: "the researcher wrote another in its place"})
	s.say(10, event.Draft{Node: 4, Edit: 2, Part: event.PartPath, Text: "train.py"})
	s.draft(4, 2, event.PartReason, "The researcher's own edit.")
	s.draft(4, 2, event.PartOld, "COOLDOWN = 0.3")
	s.draft(4, 2, event.PartNew, "COOLDOWN = 0.4")
	s.say(20, event.Applied{Node: 4, Edit: 2, Line: 15}, event.Checked{Node: 4}, event.Phase{Phase: event.PhaseTraining, Node: 4})
	loss := s.train(4, event.PurposeNode, fromSeconds-0.9, 0.02)
	s.say(10, event.Judged{
		Node: 4, Verdict: event.VerdictMissed, Why: fmt.Sprintf("it ended at %.4f, above the target of %.4f", loss, target),
		ValLoss: event.Float(loss), TrainSeconds: fromSeconds - 0.9,
	})
	s.say(10, event.Node{ID: 5, Parent: 1, Batch: 5, Origin: event.OriginRepeat}, event.Checked{Node: 5}, event.Phase{Phase: event.PhaseTraining, Node: 5})
	s.judged(5, s.train(5, event.PurposeNode, fromSeconds-1.2, 0), fromSeconds-1.2)
}

func (s *teller) judge() {
	s.say(10, event.Phase{Phase: event.PhaseThinking, Node: 1, Detail: event.CallJudge})
	c := s.call(0, 1, event.CallJudge, 0, 1)
	s.speech(c, event.VoiceText, `{"score": 0.5, "changes": []}`)
	s.called(c, "end", 50, 0)
	s.say(10, event.Similarity{
		Node: 1, Recall: 0.25, Precision: 0.5, F1: 1. / 3, Judge: judgeName, Score: 0.5,
		Changes: []event.Trait{{What: "a longer warm-up", Reproduced: 1}, {What: "twice the context", Reproduced: 0}, {What: "a rate to match", Reproduced: 0.5}},
	})
}
