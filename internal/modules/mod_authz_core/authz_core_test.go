package authzcore_test

import (
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestNothingRestricts(t *testing.T) {
	s := sitetest.New(t, "", modules.All())
	if w := s.Get(t, "/index.html"); w.Code != 200 {
		t.Errorf("status %d, want 200", w.Code)
	}
}
