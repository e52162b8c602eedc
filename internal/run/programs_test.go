package run

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A reload misleads no request that a RewriteMap's program decides about: the old Site has its programs as long as its requests.
func TestReloadKeepsMapPrograms(t *testing.T) {
	r := newRig(t, "RewriteEngine On\nRewriteMap m prg:map.sh\nRewriteRule ^/x/(.*) http://asked.test/${m:$1|default} [R=302,L]\n")
	if err := os.WriteFile(filepath.Join(r.root, "map.sh"), []byte("#!/bin/sh\nexec cat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.mustStart()
	defer r.Stop(false)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				resp, err := client.Get("http://" + r.address + "/x/key")
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if got := resp.Header.Get("Location"); got != "http://asked.test/key" {
					t.Errorf("sent to %q", got)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range 10 {
		r.Reload()
	}
	close(stop)
	wg.Wait()
}
