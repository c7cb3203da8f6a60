package ui

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/event"
)

// clocked gives the milliseconds that something takes.
func clocked(do func()) float64 {
	begin := time.Now()
	do()
	return float64(time.Since(begin).Microseconds()) / 1000
}

// BenchmarkSpeech measures a key's Update and the View after it while a model says
// 20,000 pieces of text a second, in answers of 20,000 pieces; it reports the 99th
// percentile.
func BenchmarkSpeech(b *testing.B) {
	s := openStore(b)
	f := modelStory(b, s, call(3))
	d := drive(b, Options{Store: s, Open: f.ID}, 220, 60)
	d.until("waits for its first word")

	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n, open := 0, 3; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for range 200 {
				if n++; n%20_000 == 0 {
					f.Writer.Emit(event.Called{Call: open, Stop: "end", Cost: event.NaN()}, event.Call{Call: open + 100, Node: 1, Purpose: event.CallEdit})
					open += 100
				}
				text := "of what "
				if n%9 == 0 {
					text = "it says\n"
				}
				f.Writer.Emit(event.Speech{Call: open, Voice: event.VoiceText, Text: text})
			}
		}
	})
	keys := []tea.KeyPressMsg{key("tab"), key("("), key("j"), key("k"), key(")"), key("f"), key("z"), key("z")}
	var took []float64
	i := 0
	for b.Loop() {
		for drained := false; !drained; {
			select {
			case msg := <-d.msgs:
				took = append(took, clocked(func() { d.send(msg); d.m.View() }))
			default:
				drained = true
			}
		}
		took = append(took, clocked(func() { d.send(keys[i%len(keys)]); d.m.View() }))
		i++
	}
	cancel()
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(took[len(took)*99/100], "p99-ms")
	b.ReportMetric(took[len(took)/2], "p50-ms")
}
