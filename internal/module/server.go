package module

import (
	"net/netip"
	"strings"

	"transom/internal/conf"
	"transom/internal/observe"
)

// Server is the main server or one <VirtualHost>.
type Server struct {
	conf.Pos            // of <VirtualHost>; of nothing for the main server
	Index     int       // 0 is the main server, then in the file's order
	Name      string    // ServerName's host, lower case; empty until resolved
	Port      int       // ServerName's port, or 0
	Scheme    string    // ServerName's scheme, or empty
	Aliases   []string  // ServerAlias without wildcards, lower case
	Wildcards []string  // ServerAlias with * or ?
	Addresses []Address // of the <VirtualHost>; none for the main server
	Settings  *Settings // what belongs to servers; merged with the main server's once everything is read
	Defaults  *Settings // what directives outside sections say of every request
	Sections  Lists
	ErrorLog  *observe.ErrorLog // set at compile time
}

// Virtual says that this is not the main server.
func (s *Server) Virtual() bool { return s.Index > 0 }

// Address is one argument of <VirtualHost>: an address or any, a port or any.
type Address struct {
	Text    string
	IP      netip.Addr // invalid: any address ("*")
	Default bool       // "_default_"
	Port    int        // 0: any port
}

// Host is what was written for the address: perhaps a name.
func (a Address) Host() string {
	host, _ := SplitAddress(a.Text)
	return host
}

// SplitAddress takes "host", "host:port", "[v6]:port" or "v6" apart; the host comes without brackets.
func SplitAddress(s string) (host, port string) {
	i := strings.LastIndexByte(s, ':')
	if i >= 0 && !strings.HasSuffix(s, "]") && (strings.IndexByte(s, ':') == i || s[0] == '[') {
		s, port = s[:i], s[i+1:]
	}
	return strings.Trim(s, "[]"), port
}

// Lists are a scope's sections by kind, each in the file's order.
type Lists struct {
	Directories []*Section // <Directory> and, behind all of those, <DirectoryMatch>
	Files       []*Section
	Locations   []*Section
	Proxies     []*Section
	Ifs         []*Section
}

// SectionKind is what a section's argument is matched against.
type SectionKind uint8

const (
	DirectorySection SectionKind = iota
	FilesSection
	LocationSection
	ProxySection
	IfSection
	HtaccessSection
)

// Section is one <Directory>, <Files>, <Location>, <Proxy> or <If> and its kin.
type Section struct {
	conf.Pos
	Kind     SectionKind
	ID       int      // unique in a Site, in reading order
	Name     string   // the argument as written
	Title    string   // "<Location /x>" for messages
	Path     string   // DirectorySection: the cleaned path, for sorting and for AllowOverride's search; else the argument
	Outer    *Section // the section around this one, or nil
	Match    Matcher
	Settings *Settings
	Nested   Lists // <Files> and <If> inside
	// If is true when an IfSection's condition holds for a request. An error decides nothing: the request must end with 500.
	If func(*Request) (bool, error)
	// Chain links <ElseIf> and <Else> to the section before: it applies only if none of those did.
	Chain *Section
}

// Matcher says whether a section's argument covers a name (a directory's path, a file's last component, a URL's path or a
// proxied URL). Groups are named captures of a regular expression, which become MATCH_NAME in the environment. An error, of a
// pattern that gave up, decides nothing: sections restrict as well as open, so the request must end with 500.
type Matcher interface {
	Match(name string) (ok bool, groups map[string]string, err error)
}

// Methods is the set of request methods that <Limit> or <LimitExcept> names.
type Methods struct {
	Names  []string
	Except bool
}

// Covers says whether the set holds a method; GET stands for HEAD too. A nil set covers every method.
func (m *Methods) Covers(method string) bool {
	if m == nil {
		return true
	}
	if method == "HEAD" {
		method = "GET"
	}
	for _, n := range m.Names {
		if n == method {
			return !m.Except
		}
	}
	return m.Except
}
