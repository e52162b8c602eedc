package check

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"transom/internal/conf"
	"transom/internal/module"
)

var update = flag.Bool("update", false, "write docs/findings.md anew")

func load(t testing.TB, file string) *conf.Tree {
	t.Helper()
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	tree, errs := conf.Load(file, conf.Options{ServerRoot: filepath.Dir(file), HasModule: func(string) bool { return true }})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return tree
}

// wanted reads the comments "# want: CODE ..." of a file: they are about the next line that is no comment.
func wanted(t *testing.T, file string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if want, ok := strings.CutPrefix(line, "# want: "); ok {
			codes = strings.Fields(want)
		}
		if line == "" || line[0] == '#' {
			continue
		}
		for _, c := range codes {
			list = append(list, fmt.Sprintf("%d:%s", i+1, c))
		}
		codes = nil
	}
	return list
}

func TestFindings(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata: ", err)
	}
	seen := map[string]bool{ignored.Code: true, broken.Code: true} // those two are made by loading
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var got []string
			texts := map[string]Finding{}
			for _, f := range Check(Config{Tree: load(t, file)}) {
				at := fmt.Sprintf("%d:%s", f.Line, f.Code)
				got = append(got, at)
				texts[at] = f
				seen[f.Code] = true
			}
			want := wanted(t, file)
			for _, at := range got {
				if !slices.Contains(want, at) {
					t.Errorf("unwanted %s: %s: %s", at, texts[at].Directive, texts[at].Text)
				}
			}
			for _, at := range want {
				if !slices.Contains(got, at) {
					t.Errorf("%s is not found", at)
				}
			}
		})
	}
	for _, k := range Kinds() {
		if !seen[k.Code] {
			t.Errorf("no file shows %s", k.Code)
		}
	}
}

func TestDiagnostics(t *testing.T) {
	tree := load(t, "testdata/silenced.conf")
	at := func(line int) conf.Pos { return conf.Pos{File: tree.Files[0], Line: line} }
	found := Check(Config{Tree: tree,
		Warnings: []module.Diagnostic{{Pos: at(11), Text: "said already"}, {Pos: at(2), Text: "unsilenced"}, {Pos: at(8), Text: "silenced"}},
		Errors:   []module.Diagnostic{{Pos: at(11), Text: "it fails"}, {Text: "nowhere"}}})
	var got []string
	for _, f := range found {
		if f.Code == ignored.Code || f.Code == broken.Code {
			got = append(got, fmt.Sprintf("%s %d %s", f.Code, f.Line, f.Text))
		}
	}
	if want := []string{"T099 0 nowhere", "T090 2 unsilenced", "T099 11 it fails"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKinds(t *testing.T) {
	codes := map[string]bool{}
	for _, k := range Kinds() {
		if codes[k.Code] || !strings.HasPrefix(k.Code, "T") || len(k.Code) != 4 {
			t.Errorf("the code %s is wrong or taken", k.Code)
		}
		codes[k.Code] = true
		for _, text := range []string{k.Explanation, k.Remedy} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence", k.Code, text)
			}
		}
	}
}

func TestDocument(t *testing.T) {
	const path = "../../docs/findings.md"
	if *update {
		if err := os.WriteFile(path, []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Document() {
		t.Error("docs/findings.md is not what the table says: run make generate")
	}
}

// FuzzCheck holds that no configuration that can be read crashes or hangs it.
func FuzzCheck(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.conf")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{"etc/f.conf": {Data: []byte(text)}}
		tree, _ := conf.Load("/etc/f.conf", conf.Options{ServerRoot: "/etc", FS: files})
		Check(Config{Tree: tree})
	})
}
