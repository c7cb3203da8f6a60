package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// secret is a provider's key and where it is from.
type secret struct {
	value string
	from  string // "the key in OPENAI_API_KEY"; "" without a key
	env   string // the environment name; "" if it is from a command
}

func (s secret) orNone() string {
	if s.from == "" {
		return "this account"
	}
	return s.from
}

// commandLimit is how long a command may take to give a key: long enough to unlock a
// password manager.
const commandLimit = 30 * time.Second

// checkKey gives a key without the blanks around it. The error says what is wrong with
// it, never what it is.
func checkKey(value string) (string, error) {
	value = strings.TrimSpace(value)
	for _, r := range value {
		switch {
		case r < ' ' || r == 0x7f:
			return "", errors.New("has a line break or another control character inside: it was perhaps copied with more than the key")
		case r == ' ' || r > '~':
			return "", errors.New("has a blank or a character inside that no key has: it was perhaps copied with more than the key")
		}
	}
	return value, nil
}

// keyFromEnv reads a provider's key from the environment: the first of its names that
// is set counts.
func (p *provider) keyFromEnv(getenv func(string) string, m *Mask) (secret, error) {
	for _, name := range p.keyNames {
		raw := getenv(name)
		if strings.TrimSpace(raw) == "" {
			continue
		}
		m.add(strings.TrimSpace(raw))
		value, err := checkKey(raw)
		if err != nil {
			return secret{}, fmt.Errorf("the key in %s %w; set it anew", name, err)
		}
		return secret{value: value, from: "the key in " + name, env: name}, nil
	}
	return secret{}, nil
}

// keyFromCommand runs a provider's command, whose output is its key. Errors never show
// the output.
func (p *provider) keyFromCommand(m *Mask) (secret, error) {
	from := "key_command of " + p.Name + " in " + fileName
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.keyCommand[0], p.keyCommand[1:]...)
	var out bytes.Buffer
	cmd.Stdout = &limitedWriter{w: &out, left: 64 << 10}
	cmd.Stderr = io.Discard
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	m.add(strings.TrimSpace(out.String()))
	switch {
	case ctx.Err() != nil:
		return secret{}, fmt.Errorf("%s gave no key within %s; run it by hand to see what it waits for", from, seconds(commandLimit))
	case err != nil:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return secret{}, fmt.Errorf("%s failed (%s); run it by hand to see why", from, exit.ProcessState)
		}
		return secret{}, fmt.Errorf("%s cannot be started: %s; give the path of a program, then its arguments", from, m.Text(err.Error()))
	}
	value, err := checkKey(out.String())
	switch {
	case err != nil:
		return secret{}, fmt.Errorf("what %s printed %w; it must print the key alone", from, err)
	case value == "":
		return secret{}, fmt.Errorf("%s printed nothing; it must print the key", from)
	}
	return secret{value: value, from: "the key that " + from + " gives"}, nil
}

// limitedWriter takes so many bytes and drops the rest.
type limitedWriter struct {
	w    io.Writer
	left int
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// authorize puts the key and the provider's headers into a request.
func (c *Client) authorize(req *http.Request) {
	h := req.Header
	if key := c.key.value; key != "" {
		switch {
		case c.provider.Wire == wireAzure:
			h.Set("Api-Key", key)
		case c.provider.Wire == wireOpenAI, c.key.env == "ANTHROPIC_AUTH_TOKEN":
			h.Set("Authorization", "Bearer "+key)
		case c.provider.Name == "anthropic":
			h.Set("X-Api-Key", key)
		default:
			// Others that speak this wire differ in where they look for a key.
			h.Set("X-Api-Key", key)
			h.Set("Authorization", "Bearer "+key)
		}
	}
	if c.provider.Wire == wireAnthropic {
		h.Set("Anthropic-Version", "2023-06-01")
	}
	h.Set("User-Agent", "pitwall")
	for name, value := range c.provider.headers {
		h.Set(name, value)
	}
}

// setKey says how to set a provider's key.
func (p *provider) setKey() string {
	if len(p.keyNames) == 0 {
		return fmt.Sprintf("name its key in models.toml: key_env under [providers.%s]", p.Name)
	}
	s := "set " + p.keyNames[0] + " to your key"
	if p.site != "" {
		s += ", which is made at " + p.site
	}
	return s
}

// newKey says how to mend a key that is refused.
func (p *provider) newKey(key secret) string {
	s := "see that it gives a key of " + p.Title
	if key.env != "" {
		s = "set it to a valid key of " + p.Title
	}
	if p.site != "" {
		s += ", as made at " + p.site
	}
	return s
}
