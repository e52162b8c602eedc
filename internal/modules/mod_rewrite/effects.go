package rewrite

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/regex"
)

var none regex.Match

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return fmt.Sprintf(", status %d", status)
}

// setVariables carries out E and CO.
func (ctx *context) setVariables(p *rule) {
	for _, t := range p.env {
		ctx.setEnv(t.expand(ctx, nil))
	}
	for _, t := range p.cookies {
		ctx.addCookie(t.expand(ctx, nil))
	}
}

func (ctx *context) setEnv(text string) {
	if name, ok := strings.CutPrefix(text, "!"); ok {
		ctx.r.UnsetEnv(name)
		ctx.log(5, "unsetting env variable '%s'", name)
		return
	}
	name, value, _ := strings.Cut(text, ":")
	ctx.r.SetEnv(name, value)
	ctx.log(5, "setting env variable '%s' to '%s'", name, value)
}

type cookieKey string // of cookies that this exchange has set

// addCookie reads name:value:domain[:minutes[:path[:secure[:httponly[:samesite]]]]], or the same with semicolons behind
// a leading one.
func (ctx *context) addCookie(text string) {
	separator := ":"
	if strings.HasPrefix(text, ";") {
		separator = ";"
	}
	f := strings.FieldsFunc(text, func(c rune) bool { return string(c) == separator }) // empty fields vanish, as in strtok
	if len(f) < 3 {
		return
	}
	for len(f) < 8 {
		f = append(f, "")
	}
	main := ctx.r
	for main.Main != nil {
		main = main.Main
	}
	if key := cookieKey(f[0]); main.First().Get(key) == nil {
		main.First().Set(key, true)
		if main.ErrHeader == nil {
			main.ErrHeader = http.Header{}
		}
		cookie := formatCookie(f, ctx.r.Conn.Received)
		if hasControls(cookie) {
			ctx.err = fmt.Errorf("the cookie %q contains invalid characters", cookie)
			return
		}
		main.ErrHeader.Add("Set-Cookie", cookie)
		ctx.log(5, "setting cookie '%s'", cookie)
		return
	}
	ctx.log(5, "skipping already set cookie '%s'", f[0])
}

func formatCookie(f []string, now time.Time) string {
	path := f[4]
	if path == "" {
		path = "/"
	}
	cookie := f[0] + "=" + f[1] + "; path=" + path + "; domain=" + f[2]
	if minutes := atoi(f[3]); minutes != 0 {
		cookie += "; expires=" + now.Add(time.Duration(minutes)*time.Minute).UTC().Format("Mon, 02-Jan-2006 15:04:05 GMT")
	}
	if isTrue(f[5], "secure") {
		cookie += "; secure"
	}
	if isTrue(f[6], "HttpOnly") {
		cookie += "; HttpOnly"
	}
	if f[7] != "" && f[7] != "0" && !strings.EqualFold(f[7], "false") {
		cookie += "; SameSite=" + f[7]
	}
	return cookie
}

func isTrue(value, word string) bool {
	return value == "1" || strings.EqualFold(value, "true") || strings.EqualFold(value, word)
}

// forced is what T and H say, until the fixups.
type forced struct{ contentType, handler string }

type forcedKey struct{}

// force remembers T and H.
func (ctx *context) force(p *rule) {
	if p.contentType.empty() && p.handler.empty() {
		return
	}
	f, _ := ctx.r.Get(forcedKey{}).(forced)
	if t := lowerASCII(p.contentType.expand(ctx, p.escape)); t != "" {
		ctx.log(2, "remember %s to have MIME-type '%s'", ctx.r.Filename, t)
		f.contentType = t
	}
	if h := lowerASCII(p.handler.expand(ctx, p.escape)); h != "" {
		ctx.log(2, "remember %s to have Content-handler '%s'", ctx.r.Filename, h)
		f.handler = h
	}
	ctx.r.Set(forcedKey{}, f)
}

// forceType is the fixup that carries out T and H.
func forceType(r *module.Request) module.Result {
	f, ok := r.Get(forcedKey{}).(forced)
	if !ok {
		return module.Declined
	}
	ctx := &context{r: r}
	if f.contentType != "" {
		ctx.log(1, "force filename %s to have MIME-type '%s'", r.Filename, f.contentType)
		r.ContentType = f.contentType
	}
	if f.handler != "" {
		ctx.log(1, "force filename %s to have the Content-handler '%s'", r.Filename, f.handler)
		r.Handler = f.handler
	}
	return module.OK
}
