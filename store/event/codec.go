package event

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
)

// A segment's raw body (before compression) is
//
//	format byte, base active (varint), base wall (varint), events…
//
// and an event is
//
//	kind byte, active since the event before (varint),
//	wall since the event before, less the same (varint),
//	length of the payload (uvarint), payload
//
// Varints are zigzag-coded. The base is the time of the event before the first.
// Sequence numbers are not stored: they count on from the segment's first.
const format = 1

// Times are an event's two clocks.
type Times struct {
	Active int64 // milliseconds
	Wall   int64 // Unix milliseconds
}

// AppendHeader begins a segment's raw body. base is the time of the event
// before the segment's first.
func AppendHeader(dst []byte, base Times) []byte {
	dst = append(dst, format)
	dst = binary.AppendVarint(dst, base.Active)
	return binary.AppendVarint(dst, base.Wall)
}

// HeaderLen gives the length of the header at the start of raw, or 0 if there is none.
func HeaderLen(raw []byte) int {
	_, rest, err := header(raw)
	if err != nil {
		return 0
	}
	return len(raw) - len(rest)
}

// AppendEvent appends e, whose predecessor in the stream happened at prev. The
// body must have been through Exact. It fails, and appends nothing, where the
// body has no encoding.
func AppendEvent(dst []byte, prev Times, e Event) ([]byte, error) {
	start := len(dst)
	dst = append(dst, byte(e.Body.Kind()))
	da := e.Active - prev.Active
	dst = binary.AppendVarint(dst, da)
	dst = binary.AppendVarint(dst, e.Wall-prev.Wall-da)
	var buf [160]byte
	var payload []byte
	switch b := e.Body.(type) {
	case Log:
		head := appendLogHead(buf[:0], b)
		dst = binary.AppendUvarint(dst, uint64(len(head)+len(b.Data)))
		dst = append(dst, head...)
		return append(dst, b.Data...), nil
	case Draft:
		head := binary.AppendVarint(buf[:0], int64(b.Node))
		head = binary.AppendVarint(head, int64(b.Edit))
		head = append(head, byte(b.Part))
		dst = binary.AppendUvarint(dst, uint64(len(head)+len(b.Text)))
		dst = append(dst, head...)
		return append(dst, b.Text...), nil
	case Speech:
		head := binary.AppendVarint(buf[:0], int64(b.Call))
		head = append(head, byte(b.Voice))
		dst = binary.AppendUvarint(dst, uint64(len(head)+len(b.Text)))
		dst = append(dst, head...)
		return append(dst, b.Text...), nil
	case Point:
		payload = AppendPoint(buf[:0], b)
		if len(b.More) > 0 {
			payload = AppendMetrics(payload, b.More)
		}
	case Sample:
		payload = AppendSample(buf[:0], b)
	case GPUs:
		payload = AppendGPUs(nil, b)
	case Unknown:
		payload = b.Raw
	default:
		var err error
		if payload, err = json.Marshal(b); err != nil {
			return dst[:start], fmt.Errorf("encode %T: %w", b, err)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(payload)))
	return append(dst, payload...), nil
}

// Decode calls yield with the events of a segment's raw body, in order, until
// it returns false. first is the sequence number of the first. Bodies may share
// memory with raw. Truncated and damaged bodies give an error, after those
// events that could still be read; nothing makes it panic.
func Decode(first int64, raw []byte, yield func(Event) bool) error {
	return DecodeOnly(first, raw, 0, ^Kinds(0), yield)
}

// DecodeOnly is Decode for the events after sequence number after that are of some
// kinds: the others are stepped over, whatever their payload.
func DecodeOnly(first int64, raw []byte, after int64, kinds Kinds, yield func(Event) bool) error {
	t, p, err := header(raw)
	if err != nil {
		return err
	}
	for seq := first; len(p) > 0; seq++ {
		kind := Kind(p[0])
		p = p[1:]
		da, ok1 := varint(&p)
		dw, ok2 := varint(&p)
		payload, ok3 := chunk(&p)
		if !ok1 || !ok2 || !ok3 {
			return fmt.Errorf("event %d is cut short", seq)
		}
		t.Active += da
		t.Wall += da + dw
		if seq <= after || !kinds.Has(kind) {
			continue
		}
		body, err := decodeBody(kind, payload)
		if err != nil {
			return fmt.Errorf("event %d (kind %d): %w", seq, kind, err)
		}
		if !yield(Event{Seq: seq, Active: t.Active, Wall: t.Wall, Body: body}) {
			return nil
		}
	}
	return nil
}

func header(raw []byte) (t Times, rest []byte, err error) {
	if len(raw) == 0 {
		return t, nil, errors.New("the body is empty")
	}
	if raw[0] != format {
		return t, nil, fmt.Errorf("the body has format %d, this pitwall reads %d: upgrade pitwall", raw[0], format)
	}
	rest = raw[1:]
	active, ok1 := varint(&rest)
	wall, ok2 := varint(&rest)
	if !ok1 || !ok2 {
		return t, nil, errors.New("the body's header is cut short")
	}
	return Times{active, wall}, rest, nil
}

var errShort = errors.New("the payload is cut short")

func decodeBody(kind Kind, p []byte) (Body, error) {
	switch kind {
	case KindLog:
		return decodeLog(p)
	case KindPoint:
		b, rest, err := DecodePoint(p)
		if err == nil && len(rest) > 0 { // else it has no more, as none had once
			b.More, rest, err = DecodeMetrics(rest)
		}
		if err == nil && len(rest) > 0 {
			err = errors.New("the payload is too long")
		}
		return b, err
	case KindSample:
		b, rest, err := DecodeSample(p)
		if err == nil && len(rest) > 0 {
			err = errors.New("the payload is too long")
		}
		return b, err
	case KindGPUs:
		b, rest, err := DecodeGPUs(p)
		if err == nil && len(rest) > 0 {
			err = errors.New("the payload is too long")
		}
		return b, err
	case KindDraft:
		node, ok1 := varint(&p)
		edit, ok2 := varint(&p)
		if !ok1 || !ok2 || len(p) == 0 {
			return nil, errShort
		}
		return Draft{Node: int(node), Edit: int(edit), Part: Part(p[0]), Text: string(p[1:])}, nil
	case KindSpeech:
		call, ok := varint(&p)
		if !ok || len(p) == 0 {
			return nil, errShort
		}
		return Speech{Call: int(call), Voice: Voice(p[0]), Text: string(p[1:])}, nil
	}
	if t, ok := jsonTypes[kind]; ok {
		v := reflect.New(t)
		if err := json.Unmarshal(p, v.Interface()); err != nil {
			return nil, err
		}
		body := v.Elem().Interface().(Body)
		if r, ok := body.(RunStarted); ok {
			return r.ofOlder(p)
		}
		return body, nil
	}
	return Unknown{Of: kind, Raw: p}, nil
}

// jsonTypes are the bodies kept as JSON. Read only.
var jsonTypes = map[Kind]reflect.Type{
	KindAttempt:     reflect.TypeFor[Attempt](),
	KindSource:      reflect.TypeFor[Source](),
	KindMachine:     reflect.TypeFor[Machine](),
	KindStatus:      reflect.TypeFor[Status](),
	KindResumed:     reflect.TypeFor[Resumed](),
	KindPhase:       reflect.TypeFor[Phase](),
	KindNotice:      reflect.TypeFor[Notice](),
	KindOrder:       reflect.TypeFor[Order](),
	KindCalibration: reflect.TypeFor[Calibration](),
	KindGhost:       reflect.TypeFor[Ghost](),
	KindNode:        reflect.TypeFor[Node](),
	KindApplied:     reflect.TypeFor[Applied](),
	KindRejected:    reflect.TypeFor[Rejected](),
	KindWaiting:     reflect.TypeFor[Waiting](),
	KindRunStarted:  reflect.TypeFor[RunStarted](),
	KindRunEnded:    reflect.TypeFor[RunEnded](),
	KindJudged:      reflect.TypeFor[Judged](),
	KindConfirmed:   reflect.TypeFor[Confirmed](),
	KindChecked:     reflect.TypeFor[Checked](),
	KindCall:        reflect.TypeFor[Call](),
	KindCalled:      reflect.TypeFor[Called](),
	KindTemplates:   reflect.TypeFor[Templates](),
	KindProposed:    reflect.TypeFor[Proposed](),
	KindDecided:     reflect.TypeFor[Decided](),
	KindSteered:     reflect.TypeFor[Steered](),
	KindAsked:       reflect.TypeFor[Asked](),
	KindPaused:      reflect.TypeFor[Paused](),
	KindSpent:       reflect.TypeFor[Spent](),
	KindSimilarity:  reflect.TypeFor[Similarity](),
}

const (
	logStderr = 1 << 0
	logGap    = 1 << 1
	logCR     = 1 << 2
	logNoEnd  = 1 << 3
	logOther  = 1 << 4 // the terminator follows as a byte
)

func appendLogHead(dst []byte, b Log) []byte {
	dst = binary.AppendVarint(dst, int64(b.Run))
	var flags byte
	if b.Stderr {
		flags |= logStderr
	}
	if b.Gap != 0 {
		flags |= logGap
	}
	switch b.End {
	case '\n':
	case '\r':
		flags |= logCR
	case 0:
		flags |= logNoEnd
	default:
		flags |= logOther
	}
	dst = append(dst, flags)
	if flags&logOther != 0 {
		dst = append(dst, b.End)
	}
	if b.Gap != 0 {
		dst = binary.AppendVarint(dst, b.Gap)
	}
	return dst
}

func decodeLog(p []byte) (Body, error) {
	run, ok := varint(&p)
	if !ok || len(p) == 0 {
		return nil, errShort
	}
	flags := p[0]
	p = p[1:]
	b := Log{Run: int(run), Stderr: flags&logStderr != 0, End: '\n'}
	switch {
	case flags&logCR != 0:
		b.End = '\r'
	case flags&logNoEnd != 0:
		b.End = 0
	case flags&logOther != 0:
		if len(p) == 0 {
			return nil, errShort
		}
		b.End, p = p[0], p[1:]
	}
	if flags&logGap != 0 {
		if b.Gap, ok = varint(&p); !ok {
			return nil, errShort
		}
	}
	b.Data = p[:len(p):len(p)]
	return b, nil
}

// AppendPoint appends the compact form of b, without More. All NaNs become the same NaN.
func AppendPoint(dst []byte, b Point) []byte {
	dst = binary.AppendVarint(dst, int64(b.Run))
	dst = binary.AppendVarint(dst, int64(b.Step))
	dst = binary.AppendVarint(dst, int64(b.Total))
	for _, f := range [...]float64{b.TrainMS, b.TrainLoss, b.ValLoss, b.LR, b.GradNorm, b.StepAvgMS} {
		dst = appendFloat(dst, f)
	}
	return dst
}

// DecodePoint reads what AppendPoint wrote from the start of p.
func DecodePoint(p []byte) (b Point, rest []byte, err error) {
	ok := varints(&p, &b.Run, &b.Step, &b.Total) &&
		floats(&p, &b.TrainMS, &b.TrainLoss, &b.ValLoss, &b.LR, &b.GradNorm, &b.StepAvgMS)
	if !ok {
		return Point{}, nil, errShort
	}
	return b, p, nil
}

// AppendMetrics appends the compact form of a Point's More. All NaNs become the same NaN.
func AppendMetrics(dst []byte, more []Metric) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(more)))
	for _, m := range more {
		dst = binary.AppendUvarint(dst, uint64(len(m.Name)))
		dst = append(dst, m.Name...)
		dst = appendFloat(dst, m.Value)
	}
	return dst
}

// DecodeMetrics reads what AppendMetrics wrote from the start of p.
func DecodeMetrics(p []byte) (more []Metric, rest []byte, err error) {
	n, w := binary.Uvarint(p)
	if w <= 0 || n > uint64(len(p)) {
		return nil, nil, errShort
	}
	p = p[w:]
	for range n {
		name, ok := chunk(&p)
		if !ok {
			return nil, nil, errShort
		}
		m := Metric{Name: string(name)}
		if m.Value, ok = decodeFloat(&p); !ok {
			return nil, nil, errShort
		}
		more = append(more, m)
	}
	return more, p, nil
}

// AppendSample appends the compact form of b. All NaNs become the same NaN.
func AppendSample(dst []byte, b Sample) []byte {
	dst = binary.AppendVarint(dst, int64(b.Run))
	dst = binary.AppendVarint(dst, b.RSS)
	dst = binary.AppendVarint(dst, int64(b.Procs))
	dst = binary.AppendVarint(dst, b.MemAvail)
	for _, f := range [...]float64{b.CPU, b.Load, b.Foreign} {
		dst = appendFloat(dst, f)
	}
	return dst
}

// DecodeSample reads what AppendSample wrote from the start of p.
func DecodeSample(p []byte) (b Sample, rest []byte, err error) {
	var ok1, ok2, ok3 bool
	ok := varints(&p, &b.Run)
	b.RSS, ok1 = varint(&p)
	ok2 = varints(&p, &b.Procs)
	b.MemAvail, ok3 = varint(&p)
	if !ok || !ok1 || !ok2 || !ok3 || !floats(&p, &b.CPU, &b.Load, &b.Foreign) {
		return Sample{}, nil, errShort
	}
	return b, p, nil
}

// AppendGPUs appends the compact form of b. All NaNs become the same NaN.
func AppendGPUs(dst []byte, b GPUs) []byte {
	dst = binary.AppendVarint(dst, int64(b.Run))
	dst = binary.AppendUvarint(dst, uint64(len(b.Devices)))
	for _, d := range b.Devices {
		var slowed int64
		if d.Slowed {
			slowed = 1
		}
		dst = binary.AppendVarint(dst, int64(d.Index))
		dst = binary.AppendVarint(dst, slowed)
		for _, f := range [...]float64{d.Util, d.MemUsed, d.MemTotal, d.Power, d.Temp, d.Clock} {
			dst = appendFloat(dst, f)
		}
	}
	return dst
}

// DecodeGPUs reads what AppendGPUs wrote from the start of p.
func DecodeGPUs(p []byte) (b GPUs, rest []byte, err error) {
	ok := varints(&p, &b.Run)
	n, w := binary.Uvarint(p)
	if !ok || w <= 0 || n > uint64(len(p)) {
		return GPUs{}, nil, errShort
	}
	p = p[w:]
	for range n {
		var d GPU
		var slowed int
		if !varints(&p, &d.Index, &slowed) || !floats(&p, &d.Util, &d.MemUsed, &d.MemTotal, &d.Power, &d.Temp, &d.Clock) {
			return GPUs{}, nil, errShort
		}
		d.Slowed = slowed != 0
		b.Devices = append(b.Devices, d)
	}
	return b, p, nil
}

// Floats of scripts are short decimals: 3.2812 is kept as 32812 and four
// places. Whatever does not come back to the bit that way is kept raw.
const (
	floatPlaces = 7 // places tried; tags 0 … floatPlaces
	floatRaw    = 0xfe
	floatNaN    = 0xff
)

var pow10 = [floatPlaces + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) {
		return append(dst, floatNaN)
	}
	if math.Abs(f) < 1e8 {
		for places, p := range pow10 {
			m := math.Round(f * p)
			if v := m / p; v == f && math.Signbit(v) == math.Signbit(f) {
				// -0 keeps its sign only raw: an integer has none.
				if m == 0 && math.Signbit(f) {
					break
				}
				return binary.AppendVarint(append(dst, byte(places)), int64(m))
			}
		}
	}
	return binary.LittleEndian.AppendUint64(append(dst, floatRaw), math.Float64bits(f))
}

func decodeFloat(p *[]byte) (float64, bool) {
	if len(*p) == 0 {
		return 0, false
	}
	tag := (*p)[0]
	*p = (*p)[1:]
	switch {
	case tag == floatNaN:
		return math.NaN(), true
	case tag == floatRaw:
		if len(*p) < 8 {
			return 0, false
		}
		f := math.Float64frombits(binary.LittleEndian.Uint64(*p))
		*p = (*p)[8:]
		return f, true
	case tag <= floatPlaces:
		m, ok := varint(p)
		return float64(m) / pow10[tag], ok
	}
	return 0, false
}

func floats(p *[]byte, dst ...*float64) bool {
	for _, d := range dst {
		f, ok := decodeFloat(p)
		if !ok {
			return false
		}
		*d = f
	}
	return true
}

func varint(p *[]byte) (int64, bool) {
	v, n := binary.Varint(*p)
	if n <= 0 {
		return 0, false
	}
	*p = (*p)[n:]
	return v, true
}

func varints(p *[]byte, dst ...*int) bool {
	for _, d := range dst {
		v, ok := varint(p)
		if !ok {
			return false
		}
		*d = int(v)
	}
	return true
}

func chunk(p *[]byte) ([]byte, bool) {
	n, w := binary.Uvarint(*p)
	if w <= 0 || n > uint64(len(*p)-w) {
		return nil, false
	}
	c := (*p)[w : w+int(n)]
	*p = (*p)[w+int(n):]
	return c, true
}
