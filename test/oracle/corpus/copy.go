package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// shift moves the ports of backends away from those that the configurations
// listen on: some name the same one for both.
const shift = 30000

var (
	backendURL = regexp.MustCompile(`(?i)\b((?:https?|wss?)://[^/\s":|]*):(\d+)`)
	bareHost   = regexp.MustCompile(`((?:^|[\s<])127\.0\.0\.1):(\d+)`)
	ownAddress = regexp.MustCompile(`(?i)^\s*(Listen|NameVirtualHost|<VirtualHost)\b`)
	ownListen  = regexp.MustCompile(`(?im)^\s*Listen\s+(?:\S+:)?(\d+)\b`)
	ownFolder  = regexp.MustCompile(`/(etc/ssl/example|etc/apache2|var/log|var/www|usr/share|opt|run)/`)
)

// moved returns the copy of a configuration that is loaded, and the ports that its
// backends have there.
func moved(conf, root string) (text string, ports []int) {
	lines := strings.Split(conf, "\n")
	seen := map[int]bool{}
	for i, l := range lines {
		if ownAddress.MatchString(l) || strings.HasPrefix(strings.TrimSpace(l), "#") {
			continue
		}
		for _, pattern := range []*regexp.Regexp{backendURL, bareHost} {
			l = pattern.ReplaceAllStringFunc(l, func(s string) string {
				m := pattern.FindStringSubmatch(s)
				n, err := strconv.Atoi(m[2])
				if err != nil || n >= shift {
					n -= shift // moved already, or beyond all ports
				}
				seen[n+shift] = true
				return m[1] + ":" + strconv.Itoa(n+shift)
			})
		}
		lines[i] = l
	}
	for p := range seen {
		ports = append(ports, p)
	}
	return ownFolder.ReplaceAllString(strings.Join(lines, "\n"), root+"/$1/"), ports
}

// original undoes moved in what a server says.
func original(s, root string, ports []int) string {
	for _, p := range ports {
		s = strings.ReplaceAll(s, ":"+strconv.Itoa(p), ":"+strconv.Itoa(p-shift))
	}
	return strings.ReplaceAll(s, root+"/", "/")
}

const corpusModules = `mpm_event authn_core authn_file authz_core authz_host authz_user authz_groupfile
	access_compat auth_basic alias dir mime env setenvif headers rewrite proxy proxy_http proxy_wstunnel
	proxy_connect proxy_fcgi proxy_ajp proxy_balancer slotmem_shm lbmethod_byrequests lbmethod_bytraffic
	lbmethod_bybusyness ssl socache_shmcb filter deflate expires substitute remoteip negotiation autoindex
	http2 macro request`

// prelude is a server with everything switched on, as the applications'
// documentation takes it for granted.
func (t *trial) prelude(root, conf string, ports []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ServerRoot %q\nPidFile httpd.pid\nErrorLog logs/error_log\nServerName localhost\n", root)
	for m := range strings.FieldsSeq(corpusModules) {
		fmt.Fprintf(&b, "LoadModule %s_module modules/mod_%s.so\n", m, m)
	}
	b.WriteString("User nobody\nGroup \"#65534\"\nTypesConfig mime.types\n")
	fmt.Fprintf(&b, "DocumentRoot %q\n<Directory %q>\nOptions Indexes FollowSymLinks\nRequire all granted\n</Directory>\n",
		root+"/var/www/html", root+"/var/www")
	b.WriteString("LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O\" common\nLogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{User-Agent}i\\\"\" combined\n")
	listened := map[string]bool{}
	for _, m := range ownListen.FindAllStringSubmatch(conf, -1) {
		listened[m[1]] = true
	}
	for _, p := range ports {
		if !listened[strconv.Itoa(p)] {
			fmt.Fprintf(&b, "Listen %d\n", p)
		}
	}
	if t.server.Without == "" {
		// What Transom adds to httpd's behaviour would count as different.
		b.WriteString("<IfDirective TransomWebSocket>\nTransomWebSocket Off\n</IfDirective>\n")
	}
	b.WriteString("Include httpd.conf\n")
	return b.String()
}

// lay writes what a machine with the application on it has below the root.
func lay(root, support string, cert, key []byte) error {
	for _, dir := range []string{"logs", "var/log/apache2", "var/log/httpd", "var/www/html", "etc/ssl/example",
		"etc/apache2", "run", "opt/gitlab/public", "opt/zammad/public", "usr/share/openqa/public"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	options, err := os.ReadFile(filepath.Join(support, "options-ssl-apache.conf"))
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"var/www/html/index.html":                 []byte("index\n"),
		"mime.types":                              []byte("text/html html\n"),
		"etc/apache2/.htpasswd":                   []byte("user:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=\n"),
		"etc/ssl/example/options-ssl-apache.conf": options,
		"etc/ssl/example/privkey.pem":             key,
		"etc/ssl/example/dhparam.pem":             []byte(ffdhe2048),
	}
	for _, name := range []string{"fullchain.pem", "cert.pem", "chain.pem"} {
		files["etc/ssl/example/"+name] = cert
	}
	for path, data := range files {
		if err := os.WriteFile(filepath.Join(root, path), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// ffdhe2048 is the group of that name in RFC 7919.
const ffdhe2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`
