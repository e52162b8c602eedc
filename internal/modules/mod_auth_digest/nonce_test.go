package authdigest

import (
	"strconv"
	"testing"
	"time"
)

func TestNonceLifetime(t *testing.T) {
	n := &nonces{used: map[string]*uses{}}
	start := time.Unix(1_000_000_000, 0)
	nonce := n.New(start, "R")
	for _, c := range []struct {
		after, lifetime time.Duration
		realm           string
		want            nonceState
	}{
		{0, time.Minute, "R", nonceGood},
		{time.Minute, time.Minute, "R", nonceGood},
		{time.Minute + 1, time.Minute, "R", nonceStale},
		{time.Hour, -1, "R", nonceGood},
		{time.Minute, 0, "R", nonceGood},
		{time.Hour, 0, "R", nonceStale},
		{-1, time.Minute, "R", nonceForged},
		{0, time.Minute, "other", nonceForged},
	} {
		if got := n.Check(start.Add(c.after), nonce, c.realm, c.lifetime); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	other := &nonces{secret: [32]byte{1}}
	if got := other.Check(start, nonce, "R", time.Minute); got != nonceForged {
		t.Errorf("a nonce of another process: %v", got)
	}
}

// TestUsesAreForgotten holds that remembered counts go when their nonces are stale, and that a full table refuses.
func TestUsesAreForgotten(t *testing.T) {
	n := &nonces{used: map[string]*uses{}}
	start := time.Unix(1_000_000_000, 0)
	for i := range maxUsed {
		n.used[strconv.Itoa(i)] = &uses{until: start.Add(time.Hour)}
	}
	if n.Use(start, "new", 1, time.Minute) {
		t.Error("a full table takes another nonce")
	}
	if !n.Use(start.Add(2*time.Hour), "new", 1, time.Minute) || len(n.used) != 1 {
		t.Errorf("stale nonces stay: %d", len(n.used))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`username="a", realm="b", nonce="c", uri="/", response="00000000000000000000000000000000", qop=auth, nc=00000001, cnonce="x"`)
	f.Add(`username="\"", =,,a=`)
	f.Fuzz(func(t *testing.T, s string) {
		if a, ok := parse(s); ok && (a.username == "" || a.nonce == "" || a.uri == "") {
			t.Errorf("%q passes without what is needed: %+v", s, a)
		}
	})
}
