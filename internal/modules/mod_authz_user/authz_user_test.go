package authzuser_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestUsers(t *testing.T) {
	// {SHA} of "secret"
	const hash = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
	users := map[string]string{"users": "alice:" + hash + "\nbob:" + hash + "\ntwo words:" + hash + "\n", "groups": "# staff\nstaff: alice carol\n\nguests: bob\n"}
	for _, c := range []struct{ require, allowed, refused string }{
		{"user alice", "alice", "bob"},
		{"user alice bob", "alice bob", ""},
		{`user "two words"`, "two+words", "alice"},
		{"user %{HTTP_HOST}", "", "alice bob"},
		{"user %{env:WHO}", "bob", "alice"},
		{"valid-user", "alice bob", ""},
		{"group staff", "alice", "bob"},
		{"group none guests", "bob", "alice"},
	} {
		s := sitetest.NewWith(t, "SetEnvIf Host . WHO=bob\n<Location />\nAuthType Basic\nAuthName x\nAuthUserFile users\nAuthGroupFile groups\nRequire "+c.require+"\n</Location>",
			modules.All(), users)
		code := func(user string) int {
			auth := base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(user, "+", " ") + ":secret"))
			return s.Get(t, "/index.html", "Authorization: Basic "+auth).Code
		}
		for _, user := range strings.Fields(c.allowed) {
			if got := code(user); got != 200 {
				t.Errorf("Require %s: %s gets %d", c.require, user, got)
			}
		}
		for _, user := range strings.Fields(c.refused) {
			if got := code(user); got != 401 {
				t.Errorf("Require %s: %s gets %d", c.require, user, got)
			}
		}
		if got := s.Get(t, "/index.html").Code; got != 401 {
			t.Errorf("Require %s: nobody gets %d", c.require, got)
		}
	}
}
