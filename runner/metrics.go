package runner

import (
	"math"
	"strconv"
	"unsafe"
)

// Kind says which of the known shapes a metric line has.
type Kind uint8

// The kinds of metric lines.
const (
	Progress   Kind = iota + 1 // a training step
	Validation                 // carries val_loss, be it NaN
	Memory                     // peak memory; Step is -1
)

// Point is what one line of a training log tells. A float that the line does
// not carry, or carries as nan or inf, is NaN.
type Point struct {
	Kind      Kind
	Step      int     // -1 on Memory lines
	Total     int     // steps planned; 0 where the line does not say
	TrainLoss float64 // nats per token
	ValLoss   float64 // nats per token
	LR        float64
	GradNorm  float64
	TrainMS   float64 // the script's own clock (train_time), in milliseconds
	StepAvgMS float64 // milliseconds per step; of this step alone in "step N/M |" lines
	PeakMiB   float64
}

// Parser parses metric lines by rule. A line parses only as a whole and from
// its first byte; trailing spaces and '\r' are let go. These shapes are known:
//
//	step:N/M key:value key:value ...
//	s:N tel:F, s:N trl:F lr:F norm:F
//	step N/M | train loss F | norm F | lr F | (F ms | F tok/s)
//	peak memory consumption: N MiB
//	peak memory allocated: N MiB reserved: N MiB
//
// A value is a number, nan or inf, with an optional unit. A line that gives one
// of Point's metrics twice does not parse.
type Parser struct{}

// Parse returns the line's metrics and whether it is a metric line at all. It
// does not allocate.
func (Parser) Parse(line []byte) (Point, bool) {
	if len(line) < 6 || (line[0] != 's' && line[0] != 'p') {
		return Point{}, false
	}
	for n := len(line); n > 0 && (line[n-1] == ' ' || line[n-1] == '\r'); n-- {
		line = line[:n-1]
	}
	sc := scan{b: line}
	switch {
	case sc.lit("step:"):
		return sc.pairs(true)
	case sc.lit("s:"):
		return sc.pairs(false)
	case sc.lit("step "):
		return sc.piped()
	case sc.lit("peak memory "):
		return sc.memory()
	}
	return Point{}, false
}

func blank() Point {
	nan := math.NaN()
	return Point{
		Kind: Progress, TrainLoss: nan, ValLoss: nan, LR: nan, GradNorm: nan,
		TrainMS: nan, StepAvgMS: nan, PeakMiB: nan,
	}
}

// The metrics of a Point, as bits, to see doubles.
const (
	hasTrainLoss = 1 << iota
	hasValLoss
	hasLR
	hasGradNorm
	hasTrainMS
	hasStepAvg
	hasPeak
)

// scan walks over a line.
type scan struct {
	b    []byte
	i    int
	seen uint
}

func (s *scan) lit(text string) bool {
	if len(s.b)-s.i >= len(text) && string(s.b[s.i:s.i+len(text)]) == text {
		s.i += len(text)
		return true
	}
	return false
}

func (s *scan) end() bool { return s.i == len(s.b) }

func (s *scan) spaces() bool {
	from := s.i
	for s.i < len(s.b) && s.b[s.i] == ' ' {
		s.i++
	}
	return s.i > from
}

// integer reads up to 15 digits.
func (s *scan) integer() (int, bool) {
	from, n := s.i, 0
	for s.i < len(s.b) && isDigit(s.b[s.i]) {
		n = n*10 + int(s.b[s.i]-'0')
		if s.i++; s.i-from > 15 {
			return 0, false
		}
	}
	return n, s.i > from
}

// word reads [A-Za-z_][A-Za-z0-9_.]*.
func (s *scan) word() []byte {
	from := s.i
	for s.i < len(s.b) {
		c := s.b[s.i]
		if !isLetter(c) && c != '_' && (s.i == from || (!isDigit(c) && c != '.')) {
			break
		}
		s.i++
	}
	return s.b[from:s.i]
}

// unit reads [A-Za-z/%]*.
func (s *scan) unit() []byte {
	from := s.i
	for s.i < len(s.b) && (isLetter(s.b[s.i]) || s.b[s.i] == '/' || s.b[s.i] == '%') {
		s.i++
	}
	return s.b[from:s.i]
}

// number reads a decimal number, or nan, inf or infinity in any case, which all
// read as NaN.
func (s *scan) number() (float64, bool) {
	from := s.i
	if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
		s.i++
	}
	if s.fold("infinity") || s.fold("inf") || s.fold("nan") {
		return math.NaN(), true
	}
	mant, digits, frac := uint64(0), 0, 0
	for s.i < len(s.b) && isDigit(s.b[s.i]) {
		mant = mant*10 + uint64(s.b[s.i]-'0')
		digits++
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		for s.i < len(s.b) && isDigit(s.b[s.i]) {
			mant = mant*10 + uint64(s.b[s.i]-'0')
			digits++
			frac++
			s.i++
		}
	}
	if digits == 0 {
		s.i = from
		return 0, false
	}
	exp := false
	if at := s.i; s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if exp = s.i < len(s.b) && isDigit(s.b[s.i]); !exp {
			s.i = at // an 'e' that begins a unit
		}
		for exp && s.i < len(s.b) && isDigit(s.b[s.i]) {
			s.i++
		}
	}
	// Up to 15 digits and 22 decimals one division is exact to the last bit.
	if !exp && digits <= 15 && frac <= 15 {
		v := float64(mant) / pow10[frac]
		if s.b[from] == '-' {
			v = -v
		}
		return v, true
	}
	text := s.b[from:s.i]
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	if err != nil || math.IsInf(v, 0) {
		return math.NaN(), true // out of range
	}
	return v, true
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// fold reads text, which is lower-case, in any case.
func (s *scan) fold(text string) bool {
	if len(s.b)-s.i < len(text) {
		return false
	}
	for k := range len(text) {
		if c := s.b[s.i+k]; c|0x20 != text[k] || !isLetter(c) {
			return false
		}
	}
	s.i += len(text)
	return true
}

// pairs reads "N/M key:value ..." or, without total, "N key:value ...".
func (s *scan) pairs(total bool) (Point, bool) {
	p := blank()
	var ok bool
	if p.Step, ok = s.integer(); !ok {
		return p, false
	}
	if total {
		if !s.lit("/") {
			return p, false
		}
		if p.Total, ok = s.integer(); !ok {
			return p, false
		}
	}
	n := 0
	for ; !s.end(); n++ {
		if !s.spaces() {
			return p, false
		}
		key := s.word()
		if len(key) == 0 || !s.lit(":") {
			return p, false
		}
		v, ok := s.number()
		if !ok {
			return p, false
		}
		if !s.set(&p, key, v, s.unit()) {
			return p, false
		}
	}
	return p, n > 0
}

// set stores a value under its key; unknown keys are let go.
func (s *scan) set(p *Point, key []byte, v float64, unit []byte) bool {
	switch string(key) {
	case "train_loss", "trl":
		p.TrainLoss = v
		return len(unit) == 0 && s.once(hasTrainLoss)
	case "val_loss", "tel":
		p.ValLoss, p.Kind = v, Validation
		return len(unit) == 0 && s.once(hasValLoss)
	case "lr":
		p.LR = v
		return len(unit) == 0 && s.once(hasLR)
	case "grad_norm", "norm":
		p.GradNorm = v
		return len(unit) == 0 && s.once(hasGradNorm)
	case "train_time":
		ms, ok := millis(v, unit)
		p.TrainMS = ms
		return ok && s.once(hasTrainMS)
	case "step_avg":
		ms, ok := millis(v, unit)
		p.StepAvgMS = ms
		return ok && s.once(hasStepAvg)
	}
	return true
}

func (s *scan) once(bit uint) bool {
	first := s.seen&bit == 0
	s.seen |= bit
	return first
}

// millis converts a time; a bare number is in milliseconds.
func millis(v float64, unit []byte) (float64, bool) {
	switch string(unit) {
	case "ms", "":
		return v, true
	case "s":
		return v * 1e3, true
	case "m", "min":
		return v * 60e3, true
	}
	return math.NaN(), false
}

// piped reads "N/M | words F | ... | (F ms | F tok/s)".
func (s *scan) piped() (Point, bool) {
	p := blank()
	s.spaces()
	var ok bool
	if p.Step, ok = s.integer(); !ok || !s.lit("/") {
		return p, false
	}
	if p.Total, ok = s.integer(); !ok {
		return p, false
	}
	open := false
	n := 0
	for ; !s.end(); n++ {
		if !s.lit(" | ") {
			return p, false
		}
		if !open {
			open = s.lit("(")
		}
		if !s.field(&p) {
			return p, false
		}
		if open && s.lit(")") {
			return p, s.end()
		}
	}
	return p, n > 0 && !open
}

// field reads one "words F unit", of which words and unit may be missing.
func (s *scan) field(p *Point) bool {
	from := s.i
	var v float64
	var name []byte
	for {
		at := s.i
		n, ok := s.number()
		if ok && (s.end() || s.b[s.i] == ' ' || s.b[s.i] == ')') {
			v, name = n, s.b[from:at]
			break
		}
		s.i = at
		if len(s.word()) == 0 || !s.spaces() {
			return false
		}
	}
	for len(name) > 0 && name[len(name)-1] == ' ' {
		name = name[:len(name)-1]
	}
	var unit []byte
	if s.lit(" ") {
		if unit = s.unit(); len(unit) == 0 {
			s.i--
		}
	}
	switch string(name) {
	case "train loss":
		return s.once(hasTrainLoss) && put(&p.TrainLoss, v)
	case "val loss":
		p.Kind = Validation
		return s.once(hasValLoss) && put(&p.ValLoss, v)
	case "lr":
		return s.once(hasLR) && put(&p.LR, v)
	case "norm":
		return s.once(hasGradNorm) && put(&p.GradNorm, v)
	case "":
		if string(unit) == "ms" {
			return s.once(hasStepAvg) && put(&p.StepAvgMS, v)
		}
	}
	return true
}

func put(field *float64, v float64) bool {
	*field = v
	return true
}

func (s *scan) memory() (Point, bool) {
	p := blank()
	p.Kind, p.Step = Memory, -1
	two := s.lit("allocated:")
	if !two && !s.lit("consumption:") {
		return p, false
	}
	mib := func() (float64, bool) {
		s.spaces()
		v, ok := s.number()
		s.spaces()
		return v, ok && s.lit("MiB")
	}
	var ok bool
	if p.PeakMiB, ok = mib(); !ok {
		return p, false
	}
	if two {
		if !s.spaces() || !s.lit("reserved:") {
			return p, false
		}
		if _, ok = mib(); !ok {
			return p, false
		}
	}
	return p, s.end()
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }
