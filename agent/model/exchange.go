package model

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The time limits of a Client where the provider's entry in models.toml has no other.
const (
	DefaultFirstByte = 5 * time.Minute
	DefaultBetween   = 2 * time.Minute
)

const (
	// longestClosing is how long a count of tokens is waited for.
	longestClosing = 15 * time.Second
	// longestRefusal is how much of a refusal is read.
	longestRefusal = 64 << 10
	// longestQuiet is how much may come in a row without a word of the answer in it.
	longestQuiet = 8 << 20
)

// What ends an exchange from within, as causes of its context.
var (
	errNoFirstByte = errors.New("nothing came in time")
	errNoNextByte  = errors.New("nothing more came in time")
	errEndless     = errors.New("more came than an answer may have")
	errOver        = errors.New("the exchange is over")
)

// exchange is one request to an endpoint and its answer, the same on every wire: here
// keys are put in, time limits are kept, and everything that is no stream of an answer
// becomes an Error.
type exchange struct {
	c      *Client
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer // of the limit that runs now
	quiet  int         // bytes since the last word of the answer
	came   int         // bytes of the answer's body
}

// begin starts an exchange; end must be called after it.
func (c *Client) begin(ctx context.Context) *exchange {
	x := &exchange{c: c}
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	cancel := x.cancel
	x.timer = time.AfterFunc(c.FirstByte, func() { cancel(errNoFirstByte) })
	return x
}

// end frees what the exchange holds. Nothing of it runs afterwards.
func (x *exchange) end() {
	x.timer.Stop()
	x.cancel(errOver)
}

// heard notes that n bytes came, and lets the limit between bytes begin anew.
func (x *exchange) heard(n int) error {
	// A timer that cannot be stopped has fired, and the exchange is about to end.
	if x.timer.Stop() {
		if x.came == 0 {
			cancel := x.cancel
			x.timer = time.AfterFunc(x.c.Between, func() { cancel(errNoNextByte) })
		} else {
			x.timer.Reset(x.c.Between)
		}
	}
	x.came += n
	x.quiet += n
	if x.quiet > longestQuiet {
		x.cancel(errEndless)
		return errEndless
	}
	return nil
}

// closing notes that the answer is whole. Only a count of its tokens may follow, and
// that is not waited for as long as for words.
func (x *exchange) closing() {
	if x.timer.Stop() {
		x.timer.Reset(min(x.c.Between, longestClosing))
	}
}

// word notes that a part of the answer was in what came.
func (x *exchange) word() { x.quiet = 0 }

// post asks for an answer at an address. The caller closes the response's body, which is
// a stream of events unless the endpoint knows no better.
func (x *exchange) post(at *url.URL, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(x.ctx, http.MethodPost, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, x.c.noAnswer(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	return x.do(req)
}

// do sends a request with the provider's key and headers. The body of the response
// that it gives is watched; every status but success is an *Error.
func (x *exchange) do(req *http.Request) (*http.Response, error) {
	x.c.authorize(req)
	res, err := x.c.http.Do(req)
	if err != nil {
		return nil, x.c.noAnswer(err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		defer res.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(res.Body, longestRefusal)) // a part of it is better than none
		f := readFault(res.StatusCode, body)
		if at, err := res.Location(); err == nil && res.StatusCode < 400 {
			f.message = "it sends on to " + shownURL(at)
		}
		return nil, x.c.refused(f, res.Header, body)
	}
	if strings.HasPrefix(strings.ToLower(res.Header.Get("Content-Type")), "text/html") {
		res.Body.Close()
		return nil, x.c.notModel(req.URL, "a web page")
	}
	res.Body = &watchedBody{x: x, body: res.Body}
	return res, nil
}

// watchedBody tells an exchange of all that comes.
type watchedBody struct {
	x    *exchange
	body io.ReadCloser
}

func (w *watchedBody) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if n > 0 {
		if over := w.x.heard(n); over != nil {
			return 0, over
		}
	}
	return n, err
}

func (w *watchedBody) Close() error { return w.body.Close() }

// newTransport gives the transport of a catalog's clients. It is Go's default, proxies
// from the environment included, but finds out when a shared connection is dead.
func newTransport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	t = t.Clone()
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}
	return t
}

// newHTTP gives a client that follows no redirect: a key is for one host only.
func newHTTP(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// noAnswer says why a request had no answer at all.
func (c *Client) noAnswer(err error) *Error {
	p := c.provider
	e := &Error{Kind: KindUnreachable, Provider: p.Name, Err: c.bare(err)}
	var op *net.OpError
	var name *net.DNSError
	reason := c.quote(e.Err.Error())
	switch {
	case strings.Contains(reason, "malformed HTTP"), strings.Contains(reason, "server gave HTTP response to HTTPS client"):
		e.Kind = KindAnswer
		e.What, e.Mend = p.Title+" at "+p.hostPort()+" does not speak "+p.url.Scheme+": "+reason, p.checkWhere()
		return e
	case errors.As(err, &name) && name.IsNotFound:
		reason = "there is no host of this name"
	case errors.As(err, &op) && op.Op == "proxyconnect" && op.Err != nil:
		reason = "the proxy fails: " + c.quote(op.Err.Error())
	case errors.As(err, &op) && op.Op == "dial" && op.Err != nil:
		reason = c.quote(strings.TrimPrefix(op.Err.Error(), "connect: "))
	case errors.Is(err, io.EOF), errors.As(err, &op):
		e.Kind = KindDropped
		e.What = p.Title + " at " + p.hostPort() + " closed the connection without an answer"
		e.Mend = "try again; if it goes on, look into the endpoint's own log"
		return e
	}
	e.What = "cannot reach " + p.Title + " at " + p.hostPort() + ": " + reason
	switch {
	case p.start != "":
		e.Mend = "start it (" + p.start + "), or set " + p.where()
	default:
		e.Mend = "check the network, HTTPS_PROXY and " + p.where()
	}
	return e
}

// unwritten says that a request cannot be put into the words of its wire.
func (c *Client) unwritten(err error) *Error {
	return &Error{Kind: KindRequest, Provider: c.provider.Name, What: "the request cannot be written: " + c.quote(err.Error())}
}

// told makes an Error of an event of a stream that tells of one.
func (c *Client) told(e sentEvent) *Error {
	return c.refused(readFault(http.StatusOK, e.data), http.Header{}, e.data)
}

// notModel says that an endpoint speaks no wire that we know.
func (c *Client) notModel(at *url.URL, what string) *Error {
	p := c.provider
	return &Error{
		Kind: KindAnswer, Provider: p.Name,
		What: shownURL(at) + " answers with " + what + ", not with the stream of a model",
		Mend: p.checkWhere(),
	}
}

// bare gives err without the URL of its request and without keys.
func (c *Client) bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return errors.New(c.mask.Text(err.Error()))
}

// broken says how an exchange ended that had no whole answer. over is what its reader
// said, nil at the end of the body.
func (x *exchange) broken(over error) *Error {
	c, p := x.c, x.c.provider
	e := &Error{Provider: p.Name}
	at := p.Title + " at " + p.hostPort()
	var known *Error
	switch cause := context.Cause(x.ctx); {
	case errors.Is(cause, errNoFirstByte):
		e.Kind, e.What = KindStalled, at+" sent nothing for "+seconds(c.FirstByte)
		e.Mend = "try again, or give it more time: first_byte of the provider in models.toml"
	case errors.Is(cause, errNoNextByte):
		e.Kind, e.What = KindStalled, at+" began to answer, then sent nothing for "+seconds(c.Between)
		e.Mend = "try again, or give it more time: between of the provider in models.toml"
	case errors.Is(cause, errEndless), errors.Is(over, errEndless):
		e.Kind, e.What = KindEndless, at+" sent more than an answer may have ("+thousands(longestAnswer)+" bytes)"
		e.Mend = "choose another model, or limit the length of its answers"
	case errors.As(over, &known):
		e = known
	case errors.Is(over, errNoStream):
		e = c.notModel(p.url, "something else")
	default:
		e.Kind, e.What = KindDropped, "the answer of "+at+" broke off"
		e.Mend = "try again; if it goes on, look into the endpoint's own log"
		if over != nil {
			e.Err = c.bare(over)
		}
	}
	return e
}

// checkWhere says how the endpoint's address should look.
func (p *provider) checkWhere() string {
	switch p.Wire {
	case wireAnthropic:
		return "check " + p.where() + ": it is the address before /v1/messages"
	case wireAzure:
		return "check " + p.where() + ": it is the address before /openai"
	}
	return "check " + p.where() + ": it usually ends in /v1"
}

// hostPort names the endpoint's host and port.
func (p *provider) hostPort() string {
	if p.url == nil {
		return p.BaseURL
	}
	port := p.url.Port()
	if port == "" {
		port = "443"
		if p.url.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(p.url.Hostname(), port)
}

// shown gives the endpoint's address without name, password and query.
func (p *provider) shown() string {
	if p.url == nil {
		return p.BaseURL
	}
	return shownURL(p.url)
}

func shownURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
