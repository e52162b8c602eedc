// Package uniqueid is mod_unique_id: a name for each request.
package uniqueid

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"sync/atomic"

	"transom/internal/module"
)

// Module returns mod_unique_id. Its identifiers look like httpd's, 27 characters of A-Z a-z 0-9 _ -: the time in seconds (4
// bytes), what sets this process apart (10), and a counter (6).
func Module() *module.Module {
	g := &generator{}
	rand.Read(g.root[:])
	return &module.Module{Name: "mod_unique_id", Identifier: "unique_id_module",
		Compile: g.look, Hooks: []module.Hook{{Phase: module.PostRead, Position: module.ReallyFirst, Run: g.name, Applies: g.applies}}}
}

type generator struct {
	on    bool // a configuration loads the module, or loads none and so has all
	root  [10]byte
	count atomic.Int64
}

func (g *generator) look(b *module.Build) error {
	g.on = b.Loads("unique_id_module")
	return nil
}

func (g *generator) applies(_, _ *module.Settings) bool { return g.on }

// name sets UNIQUE_ID. A request that was redirected within the server keeps its first name.
func (g *generator) name(r *module.Request) module.Result {
	if !g.on {
		return module.Declined
	}
	if first, ok := r.Env("REDIRECT_UNIQUE_ID"); ok {
		r.SetEnv("UNIQUE_ID", first)
		return module.Declined
	}
	var count [8]byte
	binary.BigEndian.PutUint64(count[:], uint64(g.count.Add(1)))
	id := binary.BigEndian.AppendUint32(nil, uint32(r.Conn.Received.Unix()))
	id = append(id, g.root[:]...)
	id = append(id, count[2:]...)
	r.SetEnv("UNIQUE_ID", base64.RawURLEncoding.EncodeToString(id))
	return module.Declined
}
