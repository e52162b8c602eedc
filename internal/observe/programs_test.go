package observe

import (
	"bufio"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestArguments(t *testing.T) {
	for line, want := range map[string][]string{
		"":                        nil,
		" a  b\tc ":               {"a", "b", "c"},
		`a "b c" 'd "e'`:          {"a", "b c", `d "e`},
		`a b\ c \"d`:              {"a", "b c", `"d`},
		`a ""`:                    {"a", ""},
		`x"y z"`:                  {"xy z"},
		`/bin/x "never closed on`: {"/bin/x", "never closed on"},
		`end\`:                    {`end\`},
	} {
		if got := arguments(line); !reflect.DeepEqual(got, want) {
			t.Errorf("%s became %q, want %q", line, got, want)
		}
	}
}

func startPipe(t *testing.T, spec string) *program {
	t.Helper()
	p, err := Pipe(spec)()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p.(*program)
}

// await reads the file until it holds want.
func await(t *testing.T, path, want string) {
	t.Helper()
	for range 1000 {
		if got, _ := os.ReadFile(path); string(got) == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	got, _ := os.ReadFile(path)
	t.Fatalf("%s holds %q, want %q", filepath.Base(path), got, want)
}

func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	for _, spec := range []string{"|/bin/sh -c 'cat >> " + path + "'", "||/bin/sh -c 'cat >> " + path + "'", "|$cat >> " + path} {
		os.Remove(path)
		p := startPipe(t, spec)
		p.Write([]byte("a\nb\n"))
		p.Close()
		await(t, path, "a\nb\n")
	}
	for _, spec := range []string{"|", "|/no/such/program"} {
		if _, err := Pipe(spec)(); err == nil {
			t.Errorf("%s was started", spec)
		}
	}
}

func TestPipeStartsAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	p := startPipe(t, "|$read line; echo $line >> "+path)
	p.Write([]byte("a\n"))
	await(t, path, "a\n")
	for ended := false; !ended; { // the program has; the pipe says so when nobody reads any more
		_, err := p.send([]byte(""))
		_, err2 := p.send([]byte("\n"))
		ended = err != nil || err2 != nil
	}
	p.started = time.Now().Add(-2 * respawn)
	if _, err := p.Write([]byte("b\n")); err != nil {
		t.Fatal(err)
	}
	await(t, path, "a\nb\n")
}

// A program that never reads must hold up neither requests nor a stop.
func TestPipeThatHangs(t *testing.T) {
	dir := t.TempDir()
	gate, path := filepath.Join(dir, "gate"), filepath.Join(dir, "out")
	p := startPipe(t, "|$until test -e "+gate+"; do sleep 0.01; done; cat > "+path)
	p.stuck = true // no need to wait for patience
	line := strings.Repeat("x", 999) + "\n"
	taken := 0
	for range 3 {
		n, _ := p.Write([]byte(strings.Repeat(line, 100)))
		taken += n
	}
	os.WriteFile(gate, nil, 0o644)
	for p.stuck {
		p.Write([]byte("end\n"))
	}
	p.Close()
	awaitWhole(t, path, line)
	if got := strings.Count(read(t, path), line); taken != got*len(line) {
		t.Errorf("%d bytes are said to be taken, and %d lines arrived", taken, got)
	}
}

// awaitWhole waits for the last line and checks that all lines are whole.
func awaitWhole(t *testing.T, path, line string) {
	t.Helper()
	for range 1000 {
		if got, _ := os.ReadFile(path); strings.HasSuffix(string(got), "\nend\n") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	text := read(t, path)
	lines := 0
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); lines++ {
		if s.Text()+"\n" != line && s.Text() != "end" {
			t.Fatalf("line %d is torn: %d bytes", lines+1, len(s.Text()))
		}
	}
	if lines < 10 || !strings.HasSuffix(text, "\nend\n") {
		t.Errorf("%d lines arrived, the last is not the end", lines)
	}
}

func TestCheckFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o644)
	if err := CheckFile(filepath.Join(dir, "log")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "log")); err == nil {
		t.Error("a check has made the file")
	}
	for _, bad := range []string{filepath.Join(dir, "none", "log"), filepath.Join(file, "log")} {
		if CheckFile(bad) == nil {
			t.Errorf("%s could be opened?", bad)
		}
	}
}
