package check

import (
	"fmt"
	"strings"
)

// Severity says how a finding counts.
type Severity string

const (
	Error   Severity = "error"   // the configuration does not load
	Warning Severity = "warning" // it does not do what it seems to say
	Note    Severity = "note"    // harmless, or worth knowing
)

// Kind is a row of docs/findings.md.
type Kind struct {
	Code        string
	Severity    Severity
	Title       string
	Explanation string
	Remedy      string
}

// The kinds of findings. A code is never given a second meaning.
var (
	shadowed = Kind{"T001", Warning, "A ProxyPass that an earlier one shadows",
		"ProxyPass directives are tried in the order of the file and the first one that covers the path wins, not the longest. Those of the main server come before the virtual host's.",
		"Put the directive with the longer path first."}
	webSocketBehind = Kind{"T002", Warning, "A WebSocket rule behind the one that takes its path",
		"The handshake goes to the earlier http:// URL. Transom tunnels it there; httpd drops its Upgrade field, and the application falls back to polling or answers 400, 404 or 426.",
		"Put the ws:// rule first."}
	exclusionBehind = Kind{"T003", Warning, "An exclusion behind the rule that it excludes from",
		"ProxyPass PATH ! only keeps what stands below it from a path.",
		"Put the exclusion first."}
	locationOrder = Kind{"T004", Warning, "A <Location> whose ProxyPass a later <Location> replaces",
		"All <Location> sections that cover a path are merged in the order of the file, and the ProxyPass of the last one counts; the manual's \"most specific\" is not what happens.",
		"Put the section with the longer path last."}
	slashes = Kind{"T005", Warning, "Path and URL of a ProxyPass do not both end in a slash",
		"What follows the path is put behind the URL as it is: /x with http://host/ makes //rest, /x/ with http://host makes hostrest, which is refused.",
		"End both in a slash, or neither."}
	redirectSlash = Kind{"T006", Warning, "A Redirect to a URL without the slash that its path ends in",
		"What follows the path is put behind the URL as it is, so that Redirect / https://host leads to https://hostpage.",
		"End the URL in a slash."}
	idleReverse = Kind{"T007", Warning, "A ProxyPassReverse that does nothing, or harm",
		"It compares Location fields of answers with a URL, as text: the path comes first and the URL second, and neither may be a regular expression. In <LocationMatch> httpd puts the pattern itself into the answer, as in http://host^/app/page.",
		"Write ProxyPassReverse PATH URL with the path and the URL of the ProxyPass."}
	wsReverse = Kind{"T008", Note, "A ProxyPassReverse to ws:// or wss://",
		"Answers that redirect name http:// or https:// URLs, so that this one never matches. It harms nobody.",
		"Remove it, or name the http:// URL."}
	reverseWords = Kind{"T009", Warning, "Words behind a ProxyPassReverse that are ignored",
		"Parameters such as retry=0 belong to ProxyPass. Here they are accepted and mean nothing.",
		"Move them to the ProxyPass."}
	upgradeCase = Kind{"T010", Warning, "Upgrade is compared with regard to case",
		"Clients may write websocket in any case (RFC 9110 7.8), and some write WebSocket.",
		"Add the flag [NC] to the RewriteCond, or compare with =~ m#^websocket$#i."}
	connectionWhole = Kind{"T011", Warning, "Connection is compared as a whole",
		"Connection is a list: Firefox sends \"keep-alive, Upgrade\", and the comparison fails there while it holds in Chrome.",
		"Leave the condition out, since Upgrade is tested, or search for the word: %{HTTP:Connection} \\bupgrade\\b [NC]."}
	proxyEngine = Kind{"T012", Warning, "An https:// or wss:// URL without SSLProxyEngine",
		"Requests for it are answered with 500 (AH01961).",
		"Add SSLProxyEngine On to the virtual host."}
	queryPattern = Kind{"T013", Warning, "A pattern for the query string where only the path is compared",
		"ProxyPass, ProxyPassMatch, RewriteRule, <Location> and <LocationMatch> see the path alone, so that this never matches.",
		"Use RewriteCond %{QUERY_STRING} with a RewriteRule [P]."}
	unanchored = Kind{"T014", Warning, "A pattern that may match in the middle of the path",
		"Without ^ the pattern matches anywhere, and what stands before it is lost: /shiny/(.*) sends /a/shiny/b to /b.",
		"Begin the pattern with ^."}
	remark = Kind{"T015", Warning, "A remark at the end of a line",
		"# begins a remark only at the beginning of a line; here it is an argument. RewriteRule and RewriteCond ignore it silently, most directives fail.",
		"Put the remark on a line of its own."}
	moduleMissing = Kind{"T016", Note, "httpd would not find a module for this URL",
		"Nothing loads the module of the scheme: httpd answers 500 and logs AH01144. Transom has its own and serves the request.",
		"Add the LoadModule line if httpd is to read this file too."}
	slashesNotInherited = Kind{"T017", Warning, "AllowEncodedSlashes does not reach the virtual hosts",
		"It is not inherited: a virtual host without its own answers %2F in a path with 404.",
		"Repeat it in the virtual host."}
	slashesTwice = Kind{"T018", Note, "Encoded slashes that httpd encodes again",
		"Where a section such as <Location> covers the path too, httpd forgets AllowEncodedSlashes NoDecode, and a ProxyPass without nocanon sends %252F for %2F. Transom keeps %2F.",
		"Add nocanon to the ProxyPass."}
	hiddenHost = Kind{"T019", Warning, "A virtual host for any port that others hide",
		"A <VirtualHost *:PORT> fits better than one without a port, so that what this one says does not apply to those ports.",
		"Move its directives to the main server or into each virtual host."}
	rewriteInSection = Kind{"T020", Warning, "A RewriteRule where the path is not what it is compared with",
		"In <Location> a pattern is compared with a file name, or with proxy:URL if a ProxyPass came first; in <Directory> with the path below it, which has no slash at its beginning.",
		"Move the rule to the virtual host."}
	mappedBefore = Kind{"T021", Warning, "An Alias or Redirect whose path a ProxyPass takes",
		"ProxyPass is asked before Alias and Redirect, wherever they stand in the file.",
		"Add ProxyPass PATH ! above the ProxyPass."}
	ruleBehind = Kind{"T022", Warning, "A RewriteRule behind one that ends rewriting for every request",
		"The earlier rule has no condition, matches everything and ends the rules, so that this one is never tried.",
		"Move it up, or give the earlier rule a condition."}
	passBehindRule = Kind{"T023", Warning, "A ProxyPass behind a RewriteRule that proxies every request",
		"Rules of a virtual host are applied before ProxyPass, wherever they stand in the file.",
		"Remove one of both, or give the rule a condition."}
	looseCondition = Kind{"T024", Note, "A RewriteCond without a RewriteRule",
		"A condition belongs to the next RewriteRule, and none follows.",
		"Remove it, or add the rule."}
	wrongBraces = Kind{"T025", Warning, "${...} where %{...} is meant",
		"${NAME} is replaced while the configuration is read, and ${MAP:KEY} asks a RewriteMap. Variables of a request are written %{NAME}.",
		"Write % for $."}
	cutFlags = Kind{"T026", Error, "Flags that a blank cuts in two",
		"Flags are one word, and [P, is the beginning of one that never ends: the configuration does not load.",
		"Remove the blank."}
	redirectVariable = Kind{"T027", Warning, "A variable in a Redirect that does not expand it",
		"Outside <Location> the target is taken as it is written, %{...} included.",
		"Use a RewriteRule with [R], or put the Redirect into a <Location> with an expression."}
	proxyName = Kind{"T028", Warning, "A <Proxy> section that covers nothing",
		"Its argument is compared with whole URLs, and this one has no scheme. What it allows or forbids does not apply.",
		"Write <Proxy http://host:port/> or <Proxy *>."}
	openProxy = Kind{"T029", Warning, "An open forward proxy",
		"ProxyRequests On lets clients reach any server through this one, unless a <Proxy *> section restricts who.",
		"Write ProxyRequests Off; a reverse proxy needs no more."}
	blanks = Kind{"T030", Note, "A proxying rule that refuses blanks and question marks",
		"With NE and without B the decoded path goes out as it is. A request with %20 or %3F in its path is answered 403 (AH10410, AH10411, AH10508).",
		"Leave NE out, or use ProxyPass with nocanon."}
	doubledSlash = Kind{"T031", Warning, "A captured path behind a slash",
		"The path begins with a slash, and so does what a pattern such as ^(.*) captures: ^(.*) with http://host/$1 makes //page.",
		"Write ^/(.*) for ^(.*), or leave the slash before $1 out."}
	otherPort = Kind{"T032", Note, "WebSockets go to another instance than everything else",
		"The rule for WebSockets names the port next to that of the rule for all paths, on the same host: a slip where a configuration was copied for a second instance.",
		"Compare the ports; silence the finding if both are right."}
	redirectLoop = Kind{"T033", Warning, "A Redirect into its own path",
		"What follows the path is put behind the URL, and the new address is covered by the same Redirect: the client goes round until it gives up. Only a ProxyPass for the new address, which is asked first, ends that.",
		"Use RedirectMatch with the exact path, as in RedirectMatch ^/$ /app/ for the front page."}
	shortTimeout = Kind{"T034", Note, "A WebSocket rule with a short timeout",
		"httpd closes a tunnel that is idle for the larger of Timeout and the rule's timeout=, which was copied from a rule for pages. Transom does not end tunnels that are only quiet.",
		"Leave timeout= out, or let it be longer than the application's pings are apart."}
	basicSocket = Kind{"T035", Note, "A WebSocket behind Basic authentication",
		"Some browsers (Safari) send no credentials with a handshake: it is answered with 401, while pages work.",
		"Let the handshake through with Require expr on its path, and have the application check its session."}
	engineOff = Kind{"T036", Warning, "Rewrite rules without RewriteEngine On",
		"RewriteEngine is off unless the server, a virtual host or the section switches it on, and then no rule is tried.",
		"Add RewriteEngine On above the rules."}
	behindLocation = Kind{"T037", Warning, "A ProxyPass for a path that a <Location> takes",
		"A ProxyPass in a <Location> comes before all that stand outside sections, wherever they are in the file: no other target, no exclusion and no ws:// rule counts below its path.",
		"Write it as a <Location> of its own behind that one: of sections, the last one that covers the path counts."}
	ignored = Kind{"T090", Note, "Accepted with a warning",
		"Starting the server prints the same warning.",
		"See docs/directives.md for what each directive does here."}
	broken = Kind{"T099", Error, "The configuration does not load",
		"Starting the server prints the same error.",
		"The message names what was expected."}
)

// Kinds are all kinds in the order of their codes.
func Kinds() []Kind {
	return []Kind{shadowed, webSocketBehind, exclusionBehind, locationOrder, slashes, redirectSlash, idleReverse, wsReverse, reverseWords,
		upgradeCase, connectionWhole, proxyEngine, queryPattern, unanchored, remark, moduleMissing, slashesNotInherited, slashesTwice, hiddenHost,
		rewriteInSection, mappedBefore, ruleBehind, passBehindRule, looseCondition, wrongBraces, cutFlags, redirectVariable, proxyName, openProxy,
		blanks, doubledSlash, otherPort, redirectLoop, shortTimeout, basicSocket, engineOff, behindLocation, ignored, broken}
}

// markdown keeps sections' names and patterns from being taken for HTML and emphasis.
var markdown = strings.NewReplacer("<", `\<`, "*", `\*`)

// Document is docs/findings.md.
func Document() string {
	var b strings.Builder
	b.WriteString(`# Findings of transom check

Generated from the table of ` + "`internal/check`" + ` by ` + "`make generate`" + `.

` + "`transom check [--json] [-d directory] [-f file] [FILE]`" + ` loads a configuration and reports what is wrong or will surprise. The exit status is 1 if
there are errors or warnings; notes don't count. A comment directly above a directive silences findings about it:

` + "```apache\n# transom: ignore T001\nProxyPass /ws ws://127.0.0.1:3000/ws\n```" + `

Several codes are separated by blanks or commas; without a code the comment silences all.
`)
	for _, k := range Kinds() {
		fmt.Fprintf(&b, "\n## %s: %s\n\n*%s.* %s\n\n**Remedy:** %s\n", k.Code, markdown.Replace(k.Title),
			strings.ToUpper(string(k.Severity[:1]))+string(k.Severity[1:]), markdown.Replace(k.Explanation), markdown.Replace(k.Remedy))
	}
	return b.String()
}
