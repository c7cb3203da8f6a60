// Package eventgen makes random events of all kinds, for property tests.
package eventgen

import (
	"math"

	"pgregory.net/rapid"

	"pitwall/store/event"
)

// Text draws a string that need not be UTF-8.
func Text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringN(0, 12, -1), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) }))
}

// Float draws a number, NaN and the infinities among them.
func Float() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64(),
		rapid.Map(rapid.IntRange(-99999, 99999), func(i int) float64 { return float64(i) / 1e4 }),
		rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1e8, 123456789.5}),
	)
}

func unknown(t *rapid.T) event.Float { return event.Float(Float().Draw(t, "float")) }

func pointer(t *rapid.T) *float64 {
	if rapid.Bool().Draw(t, "nil") {
		return nil
	}
	f := Float().Draw(t, "float")
	return &f
}

// metrics draws those of a point that has no fields for them; most have none.
func metrics(t *rapid.T) (more []event.Metric) {
	for range max(rapid.IntRange(-4, 3).Draw(t, "more"), 0) {
		more = append(more, event.Metric{Name: Text().Draw(t, "name"), Value: Float().Draw(t, "value")})
	}
	return more
}

// Body draws a body of any kind. Nodes and runs are mostly such as there are:
// the counters nodes and runs say how many, and grow.
func Body(t *rapid.T, nodes, runs *int) event.Body {
	text := func() string { return Text().Draw(t, "text") }
	num := func() int { return rapid.IntRange(-3, 1000).Draw(t, "int") }
	big := func() int64 { return rapid.Int64().Draw(t, "int64") }
	node := func() int { return rapid.IntRange(-1, *nodes).Draw(t, "node") }
	run := func() int { return rapid.IntRange(0, *runs+1).Draw(t, "run") }
	float := func() float64 { return Float().Draw(t, "float") }
	flag := func() bool { return rapid.Bool().Draw(t, "bool") }
	seconds := rapid.SliceOfN(Float(), 0, 3)
	bytes := func() []byte { return rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes") }

	// Log lines, points and drafts are what there is most of.
	kind := rapid.SampledFrom([]event.Kind{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12, 12, 13, 14, 15, 16, 17, 17, 17, 17, 17, 18, 18, 18, 19, 35, 20, 21, 22, 23, 24, 25, 25, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 60}).Draw(t, "kind")
	switch kind {
	case event.KindAttempt:
		return event.Attempt{ID: text(), Task: text(), Benchmark: flag(), From: num(), HintText: text(), Seed: big(), Target: float(), Confirm: num()}
	case event.KindSource:
		return event.Source{Path: text(), Text: text()}
	case event.KindMachine:
		return event.Machine{Key: text(), Cores: num(), Load: unknown(t), MemoryBytes: big()}
	case event.KindStatus:
		return event.Status{Status: rapid.SampledFrom([]event.Standing{"queued", "running", "paused", "stopped", "done", "failed"}).Draw(t, "status"), Why: text()}
	case event.KindResumed:
		return event.Resumed{Epoch: big(), Run: run(), Node: node(), GoesOn: rapid.IntRange(0, 2).Draw(t, "goes on")}
	case event.KindPhase:
		return event.Phase{Phase: rapid.SampledFrom([]string{event.PhaseWriting, event.PhaseChecking, event.PhaseTraining}).Draw(t, "phase"), Node: node(), Detail: text()}
	case event.KindNotice:
		return event.Notice{Level: "info", Text: text()}
	case event.KindOrder:
		return event.Order{ID: big(), Name: text()}
	case event.KindCalibration:
		return event.Calibration{ID: text(), From: seconds.Draw(t, "from"), To: seconds.Draw(t, "to"), Resolved: flag(), SD: float()}
	case event.KindGhost:
		return event.Ghost{Record: num(), To: flag(), Seconds: float(), Points: []event.GhostPoint{{Step: num(), TrainMS: float(), TrainLoss: unknown(t), ValLoss: unknown(t)}}}
	case event.KindNode:
		b := event.Node{ID: *nodes, Parent: rapid.IntRange(-1, *nodes).Draw(t, "parent"), Batch: num(), Origin: rapid.SampledFrom([]string{"", event.OriginDebug, event.OriginBranch}).Draw(t, "origin"), Idea: text()}
		if b.Parent < b.ID {
			*nodes++
		}
		return b
	case event.KindDraft:
		return event.Draft{Node: node(), Edit: rapid.IntRange(1, 2).Draw(t, "edit"), Part: event.Part(rapid.IntRange(1, 4).Draw(t, "part")), Text: text()}
	case event.KindApplied:
		b := event.Applied{Node: node(), Edit: rapid.IntRange(1, 2).Draw(t, "edit"), Line: num()}
		if flag() {
			b.How, b.Old, b.New = text(), text(), text()
		}
		return b
	case event.KindRejected:
		return event.Rejected{Node: node(), Edit: rapid.IntRange(1, 2).Draw(t, "edit"), Why: text()}
	case event.KindWaiting:
		return event.Waiting{Node: node(), Purpose: rapid.SampledFrom([]string{event.PurposeNode, event.PurposeConfirmFrom}).Draw(t, "purpose"), Holder: text()}
	case event.KindRunStarted:
		*runs++
		return event.RunStarted{
			Run: *runs, Node: node(), Purpose: rapid.SampledFrom([]string{event.PurposeNode, event.PurposeCalibrateFrom, event.PurposeCalibrateTo}).Draw(t, "purpose"),
			Argv: rapid.SliceOfN(Text(), 0, 2).Draw(t, "argv"), Seed: big(), Ref: text(),
		}
	case event.KindLog:
		return event.Log{Run: run(), Stderr: flag(), End: rapid.SampledFrom([]byte{'\n', '\r', 0, 'x'}).Draw(t, "end"), Gap: rapid.SampledFrom([]int64{0, 0, 1, math.MaxInt64}).Draw(t, "gap"), Data: bytes()}
	case event.KindPoint:
		return event.Point{Run: run(), Step: num(), Total: num(), TrainMS: float(), TrainLoss: float(), ValLoss: float(), LR: float(), GradNorm: float(), StepAvgMS: float(), More: metrics(t)}
	case event.KindSample:
		return event.Sample{Run: run(), CPU: float(), RSS: big(), Procs: num(), Load: float(), Foreign: float(), MemAvail: big()}
	case event.KindGPUs:
		b := event.GPUs{Run: run()}
		for range rapid.IntRange(0, 3).Draw(t, "devices") {
			b.Devices = append(b.Devices, event.GPU{Index: num(), Util: float(), MemUsed: float(), MemTotal: float(), Power: float(), Temp: float(), Clock: float(), Slowed: flag()})
		}
		return b
	case event.KindRunEnded:
		return event.RunEnded{Run: run(), CompileMS: big(), FirstMS: float64(max(big(), 0)), PeakMiB: float64(num() & 0xfff), Flags: []string{text()}, Exit: num(), Reason: text(), EngineMS: unknown(t), Foreign: unknown(t), Finished: flag(), ValLoss: unknown(t), TrainMS: unknown(t), Evaluation: &event.Evaluation{Loss: unknown(t), Characters: num()}}
	case event.KindJudged:
		return event.Judged{
			Node: node(), Verdict: rapid.SampledFrom([]string{event.VerdictProvisional, event.VerdictMissed, event.VerdictFailed}).Draw(t, "verdict"),
			Why: text(), ValLoss: unknown(t), TrainSeconds: unknown(t), FSR: pointer(t),
		}
	case event.KindConfirmed:
		return event.Confirmed{Node: node(), Valid: flag(), FromSeconds: seconds.Draw(t, "from"), MeanLoss: unknown(t), FSR: pointer(t), Interval: &[2]float64{float(), float()}}
	case event.KindChecked:
		return event.Checked{Node: node(), Violations: []event.Violation{{Rule: text(), Line: num(), What: text()}}}
	}
	return spoken(t, kind, node)
}

// spoken draws what models and people say.
func spoken(t *rapid.T, kind event.Kind, node func() int) event.Body {
	text := func() string { return Text().Draw(t, "text") }
	num := func() int { return rapid.IntRange(-3, 1000).Draw(t, "int") }
	call := func() int { return rapid.IntRange(0, 3).Draw(t, "call") }
	edit := func() int { return rapid.IntRange(0, 2).Draw(t, "edit") }
	switch kind {
	case event.KindCall:
		return event.Call{Call: call(), Node: node(), Purpose: text(), Round: num(), Model: text(), Messages: []event.Message{{Role: text(), Text: text()}}, Left: rapid.SliceOfN(Text(), 0, 2).Draw(t, "left")}
	case event.KindSpeech:
		return event.Speech{Call: call(), Voice: event.Voice(rapid.IntRange(1, 3).Draw(t, "voice")), Text: text()}
	case event.KindCalled:
		return event.Called{Call: call(), Stop: text(), Why: text(), Again: rapid.Bool().Draw(t, "again"), Usage: event.Usage{Input: num(), Output: num(), Cached: num()}, Cost: unknown(t)}
	case event.KindTemplates:
		return event.Templates{Hash: text(), Texts: []event.Template{{Name: text(), Text: text()}}}
	case event.KindProposed:
		return event.Proposed{Node: node(), Edit: edit()}
	case event.KindDecided:
		return event.Decided{Node: node(), Edit: edit(), Answer: text(), Reason: text(), Text: text()}
	case event.KindSteered:
		return event.Steered{Text: text()}
	case event.KindAsked:
		return event.Asked{Node: node(), Origin: rapid.SampledFrom([]string{event.OriginBranch, event.OriginRepeat}).Draw(t, "origin")}
	case event.KindPaused:
		return event.Paused{Paused: rapid.Bool().Draw(t, "paused")}
	case event.KindSpent:
		return event.Spent{Budget: text(), Why: text()}
	case event.KindSimilarity:
		return event.Similarity{Node: node(), Recall: unknown(t), Score: unknown(t), Changes: []event.Trait{{What: text(), Reproduced: Float().Draw(t, "share")}}}
	}
	return event.Unknown{Of: kind, Raw: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")}
}
