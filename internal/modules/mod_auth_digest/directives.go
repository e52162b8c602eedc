// Package authdigest is mod_auth_digest: users by HTTP Digest authentication (RFC 7616, MD5 with qop=auth).
package authdigest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

// Module returns mod_auth_digest.
func Module() *module.Module {
	return &module.Module{Name: "mod_auth_digest", Identifier: "auth_digest_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.CheckUserID, Run: authenticate},
		{Phase: module.Fixups, Run: addInfo, Applies: module.Auth.InSections},
	}}
}

const where = module.Sections | module.InHtaccess

var directives = []module.Directive{
	{Name: "AuthDigestProvider", Where: where, Override: module.OverrideAuthConfig, Args: module.Some, Syntax: "AuthDigestProvider provider-name [provider-name] ...",
		Doc: "Who knows users' hashes, in this order.", Set: setProviders},
	{Name: "AuthDigestQop", Where: where, Override: module.OverrideAuthConfig, Args: module.Some, Syntax: "AuthDigestQop auth",
		Doc: "The quality of protection; there is one.", Set: func(c *module.Command) error {
			if len(c.Args) > 1 || !strings.EqualFold(c.Args[0], "auth") {
				return fmt.Errorf("AuthDigestQop is deprecated: only 'auth' is supported")
			}
			return nil
		}},
	{Name: "AuthDigestAlgorithm", Where: where, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthDigestAlgorithm MD5",
		Doc: "The hash; there is one.", Set: func(c *module.Command) error {
			if !strings.EqualFold(c.Args[0], "MD5") {
				return fmt.Errorf("Unsupported algorithm in AuthDigestAlgorithm: %s", c.Args[0])
			}
			return nil
		}},
	{Name: "AuthDigestDomain", Where: where, Override: module.OverrideAuthConfig, Args: module.Some, Syntax: "AuthDigestDomain URI [URI] ...",
		Doc: "Addresses for which the client may use the same user.", Set: func(c *module.Command) error {
			s := settings.Edit(c.Dir)
			s.domain = append(s.domain, c.Args...)
			return nil
		}},
	{Name: "AuthDigestNonceLifetime", Where: where, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthDigestNonceLifetime seconds",
		Doc: "How long a nonce is good: 0 for one request, less than 0 for ever.", Set: func(c *module.Command) error {
			n, err := strconv.ParseInt(c.Args[0], 10, 32)
			if err != nil {
				return fmt.Errorf("Invalid time in AuthDigestNonceLifetime: %s", c.Args[0])
			}
			s := settings.Edit(c.Dir)
			s.lifetime, s.lifetimeSet = time.Duration(n)*time.Second, true
			return nil
		}},
	{Name: "AuthDigestNcCheck", Where: where, Override: module.OverrideAuthConfig, Args: module.OnOff, Syntax: "AuthDigestNcCheck On|Off",
		Doc: "Takes each count of a nonce only once, against replay.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).ncCheck = c.Flag()
			return nil
		}},
	{Name: "AuthDigestShmemSize", Where: module.InServer, Args: module.One, Syntax: "AuthDigestShmemSize size",
		Doc: "Memory that httpd's processes share.", Support: module.Accepted("there is one process")},
}

func setProviders(c *module.Command) error {
	s := settings.Edit(c.Dir)
	for _, name := range c.Args {
		p, err := find(c.Build, name)
		if err != nil {
			return err
		}
		s.providers = append(s.providers, p)
	}
	return nil
}

var settings = &module.Slot[dirSettings]{Merge: func(outer, inner *dirSettings) *dirSettings {
	m := *inner
	if m.providers == nil {
		m.providers = outer.providers
	}
	if m.domain == nil {
		m.domain = outer.domain
	}
	if !m.lifetimeSet {
		m.lifetime, m.lifetimeSet = outer.lifetime, outer.lifetimeSet
	}
	m.ncCheck = inner.ncCheck.Inherit(outer.ncCheck)
	return &m
}}

type dirSettings struct {
	providers   []module.AuthnProvider // none: "file"
	domain      []string
	lifetime    time.Duration
	lifetimeSet bool
	ncCheck     module.Flag
}

func (s *dirSettings) nonceLifetime() time.Duration {
	if s.lifetimeSet {
		return s.lifetime
	}
	return 300 * time.Second
}

func find(b *module.Build, name string) (module.AuthnProvider, error) {
	return b.AuthnProvider(name, "Digest", func(p module.AuthnProvider) bool { return p.RealmHash != nil })
}
