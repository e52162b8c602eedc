package module

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"

	"transom/internal/wire/http1"
)

// Rank orders output filters: the handler writes through the lowest first (AP_FTYPE_*).
type Rank int

const (
	ResourceRank   Rank = 10 // changes content: mod_substitute, mod_include
	ContentSetRank Rank = 20 // changes the representation: mod_deflate, mod_headers
	ProtocolRank   Rank = 30
	NetworkRank    Rank = 50 // mod_ratelimit
)

// OutputFilter wraps the writer that the handler, or the filter before, writes to.
type OutputFilter func(next http.ResponseWriter) http.ResponseWriter

// Finisher is implemented by writers of filters that hold something back: Finish is called once after the handler.
type Finisher interface{ Finish() error }

type outputFilter struct {
	rank Rank
	name string
	wrap OutputFilter
}

// AddOutputFilter puts a filter between the handler and the client; for hooks of InsertFilter. A second filter of the same
// name is not added.
func (r *Request) AddOutputFilter(rank Rank, name string, wrap OutputFilter) {
	for _, f := range r.filters {
		if f.name == name {
			return
		}
	}
	r.filters = append(r.filters, outputFilter{rank, name, wrap})
}

// AddNamedFilter adds a filter that a module offers by name; false if none does.
func (r *Request) AddNamedFilter(name string) bool {
	f, ok := r.NamedFilter(name)
	if ok {
		r.AddOutputFilter(f.Rank, f.Name, f.Wrap(r))
	}
	return ok
}

// NamedFilter is a filter that a module offers.
func (r *Request) NamedFilter(name string) (NamedFilter, bool) {
	for _, f := range r.Site.Offered.Filters {
		if equalFold(f.Name, name) {
			return f, true
		}
	}
	return NamedFilter{}, false
}

// Layered says that something stands between the handler and the client, or changes the header.
func (r *Request) Layered() bool { return len(r.filters)+len(r.before) > 0 }

// RemoveOutputFilter takes a filter out again.
func (r *Request) RemoveOutputFilter(name string) {
	kept := r.filters[:0]
	for _, f := range r.filters {
		if f.name != name {
			kept = append(kept, f)
		}
	}
	r.filters = kept
}

// FilterNames lists the filters in the order in which content passes them.
func (r *Request) FilterNames() []string {
	r.sortFilters()
	names := make([]string, len(r.filters))
	for i, f := range r.filters {
		names[i] = f.name
	}
	return names
}

func (r *Request) sortFilters() {
	sort.SliceStable(r.filters, func(i, j int) bool { return r.filters[i].rank < r.filters[j].rank })
}

// Filters says that there are any.
func (r *Request) Filters() bool { return len(r.filters) > 0 }

// Filtered is base behind all filters of the request; finish flushes what they hold back, innermost last.
func (r *Request) Filtered(base http.ResponseWriter) (w http.ResponseWriter, finish func() error) {
	r.sortFilters()
	chain := make([]http.ResponseWriter, 0, len(r.filters))
	w = base
	for i := len(r.filters) - 1; i >= 0; i-- {
		w = r.filters[i].wrap(w)
		chain = append(chain, w)
	}
	return w, func() error {
		var first error
		for i := len(chain) - 1; i >= 0; i-- {
			if f, ok := chain[i].(Finisher); ok {
				if err := f.Finish(); err != nil && first == nil {
					first = err
				}
			}
		}
		return first
	}
}

// BeforeHeaders calls f just before the response's head is sent, in the order of these calls; f may edit the header and
// ErrHeader, which is then sent in front of it.
func (r *Request) BeforeHeaders(f func(status int, h http.Header)) { r.before = append(r.before, f) }

// RunBeforeHeaders is for the engine's writer.
func (r *Request) RunBeforeHeaders(status int, h http.Header) {
	for _, f := range r.before {
		f(status, h)
	}
}

// ResetFilters forgets filters and header callbacks, for an error response that starts anew.
func (r *Request) ResetFilters() { r.filters, r.before = nil, nil }

// FieldWriter writes a response's head as it came, and reports true, if it is HTTP/1's and nobody has a say in it.
type FieldWriter interface {
	WriteFields(status int, reason string, fields []http1.Field) bool
}

// SetErrHeader sets a header of the response that is sent with errors too.
func (r *Request) SetErrHeader(name, value string) {
	if r.ErrHeader == nil {
		r.ErrHeader = http.Header{}
	}
	r.ErrHeader.Set(name, value)
}

// AddErrHeader adds to what SetErrHeader sets.
func (r *Request) AddErrHeader(name, value string) {
	if r.ErrHeader == nil {
		r.ErrHeader = http.Header{}
	}
	r.ErrHeader.Add(name, value)
}

// AddVary says that the response depends on fields of the request's header.
func (r *Request) AddVary(fields ...string) {
	h := r.Writer.Header()
	present := strings.Split(strings.Join(h.Values("Vary"), ","), ",")
	for i := range present {
		present[i] = strings.TrimSpace(present[i])
	}
	added := false
	for _, f := range fields {
		if !slices.ContainsFunc(present, func(p string) bool { return strings.EqualFold(p, f) }) {
			present, added = append(present, f), true
		}
	}
	if added {
		h.Set("Vary", strings.TrimPrefix(strings.Join(present, ","), ","))
	}
}

// SendPage answers a GET or HEAD with what was made for it alone.
func (r *Request) SendPage(contentType string, page []byte) Result {
	h := r.Writer.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	r.Writer.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		r.Writer.Write(page)
	}
	return OK
}
