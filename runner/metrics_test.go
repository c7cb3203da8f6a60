package runner

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// same compares points, NaN being equal to NaN.
func same(a, b Point) bool { return fmt.Sprintf("%v", a) == fmt.Sprintf("%v", b) }

func TestParserReadsTheKnownShapes(t *testing.T) {
	point := func(f func(*Point)) Point {
		p := blank()
		f(&p)
		return p
	}
	for line, want := range map[string]Point{
		"step:0/5100 val_loss:10.8258 train_time:235ms step_avg:nanms": point(func(p *Point) {
			p.Kind, p.Total, p.ValLoss, p.TrainMS = Validation, 5100, 10.8258, 235
		}),
		"step:5100/5100 val_loss:3.2777 train_time:1339067ms step_avg:263.08ms": point(func(p *Point) {
			p.Kind, p.Step, p.Total, p.ValLoss, p.TrainMS, p.StepAvgMS = Validation, 5100, 5100, 3.2777, 1339067, 263.08
		}),
		"step:11/3000 train_loss:7.5 train_time:1.5s step_avg:0.15m lr:1.50e-03 grad_norm:.5 mem:12MiB toks:9  \r": point(func(p *Point) {
			p.Step, p.Total, p.TrainLoss, p.TrainMS, p.StepAvgMS, p.LR, p.GradNorm = 11, 3000, 7.5, 1500, 9000, 1.5e-3, .5
		}),
		"step:3/10 train_time:140ms step_avg:35.01ms": point(func(p *Point) {
			p.Step, p.Total, p.TrainMS, p.StepAvgMS = 3, 10, 140, 35.01
		}),
		"step:3/10 val_loss:inf train_time:-1ms": point(func(p *Point) {
			p.Kind, p.Step, p.Total, p.TrainMS = Validation, 3, 10, -1
		}),
		"s:250 tel:6.4682": point(func(p *Point) { p.Kind, p.Step, p.ValLoss = Validation, 250, 6.4682 }),
		"s:19559 trl:3.2775 lr:0.00e+00 norm:0.25": point(func(p *Point) {
			p.Step, p.TrainLoss, p.LR, p.GradNorm = 19559, 3.2775, 0, .25
		}),
		"step   12/24576 | train loss 7.123456 | norm 1.2345 | lr 7.62e-05 | (220.11 ms | 1190998 tok/s)": point(func(p *Point) {
			p.Step, p.Total, p.TrainLoss, p.GradNorm, p.LR, p.StepAvgMS = 12, 24576, 7.123456, 1.2345, 7.62e-5, 220.11
		}),
		"step 7000/7000 | train loss nan | lr_scale 5.00e-04 | (180.50 ms | 2900000 tok/s)": point(func(p *Point) {
			p.Step, p.Total, p.StepAvgMS = 7000, 7000, 180.5
		}),
		"peak memory consumption: 31491 MiB": point(func(p *Point) { p.Kind, p.Step, p.PeakMiB = Memory, -1, 31491 }),
		"peak memory allocated: 50 MiB reserved: 60 MiB": point(func(p *Point) {
			p.Kind, p.Step, p.PeakMiB = Memory, -1, 50
		}),
	} {
		got, ok := Parser{}.Parse([]byte(line))
		if !ok || !same(got, want) {
			t.Errorf("%q:\n got %+v %v\nwant %+v", line, got, ok, want)
		}
	}
}

func TestParserRefusesForgedAndDamagedLines(t *testing.T) {
	for _, line := range []string{
		"", "step", "step:", "step:1", "step:1/2", "step:/2 val_loss:3", "step:1/ val_loss:3",
		"echo step:1/2 val_loss:3", " step:1/2 val_loss:3", "\x1b[0mstep:1/2 val_loss:3", "Step:1/2 val_loss:3",
		"step:1/2 val_loss:3 and more", "step:1/2 tok/s:9", "step:1/2 val_loss:3;", "step:1/2 val_loss:3\tlr:1",
		"step:1/2 val_loss:3 val_loss:9", "step:1/2 val_loss:3 tel:9", "step:1/2 val_loss:", "step:1/2 val_loss:three",
		"step:1/2 val_loss:3ms", "step:1/2 train_time:3h", "step:1/2 train_time:1ms train_time:2ms", "step:-1/2 val_loss:3",
		"step:1/2 val_loss:0x10", "step:1/2 val_loss:1_0", "step:1/2val_loss:3", "step:1/2 val_loss:1e", "step:1/2 :3",
		"step:1234567890123456/2 val_loss:3", "s:1/2 tel:3", "s:1", "val loss 3.28", "step 1/2", "step 1/2 | train loss",
		"step 1/2 | train loss 3 | (5 ms", "step 1/2 | train loss 3 | (5 ms) | lr 2", "step 1/2 | train loss 3 | train loss 2",
		"step 1/2 |train loss 3", "peak memory consumption: x MiB", "peak memory allocated: 5 MiB",
		"peak memory consumption: 5 MiB or so",
	} {
		p, ok := Parser{}.Parse([]byte(line))
		if ok {
			t.Errorf("%q parsed as %+v", line, p)
		}
	}
}

func TestOnlyWholeLinesOfStandardOutputAreMetrics(t *testing.T) {
	text := []byte("step:1/2 val_loss:3")
	for i, l := range []Line{
		{Data: text, End: '\n', Stderr: true},
		{Data: text, End: '\n', Cont: true},
		{Data: text},
		{Gap: 7},
	} {
		if _, ok := l.Metric(); ok {
			t.Errorf("line %d is a metric", i)
		}
	}
	for _, end := range []byte("\r\n") {
		if _, ok := (Line{Data: text, End: end}).Metric(); !ok {
			t.Errorf("a whole line (%q) is no metric", end)
		}
	}
}

// The slow and obvious parser.
const (
	reNumber = `([+-]?(?:(?i:infinity|inf|nan)|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))`
	reWord   = `[A-Za-z_][A-Za-z0-9_.]*`
)

var (
	reStep  = regexp.MustCompile(`^step:([0-9]{1,15})/([0-9]{1,15})((?: +` + reWord + `:` + reNumber + `[A-Za-z/%]*)+)$`)
	reS     = regexp.MustCompile(`^s:([0-9]{1,15})()((?: +` + reWord + `:` + reNumber + `[A-Za-z/%]*)+)$`)
	rePair  = regexp.MustCompile(`(` + reWord + `):` + reNumber + `([A-Za-z/%]*)`)
	reField = `(?:` + reWord + ` +)*?` + reNumber + `(?: [A-Za-z/%]+)?`
	rePiped = regexp.MustCompile(`^step +([0-9]{1,15})/([0-9]{1,15})((?: \| ` + reField + `)*(?: \| \(` + reField + `(?: \| ` + reField + `)*\))?)$`)
	rePart  = regexp.MustCompile(`^\(?((?:` + reWord + ` +)*?)` + reNumber + `((?: [A-Za-z/%]+)?)\)?$`)
	reMem   = regexp.MustCompile(`^peak memory (?:consumption: *` + reNumber + ` *MiB|allocated: *` + reNumber + ` *MiB +reserved: *` + reNumber + ` *MiB)$`)
)

func slowFloat(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

func slowParse(line string) (Point, bool) {
	p := blank()
	line = strings.TrimRight(line, " \r")
	seen := map[string]bool{}
	ok := true
	set := func(name string, field *float64, v float64) {
		ok = ok && !seen[name]
		seen[name] = true
		*field = v
	}
	m := reStep.FindStringSubmatch(line)
	if m == nil {
		m = reS.FindStringSubmatch(line)
	}
	if m != nil {
		p.Step, _ = strconv.Atoi(m[1])
		p.Total, _ = strconv.Atoi(m[2])
		for _, kv := range rePair.FindAllStringSubmatch(m[3], -1) {
			v, unit := slowFloat(kv[2]), kv[3]
			scale, isTime := map[string]float64{"": 1, "ms": 1, "s": 1e3, "m": 60e3, "min": 60e3}[unit]
			switch kv[1] {
			case "train_loss", "trl":
				set("train", &p.TrainLoss, v)
				ok = ok && unit == ""
			case "val_loss", "tel":
				p.Kind = Validation
				set("val", &p.ValLoss, v)
				ok = ok && unit == ""
			case "lr":
				set("lr", &p.LR, v)
				ok = ok && unit == ""
			case "norm", "grad_norm":
				set("norm", &p.GradNorm, v)
				ok = ok && unit == ""
			case "train_time":
				set("time", &p.TrainMS, v*scale)
				ok = ok && isTime
			case "step_avg":
				set("avg", &p.StepAvgMS, v*scale)
				ok = ok && isTime
			}
		}
		return p, ok
	}
	if m := rePiped.FindStringSubmatch(line); m != nil && m[3] != "" {
		p.Step, _ = strconv.Atoi(m[1])
		p.Total, _ = strconv.Atoi(m[2])
		for _, part := range strings.Split(m[3][3:], " | ") {
			f := rePart.FindStringSubmatch(part)
			if f == nil {
				return p, false
			}
			for _, word := range strings.Fields(strings.ToLower(f[1])) {
				ok = ok && word != "nan" && word != "inf" && word != "infinity" // that is the number
			}
			v := slowFloat(f[2])
			switch name := strings.TrimRight(f[1], " "); {
			case name == "train loss":
				set("train", &p.TrainLoss, v)
			case name == "val loss":
				p.Kind = Validation
				set("val", &p.ValLoss, v)
			case name == "lr":
				set("lr", &p.LR, v)
			case name == "norm":
				set("norm", &p.GradNorm, v)
			case name == "" && f[3] == " ms":
				set("avg", &p.StepAvgMS, v)
			}
		}
		return p, ok
	}
	if m := reMem.FindStringSubmatch(line); m != nil {
		p.Kind, p.Step = Memory, -1
		p.PeakMiB = slowFloat(m[1] + m[2])
		return p, true
	}
	return p, false
}

func FuzzParserAgreesWithTheObviousOne(f *testing.F) {
	for _, s := range []string{
		"step:5100/5100 val_loss:3.2777 train_time:1339067ms step_avg:263.08ms",
		"step:1/2 train_loss:nan lr:-Inf grad_norm:1.e5 x:1e400 y:123456789012345678901234567890",
		"s:250 tel:6.4682", "s:1 trl:3.2775 lr:0.00e+00 norm:0.25 \r",
		"step   12/24576 | train loss 7.123456 | norm 1.2345 | lr 7.62e-05 | (220.11 ms | 1190998 tok/s)",
		"step 1/2 | nan 5 | infinity.x 3 ms | 5 | (val  loss 3)", "step 1/2 | norm nan ms | nan",
		"peak memory consumption: 31491 MiB", "peak memory allocated: 50 MiB reserved: 60 MiB",
		"step:1/2 a:1ex b:5infs c:0e0e0",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := Parser{}.Parse([]byte(s))
		want, wantOK := slowParse(s)
		if ok != wantOK || (ok && !same(got, want)) {
			t.Errorf("%q:\n got %+v %v\nwant %+v %v", s, got, ok, want, wantOK)
		}
	})
}

func TestParserDoesNotAllocate(t *testing.T) {
	lines := [][]byte{
		[]byte("step:5100/5100 val_loss:3.27771234567890123 train_time:1339067ms step_avg:2.6308e2ms"),
		[]byte("step   12/24576 | train loss 7.123456 | norm 1.2345 | lr 7.62e-05 | (220.11 ms | 1190998 tok/s)"),
		[]byte("step:5100/5100 was long ago"),
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, l := range lines {
			Parser{}.Parse(l)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParser(b *testing.B) {
	for name, line := range map[string]string{
		"train":      "step:1375/1750 train_loss:3.4217 train_time:183442ms step_avg:134.39ms",
		"validation": "step:1375/1750 val_loss:3.4217 train_time:183442ms step_avg:134.39ms",
		"piped":      "step 1375/24576 | train loss 3.421712 | norm 0.2345 | lr 7.62e-05 | (220.11 ms | 1190998 tok/s)",
		"other":      "compiling the model, which takes a while on the first run of a machine",
		"almost":     "step:1375/1750 is where the learning rate begins to fall, the rest is as before",
	} {
		b.Run(name, func(b *testing.B) {
			l := []byte(line)
			b.SetBytes(int64(len(l)) + 1)
			b.ReportAllocs()
			for b.Loop() {
				Parser{}.Parse(l)
			}
		})
	}
}

// BenchmarkLogToMetrics is the whole way: bytes to lines to points.
func BenchmarkLogToMetrics(b *testing.B) {
	var log bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&log, "step:%d/2000 train_loss:%.4f train_time:%dms step_avg:%.2fms\n", i, 10/float64(i+1), 140*i, 140.12)
		if i%10 == 0 {
			fmt.Fprintf(&log, "Sun Nov 22 21:17:18 GPU memory 31491 MiB / 81559 MiB, utilization 99 %%\n")
		}
	}
	n := 0
	b.SetBytes(int64(log.Len()))
	b.ReportAllocs()
	for b.Loop() {
		var s splitter
		s.feed(log.Bytes(), 0, func(l Line) {
			if _, ok := l.Metric(); ok {
				n++
			}
		})
	}
	if n == 0 {
		b.Fatal("nothing parsed")
	}
}
