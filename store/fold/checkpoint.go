package fold

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"pitwall/store/event"
)

// keptScalars is how Scalars are kept. The texts of drafts and calls are bytes: a
// model's text may have been cut inside a character, which JSON strings cannot carry.
type keptScalars struct {
	*Scalars
	Drafts   []keptDraft `json:"drafts,omitempty"`
	Speaking []byte      `json:"speaking,omitempty"`
}

type keptDraft struct {
	Node, Edit             int
	Part                   event.Part
	Path, Reason, Old, New []byte
	Waits                  bool
}

// EncodeScalars gives the bytes that a checkpoint keeps of sc.
func EncodeScalars(sc *Scalars) ([]byte, error) {
	k := keptScalars{Scalars: sc}
	for _, d := range sc.Drafts {
		k.Drafts = append(k.Drafts, keptDraft{d.Node, d.Edit, d.Part, []byte(d.Path), []byte(d.Reason), []byte(d.Old), []byte(d.New), d.Waits})
	}
	var err error
	if len(sc.Speaking) > 0 {
		k.Speaking, err = appendCalls(nil, sc.Speaking)
	}
	if err != nil {
		return nil, fmt.Errorf("encode checkpoint: %w", err)
	}
	b, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("encode checkpoint: %w", err)
	}
	return b, nil
}

// DecodeScalars reads what EncodeScalars wrote.
func DecodeScalars(b []byte) (Scalars, error) {
	var sc Scalars
	k := keptScalars{Scalars: &sc}
	if err := json.Unmarshal(b, &k); err != nil {
		return Scalars{}, fmt.Errorf("decode checkpoint: %w", err)
	}
	sc.Drafts, sc.Speaking = nil, nil
	for _, d := range k.Drafts {
		sc.Drafts = append(sc.Drafts, Draft{
			Node: d.Node, Edit: d.Edit, Part: d.Part, Path: string(d.Path), Reason: string(d.Reason), Old: string(d.Old), New: string(d.New), Waits: d.Waits,
		})
	}
	if len(k.Speaking) > 0 {
		r := reader{p: k.Speaking}
		if sc.Speaking = r.calls(); r.err != nil {
			return Scalars{}, fmt.Errorf("decode checkpoint: %w", r.err)
		}
	}
	return sc, nil
}

// Since gives the part of the columns that lies beyond the lengths l.
func (c Columns) Since(l Lens) Columns {
	return Columns{
		Sources: c.Sources[l.Sources:],
		Ghosts:  c.Ghosts[l.Ghosts:],
		Edits:   c.Edits[l.Edits:],
		Points:  c.Points[l.Points:],
		Samples: c.Samples[l.Samples:],
		GPUs:    c.GPUs[l.GPUs:],
		Marks:   c.Marks[l.Marks:],
		Calls:   c.Calls[l.Calls:],
		Prompts: c.Prompts[l.Prompts:],
	}
}

// rare are the columns with few entries.
type rare struct {
	Sources []event.Source `json:"sources,omitempty"`
	Ghosts  []event.Ghost  `json:"ghosts,omitempty"`

	Prompts []event.Templates `json:"prompts,omitempty"`
}

// EncodeColumns gives the bytes that a checkpoint keeps of c.
func EncodeColumns(c Columns) ([]byte, error) {
	few, err := json.Marshal(rare{c.Sources, c.Ghosts, c.Prompts})
	if err != nil {
		return nil, fmt.Errorf("encode checkpoint: %w", err)
	}
	b := appendBytes(nil, few)

	b = binary.AppendUvarint(b, uint64(len(c.Edits)))
	for _, e := range c.Edits {
		b = appendInts(b, int64(e.Node), int64(e.Index), int64(e.Line), e.Seq, e.Active, flag(e.Applied))
		for _, s := range [...]string{e.Path, e.Reason, e.Old, e.New, e.Why, e.How} {
			b = appendBytes(b, s)
		}
	}

	var last int64
	b = binary.AppendUvarint(b, uint64(len(c.Points)))
	for _, p := range c.Points {
		b = binary.AppendVarint(b, p.Active-last)
		b = event.AppendPoint(b, p.Point)
		last = p.Active
	}

	last = 0
	b = binary.AppendUvarint(b, uint64(len(c.Samples)))
	for _, s := range c.Samples {
		b = binary.AppendVarint(b, s.Active-last)
		b = event.AppendSample(b, s.Sample)
		last = s.Active
	}

	last = 0
	b = binary.AppendUvarint(b, uint64(len(c.GPUs)))
	for _, g := range c.GPUs {
		b = binary.AppendVarint(b, g.Active-last)
		b = event.AppendGPUs(b, g.GPUs)
		last = g.Active
	}

	var prev Mark
	b = binary.AppendUvarint(b, uint64(len(c.Marks)))
	for _, m := range c.Marks {
		b = appendBytes(b, m.Kind)
		b = appendInts(b, int64(m.Node), m.Seq-prev.Seq, m.Active-prev.Active, flag(m.Good))
		prev = m
	}
	if b, err = appendCalls(b, c.Calls); err != nil {
		return nil, fmt.Errorf("encode checkpoint: %w", err)
	}
	return appendMore(b, c.Points), nil
}

// appendMore appends the metrics that points have beside their fields: nothing where
// none has any.
func appendMore(b []byte, points []Point) []byte {
	last := 0
	for i, p := range points {
		if len(p.More) > 0 {
			b = binary.AppendUvarint(b, uint64(i-last))
			b = event.AppendMetrics(b, p.More)
			last = i
		}
	}
	return b
}

// more reads what appendMore wrote.
func (r *reader) more(points []Point) {
	for i := uint64(0); r.err == nil && len(r.p) > 0; {
		step, n := binary.Uvarint(r.p)
		if i += step; n <= 0 || step > uint64(len(points)) || i >= uint64(len(points)) {
			r.err = errors.New("metrics of no point")
			return
		}
		more, rest, err := event.DecodeMetrics(r.p[n:])
		if r.fail(err) {
			return
		}
		points[i].More, r.p = more, rest
	}
}

func appendCalls(b []byte, calls []Call) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(calls)))
	for _, c := range calls {
		for _, part := range []any{c.Call, c.Ended} {
			doc, err := json.Marshal(part)
			if err != nil {
				return nil, err
			}
			b = appendBytes(b, doc)
		}
		for _, s := range [...]string{c.Text, c.Reasoning, c.Tool} {
			b = appendBytes(b, s)
		}
		b = appendInts(b, c.Active, c.First, c.EndActive)
	}
	return b, nil
}

// calls reads what appendCalls wrote.
func (r *reader) calls() []Call {
	var calls []Call
	for range r.count() {
		var c Call
		r.fail(json.Unmarshal(r.bytes(), &c.Call))
		r.fail(json.Unmarshal(r.bytes(), &c.Ended))
		c.Text, c.Reasoning, c.Tool = string(r.bytes()), string(r.bytes()), string(r.bytes())
		c.Active, c.First, c.EndActive = r.int(), r.int(), r.int()
		if r.err != nil {
			return nil
		}
		calls = append(calls, c)
	}
	return calls
}

// AppendColumns reads what EncodeColumns wrote and appends it to c. On an error
// c may have grown by a part of it.
func (c *Columns) AppendColumns(b []byte) error {
	d := reader{p: b}
	var few rare
	if err := json.Unmarshal(d.bytes(), &few); err != nil {
		return fmt.Errorf("decode checkpoint: %w", err)
	}
	c.Sources = append(c.Sources, few.Sources...)
	c.Ghosts = append(c.Ghosts, few.Ghosts...)
	c.Prompts = append(c.Prompts, few.Prompts...)

	for range d.count() {
		e := Edit{
			Node: int(d.int()), Index: int(d.int()), Line: int(d.int()), Seq: d.int(), Active: d.int(), Applied: d.int() != 0,
			Path: string(d.bytes()), Reason: string(d.bytes()), Old: string(d.bytes()), New: string(d.bytes()), Why: string(d.bytes()), How: string(d.bytes()),
		}
		if d.err != nil {
			break
		}
		c.Edits = append(c.Edits, e)
	}

	var last int64
	points := len(c.Points)
	for range d.count() {
		last += d.int()
		p, rest, err := event.DecodePoint(d.p)
		if d.fail(err) {
			break
		}
		d.p = rest
		c.Points = append(c.Points, Point{p, last})
	}

	last = 0
	for range d.count() {
		last += d.int()
		s, rest, err := event.DecodeSample(d.p)
		if d.fail(err) {
			break
		}
		d.p = rest
		c.Samples = append(c.Samples, Sample{s, last})
	}

	last = 0
	for range d.count() {
		last += d.int()
		g, rest, err := event.DecodeGPUs(d.p)
		if d.fail(err) {
			break
		}
		d.p = rest
		c.GPUs = append(c.GPUs, GPUs{g, last})
	}

	var prev Mark
	for range d.count() {
		m := Mark{Kind: markKind(d.bytes()), Node: int(d.int()), Seq: prev.Seq + d.int(), Active: prev.Active + d.int(), Good: d.int() != 0}
		if d.err != nil {
			break
		}
		c.Marks = append(c.Marks, m)
		prev = m
	}
	c.Calls = append(c.Calls, d.calls()...)
	d.more(c.Points[points:])
	if d.err != nil {
		return fmt.Errorf("decode checkpoint: %w", d.err)
	}
	return nil
}

// markKind saves an allocation a mark: there may be a hundred thousand.
func markKind(b []byte) string {
	for _, k := range [...]string{MarkValidation, MarkEdit, MarkNode, MarkRun, MarkResult, MarkHand, MarkEnd} {
		if string(b) == k {
			return k
		}
	}
	return string(b)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func appendInts(b []byte, vs ...int64) []byte {
	for _, v := range vs {
		b = binary.AppendVarint(b, v)
	}
	return b
}

func appendBytes[T string | []byte](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// reader reads until its first error, and then only zeros.
type reader struct {
	p   []byte
	err error
}

func (r *reader) fail(err error) bool {
	if r.err == nil && err != nil {
		r.err = err
	}
	return r.err != nil
}

func (r *reader) int() int64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Varint(r.p)
	if n <= 0 {
		r.err = errors.New("cut short")
		return 0
	}
	r.p = r.p[n:]
	return v
}

// count gives the number of entries that follow. Each takes a byte at least, so
// a damaged count cannot make the caller loop for ever.
func (r *reader) count() int {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.p)
	if n <= 0 || v > uint64(len(r.p)) {
		r.err = errors.New("cut short")
		return 0
	}
	r.p = r.p[n:]
	return int(v)
}

func (r *reader) bytes() []byte {
	if r.err != nil {
		return nil
	}
	v, n := binary.Uvarint(r.p)
	if n <= 0 || v > uint64(len(r.p)-n) {
		r.err = errors.New("cut short")
		return nil
	}
	b := r.p[n : n+int(v)]
	r.p = r.p[n+int(v):]
	return b
}
