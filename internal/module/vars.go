package module

import (
	"fmt"
	"html"
	"strings"
)

// Version is Transom's own version; APIVersion is the httpd whose behaviour it follows and that <IfVersion> answers with.
const (
	Version    = "0.1.0"
	APIVersion = "2.4.71"
)

// ServerTokens makes the Server header in the forms of ServerTokens.
func ServerTokens(form string) string {
	major, rest, _ := strings.Cut(Version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	switch strings.ToLower(form) {
	case "prod", "productonly":
		return "Transom"
	case "major":
		return "Transom/" + major
	case "minor":
		return "Transom/" + major + "." + minor
	case "min", "minimal":
		return "Transom/" + Version
	}
	return "Transom/" + Version + " (Unix)"
}

// Signature is the line below server-made pages (ServerSignature).
func Signature(r *Request) string {
	mode := CoreDir.Of(r.Dir).ServerSignature
	if mode == "" || mode == "off" {
		return ""
	}
	name := html.EscapeString(r.ServerName())
	if admin := CoreServer.Of(r.Server.Settings).ServerAdmin; mode == "email" && admin != "" {
		name = fmt.Sprintf(`<a href="mailto:%s">%s</a>`, html.EscapeString(admin), name)
	}
	return fmt.Sprintf("<hr>\n<address>%s Server at %s Port %d</address>\n", r.Site.Banner, name, r.ServerPort())
}
