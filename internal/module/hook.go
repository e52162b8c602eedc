package module

import "transom/internal/tunnel"

// Phase is a step of httpd's request processing, in order.
type Phase uint8

const (
	PostRead          Phase = iota // the head is read, no section applies yet
	PreTranslate                   // before the URL is decoded
	Translate                      // URL to file name, or to "proxy:..."
	MapToStorage                   // before the directory walk
	HeaderParser                   // all sections are known
	AccessChecker                  // who may come, by address
	AccessCheckerX                 // who may come without a user name
	CheckUserID                    // who it is
	AuthChecker                    // whether that user may come
	TypeChecker                    // media type and handler
	Fixups                         // the last word before the handler
	InsertFilter                   // output and input filters
	InsertErrorFilter              // instead, for an error page or a redirect that the server makes
	Handler
	LogTransaction // after the response is sent
	phases
)

var phaseNames = [phases]string{"post_read_request", "pre_translate_name", "translate_name", "map_to_storage", "header_parser",
	"access_checker", "access_checker_ex", "check_user_id", "auth_checker", "type_checker", "fixups", "insert_filter", "insert_error_filter", "handler", "log_transaction"}

func (p Phase) String() string { return phaseNames[p] }

// Phases is how many phases there are.
const Phases = int(phases)

// RunsAll says that every hook of a phase runs until one answers neither OK nor Declined; in the other phases the first
// one that does not decline ends the phase. (httpd: AP_IMPLEMENT_HOOK_RUN_ALL and RUN_FIRST.)
func (p Phase) RunsAll() bool { return runFirst>>p&1 == 0 }

const runFirst = 1<<PreTranslate | 1<<Translate | 1<<MapToStorage | 1<<AccessCheckerX | 1<<CheckUserID | 1<<AuthChecker | 1<<TypeChecker | 1<<Handler

// Result is what a hook answers: OK, Declined, Done, or a status code.
type Result int

const (
	Declined  Result = -1 // not mine
	OK        Result = 0  // done with this phase
	Done      Result = -2 // the response is complete
	Suspended Result = -3 // the connection was taken over (a tunnel): nothing more to send, and the log line comes at its end
)

// Position places a hook among those of its phase before any Before and After (APR_HOOK_FIRST ...).
type Position int8

const (
	ReallyFirst Position = -2
	First       Position = -1
	Middle      Position = 0
	Last        Position = 1
	ReallyLast  Position = 2
)

// Hook runs a function in a phase.
type Hook struct {
	Phase    Phase
	Position Position
	After    []string // module names whose hooks of this phase come before this one
	Before   []string
	Run      func(*Request) Result
	// Applies says whether Run may have anything to do under the settings of a server and of the sections around; nil: always.
	// It is asked once for every combination of sections, not for every request.
	Applies func(server, sections *Settings) bool
	// Only are the requests that Run may have anything to do for; none: all.
	Only Only
	// Grants is for AccessCheckerX only: whether Run answers OK to everybody under those settings.
	Grants func(server, sections *Settings) bool
	// Detach is for LogTransaction only: called when a request becomes a tunnel, it returns what will run when the tunnel
	// ends (or nil). What it returns must not hold on to the Request: it lives as long as the tunnel.
	Detach func(*Request) TunnelEnd
}

// Only is a set of conditions that a request must meet, all of them.
type Only uint8

const (
	Files     Only = 1 << iota // it is not proxied
	Bodies                     // it has a body
	Encrypted                  // it came by TLS
	Proxied                    // a PROXY header named its client: Conn.ProxiedFor
	Malformed                  // there is a Conn.Bad
)

// TunnelEnd is told how a tunnel ended.
type TunnelEnd = tunnel.Watcher
