package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"pitwall/agent/model"
	"pitwall/agent/prompt"
	"pitwall/internal/tokencount"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// DefaultPatience is how long an endpoint may fail in a row before the attempt
// ends. It stays resumable.
const DefaultPatience = 20 * time.Minute

// maxGarbled is how often in a row an answer may be something else than a model's:
// a gateway has its moments, and a wrong address has not.
const maxGarbled = 3

// showEvery is how often what a model says is shown at most.
const showEvery = 30 * time.Millisecond

// Speaker asks a language model on behalf of an attempt. What is asked and said
// is kept as events; a question that was answered before is not asked again.
type Speaker struct {
	stage  Stage
	model  model.Model
	client *model.Client
	spec   Manner
}

// Stage is what a conversation needs of the attempt that it belongs to.
type Stage interface {
	// Emit keeps what was asked and said.
	Emit(events ...event.Body)
	// State is the attempt as its events tell it; an answer that is in it is not asked for again.
	State() *fold.State
	// NextCall numbers the requests of the attempt, from 1.
	NextCall() int
	// Ready waits while the attempt is paused. Its error ends the conversation: ctx is
	// over, or a budget is used up.
	Ready(ctx context.Context) error
	// Wait waits before a failed request is sent again.
	Wait(ctx context.Context, d time.Duration) error
	// Patience is how long an endpoint may fail in a row.
	Patience() time.Duration
	// Mask hides what is, or looks like, a key.
	Mask(text string) string
}

// Manner is what all requests of an attempt share.
type Manner struct {
	Temperature *float64
	Effort      string
}

// NewSpeaker makes a speaker of a model of the catalog. It has no stage yet.
func NewSpeaker(catalog *model.Catalog, m model.Model, spec Manner) (*Speaker, error) {
	client, err := catalog.Client(m)
	if err != nil {
		return nil, err
	}
	return &Speaker{model: m, client: client, spec: spec}, nil
}

// On puts the speaker on the stage of its attempt, before it is asked anything.
func (s *Speaker) On(stage Stage) { s.stage = stage }

// Model is who speaks.
func (s *Speaker) Model() model.Model { return s.model }

// Question is one request to a model.
type Question struct {
	Node     int
	Purpose  string
	Round    int
	Messages []model.Message
	Told     int // of the messages, those that the call before had
	Tools    []model.Tool
	Left     []string // what did not fit into the prompt
}

// Listener hears an answer as it comes. Hear gets pieces in their order; Again is
// called when what was heard is void and the answer begins anew.
type Listener interface {
	Hear(model.Piece)
	Again(why string)
}

// maxAnswerTokens bounds an answer where the model allows more: a whole script
// takes 10,000.
const maxAnswerTokens = 32_000

// Ask puts a question, again and again while the endpoint is at fault, and gives
// the whole answer. Its error ends the attempt, or its search (*spentError).
func (s *Speaker) Ask(ctx context.Context, q Question, l Listener) (model.Answer, error) {
	req := model.Request{Messages: q.Messages, Tools: q.Tools, MaxTokens: roomOf(s.model), Temperature: s.spec.Temperature, Effort: s.spec.Effort}
	hash := s.hash(req)
	if c := recall(s.stage.State(), q, hash); c != nil {
		return recalled(*c, l), nil
	}
	p := persistence{began: time.Now(), limit: s.stage.Patience(), rng: rand.New(rand.NewPCG(rand.Uint64(), 0))}
	for try := 1; ; try++ {
		if err := s.stage.Ready(ctx); err != nil {
			return model.Answer{}, err
		}
		answer, again, err := s.once(ctx, q, req, hash, try, &p, l)
		if err == nil || again < 0 {
			return answer, err
		}
		l.Again(err.Error())
		if err := s.stage.Wait(ctx, again); err != nil {
			return model.Answer{}, context.Cause(ctx)
		}
	}
}

// roomOf is how many tokens an answer may take, 0 for as many as the endpoint gives.
func roomOf(m model.Model) int { return min(m.MaxOutput, maxAnswerTokens) }

// Window is how many tokens a prompt may take, 0 where that is not known: the
// model's context, less its answer and a tenth for what the estimate misses.
func (s *Speaker) Window() int { return WindowOf(s.model) }

// WindowOf is Speaker.Window of a model that is not spoken with.
func WindowOf(m model.Model) int {
	if m.Context == 0 {
		return 0
	}
	return max(m.Context*9/10-max(roomOf(m), 4096), 1)
}

// hash names everything that an answer depends on.
func (s *Speaker) hash(req model.Request) string {
	doc, err := json.Marshal(struct {
		Model   string
		Request model.Request
	}{s.model.ID(), req})
	if err != nil {
		return "" // cannot be recalled
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:12])
}

// recall finds the answer to a question that was asked before.
func recall(st *fold.State, q Question, hash string) *fold.Call {
	for i := len(st.Calls) - 1; i >= 0; i-- {
		c := &st.Calls[i]
		if hash != "" && c.Node == q.Node && c.Purpose == q.Purpose && c.Round == q.Round && c.Hash == hash && !c.Failed() {
			return c
		}
	}
	return nil
}

// recalled lets a listener hear an answer that is in the store.
func recalled(c fold.Call, l Listener) model.Answer {
	a := model.Answer{Text: c.Text, Reasoning: c.Reasoning, Stop: model.Stop(c.Ended.Stop)}
	if c.Text != "" {
		l.Hear(model.Piece{Kind: model.PieceText, Text: c.Text})
	}
	for i, u := range c.Ended.Uses {
		a.Calls = append(a.Calls, model.ToolCall{ID: u.ID, Name: u.Name, Args: u.Args})
		l.Hear(model.Piece{Kind: model.PieceToolName, Call: i, Text: u.Name})
		l.Hear(model.Piece{Kind: model.PieceToolArgs, Call: i, Text: u.Args})
	}
	return a
}

// persistence decides whether a question is put once more.
type persistence struct {
	began   time.Time
	limit   time.Duration // of failing, in all
	garbled int           // answers in a row that were no model's
	rng     *rand.Rand
}

// again says after how long try n, which failed so, is repeated; negative for never.
// The error is then what ends the attempt.
func (p *persistence) again(n int, fault *model.Error) (time.Duration, error) {
	switch {
	case fault.Retry():
		p.garbled = 0
	case fault.Kind == model.KindAnswer && p.garbled+1 < maxGarbled:
		p.garbled++
	default:
		return -1, fault
	}
	wait := model.Backoff(n, fault.After, p.rng)
	if time.Since(p.began)+wait > p.limit {
		return -1, fmt.Errorf("%w; it has failed for %s: when it answers again, go on with: pitwall resume", fault, p.limit)
	}
	return wait, nil
}

// once sends a request once. Where the endpoint is at fault and it is to be sent
// again, again says after how long; else it is negative.
func (s *Speaker) once(ctx context.Context, q Question, req model.Request, hash string, try int, p *persistence, l Listener,
) (answer model.Answer, again time.Duration, err error) {
	id := s.stage.NextCall()
	s.stage.Emit(s.opening(id, q, hash, try))
	show := &shower{id: id, emit: s.stage.Emit, l: l}
	answer, err = s.client.Stream(ctx, req, show.piece)
	show.close()
	end := s.closing(id, q, answer, show, err)
	again = -1
	var fault *model.Error
	switch {
	case err == nil:
	case context.Cause(ctx) != nil:
		err = context.Cause(ctx)
		end.Why = "cut off: " + err.Error()
	case errors.As(err, &fault):
		if wait, last := p.again(try, fault); last != nil {
			err = last
		} else {
			again, end.Again, end.WaitMS = wait, true, wait.Milliseconds()
		}
	}
	s.stage.Emit(end)
	return answer, again, err
}

func (s *Speaker) opening(id int, q Question, hash string, try int) event.Call {
	c := event.Call{
		Call: id, Node: q.Node, Purpose: q.Purpose, Round: q.Round, Try: try, Model: s.model.ID(), Hash: hash,
		Context: s.model.Context, Left: q.Left,
	}
	for i, m := range q.Messages {
		c.Tokens += prompt.Estimate(m.Text)
		if i < q.Told || try > 1 {
			continue
		}
		if m.Result != nil {
			m.Text = m.Result.Text
		}
		c.Messages = append(c.Messages, event.Message{Role: m.Role, Text: s.stage.Mask(m.Text)})
	}
	return c
}

func (s *Speaker) closing(id int, q Question, answer model.Answer, show *shower, err error) event.Called {
	end := event.Called{Call: id, Stop: string(answer.Stop), Served: answer.Served, Cost: event.NaN()}
	u := answer.Usage
	end.Usage = event.Usage{Input: u.Input, Output: u.Output, Cached: u.Cached, CacheWrite: u.CacheWrite, Reasoning: u.Reasoning}
	if !answer.UsageKnown && show.bytes > 0 {
		// The endpoint has not counted, and what came is paid for.
		end.Usage = event.Usage{Output: tokencount.Estimate(show.bytes)}
		for _, m := range q.Messages {
			end.Usage.Input += prompt.Estimate(m.Text)
		}
		end.Usage.Estimated = end.Usage.Total()
	}
	if s.model.Price != nil {
		v := end.Usage
		end.Cost = event.Float(s.model.Price.Cost(model.Usage{Input: v.Input, Output: v.Output, Cached: v.Cached, CacheWrite: v.CacheWrite, Reasoning: v.Reasoning}))
	}
	for _, c := range answer.Calls {
		end.Uses = append(end.Uses, event.ToolUse{ID: c.ID, Name: c.Name, Args: c.Args})
	}
	if err != nil {
		end.Stop, end.Why = "", s.stage.Mask(err.Error())
	}
	return end
}

// shower passes on what a model says, a few times a second, to the attempt's
// watchers and to who listens. What is held back when a stream stalls is passed on
// by a timer.
type shower struct {
	id   int
	emit func(...event.Body)
	l    Listener

	mu    sync.Mutex
	held  model.Piece
	last  time.Time
	timer *time.Timer
	over  bool
	bytes int
}

func (s *shower) piece(p model.Piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += len(p.Text)
	if s.held.Text != "" && (p.Kind != s.held.Kind || p.Call != s.held.Call) {
		s.pass()
	}
	s.held = model.Piece{Kind: p.Kind, Call: p.Call, Text: s.held.Text + p.Text}
	wait := showEvery - time.Since(s.last)
	switch {
	case wait <= 0 || len(s.held.Text) > 4096:
		s.pass()
	case s.timer == nil:
		s.timer = time.AfterFunc(wait, s.flush)
	default:
		s.timer.Reset(wait)
	}
}

// flush passes on what is held.
func (s *shower) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.pass()
	}
}

// close passes on the rest. Nothing comes after it.
func (s *shower) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pass()
	s.over = true
}

func (s *shower) pass() {
	if s.held.Text == "" {
		return
	}
	voice := event.VoiceTool
	text := s.held.Text
	switch s.held.Kind {
	case model.PieceText:
		voice = event.VoiceText
	case model.PieceReasoning:
		voice = event.VoiceReasoning
	case model.PieceToolName:
		text = "\n" + text + " "
	}
	s.emit(event.Speech{Call: s.id, Voice: voice, Text: text})
	s.l.Hear(s.held)
	s.held, s.last = model.Piece{}, time.Now()
}
