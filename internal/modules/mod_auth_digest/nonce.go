package authdigest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"

	"transom/internal/module"
)

// nonces makes and checks nonces: a time and its seal, which no client can make. One set serves all configurations of a
// process; a restart makes all nonces stale, and clients send their requests again with new ones.
type nonces struct {
	secret [32]byte

	mu   sync.Mutex
	used map[string]*uses
}

// uses are the counts (nc) seen with a nonce: the highest and which of the 63 below.
type uses struct {
	highest uint32
	seen    uint64
	until   time.Time
}

func noncesOf(b *module.Build) *nonces {
	return module.Keep(b.Kept, "mod_auth_digest", func() *nonces {
		n := &nonces{used: map[string]*uses{}}
		rand.Read(n.secret[:])
		return n
	})
}

func (n *nonces) seal(stamp []byte, realm string) []byte {
	h := hmac.New(sha256.New, n.secret[:])
	h.Write(stamp)
	h.Write([]byte(realm))
	return h.Sum(nil)[:18]
}

// New makes a nonce of 8 bytes time, 4 that make it unlike any other, and the seal.
func (n *nonces) New(now time.Time, realm string) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))
	b = append(b, make([]byte, 4)...)
	rand.Read(b[8:])
	return base64.StdEncoding.EncodeToString(append(b, n.seal(b, realm)...))
}

type nonceState uint8

const (
	nonceGood nonceState = iota
	nonceStale
	nonceForged
)

// Check says whether a nonce is ours and young enough. A lifetime below 0 is without end, 0 is for one use.
func (n *nonces) Check(now time.Time, nonce, realm string, lifetime time.Duration) nonceState {
	b, err := base64.StdEncoding.DecodeString(nonce)
	if err != nil || len(b) != 30 || !hmac.Equal(b[12:], n.seal(b[:12], realm)) {
		return nonceForged
	}
	made := time.Unix(0, int64(binary.BigEndian.Uint64(b)))
	switch age := now.Sub(made); {
	case age < 0:
		return nonceForged
	case lifetime == 0 && age > oneUse, lifetime > 0 && age > lifetime:
		return nonceStale
	}
	return nonceGood
}

const (
	oneUse  = 5 * time.Minute // how long a nonce for one request waits for it
	maxUsed = 100_000
)

// Use takes a count of a nonce; false if it was taken before or is too far behind to know, or if more nonces are in use
// than can be told apart. Remembered until the nonce is stale.
func (n *nonces) Use(now time.Time, nonce string, count uint32, lifetime time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	u, ok := n.used[nonce]
	if !ok {
		if len(n.used) >= maxUsed {
			n.forget(now)
		}
		if len(n.used) >= maxUsed || lifetime == 0 && count != 1 {
			return false
		}
		n.used[nonce] = &uses{highest: count, seen: 1, until: now.Add(max(lifetime, oneUse))}
		return true
	}
	if lifetime == 0 {
		return false
	}
	if count > u.highest {
		u.seen = u.seen<<(count-u.highest) | 1
		u.highest = count
		return true
	}
	bit := uint64(1) << (u.highest - count)
	if bit == 0 || u.seen&bit != 0 {
		return false
	}
	u.seen |= bit
	return true
}

func (n *nonces) forget(now time.Time) {
	for nonce, u := range n.used {
		if now.After(u.until) {
			delete(n.used, nonce)
		}
	}
}
