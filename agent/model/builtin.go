package model

import (
	"strings"

	"charm.land/catwalk/pkg/catwalk"
	"charm.land/catwalk/pkg/embedded"
)

// The wires, as in Provider.Wire.
const (
	wireOpenAI    = "openai"    // chat completions
	wireAzure     = "azure"     // the same, with deployments in its paths
	wireAnthropic = "anthropic" // messages
)

// preferred lists providers in the order in which Default, and Find for a bare name,
// look at them. All others follow by name.
func preferred() []string {
	return []string{"anthropic", "openai", "gemini", "openrouter", "deepseek", "xai", "mistral", "groq"}
}

// azureVersion is the API version where none is set. It is the last with a date; newer
// ones have none and stand behind a base URL that ends in /openai/v1.
const azureVersion = "2025-04-01-preview"

// outside gives what the list does not know of its providers: their public addresses,
// where the list leaves them to the environment, further names of their keys, and where
// keys are made.
func outside() map[string]provider {
	return map[string]provider{
		"anthropic": {
			Provider: Provider{BaseURL: "https://api.anthropic.com"},
			keyNames: []string{"ANTHROPIC_AUTH_TOKEN"}, site: "https://console.anthropic.com/settings/keys",
		},
		"openai": {Provider: Provider{BaseURL: "https://api.openai.com/v1"}, site: "https://platform.openai.com/api-keys"},
		"gemini": {
			Provider: Provider{Wire: wireOpenAI, BaseURL: "https://generativelanguage.googleapis.com/v1beta/openai"},
			keyNames: []string{"GOOGLE_API_KEY"}, site: "https://aistudio.google.com/apikey",
		},
		"azure":      {Provider: Provider{Wire: wireAzure}, apiVersion: azureVersion},
		"openrouter": {site: "https://openrouter.ai/keys"},
		"deepseek":   {site: "https://platform.deepseek.com/api_keys"},
		"xai":        {site: "https://console.x.ai"},
		"groq":       {site: "https://console.groq.com/keys"},
	}
}

// further gives providers that the list does not have: without models and prices, and
// the servers that run on one's own machine.
func further() []*provider {
	return []*provider{
		{
			Provider: Provider{Name: "mistral", Title: "Mistral", Wire: wireOpenAI, BaseURL: "https://api.mistral.ai/v1"},
			keyNames: []string{"MISTRAL_API_KEY"}, site: "https://console.mistral.ai/api-keys",
		},
		{
			Provider: Provider{Name: "together", Title: "Together AI", Wire: wireOpenAI, BaseURL: "https://api.together.xyz/v1"},
			keyNames: []string{"TOGETHER_API_KEY"}, site: "https://api.together.ai/settings/api-keys",
		},
		{
			Provider: Provider{Name: "ollama", Title: "Ollama", Wire: wireOpenAI, BaseURL: "http://127.0.0.1:11434/v1"},
			keyNames: []string{"OLLAMA_API_KEY"}, start: "ollama serve",
		},
		{
			Provider: Provider{Name: "vllm", Title: "vLLM", Wire: wireOpenAI, BaseURL: "http://127.0.0.1:8000/v1"},
			keyNames: []string{"VLLM_API_KEY"}, start: "vllm serve MODEL",
		},
		{
			Provider: Provider{Name: "lmstudio", Title: "LM Studio", Wire: wireOpenAI, BaseURL: "http://127.0.0.1:1234/v1"},
			keyNames: []string{"LMSTUDIO_API_KEY"}, start: "lms server start",
		},
		{
			Provider: Provider{Name: "llamacpp", Title: "llama.cpp", Wire: wireOpenAI, BaseURL: "http://127.0.0.1:8080/v1"},
			keyNames: []string{"LLAMACPP_API_KEY"}, start: "llama-server -m MODEL.gguf",
		},
	}
}

// builtin gives all providers that are known without a file, with their models. Those
// that need more than a key (Bedrock, Vertex AI, Copilot) are left out.
func builtin() []*provider {
	known := outside()
	var out []*provider
	for _, l := range embedded.GetAll() {
		p := &provider{Provider: Provider{Name: string(l.ID), Title: l.Name, BaseURL: l.APIEndpoint}, models: map[string]entry{}}
		switch l.Type {
		case catwalk.TypeOpenAI, catwalk.TypeOpenAICompat, catwalk.TypeOpenRouter, catwalk.TypeVercel:
			p.Wire = wireOpenAI
		case catwalk.TypeAnthropic:
			p.Wire = wireAnthropic
		}
		more := known[p.Name]
		p.site, p.apiVersion = more.site, more.apiVersion
		if more.Wire != "" {
			p.Wire = more.Wire
		}
		if strings.HasPrefix(p.BaseURL, "$") {
			p.BaseURL = more.BaseURL
		}
		name, isEnv := strings.CutPrefix(l.APIKey, "$")
		if p.Wire == "" || !isEnv {
			continue
		}
		p.keyNames = append([]string{name}, more.keyNames...)
		for _, m := range l.Models {
			p.models[m.ID] = readModel(p.Name, m)
		}
		// Deployments have names of their own, and some keys are set for other things,
		// such as data sets: neither makes a model the default.
		forModels := p.Wire != wireAzure && name != "HF_TOKEN" && name != "SCW_SECRET_KEY"
		if _, ok := p.models[l.DefaultLargeModelID]; ok && forModels {
			p.defaultModel = l.DefaultLargeModelID
		}
		out = append(out, p)
	}
	return append(out, further()...)
}

// entry is a model with what only its client needs.
type entry struct {
	Model
	efforts []string
	named   bool // in the user's file
}

// fromList is Model.PriceFrom of the list's prices.
const fromList = "built-in list"

func readModel(provider string, m catwalk.Model) entry {
	e := entry{Model: Model{
		Provider: provider, Name: m.ID, Context: count(m.ContextWindow), MaxOutput: count(m.DefaultMaxTokens), Reasons: m.CanReason,
	}, efforts: m.ReasoningLevels}
	if p := listPrice(provider, m); p != nil {
		e.Price, e.PriceFrom = p, fromList
	}
	return e
}

// listPrice reads the list's four figures. The two for the cache mean now this, now
// that: what is above the price of input is that of writing, what is below is that of
// reading, and the price of output stands there by mistake. Of two that are below, the
// second is that of reading, but with MiniMax the first. Where a figure is missing
// cached tokens cost as much as others. A price of 0 is a subscription's or unknown,
// but for models that are called free.
func listPrice(provider string, m catwalk.Model) *Price {
	in, out := m.CostPer1MIn, m.CostPer1MOut
	if in <= 0 && out <= 0 && !strings.HasSuffix(m.ID, "free") {
		return nil
	}
	p := &Price{Input: in, Output: out, Cached: in, CacheWrite: in}
	a, b := m.CostPer1MInCached, m.CostPer1MOutCached
	if strings.HasPrefix(provider, "minimax") {
		a, b = b, a
	}
	for _, f := range []float64{a, b} {
		switch {
		case f <= 0 || f == in:
		case f < in:
			p.Cached = f
		case f != out:
			p.CacheWrite = f
		}
	}
	if 0 < a && a < in && 0 < b && b < in && a != b {
		p.CacheWrite = a
	}
	return p
}
