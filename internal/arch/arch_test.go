// Package arch holds the rules of the tree as tests. They read source files: a question to the go command would be answered
// from its cache and miss the change at hand.
package arch

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// layers say who may import whom: a package may import only what stands in a layer above its own. A line is a list of
// folders below internal/ (or of top-level folders) and, behind "--", the reason.
const layers = `
observe regex conf percent -- leaves: they know nothing of servers, so that they can be tested and fuzzed alone
expr -- expressions hold regular expressions, and ask a request only through an interface
rawnet -- a way to use sockets, whatever is spoken on them
wire -- bytes only: no sockets, no goroutines, no configuration
tunnel -- a tunnel outlives configurations, so that it may not know them
upstream -- origin servers are reached the same way whatever asked for it
module -- the contract: what modules are written against
modules -- a module may use all of the above, and never another module
site listen demoapp check explain -- they meet only in run: a listener is no business of a Site's
run -- the one place that wires
docs cmd -- the command line, and the pages that are made from the tables
`

func rank(t *testing.T) map[string]int {
	ranks := map[string]int{}
	n := 0
	for s := bufio.NewScanner(strings.NewReader(layers)); s.Scan(); {
		names, reason, ok := strings.Cut(s.Text(), " -- ")
		if names == "" {
			continue
		}
		if !ok || reason == "" {
			t.Fatalf("the layer %q gives no reason", s.Text())
		}
		n++
		for _, name := range strings.Fields(names) {
			ranks[name] = n
		}
	}
	return ranks
}

func TestImports(t *testing.T) {
	ranks := rank(t)
	seen := 0
	eachFile(t, func(path, pkg string, imports []string) {
		from := area(pkg)
		if from == "" {
			return
		}
		if ranks[from] == 0 {
			t.Errorf("%s: folder %s stands in no layer", path, from)
			return
		}
		for _, imp := range imports {
			target, ours := strings.CutPrefix(imp, "transom/")
			if !ours {
				continue
			}
			seen++
			to := area(target)
			switch {
			case to == from && from == "modules":
				if pkg != "internal/modules" && moduleOf(target) != moduleOf(pkg) {
					t.Errorf("%s imports %s: modules never import each other", path, imp)
				}
			case to == from:
			case ranks[to] == 0 || ranks[to] >= ranks[from]:
				t.Errorf("%s imports %s, which stands beside or above it", path, imp)
			}
		}
	})
	if seen < 50 {
		t.Errorf("only %d imports seen: the test reads the wrong folder", seen)
	}
}

// area is the folder that has a rank: "conf" of internal/conf/x, "cmd" of cmd/transom.
func area(pkg string) string {
	parts := strings.Split(pkg, "/")
	switch {
	case parts[0] == "internal" && len(parts) > 1:
		return parts[1]
	case parts[0] == "cmd":
		return "cmd"
	}
	return ""
}

func moduleOf(pkg string) string {
	parts := strings.Split(pkg, "/")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

func TestFilesAreShort(t *testing.T) {
	const limit = 600
	eachFile(t, func(path, pkg string, _ []string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > limit {
			t.Errorf("%s has %d lines; split it by what a reader looks for (limit %d)", path, n, limit)
		}
	})
}

func TestNothingHappensOnImport(t *testing.T) {
	eachFile(t, func(path, pkg string, imports []string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc init()") {
			t.Errorf("%s has an init function: registries are values", path)
		}
	})
}

// TestHeaderIsAskedFor: the http.Request has no header before somebody asks module.Request for it.
func TestHeaderIsAskedFor(t *testing.T) {
	eachFile(t, func(path, pkg string, _ []string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), ".HTTP.Header") && pkg != "internal/module" {
			t.Errorf("%s reads the http.Request's Header: ask the module.Request for Header, Values or Field", path)
		}
	})
}

func TestBlankImports(t *testing.T) {
	set := token.NewFileSet()
	eachFile(t, func(path, pkg string, _ []string) {
		f, err := parser.ParseFile(set, path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if i.Name != nil && i.Name.Name == "_" && i.Path.Value != `"embed"` && i.Path.Value != `"unsafe"` {
				t.Errorf("%s imports %s for its side effects", path, i.Path.Value)
			}
		}
	})
}

// eachFile visits every Go file of ours that is not a test.
func eachFile(t *testing.T, visit func(path, pkg string, imports []string)) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "test") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, i := range f.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			imports = append(imports, p)
		}
		rel, _ := filepath.Rel(root, filepath.Dir(path))
		visit(path, filepath.ToSlash(rel), imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
