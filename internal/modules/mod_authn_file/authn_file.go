package authnfile

import (
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// entries are a file's lines by their first field: "user" of htpasswd's, "user:realm" of htdigest's. A file may be read as
// either, and the first line for a key counts.
type entries struct{ passwords, digests map[string]string }

func parse(text []byte) entries {
	e := entries{map[string]string{}, map[string]string{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		user, rest, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		second, rest, _ := strings.Cut(rest, ":")
		third, _, _ := strings.Cut(rest, ":")
		add(e.passwords, user, second)
		add(e.digests, user+":"+second, third)
	}
	return e
}

func add(m map[string]string, key, value string) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}

// load reads the file. Without one nobody is let in, and the client learns that it is the server's fault.
func load(r *module.Request) (entries, bool) {
	f := settings.Of(r.Dir).file
	if f == nil {
		r.Logf("authn_file", observe.Error, "AH01619", "AuthUserFile not specified in the configuration")
		return entries{}, false
	}
	e, err := f.Get()
	if err != nil {
		r.Logf("authn_file", observe.Error, "AH01620", "Could not open password file: %v", err)
		return entries{}, false
	}
	return e, true
}

func checkPassword(r *module.Request, user, password string) module.AuthnResult {
	e, ok := load(r)
	if !ok {
		return module.AuthGeneralError
	}
	hash, ok := e.passwords[user]
	if !ok {
		return module.AuthUserNotFound
	}
	match, err := matches(hash, password)
	if err != nil {
		r.Logf("authn_file", observe.Error, "", "the password of user %s in %s: %v", user, settings.Of(r.Dir).file.Path, err)
	}
	if !match {
		return module.AuthDenied
	}
	return module.AuthGranted
}

func realmHash(r *module.Request, user, realm string) (string, module.AuthnResult) {
	e, ok := load(r)
	if !ok {
		return "", module.AuthGeneralError
	}
	hash, ok := e.digests[user+":"+realm]
	if !ok {
		return "", module.AuthUserNotFound
	}
	return hash, module.AuthGranted
}
