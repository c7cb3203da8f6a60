package model

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"pitwall/internal/clean"
)

// fault is an endpoint's report of an error, whatever its shape.
type fault struct {
	status  int // of HTTP, or the one that a stream reports; 0 if unknown
	kind    string
	code    string
	param   string // the parameter that is at fault
	message string
	after   time.Duration
}

// readFault reads the body of a refusal. The shapes are OpenAI's and Anthropic's
// {"error": {"message", "type", "code"}}, Gemini's list of such, {"error": "…"},
// {"message": "…"}, {"detail": "…"}, and plain text.
func readFault(status int, body []byte) fault {
	f := fault{status: status}
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil && len(list) > 0 {
		body = list[0]
	}
	var doc map[string]json.RawMessage
	if json.Unmarshal(body, &doc) != nil {
		if text := string(body); utf8.Valid(body) && !strings.Contains(strings.ToLower(text), "<html") {
			f.message = text
		}
		return f
	}
	inner := doc
	var nested map[string]json.RawMessage
	if json.Unmarshal(doc["error"], &nested) == nil && nested != nil {
		inner = nested
	}
	f.message = firstText(inner["message"], doc["error"], doc["detail"], inner["detail"], doc["msg"])
	f.kind = firstText(inner["type"], inner["status"])
	f.code, f.param = firstText(inner["code"]), firstText(inner["param"])
	if f.message == "" {
		f.message = string(body)
	}
	// In a stream the status stands in the report alone.
	if n, err := strconv.Atoi(f.code); err == nil && n >= 400 && n < 600 && status < 400 {
		f.status = n
	}
	return f
}

// firstText gives the first of some JSON values that can be read as a text.
func firstText(values ...json.RawMessage) string {
	for _, raw := range values {
		var s string
		var n json.Number
		var list []struct{ Msg, Message string }
		switch {
		case len(raw) == 0:
		case json.Unmarshal(raw, &s) == nil && s != "":
			return s
		case json.Unmarshal(raw, &n) == nil && n != "":
			return n.String()
		case json.Unmarshal(raw, &list) == nil && len(list) > 0:
			return list[0].Msg + list[0].Message
		}
	}
	return ""
}

// patterns of what endpoints say. Not all have codes, and few have the same.
type patterns struct {
	tooLong, quota, key, model, rate, busy, wait *regexp.Regexp
}

func sayings() patterns {
	return patterns{
		tooLong: regexp.MustCompile(`(?i)context.?(length|window|limit)|maximum context|context.?size|prompt is too long|input is too long|input token count.*exceeds|request.?too.?large|reduce the length`),
		quota:   regexp.MustCompile(`(?i)insufficient.?(quota|balance|credit|funds)|exceeded your current quota|credit balance is too low|out of credits|no credits|any credits|more credits|spending limit|billing.?(hard|limit|not)|payment required`),
		key:     regexp.MustCompile(`(?i)(invalid|incorrect|missing|wrong|expired|no) api.?key|api.?key (is )?(not valid|invalid|expired|missing)|api_key_invalid|authentication.?error|invalid.?authentication|unauthori[sz]ed`),
		model:   regexp.MustCompile(`(?i)model.?not.?(found|exist)|deployment.?not.?found|model\b.{0,100}\b(not found|does not exist|doesn't exist|is not available|not available|not exist)|(unknown|invalid|no such) model\b|not a valid model|no (allowed|available) providers|not have access to model`),
		rate:    regexp.MustCompile(`(?i)rate.?limit|too many requests|resource.?exhausted`),
		busy:    regexp.MustCompile(`(?i)overloaded|at capacity|temporarily|try again later|unavailable|internal.?(server )?error|api_error|server_error|timeout`),
		wait:    regexp.MustCompile(`(?i)(?:retry in|try again in|retrydelay"?:?) *"?((?:[0-9.]+(?:ms|h|m|s) ?)+)`),
	}
}

// sort tells what kind of error a fault is.
func (f fault) sort(say patterns) ErrorKind {
	all := f.code + " " + f.kind + " " + f.message
	perMinute := say.rate.MatchString(all) || f.status == http.StatusTooManyRequests
	switch {
	case f.status == http.StatusPaymentRequired, f.code == "insufficient_quota", f.kind == "insufficient_quota":
		return KindQuota
	case say.quota.MatchString(all) && f.after == 0:
		return KindQuota
	case f.status == http.StatusRequestEntityTooLarge, say.tooLong.MatchString(all) && (f.status < 500 || f.status == 0):
		return KindTooLong
	case perMinute:
		return KindRate
	case f.status == http.StatusUnauthorized:
		return KindKey
	case f.status < 500 && say.model.MatchString(all):
		return KindModel
	case f.status == http.StatusForbidden, f.status < 500 && say.key.MatchString(all):
		return KindKey
	case f.status >= 500, f.status == http.StatusRequestTimeout, f.status == http.StatusConflict, f.status == http.StatusTooEarly:
		return KindServer
	case f.status < 400 && say.busy.MatchString(all), f.status < 400 && f.kind == "" && f.code == "":
		return KindServer
	}
	return KindRequest
}

// retryAfter reads how long an endpoint asks to wait: Retry-After in seconds or as a
// date, or what its message says.
func retryAfter(h http.Header, message string, say patterns) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	if v := h.Get("Retry-After"); v != "" {
		if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 && s < 1e7 {
			return time.Duration(s * float64(time.Second))
		}
		if t, err := http.ParseTime(v); err == nil {
			return max(time.Until(t), 0)
		}
	}
	if m := say.wait.FindStringSubmatch(message); m != nil {
		if d, err := time.ParseDuration(strings.ReplaceAll(m[1], " ", "")); err == nil && d > 0 {
			return d
		}
	}
	return 0
}

// refused turns an endpoint's refusal into an Error.
func (c *Client) refused(f fault, h http.Header, body []byte) *Error {
	say := sayings()
	f.after = retryAfter(h, string(body), say)
	e := &Error{Kind: f.sort(say), Provider: c.provider.Name, status: f.status, said: c.quote(f.message), full: c.line(f.message + " " + f.param)}
	if e.Kind == KindRate || e.Kind == KindServer {
		e.After = f.after
	}
	c.explain(e, f)
	return e
}

// explain puts an error into words.
func (c *Client) explain(e *Error, f fault) {
	p, title := c.provider, c.provider.Title
	detail := c.detail(e)
	switch e.Kind {
	case KindKey:
		switch {
		case c.key.value == "":
			e.What, e.Mend = title+" wants a key"+detail, p.setKey()
		case f.status == http.StatusForbidden:
			e.What = title + " forbids this to " + c.key.from + detail
			e.Mend = "use a key that may use this model, or choose another model"
		default:
			e.What, e.Mend = title+" does not accept "+c.key.from+detail, p.newKey(c.key)
		}
	case KindModel:
		e.What, e.Mend = fmt.Sprintf("%s has no model %q%s", title, c.Model.Name, detail), c.otherModel()
	case KindTooLong:
		e.What = "the conversation is too long for " + c.Model.ID() + detail
		if c.Model.Context > 0 {
			e.What = fmt.Sprintf("the conversation is too long for %s, whose context is %s tokens%s", c.Model.ID(), thousands(c.Model.Context), detail)
		}
		e.Mend = "choose a model with a larger context, or send less"
	case KindQuota:
		e.What = "the quota of " + c.key.orNone() + " at " + title + " is used up" + detail
		e.Mend = "add credit there, or choose a model of another provider"
	case KindRate:
		e.What, e.Mend = title+" limits the rate of requests"+detail, "wait, or run fewer attempts with this key at a time"
		if e.After > 0 {
			e.Mend = "wait " + seconds(e.After) + ", or run fewer attempts with this key at a time"
		}
	case KindServer:
		e.What, e.Mend = title+" failed"+detail, "try again later, or choose a model of another provider"
	default:
		e.What = title + " does not take the request" + detail
		e.Mend = c.mendRequest(e, f)
	}
}

// mendRequest says how to mend a request that is not taken, where its refusal tells.
func (c *Client) mendRequest(e *Error, f fault) string {
	said := strings.ToLower(e.said)
	switch {
	case f.status == http.StatusNotFound || f.status == http.StatusMethodNotAllowed:
		e.What = "there is no model's endpoint at " + c.provider.shown() + c.detail(e)
		return c.provider.checkWhere()
	case f.status >= 300 && f.status < 400:
		return "set " + c.provider.where() + " to the address that it sends on to"
	case strings.Contains(said, "effort") || strings.Contains(said, "thinking"):
		if len(c.efforts) > 0 {
			return "leave --effort out, or choose one of " + strings.Join(c.efforts, ", ")
		}
		return "leave --effort out"
	case strings.Contains(said, "tool") || strings.Contains(said, "function"):
		return "use --edits blocks"
	case strings.Contains(said, "max_tokens") || strings.Contains(said, "max_completion_tokens"):
		return "set max_output of the model in models.toml"
	}
	return ""
}

// detail gives the status and the endpoint's own words, in parentheses.
func (c *Client) detail(e *Error) string {
	var parts []string
	if e.status > 0 && e.status != http.StatusOK {
		parts = append(parts, strconv.Itoa(e.status))
	}
	if e.said != "" {
		parts = append(parts, e.said)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ": ") + ")"
}

func (c *Client) otherModel() string {
	p := c.provider
	see := "see pitwall models " + p.Name
	switch near := c.near; {
	case len(near) > 0:
		return "did you mean " + orList(near) + "? " + see
	case p.Wire == wireAzure:
		return "the name is that of your deployment: azure/DEPLOYMENT"
	case p.Name == "ollama":
		return see + ", or fetch it: ollama pull " + c.Model.Name
	}
	return see
}

// quote makes one short line, without keys, of a text from outside.
func (c *Client) quote(s string) string { return cut(c.line(s), 200) }

// line makes one line, without keys, of a text from outside. What is masked is the line
// as it will be read: a character that is left out may have split a key.
func (c *Client) line(s string) string {
	return c.mask.Text(strings.TrimRight(strings.Join(strings.Fields(clean.Seen(s)), " "), ". "))
}

// cut shortens s to so many runes.
func cut(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes-1]) + "…"
}

// orList writes "a", "a or b", "a, b or c".
func orList(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " or " + s[len(s)-1]
}

// thousands writes 400000 as 400,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
