package explain

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Text writes an explanation for people.
func (x *Explanation) Text(w io.Writer) {
	fmt.Fprintf(w, "%s\nfrom %s to %s\n", x.Request, x.From, x.To)
	if x.Host != nil {
		steps(w, "Virtual host", []Step{*x.Host})
	}
	steps(w, "Sections that apply, in the order in which they are merged", x.Sections)
	steps(w, "Steps", x.Steps)
	for _, u := range x.Upstream {
		what := "Request"
		if u.Tunnel {
			what = "WebSocket handshake"
		}
		fmt.Fprintf(w, "\n%s to %s (worker %s)\n", what, u.Origin, u.Worker)
		for _, line := range u.Head {
			fmt.Fprintf(w, "  %s\n", line)
		}
		if u.Error != "" {
			fmt.Fprintf(w, "  is not sent: %s\n", u.Error)
		}
	}
	condition := ""
	if len(x.Upstream) > 0 && x.Upstream[len(x.Upstream)-1].Error == "" {
		condition = ", if the origin answers 200 and nothing else"
	}
	fmt.Fprintf(w, "\nResponse%s\n  %d %s\n", condition, x.Response.Status, http.StatusText(x.Response.Status))
	for _, f := range x.Response.Fields {
		fmt.Fprintf(w, "  %s\n", f)
	}
}

// JSON writes an explanation for programs.
func (x *Explanation) JSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(x)
}

func steps(w io.Writer, title string, list []Step) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, s := range list {
		place := ""
		if s.File != "" {
			place = fmt.Sprintf("%s:%d  ", s.File, s.Line)
		}
		fmt.Fprintf(w, "  %s%s\n", place, s.Directive)
		if s.Text != "applies" {
			fmt.Fprintf(w, "      %s\n", strings.ReplaceAll(s.Text, "\n", "\n      "))
		}
	}
}
