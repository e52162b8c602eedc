package balancer

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
)

// maxForm bounds what the manager reads of a form.
const maxForm = 64 << 10

// serveManager is the handler balancer-manager: GET shows, POST changes a member if the balancer's nonce comes with it.
func serveManager(r *module.Request) module.Result {
	balancers := balancersOf(r.Server, r.Site)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if res := change(r, balancers); res != module.OK {
			return res
		}
	default:
		r.SetErrHeader("Allow", "GET,HEAD,POST")
		return http.StatusMethodNotAllowed
	}
	var b bytes.Buffer
	if err := page.Execute(&b, view(r, balancers)); err != nil {
		r.Logf("proxy_balancer", observe.Error, "", "balancer manager: %v", err)
		return http.StatusInternalServerError
	}
	r.Writer.Header().Set("X-Frame-Options", "DENY")
	return r.SendPage("text/html; charset=utf-8", b.Bytes())
}

func balancersOf(s *module.Server, site *module.Site) (list []*upstream.Balancer) {
	for _, of := range site.Offered.Balancers {
		list = append(list, of(s)...)
	}
	return list
}

// change applies a form: b, w and nonce name the member, the fields w_... are httpd's.
func change(r *module.Request, balancers []*upstream.Balancer) module.Result {
	body := http.MaxBytesReader(nil, r.HTTP.Body, maxForm)
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(body); err != nil {
		return http.StatusRequestEntityTooLarge
	}
	form, err := url.ParseQuery(strings.TrimSpace(raw.String()))
	if err != nil {
		return http.StatusBadRequest
	}
	b, w := member(balancers, form.Get("b"), form.Get("w"))
	if w == nil {
		return http.StatusNotFound
	}
	if want := nonce(r, b); want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(form.Get("nonce"))) != 1 {
		r.Logf("proxy_balancer", observe.Notice, "AH01187", "ignoring params in balancer-manager cross-site access %s", r.Field("Referer"))
		return http.StatusForbidden
	}
	if err := tune(w, form); err != nil {
		r.SetNote("error-notes", template.HTMLEscapeString(err.Error()))
		return http.StatusBadRequest
	}
	r.Logf("proxy_balancer", observe.Notice, "", "%s: %s changed by the balancer manager: %s", b.Name, w.Name(), w.Status())
	return module.OK
}

func member(balancers []*upstream.Balancer, name, worker string) (*upstream.Balancer, *upstream.Worker) {
	for _, b := range balancers {
		if strings.TrimPrefix(b.Name, "balancer://") != strings.TrimPrefix(name, "balancer://") {
			continue
		}
		for _, w := range b.Members {
			if w.Name() == worker {
				return b, w
			}
		}
	}
	return nil, nil
}

// nonce is the balancer's: as configured, one for the life of the process, or "" if nonce=None.
func nonce(r *module.Request, b *upstream.Balancer) string {
	switch {
	case strings.EqualFold(b.Nonce, "None"):
		return ""
	case b.Nonce != "":
		return b.Nonce
	}
	return module.Keep(r.Site.Build.Kept, "mod_proxy_balancer nonce", rand.Text)
}

var flags = []struct {
	Letter, Title string
	Bit           upstream.Status
}{
	{"I", "Ignore Errors", upstream.IgnoreErrors}, {"N", "Draining Mode", upstream.Draining}, {"D", "Disabled", upstream.Disabled},
	{"H", "Hot Standby", upstream.Standby}, {"R", "Hot Spare", upstream.HotSpare}, {"S", "Stopped", upstream.Stopped},
	{"C", "HC Fail", upstream.CheckFailed}, {"E", "Error", upstream.InError},
}

// tune sets what the form names and leaves the rest.
func tune(w *upstream.Worker, form url.Values) error {
	params := w.Params
	t := w.Tuning()
	for _, f := range []struct {
		field, key string
		apply      func()
	}{
		{"w_lf", "loadfactor", func() { t.LoadFactor = params.LoadFactor }},
		{"w_ls", "lbset", func() { t.LBSet = params.LBSet }},
		{"w_wr", "route", func() { t.Route = params.Route }},
		{"w_rr", "redirect", func() { t.Redirect = params.Redirect }},
	} {
		if !form.Has(f.field) {
			continue
		}
		if err := params.SetParam(f.key, form.Get(f.field)); err != nil {
			return err
		}
		f.apply()
	}
	var set, clear upstream.Status
	for _, f := range flags {
		switch v := form.Get("w_status_" + f.Letter); v {
		case "":
		case "1":
			set |= f.Bit
		case "0":
			clear |= f.Bit
		default:
			return fmt.Errorf("w_status_%s=%s: expected 0 or 1", f.Letter, v)
		}
	}
	w.Tune(t)
	w.SetStatus(set, clear)
	return nil
}
