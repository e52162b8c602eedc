package filter

import (
	"net/http"
	"strings"
	"sync"

	"transom/internal/module"
	"transom/internal/observe"
)

func insert(r *module.Request) module.Result {
	v := settings.Of(r.Dir)
	if len(v.byType)+len(v.chain) == 0 {
		return module.Declined
	}
	// Rules name a filter for several types: it is put in once, for all of them.
	types := map[string][]string{}
	var order []string
	for _, rule := range v.byType {
		for _, name := range rule.filters {
			key := strings.ToUpper(name)
			if types[key] == nil {
				order = append(order, key)
			}
			types[key] = append(types[key], rule.types...)
		}
	}
	for _, name := range order {
		if res := add(r, name, name, v.protocol("", name), func(status int, mediaType string) bool {
			return status >= 200 && status < 300 && contains(types[name], mediaType)
		}); res != module.Declined {
			return res
		}
	}
	for _, name := range v.chain {
		list := v.providers[name]
		if len(list) == 0 {
			r.AddNamedFilter(name)
			continue
		}
		choose := choice(r, list)
		for i, p := range list {
			add(r, name+":"+p.name, p.name, v.protocol(name, p.name), func(int, string) bool { return choose() == i })
		}
	}
	return module.Declined
}

// choice is the first provider that fits, -1 if none does: decided once, by whichever filter sees the head first.
func choice(r *module.Request, list []provider) func() int {
	return sync.OnceValue(func() int {
		for i, p := range list {
			ok, err := p.test(r)
			if err != nil {
				r.Logf("filter", observe.Warn, "AH01377", "Error evaluating filter dispatch condition: %v", err)
			} else if ok {
				return i
			}
		}
		return -1
	})
}

// protocol is what FilterProtocol says of a filter and its provider; nil if it says nothing.
func (v *values) protocol(filter, provider string) *protocol {
	for _, key := range [][2]string{{filter, strings.ToLower(provider)}, {filter, ""}} {
		if p, ok := v.protocols[key]; ok {
			return &p
		}
	}
	return nil
}

// runs says whether a filter may work on a response; if so, the response may become one that must not be kept.
func (p *protocol) runs(r *module.Request, h http.Header) bool {
	if r.Proxy != module.NotProxied {
		if p.noProxy || p.transform && strings.Contains(strings.ToLower(h.Get("Cache-Control")), "no-transform") {
			return false
		}
		if p.transform {
			h.Add("Warning", `214 `+r.ServerName()+` Transformation applied`) // RFC 7234 5.5.6
		}
	}
	if p.noCache {
		h.Del("Last-Modified")
		h.Add("Cache-Control", "no-cache")
	}
	return true
}

// add puts a filter in that works where fits is true once the head is known.
func add(r *module.Request, label, name string, p *protocol, fits func(status int, mediaType string) bool) module.Result {
	f, ok := r.NamedFilter(name)
	if !ok {
		// SSI must not be shown as if it had been processed.
		return r.InsertFilters([]string{name})
	}
	if p == nil {
		p = &protocol{noCache: f.NoCache}
	}
	r.AddOutputFilter(f.Rank, label, module.LateFilter(func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter {
		mediaType := h.Get("Content-Type")
		if mediaType == "" {
			mediaType = r.ContentType
		}
		mediaType, _, _ = strings.Cut(mediaType, ";")
		if !fits(status, strings.ToLower(strings.TrimSpace(mediaType))) || !p.runs(r, h) {
			return next
		}
		return f.Wrap(r)(next)
	}))
	return module.Declined
}

// contains: a type may be given as "text/*" or "*/*" too.
func contains(types []string, mediaType string) bool {
	if mediaType == "" {
		return false
	}
	for _, t := range types {
		if prefix, ok := strings.CutSuffix(t, "*"); t == mediaType || ok && strings.HasPrefix(mediaType, strings.TrimSuffix(prefix, "*/")) {
			return true
		}
	}
	return false
}
