package ui

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/event"
	"pitwall/store/storetest"
)

// BenchmarkKeyToFrame measures a key's Update and the View after it while an
// engine writes 20,000 log lines a second; it reports the 99th percentile.
func BenchmarkKeyToFrame(b *testing.B) {
	s := openStore(b)
	f := storetest.Live(b, s, storetest.Options{})
	f.Until(func(body event.Body) bool { p, ok := body.(event.Point); return ok && p.Run == 5 && p.Step == 100 })
	d := drive(b, Options{Store: s, Open: f.ID}, 220, 60)
	d.until("training node 1 of 3")

	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for range 200 {
				n++
				f.Writer.Emit(event.Log{Run: 5, End: '\n', Data: fmt.Appendf(nil, "step:%d/200 train_loss:2.5 train_time:%dms", n, n*10)},
					event.Point{Run: 5, Step: n, Total: 1 << 20, TrainMS: float64(n * 10), TrainLoss: 2.5, ValLoss: float64(event.NaN()), LR: float64(event.NaN()), GradNorm: float64(event.NaN()), StepAvgMS: float64(event.NaN())})
			}
		}
	})
	keys := []tea.KeyPressMsg{key("tab"), key("t"), key("j"), key("k"), key("["), key("f"), key("z"), key("z")}
	var took []time.Duration
	i := 0
	for b.Loop() {
		for drained := false; !drained; {
			select {
			case msg := <-d.msgs:
				begin := time.Now()
				d.send(msg)
				d.m.View()
				took = append(took, time.Since(begin))
			default:
				drained = true
			}
		}
		begin := time.Now()
		d.send(keys[i%len(keys)])
		d.m.View()
		took = append(took, time.Since(begin))
		i++
	}
	cancel()
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
}

// BenchmarkHome measures a key on the home screen, with
// an attempt in the store.
func BenchmarkHome(b *testing.B) {
	s := openStore(b)
	storetest.Fill(b, s, storetest.Options{Steps: 10})
	d := drive(b, Options{Store: s}, 140, 42)
	d.until("0.65")
	for b.Loop() {
		d.send(key("j"))
		d.m.View()
	}
}

// BenchmarkHomeOfManyRecords is BenchmarkHome on the longest track, with a filter.
func BenchmarkHomeOfManyRecords(b *testing.B) {
	d := drive(b, Options{Store: openStore(b)}, 220, 60)
	d.press("2", "/", "2", "0", "2", "enter", "g")
	d.until("20", "nanogpt/1")
	keys := []tea.KeyPressMsg{key("j"), key("j"), key("k"), key("pgdown"), key("pgup")}
	i := 0
	for b.Loop() {
		d.send(keys[i%len(keys)])
		d.m.View()
		i++
	}
}
