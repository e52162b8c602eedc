package filter

import (
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

func insert(r *module.Request) module.Result {
	v := settings.Of(r.Dir)
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
		if res := add(r, name, func(status int, mediaType string) bool {
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
		chosen := false // only the first provider that fits
		for _, p := range list {
			add(r, p.name, func(int, string) bool {
				if chosen {
					return false
				}
				ok, err := p.test(r)
				if err != nil {
					r.Logf("filter", observe.Warn, "AH01377", "Error evaluating filter dispatch condition: %v", err)
				}
				chosen = ok && err == nil
				return chosen
			})
		}
	}
	return module.Declined
}

// add puts a filter in that works where fits is true once the head is known.
func add(r *module.Request, name string, fits func(status int, mediaType string) bool) module.Result {
	f, ok := r.NamedFilter(name)
	if !ok {
		// SSI must not be shown as if it had been processed.
		return r.InsertFilters([]string{name})
	}
	r.AddOutputFilter(f.Rank, f.Name, module.LateFilter(func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter {
		mediaType := h.Get("Content-Type")
		if mediaType == "" {
			mediaType = r.ContentType
		}
		mediaType, _, _ = strings.Cut(mediaType, ";")
		if !fits(status, strings.ToLower(strings.TrimSpace(mediaType))) {
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
