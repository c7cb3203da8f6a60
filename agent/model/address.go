package model

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// baseURL reads the address of an endpoint as people write it: with or without scheme,
// trailing slash, /v1 or the path of a request.
func baseURL(raw, wire string) (*url.URL, error) {
	raw = strings.TrimSpace(raw)
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("is no address of an endpoint; write it as https://host:port/v1")
	}
	u.Fragment = ""
	path := strings.TrimRight(u.Path, "/")
	for _, end := range []string{"/chat/completions", "/messages", "/models"} {
		path = strings.TrimRight(strings.TrimSuffix(path, end), "/")
	}
	switch wire {
	case wireAnthropic:
		path = strings.TrimRight(strings.TrimSuffix(path, "/v1"), "/")
	case wireOpenAI:
		if path == "" {
			path = "/v1"
		}
	case wireAzure:
		path = strings.TrimSuffix(path, "/openai")
	}
	u.Path, u.RawPath = path, ""
	return u, nil
}

// ollamaURL reads OLLAMA_HOST as Ollama does: a host, a port or both, and the address
// on which it listens everywhere.
func ollamaURL(host string) string {
	host = strings.TrimSpace(host)
	if host == "" || strings.Contains(host, "://") {
		return host
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	if port == "" {
		port = "11434"
	}
	if name == "" || name == "0.0.0.0" || name == "::" {
		name = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(name, port)
}

// private reports whether a host is this machine or one of a network that is not public.
func private(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true
	}
	for _, end := range []string{".localhost", ".local", ".lan", ".internal", ".intranet", ".home.arpa"} {
		if strings.HasSuffix(host, end) {
			return true
		}
	}
	return false
}
