package authdigest

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
)

func authenticate(r *module.Request) module.Result {
	if !strings.EqualFold(r.ConfiguredAuthType(), "Digest") {
		return module.Declined
	}
	if r.AuthRealm() == "" {
		r.Logf("auth_digest", observe.Error, "AH01779", "need AuthName: %s", r.URI)
		return http.StatusInternalServerError
	}
	r.AuthType = r.ConfiguredAuthType()
	r.NoteAuthFailure = challenge
	line := r.Field(authorizationHeader(r))
	if line == "" {
		r.TraceAuth("the request names no user of %q", r.AuthRealm())
		return r.Unauthorized()
	}
	scheme, rest, _ := strings.Cut(line, " ")
	if !strings.EqualFold(scheme, "Digest") {
		r.Logf("auth_digest", observe.Error, "AH01781", "client used wrong authentication scheme `%s': %s", scheme, r.URI)
		return r.Unauthorized()
	}
	a, ok := parse(rest)
	if !ok {
		r.Logf("auth_digest", observe.Error, "AH01782", "missing user, realm, nonce, uri, digest, cnonce, or nonce_count: %s", r.URI)
		return r.Unauthorized()
	}
	r.User = a.username
	res := check(r, a)
	if res == module.OK {
		r.TraceAuth("the user is %s", r.User)
	} else {
		r.TraceAuth("%s of %q with that answer is not known", r.User, r.AuthRealm())
	}
	return res
}

func check(r *module.Request, a *answer) module.Result {
	if res := a.fits(r); res != module.OK {
		return res
	}
	ha1, res := a.prove(r)
	if res != module.OK {
		return res
	}
	// Only who knows the password is told that a nonce is stale (RFC 7616 3.3).
	if res := a.spend(r); res != module.OK {
		return res
	}
	r.Set(infoKey{}, a.info(ha1))
	return module.OK
}

func (a *answer) fail(r *module.Request, code, text string) module.Result {
	r.Logf("auth_digest", observe.Error, code, "user %s: %s: %s", a.username, text, r.URI)
	return r.Unauthorized()
}

// fits compares what the client says with what the request is.
func (a *answer) fits(r *module.Request) module.Result {
	if asked := r.First().UnparsedURI; !sameURI(r, a.uri, asked) {
		r.Logf("auth_digest", observe.Error, "AH01786", "uri mismatch - <%s> does not match request-uri <%s>", a.uri, asked)
		return http.StatusBadRequest
	}
	switch realm := r.AuthRealm(); {
	case a.realm != realm:
		return a.fail(r, "AH01788", "realm mismatch - got `"+a.realm+"' but expected `"+realm+"'")
	case a.algorithm != "" && !strings.EqualFold(a.algorithm, "MD5"):
		return a.fail(r, "AH01789", "unknown algorithm `"+a.algorithm+"' received")
	case a.qop != "" && !strings.EqualFold(a.qop, "auth"):
		return a.fail(r, "AH01793", "invalid qop `"+a.qop+"' received")
	}
	return module.OK
}

// prove asks the providers whether the password was right. ha1 is what they keep of it.
func (a *answer) prove(r *module.Request) (ha1 string, res module.Result) {
	ha1, known := settings.Of(r.Dir).ask(r, a.username, a.realm)
	switch known {
	case module.AuthGranted:
	case module.AuthUserNotFound:
		return "", a.fail(r, "AH01790", "user in realm `"+a.realm+"' not found")
	case module.AuthDenied:
		return "", a.fail(r, "AH01791", "denied by provider")
	default:
		return "", http.StatusInternalServerError
	}
	if subtle.ConstantTimeCompare([]byte(a.digest(ha1, r.First().Method)), []byte(a.response)) != 1 {
		return "", a.fail(r, "AH01794", "password mismatch")
	}
	return ha1, module.OK
}

// spend says whether the nonce is one of ours, and may be used now.
func (a *answer) spend(r *module.Request) module.Result {
	s := settings.Of(r.Dir)
	now, n, lifetime := time.Now(), noncesOf(r.Site.Build), s.nonceLifetime()
	switch n.Check(now, a.nonce, a.realm, lifetime) {
	case nonceForged:
		return a.fail(r, "AH01776", "invalid nonce "+a.nonce+" received")
	case nonceStale:
		r.Logf("auth_digest", observe.Info, "AH01778", "user %s: nonce expired - sending new nonce: %s", a.username, r.URI)
		return stale(r)
	}
	if r.Initial() && (lifetime == 0 || s.ncCheck.Or(false)) && !n.Use(now, a.nonce, a.count, lifetime) {
		r.Logf("auth_digest", observe.Warn, "AH01774", "user %s: nonce count %08x used before - sending new nonce: %s", a.username, a.count, r.URI)
		return stale(r)
	}
	return module.OK
}

func (s *dirSettings) ask(r *module.Request, user, realm string) (ha1 string, res module.AuthnResult) {
	providers := s.providers
	if providers == nil {
		file, err := find(r.Site.Build, "file")
		if err != nil {
			r.Logf("auth_digest", observe.Error, "AH01777", "No Authn provider configured")
			return "", module.AuthGeneralError
		}
		providers = []module.AuthnProvider{file}
	}
	for _, p := range providers {
		if ha1, res = p.RealmHash(r, user, realm); res != module.AuthUserNotFound {
			break
		}
	}
	if res == module.AuthGranted && len(ha1) != 2*md5.Size {
		return "", module.AuthDenied
	}
	return strings.ToLower(ha1), res
}

// sameURI compares the address that the client signed with the one that it asked for; escapes may differ.
func sameURI(r *module.Request, signed, asked string) bool {
	if signed == asked {
		return true
	}
	a, err1 := url.Parse(signed)
	b, err2 := url.Parse(asked)
	if err1 != nil || err2 != nil {
		return false
	}
	if _, hack := r.Env("AuthDigestEnableQueryStringHack"); hack && a.RawQuery == "" {
		a.RawQuery = b.RawQuery
	}
	host := b.Host
	if host == "" {
		host = r.HTTP.Host
	}
	return a.Path == b.Path && a.RawQuery == b.RawQuery && (a.Host == "" || strings.EqualFold(a.Host, host))
}

func authorizationHeader(r *module.Request) string {
	if r.Proxy == module.ForwardProxied {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

func challenge(r *module.Request) { challengeWith(r, "") }

// stale tells the client that its password was right and only the nonce too old.
func stale(r *module.Request) module.Result {
	r.NoteAuthFailure = func(r *module.Request) { challengeWith(r, ", stale=true") }
	return r.Unauthorized()
}

func challengeWith(r *module.Request, more string) {
	realm := r.AuthRealm()
	var b strings.Builder
	b.WriteString(`Digest realm="` + module.EscapeQuotes(realm) + `", nonce="` + noncesOf(r.Site.Build).New(time.Now(), realm) + `", algorithm=MD5`)
	if d := settings.Of(r.Dir).domain; d != nil && r.Proxy != module.ForwardProxied {
		b.WriteString(`, domain="` + strings.Join(d, " ") + `"`)
	}
	b.WriteString(more + `, qop="auth"`)
	name := "Www-Authenticate"
	if r.Proxy == module.ForwardProxied {
		name = "Proxy-Authenticate"
	}
	r.SetErrHeader(name, b.String())
}

type infoKey struct{}

// addInfo proves to the client that the server knows the password too (RFC 7616 3.5).
func addInfo(r *module.Request) module.Result {
	info, ok := r.Get(infoKey{}).(string)
	if !ok {
		return module.Declined
	}
	name := "Authentication-Info"
	if r.Proxy == module.ForwardProxied {
		name = "Proxy-Authentication-Info"
	}
	r.Writer.Header().Set(name, info)
	return module.OK
}

// digest is the response that the right password leads to; without qop in RFC 2069's old form.
func (a *answer) digest(ha1, method string) string {
	return a.proof(ha1, hash(method+":"+a.uri))
}

func (a *answer) proof(ha1, ha2 string) string {
	if a.qop == "" {
		return hash(ha1 + ":" + a.nonce + ":" + ha2)
	}
	return hash(ha1 + ":" + a.nonce + ":" + a.nc + ":" + a.cnonce + ":" + a.qop + ":" + ha2)
}

func (a *answer) info(ha1 string) string {
	if a.qop == "" {
		return `rspauth="` + a.proof(ha1, hash(":"+a.uri)) + `"`
	}
	return `rspauth="` + a.proof(ha1, hash(":"+a.uri)) + `", cnonce="` + module.EscapeQuotes(a.cnonce) + `", nc=` + a.nc + `, qop=` + a.qop
}

func hash(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// answer is a client's Authorization header.
type answer struct {
	username, realm, nonce, uri, response string
	algorithm, cnonce, nc, qop            string
	count                                 uint32
}

// parse reads name=value pairs, quoted or not; ok says that everything needed is there.
func parse(s string) (*answer, bool) {
	a := &answer{}
	fields := map[string]*string{"username": &a.username, "realm": &a.realm, "nonce": &a.nonce, "uri": &a.uri, "response": &a.response,
		"algorithm": &a.algorithm, "cnonce": &a.cnonce, "nc": &a.nc, "qop": &a.qop}
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			break
		}
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return nil, false
		}
		var value string
		value, s = token(strings.TrimLeft(rest, " \t"))
		if field := fields[strings.ToLower(strings.TrimSpace(name))]; field != nil {
			*field = value
		}
	}
	if a.username == "" || a.realm == "" || a.nonce == "" || a.uri == "" || len(a.response) != 2*md5.Size {
		return nil, false
	}
	if a.qop == "" {
		return a, true
	}
	count, err := strconv.ParseUint(a.nc, 16, 32)
	a.count = uint32(count)
	return a, err == nil && len(a.nc) == 8 && a.cnonce != ""
}

// token reads a quoted string with its escapes, or all up to a comma or a space.
func token(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			return s, ""
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
