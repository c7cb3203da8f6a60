package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

// trainingLine is what a GPT-2 speedrun prints at a step.
func trainingLine(rng *rand.Rand, step int) (event.Log, event.Point) {
	ms := 341.7*float64(step) + rng.Float64()*20
	loss := math.Round((3.28+7*math.Exp(-float64(step)/20000)+0.05*rng.NormFloat64())*1e4) / 1e4
	line := fmt.Appendf(nil, "step:%d/1000000 train_loss:%.4f train_time:%.0fms step_avg:%.2fms", step, loss, ms, ms/float64(step+1))
	return event.Log{Run: 1, End: '\n', Data: line},
		event.Point{Run: 1, Step: step, Total: 1000000, TrainMS: math.Round(ms), TrainLoss: loss, ValLoss: math.NaN(), LR: math.NaN(), GradNorm: math.NaN(), StepAvgMS: math.NaN()}
}

func dirBytes(b *testing.B, dir string) (n int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if fi, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && !fi.IsDir() {
			n += fi.Size()
		}
	}
	return n
}

// million fills a store with an attempt of a million events: nine log lines to
// every metric point, a sample now and then.
func million(b *testing.B, home string) string {
	s := openAt(b, home)
	id := create(b, s)
	w := lease(b, s, id)
	rng := rand.New(rand.NewPCG(1, 2))
	w.Emit(event.Attempt{ID: id, Target: 3.28}, event.Node{ID: 0, Parent: -1}, event.RunStarted{Run: 1})
	for i := 3; i < 1_000_000; i++ {
		line, point := trainingLine(rng, i)
		t := event.Times{Active: int64(i) * 30, Wall: 1_700_000_000_000 + int64(i)*30}
		switch {
		case i%10 == 0:
			if i%1000 == 0 {
				point.ValLoss = point.TrainLoss
			}
			w.EmitAt(t, point)
		case i%100 == 1:
			w.EmitAt(t, event.Sample{Run: 1, CPU: 99.5, RSS: 1 << 30, Procs: 3, Load: 1.2, Foreign: 3, MemAvail: 1 << 33})
		default:
			w.EmitAt(t, line)
		}
		if i%5000 == 0 {
			flush(b, w)
		}
	}
	w.Emit(event.Status{Status: event.StatusDone})
	closeWriter(b, w)
	return id
}

// Budget: 150,000 events/s, encoding, segments and summaries included.
func BenchmarkWrite5000ABatch(b *testing.B) {
	s := open(b)
	w := lease(b, s, create(b, s))
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 5000
	lines := make([]event.Body, n)
	for i := range lines {
		lines[i], _ = trainingLine(rng, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, l := range lines {
			w.Emit(l)
		}
		flush(b, w)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// Budget: about 10 MB for a million lines.
func BenchmarkBytesPerMillionLines(b *testing.B) {
	for _, per := range []int{20, 500, 5000} {
		b.Run(fmt.Sprintf("batch=%d", per), func(b *testing.B) {
			for b.Loop() {
				home := b.TempDir()
				s, err := store.Open(b.Context(), home)
				if err != nil {
					b.Fatal(err)
				}
				w := lease(b, s, create(b, s))
				rng := rand.New(rand.NewPCG(1, 2))
				n := min(1_000_000, per*10_000)
				for i := range n {
					line, _ := trainingLine(rng, i)
					w.EmitAt(event.Times{Active: int64(i) * 30, Wall: 1_700_000_000_000 + int64(i)*30}, line)
					if i%per == per-1 {
						flush(b, w)
					}
				}
				closeWriter(b, w)
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(dirBytes(b, home))*1e6/float64(n)/1e6, "MB/1Mlines")
			}
		})
	}
}

// Budgets: 150 ms to open 1,000,000 events; 50 ms to seek anywhere in them.
func BenchmarkMillionEvents(b *testing.B) {
	home := b.TempDir()
	id := million(b, home)
	s := openAt(b, home)
	ctx := context.Background()
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			p, err := s.Play(ctx, id, store.PlayOptions{})
			if err != nil {
				b.Fatal(err)
			}
			if p.Snapshot().LastSeq != 1_000_001 {
				b.Fatal(p.Snapshot().LastSeq)
			}
			p.Close()
		}
	})
	b.Run("seek", func(b *testing.B) {
		p, err := s.Play(ctx, id, store.PlayOptions{})
		if err != nil {
			b.Fatal(err)
		}
		defer p.Close()
		p.Pause()
		rng := rand.New(rand.NewPCG(3, 4))
		var worst time.Duration
		for b.Loop() {
			seq := 1 + rng.Int64N(1_000_000)
			began := time.Now()
			p.SeekSeq(seq)
			for p.Snapshot().State.Seq != seq {
				<-p.Changed()
			}
			worst = max(worst, time.Since(began))
		}
		b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
	})
	b.Run("lines", func(b *testing.B) {
		rng := rand.New(rand.NewPCG(5, 6))
		for b.Loop() {
			from := rng.Int64N(800_000)
			if lines, err := s.Lines(ctx, id, from, from+50); err != nil || len(lines) != 50 {
				b.Fatal(len(lines), err)
			}
		}
	})
}

// Part of the budget of 80 ms from start to first frame.
func BenchmarkStartWithThousandAttempts(b *testing.B) {
	home := b.TempDir()
	s := openAt(b, home)
	for range 1000 {
		id := create(b, s)
		w := lease(b, s, id)
		w.Emit(event.Attempt{ID: id}, event.Status{Status: event.StatusRunning})
		closeWriter(b, w)
	}
	for b.Loop() {
		s, err := store.Open(b.Context(), home)
		if err != nil {
			b.Fatal(err)
		}
		if list, err := s.Attempts(b.Context()); err != nil || len(list) != 1000 {
			b.Fatal(len(list), err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// Budget: no step of a purge holds up a writer for more than 50 ms.
func BenchmarkPurgeMillionEvents(b *testing.B) {
	var worst time.Duration
	for b.Loop() {
		b.StopTimer()
		home := b.TempDir()
		id := million(b, home)
		s, other := openAt(b, home), openAt(b, home)
		note := create(b, s)
		if err := s.Delete(b.Context(), id); err != nil {
			b.Fatal(err)
		}
		done := make(chan error)
		b.StartTimer()
		go func() { done <- s.PurgeBefore(b.Context(), time.Now()) }()
		for running := true; running; {
			began := time.Now()
			if err := other.SetNote(b.Context(), note, began.String()); err != nil {
				b.Fatal(err)
			}
			worst = max(worst, time.Since(began))
			select {
			case err := <-done:
				if err != nil {
					b.Fatal(err)
				}
				running = false
			case <-time.After(time.Millisecond):
			}
		}
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-wait-ms")
}

// What an engine spends on a line that comes alone, as at 10 lines/s.
func BenchmarkCommitOneLine(b *testing.B) {
	s := open(b)
	w := lease(b, s, create(b, s))
	i := 0
	for b.Loop() {
		w.Emit(logLine(1, i))
		flush(b, w)
		i++
	}
}

// From Emit to the screen's snapshot, while the store commits as it sees fit.
func BenchmarkEmitToSnapshot(b *testing.B) {
	s := open(b)
	id := create(b, s)
	w := lease(b, s, id)
	p, err := s.Play(b.Context(), id, store.PlayOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for b.Loop() {
		w.Emit(logLine(1, 1))
		for want := w.State().Seq; p.Snapshot().LastSeq < want; {
			<-p.Changed()
		}
	}
}

// BenchmarkMigrate brings a store of schema 2 with 1,000 attempts up to date, a third of
// them on GPUs.
func BenchmarkMigrate(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		home, accounts := storetest.Old(b)
		db, err := sql.Open("sqlite", filepath.Join(home, "pitwall.db"))
		if err != nil {
			b.Fatal(err)
		}
		for i := range 1000/len(accounts) - 1 {
			const columns = `first_seq, last_seq, t0, t1, kinds, line0, lines, body`
			for _, q := range []string{
				fmt.Sprintf(`INSERT INTO streams (n, id, kind, number, task, spec, last_seq, active, lines, created)
					SELECT n + 1000 * %d, id || %[1]d, kind, number + 1000 * %[1]d, task, spec, last_seq, active, lines, created FROM streams WHERE n < 1000`, i+1),
				fmt.Sprintf(`INSERT INTO segments (stream, `+columns+`) SELECT stream + 1000 * %d, `+columns+` FROM segments WHERE stream < 1000`, i+1),
			} {
				if _, err := db.Exec(q); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s, err := store.Open(b.Context(), home)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkLogLineToScreen is what a screen that follows a log spends on a line: it
// folds in what was committed, and gets the last 50 lines.
func BenchmarkLogLineToScreen(b *testing.B) {
	for _, lines := range []int{1, 50, 1000} { // a commit: a slow log, and floods
		b.Run(fmt.Sprintf("%d a commit", lines), func(b *testing.B) {
			s := open(b)
			id := create(b, s)
			w := lease(b, s, id)
			w.Emit(event.Attempt{ID: id, Task: "nanogpt/4", Nodes: 1}, event.RunStarted{Run: 1, Node: -1})
			flush(b, w)
			f, err := s.Follow(b.Context(), id)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			rng, step, took := rand.New(rand.NewPCG(1, 2)), 0, time.Duration(0)
			for b.Loop() {
				for range lines {
					line, point := trainingLine(rng, step)
					w.Emit(line, point)
					step++
				}
				flush(b, w)
				began := time.Now()
				st, err := f.Refresh()
				if err != nil || st.Lines != int64(step) {
					b.Fatal(st.Lines, err)
				}
				shown, err := f.Lines(b.Context(), max(st.Lines-50, 0), st.Lines)
				if err != nil || len(shown) != min(50, step) {
					b.Fatal(len(shown), err)
				}
				took += time.Since(began)
			}
			b.ReportMetric(float64(took.Nanoseconds())/float64(step), "ns/line")
		})
	}
}

// BenchmarkStreamedAnswerToScreen writes an answer in pieces of some letters, commits it
// and folds it in where it is shown, checkpoints and all. The time of a byte must not
// grow with the answer.
func BenchmarkStreamedAnswerToScreen(b *testing.B) {
	for _, size := range []int{100 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%d kB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				b.StopTimer()
				s := open(b)
				id := create(b, s)
				w := lease(b, s, id)
				f, err := s.Follow(b.Context(), id)
				if err != nil {
					b.Fatal(err)
				}
				w.Emit(event.Node{ID: 0, Parent: -1}, event.Draft{Node: 0, Edit: 1, Part: event.PartPath, Text: "train.py"})
				b.StartTimer()
				for i, n := 0, 0; n < size; i++ {
					piece := fmt.Sprintf("    lr = base * %d\n", i)
					n += len(piece)
					w.Emit(event.Draft{Node: 0, Edit: 1, Part: event.PartNew, Text: piece})
					if i%200 == 0 || n >= size {
						flush(b, w)
						if st, err := f.Refresh(); err != nil || len(st.Drafts[0].New) < n {
							b.Fatal(err)
						}
					}
				}
				b.StopTimer()
				f.Close()
				closeWriter(b, w)
				b.StartTimer()
			}
		})
	}
}
