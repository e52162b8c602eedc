package proxy_test

import (
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestLoads(t *testing.T) { sitetest.Loads(t, "testdata/load.txt", modules.All()) }
