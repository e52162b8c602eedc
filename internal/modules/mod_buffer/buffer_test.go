package buffer

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"transom/internal/module"
	"transom/internal/modules/core"
	"transom/internal/site/sitetest"
)

func request(size int) *module.Request {
	r := &module.Request{Dir: &module.Settings{}}
	settings.Edit(r.Dir).size = size
	return r
}

// pieces notes what comes in one Write.
type pieces struct {
	*httptest.ResponseRecorder
	list []string
}

func (p *pieces) Write(b []byte) (int, error) {
	p.list = append(p.list, string(b))
	return len(b), nil
}

func TestResponse(t *testing.T) {
	to := &pieces{ResponseRecorder: httptest.NewRecorder()}
	w := wrap(request(8))(to)
	for _, s := range []string{"one", "two", "three"} {
		io.WriteString(w, s)
		w.(interface{ Flush() }).Flush()
	}
	if got := strings.Join(to.list, "|"); got != "onetwoth" {
		t.Errorf("before the end: %q", got)
	}
	if err := w.(module.Finisher).Finish(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(to.list, "|"); got != "onetwoth|ree" {
		t.Errorf("at the end: %q", got)
	}
}

func TestRequest(t *testing.T) {
	r := request(16)
	r.HTTP = httptest.NewRequest("POST", "/", iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 40))))
	collect(r)
	var got []int
	p := make([]byte, 100)
	for {
		n, err := r.HTTP.Body.Read(p)
		if n > 0 {
			got = append(got, n)
		}
		if err == io.EOF {
			break
		}
	}
	if len(got) != 3 || got[0] != 16 || got[1] != 16 || got[2] != 8 {
		t.Errorf("pieces of %v", got)
	}
}

func TestBrokenRequest(t *testing.T) {
	r := request(16)
	broken := errors.New("broken")
	r.HTTP = httptest.NewRequest("POST", "/", io.MultiReader(bytes.NewReader([]byte("abc")), iotest.ErrReader(broken)))
	collect(r)
	got, err := io.ReadAll(r.HTTP.Body)
	if string(got) != "abc" || err != broken {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBufferSize(t *testing.T) {
	mods := []*module.Module{core.Module(), Module()}
	for arg, want := range map[string]bool{"1": true, "131072": true, "0": false, "-1": false, "1k": false, "999999999999": false} {
		if got := sitetest.Errors(t, "<Location />\nBufferSize "+arg+"\n</Location>", mods) == ""; got != want {
			t.Errorf("BufferSize %s: taken: %v", arg, got)
		}
	}
}
