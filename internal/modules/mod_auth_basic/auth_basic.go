package authbasic

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

var settings = &module.Slot[dirSettings]{Merge: func(outer, inner *dirSettings) *dirSettings {
	m := *inner
	if m.providers == nil {
		m.providers = outer.providers
	}
	m.authoritative = inner.authoritative.Inherit(outer.authoritative)
	m.digest = inner.digest.Inherit(outer.digest)
	m.fake = module.Inherit(outer.fake, inner.fake)
	return &m
}}

type dirSettings struct {
	providers     []module.AuthnProvider // none: "file"
	authoritative module.Flag
	digest        module.Flag
	fake          *fakeUser
}

// fakeUser is AuthBasicFake; without functions it is off.
type fakeUser struct {
	user, password func(*module.Request) (string, error)
}

func authenticate(r *module.Request) module.Result {
	scheme := r.ConfiguredAuthType()
	if !strings.EqualFold(scheme, "Basic") {
		return module.Declined
	}
	realm := r.AuthRealm()
	if realm == "" {
		r.Logf("auth_basic", observe.Error, "AH01615", "need AuthName: %s", r.URI)
		return http.StatusInternalServerError
	}
	r.AuthType = scheme
	r.NoteAuthFailure = challenge
	user, password, ok := credentials(r)
	if !ok {
		r.TraceAuth("the request names no user of %q", realm)
		return r.Unauthorized()
	}
	r.User = user
	s := settings.Of(r.Dir)
	answer := s.ask(r, user, password, realm)
	if answer == module.AuthGranted {
		r.TraceAuth("the user is %s", user)
		return module.OK
	}
	r.TraceAuth("%s of %q with that password is not known", user, realm)
	if answer != module.AuthDenied && !s.authoritative.Or(true) {
		return module.Declined
	}
	switch answer {
	case module.AuthDenied:
		r.Logf("auth_basic", observe.Error, "AH01617", "user %s: authentication failure for \"%s\": Password Mismatch", user, r.URI)
	case module.AuthUserNotFound:
		r.Logf("auth_basic", observe.Error, "AH01618", "user %s not found: %s", user, r.URI)
	default:
		return http.StatusInternalServerError
	}
	return r.Unauthorized()
}

// credentials reads the client's header. httpd decodes as far as the text is base64 and takes what it has.
func credentials(r *module.Request) (user, password string, ok bool) {
	name := "Authorization"
	if r.Proxy == module.ForwardProxied {
		name = "Proxy-Authorization"
	}
	line := r.Field(name)
	if line == "" {
		return "", "", false
	}
	scheme, rest, _ := strings.Cut(line, " ")
	if !strings.EqualFold(scheme, "Basic") {
		r.Logf("auth_basic", observe.Error, "AH01614", "client used wrong authentication scheme: %s", r.URI)
		return "", "", false
	}
	user, password, _ = strings.Cut(decode(strings.TrimLeft(rest, " \t")), ":")
	return user, password, true
}

func decode(text string) string {
	end := strings.IndexFunc(text, func(c rune) bool {
		return !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/')
	})
	if end >= 0 {
		text = text[:end]
	}
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	plain, _ := base64.RawStdEncoding.DecodeString(text)
	return string(plain)
}

// ask asks the providers until one knows the user.
func (s *dirSettings) ask(r *module.Request, user, password, realm string) module.AuthnResult {
	providers := s.providers
	if providers == nil {
		file, err := find(r.Site.Build, "file")
		if err != nil {
			r.Logf("auth_basic", observe.Error, "AH01616", "No Authn provider configured")
			return module.AuthGeneralError
		}
		providers = []module.AuthnProvider{file}
	}
	answer := module.AuthUserNotFound
	for _, p := range providers {
		if s.digest == module.On {
			answer = byDigest(r, p, user, password, realm)
		} else {
			answer = p.CheckPassword(r, user, password)
		}
		if answer != module.AuthUserNotFound {
			break
		}
	}
	return answer
}

func byDigest(r *module.Request, p module.AuthnProvider, user, password, realm string) module.AuthnResult {
	if p.RealmHash == nil {
		r.Logf("auth_basic", observe.Error, "AH02493", "Authn provider %s has no hashes of realms, which AuthBasicUseDigestAlgorithm needs", p.Name)
		return module.AuthGeneralError
	}
	stored, answer := p.RealmHash(r, user, realm)
	if answer != module.AuthGranted {
		return answer
	}
	sum := md5.Sum([]byte(user + ":" + realm + ":" + password))
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(stored)) != 1 {
		return module.AuthDenied
	}
	return module.AuthGranted
}

func challenge(r *module.Request) {
	name := "Www-Authenticate"
	if r.Proxy == module.ForwardProxied {
		name = "Proxy-Authenticate"
	}
	r.SetErrHeader(name, `Basic realm="`+module.EscapeQuotes(r.AuthRealm())+`"`)
}

// fake is AuthBasicFake.
func fake(r *module.Request) module.Result {
	f := settings.Of(r.Dir).fake
	if f == nil || f.user == nil {
		return module.Declined
	}
	user, err := f.user(r)
	if err != nil {
		r.Logf("auth_basic", observe.Error, "AH02455", "AuthBasicFake: could not evaluate user expression for URI '%s': %v", r.URI, err)
		return http.StatusInternalServerError
	}
	if user == "" {
		return module.Declined
	}
	password, err := f.password(r)
	if err != nil {
		r.Logf("auth_basic", observe.Error, "AH02456", "AuthBasicFake: could not evaluate password expression for URI '%s': %v", r.URI, err)
		return http.StatusInternalServerError
	}
	if password == "" {
		return module.Declined
	}
	r.Header().Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	return module.OK
}
