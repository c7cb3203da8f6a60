package model

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Provider is where models are served.
type Provider struct {
	Name    string // "openai", as in a model's ID
	Title   string // "OpenAI"
	BaseURL string // without name, password and query; may be empty where it must be set
	Wire    string // "openai", "azure" or "anthropic": how it is spoken to
	KeyName string // of the environment: the one that is set, else the one to set; "" without one
	Ready   bool   // it can be asked; whether it answers is not known
	Why     string // it is not ready, with the mend
}

// provider is a Provider with what only clients need.
type provider struct {
	Provider
	url        *url.URL // nil where the base URL is missing or wrong
	models     map[string]entry
	keyNames   []string
	unused     []string // names of keys that the user's file puts others in the place of
	keyCommand []string
	headers    map[string]string
	first      time.Duration // 0 for the default
	between    time.Duration
	apiVersion string // of Azure's deployments; "" for other paths
	moved      bool   // the base URL is not the built-in one
	fileSecret bool   // the base URL in the user's file has a name or a password in it
	price      *Price // of models that have none; nil if unknown

	defaultModel string
	chosen       bool   // the user's file names defaultModel
	site         string // where keys are made
	start        string // the command that starts a local server

	envKey secret // from the environment
	fault  error  // of the key or the address
	// key gives the key, from the environment or the command, which runs once.
	key func() (secret, error)
}

// Catalog knows the providers, their models and the user's keys: a built-in list with
// the user's models.toml over it.
type Catalog struct {
	providers []*provider
	mask      *Mask
	http      *http.Client
	openMoved bool // OPENAI_BASE_URL is set: bare names are taken there
}

// Load gives the catalog of the file at path, which may be missing, with addresses and
// keys from getenv. Keys are read from the environment now; a key's command runs when a
// Client first needs it. An error names the file's line and what to write there.
func Load(path string, getenv func(string) string) (*Catalog, error) {
	c := &Catalog{providers: builtin(), mask: &Mask{}, http: newHTTP(newTransport())}
	for _, p := range c.providers {
		if p.models == nil {
			p.models = map[string]entry{}
		}
		if p.BaseURL != "" {
			// The built-in addresses are read like all others, but are no moves.
			if err := p.move(p.BaseURL, c.mask); err != nil {
				return nil, fmt.Errorf("built-in address of %s: %w", p.Name, err)
			}
			p.moved = false
		}
	}
	// Keys are known to the mask first: one may stand in the file, and in its errors.
	for _, name := range c.KeyNames() {
		c.mask.add(strings.TrimSpace(getenv(name)))
	}
	f, err := readFile(path, c.mask)
	if err != nil {
		return nil, err
	}
	if f != nil {
		if err := f.apply(c); err != nil {
			return nil, errors.New(c.mask.Text(err.Error()))
		}
	}
	for _, p := range c.providers {
		p.readEnv(getenv, c)
	}
	c.openMoved = strings.TrimSpace(getenv("OPENAI_BASE_URL")) != ""
	slices.SortStableFunc(c.providers, func(a, b *provider) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name))
	})
	return c, nil
}

// rank orders providers: those with a default of the user's, the preferred, the others.
func rank(p *provider) int {
	if p.chosen {
		return -1
	}
	if i := slices.Index(preferred(), p.Name); i >= 0 {
		return i
	}
	return len(preferred())
}

// move sets the endpoint's address.
func (p *provider) move(raw string, m *Mask) error {
	u, err := baseURL(raw, p.Wire)
	if err != nil {
		p.url = nil
		return err
	}
	if password, ok := u.User.Password(); ok {
		m.add(password)
	}
	p.url, p.moved, p.BaseURL = u, true, shownURL(u)
	if p.Wire == wireAzure && strings.HasSuffix(u.Path, "/v1") {
		p.apiVersion = ""
	}
	return nil
}

// baseNames lists the environment names that move the endpoint, the first that is set
// counts.
func (p *provider) baseNames() []string {
	own := strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_")) + "_BASE_URL"
	switch p.Name {
	case "ollama":
		return []string{own, "OLLAMA_HOST"}
	case "azure":
		return []string{"AZURE_OPENAI_ENDPOINT", own}
	}
	return []string{own}
}

// where names what sets the endpoint's address.
func (p *provider) where() string { return p.baseNames()[0] }

// azureVersionNames lists the environment names of Azure's API version.
func azureVersionNames() []string { return []string{"AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"} }

// readEnv takes a provider's address and key from the environment.
func (p *provider) readEnv(getenv func(string) string, c *Catalog) {
	if p.Wire == wireAzure {
		for _, name := range slices.Backward(azureVersionNames()) {
			if v := strings.TrimSpace(getenv(name)); v != "" {
				p.apiVersion = v
			}
		}
	}
	for _, name := range p.baseNames() {
		raw := strings.TrimSpace(getenv(name))
		if raw == "" {
			continue
		}
		if name == "OLLAMA_HOST" {
			raw = ollamaURL(raw)
		}
		if err := p.move(raw, c.mask); err != nil {
			p.fault = fmt.Errorf("%s %w", name, err)
		}
		break
	}
	var err error
	if p.envKey, err = p.keyFromEnv(getenv, c.mask); err != nil && p.fault == nil {
		p.fault = err
	}
	p.key = func() (secret, error) { return p.envKey, nil }
	if p.envKey.value == "" && p.keyCommand != nil {
		p.key = sync.OnceValues(func() (secret, error) { return p.keyFromCommand(c.mask) })
	}
	if p.fault == nil {
		p.fault = p.missing()
	}
	p.KeyName = p.envKey.env
	if p.KeyName == "" && len(p.keyNames) > 0 {
		p.KeyName = p.keyNames[0]
	}
	p.Ready = p.fault == nil
	if !p.Ready {
		p.Why = c.mask.Text(p.fault.Error())
	}
}

// missing says what a provider lacks to be asked.
func (p *provider) missing() error {
	switch {
	case p.url == nil && p.envKey.value == "" && len(p.keyNames) > 0:
		return fmt.Errorf("no key for %s; set %s to your key and %s to https://NAME.openai.azure.com", p.Title, p.keyNames[0], p.where())
	case p.url == nil:
		return fmt.Errorf("the address of %s is not set; set %s to https://NAME.openai.azure.com", p.Title, p.where())
	case p.envKey.value != "", p.keyCommand != nil, len(p.keyNames) == 0, p.start != "":
		return nil
	case p.moved && private(p.url.Hostname()):
		return nil // a server of one's own seldom wants a key
	}
	return fmt.Errorf("no key for %s; %s", p.Title, p.setKey())
}

func (c *Catalog) find(name string) *provider {
	for _, p := range c.providers {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Providers lists all providers, in the order in which Default looks at them.
func (c *Catalog) Providers() []Provider {
	out := make([]Provider, len(c.providers))
	for i, p := range c.providers {
		out[i] = p.Provider
	}
	return out
}

// Default gives the default model of the first provider that has a key: first those
// whose default_model the user's file names, then Anthropic, OpenAI, Gemini, OpenRouter,
// DeepSeek, xAI and Groq, then the others by name. It is false where no key is set. An
// OpenAI-compatible endpoint that was moved has no default but the file's, since nobody
// knows what it serves. Azure, Hugging Face and Scaleway have none either.
func (c *Catalog) Default() (Model, bool) {
	for _, p := range c.providers {
		hasKey := p.envKey.value != "" || p.keyCommand != nil
		knows := p.defaultModel != "" && (!p.moved || p.Wire == wireAnthropic)
		if p.Ready && (p.chosen || hasKey && knows) {
			return p.model(p.defaultModel).Model, true
		}
	}
	return Model{}, false
}

// model gives a model of the provider, with what is known of it.
func (p *provider) model(name string) entry {
	e, ok := p.models[name]
	if !ok {
		e = entry{Model: Model{Provider: p.Name, Name: name}}
	}
	if e.Price == nil && p.price != nil {
		e.Price, e.PriceFrom = p.price, fileName
	}
	return e
}

// Client gives a client for a model. The error says what is missing, such as a key, and
// how to set it.
func (c *Catalog) Client(m Model) (*Client, error) {
	p := c.find(m.Provider)
	if p == nil {
		return nil, fmt.Errorf("no provider %q; see pitwall models", m.Provider)
	}
	if p.fault != nil {
		return nil, &Error{Kind: KindKey, Provider: p.Name, What: p.Why}
	}
	key, err := p.key()
	if err != nil {
		return nil, &Error{Kind: KindKey, Provider: p.Name, What: c.mask.Text(err.Error())}
	}
	listed, ok := p.models[m.Name]
	return &Client{
		Model: m, FirstByte: cmp.Or(p.first, DefaultFirstByte), Between: cmp.Or(p.between, DefaultBetween),
		provider: p, key: key, mask: c.mask, http: c.http,
		efforts: listed.efforts, near: p.near(m.Name),
		// Anthropic's models that are newer than the list take efforts.
		adaptive: len(listed.efforts) > 0 || !ok && p.Name == "anthropic",
	}, nil
}

// Mask gives the mask of all keys that are set. It learns a key that a command gives
// once the command has run.
func (c *Catalog) Mask() *Mask { return c.mask }

// KeyNames lists the environment names of all providers' keys, sorted.
func (c *Catalog) KeyNames() []string {
	names := map[string]bool{}
	for _, p := range c.providers {
		for _, n := range slices.Concat(p.keyNames, p.unused) {
			names[n] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
