package conf

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what was found into testdata")

// TestGolden loads httpd.conf of each archive. The comment above the files
// may hold "define NAME[=VALUE]", "env NAME=VALUE", "module NAME",
// "before LINE" and "after LINE". The file "want" shows the outcome.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no archives in testdata", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			opt, want := archiveOptions(a)
			tree, errs := Load("httpd.conf", opt)
			got := show(tree, errs)
			if got == want {
				return
			}
			if !*update {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want)
			}
			a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
			a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(got)})
			if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func archiveOptions(a *txtar.Archive) (opt Options, want string) {
	files, env, modules := fstest.MapFS{}, map[string]string{}, map[string]bool{}
	for _, f := range a.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files["r/"+f.Name] = &fstest.MapFile{Data: f.Data}
	}
	opt = options(files)
	opt.Getenv = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	opt.HasModule = func(name string) bool { return modules[name] }
	for _, l := range strings.Split(string(a.Comment), "\n") {
		key, value, _ := strings.Cut(l, " ")
		switch key {
		case "define":
			opt.Defines = append(opt.Defines, value)
		case "env":
			k, v, _ := strings.Cut(value, "=")
			env[k] = v
		case "module":
			modules[value] = true
		case "before":
			opt.Before = append(opt.Before, value)
		case "after":
			opt.After = append(opt.After, value)
		}
	}
	return opt, want
}

// options gives a world with the given files below "/" and no environment.
func options(files fstest.MapFS) Options {
	known := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, strings.ToLower(name)) }
	}
	return Options{
		ServerRoot:   "/r",
		FS:           files,
		Getenv:       func(string) (string, bool) { return "", false },
		HasDirective: known("alias"),
		HasSection:   known("directory"),
	}
}

// load reads text as /r/httpd.conf.
func load(text string) (*Tree, Errors) {
	return Load("httpd.conf", options(fstest.MapFS{"r/httpd.conf": {Data: []byte(text)}}))
}

func show(tree *Tree, errs Errors) string {
	var b strings.Builder
	var nodes func([]*Node, string)
	nodes = func(list []*Node, indent string) {
		for _, n := range list {
			open, end := "", ""
			if n.Section {
				open, end = "<", ">"
			}
			fmt.Fprintf(&b, "%s%s%s %q%s  %s", indent, open, n.Name, n.Words(), end, n.Pos)
			if n.Comment != "" {
				fmt.Fprintf(&b, "  #%q", n.Comment)
			}
			b.WriteByte('\n')
			nodes(n.Children, indent+"  ")
		}
	}
	nodes(tree.Nodes, "")
	for _, e := range errs {
		b.WriteString("error: " + e.Error() + "\n")
	}
	for _, e := range tree.Warnings {
		b.WriteString("warning: " + e.Error() + "\n")
	}
	fmt.Fprintf(&b, "files: %s\n", strings.Join(tree.Files, " "))
	if d := tree.Defines.Names(); len(d) > 0 {
		fmt.Fprintf(&b, "defines: %s\n", strings.Join(d, " "))
	}
	return b.String()
}

// TestMessages holds what httpd 2.4.71 says and where. Each text is loaded as
// /r/httpd.conf; "" means that it loads.
func TestMessages(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"</VirtualHost>", "1: </VirtualHost> without matching <VirtualHost> section"},
		{"<A />\n<B />\n", "2: <B> was not closed: there is no </B>|1: <A> was not closed: there is no </A>"},
		{"<V *>\n<Directory />\n</V>\n", "3: Expected </Directory> but saw </V>"},
		{"<V *>\n</Directory>\n</V>\n", "2: Expected </V> but saw </Directory>"},
		{"<A />\n</A >\n", "2: </A> directive missing closing '>'"},
		{"<A />\n</A junk>\n", "2: </A> directive missing closing '>'"},
		{"<A />\n</A> junk\n", ""},
		{"<A /> junk\n</a>\n", ""},
		{"<A /\n</A>\n", "1: <A> directive missing closing '>'"},
		{"<RequireAll\n</RequireAll>\n", ""},
		{"<A \"/>\n</A>", ""},
		{"<", "1: <> was not closed: there is no </>"},
		{"<>", "1: <> was not closed: there is no </>"},
		{"</>", "1: </> without matching <> section"},
		{"<A/>\n</A>", "2: Expected </A/> but saw </A>|1: <A/> was not closed: there is no </A/>"},

		{"Define", "1: Define takes 1-2 arguments: a name and, if it is to stand for something, a value"},
		{"Define a b c", "1: Define takes 1-2 arguments: a name and, if it is to stand for something, a value"},
		{"Define \"\"", "1: Define takes 1-2 arguments: a name and, if it is to stand for something, a value"},
		{"Define a:b c", "1: Variable name must not contain ':'"},
		{"UnDefine a b", "1: UnDefine takes one argument: the name to forget"},
		{"<A>\nDefine a\n</A>", ""},

		{"<IfModule x>\n<V *>\n</IfModule>\n", "3: Expected </V> but saw </IfModule>"},
		{"<IfModule !x>\n<V *>\n</IfModule>\n", "3: Expected </V> but saw </IfModule>"},
		{"<IfModule !x>\nA", ""},
		{"<IfModule !x>\n<V *>", ""},
		{"<IfModule x>\nA", "1: Expected </IfModule> before end of configuration"},
		{"<IfModule x>\n<Foo\n</Bar>\n</Foo>\n</IfModule>\n", "3: Expected </Foo> but saw </Bar>"},
		{"<IfModule x>\n</D>\n</ifmodule> xx\n", "2: Expected </IfModule> but saw </D>"},
		{"<D />\n<IfModule !x>\n</D>\n</IfModule>\n</D>", "3: </D> without matching <D> section"},
		{"<IfModule !x>\n</IfModule> junk\n</IfModule>\n", "2: </IfModule> without matching <IfModule> section"},
		{"<IfModule x\n</IfModule>", "1: <IfModule> directive missing closing '>'"},
		{"<IfModule>\n</IfModule>", "1: <IfModule> directive requires additional arguments"},
		{"<IfModule !>\n</IfModule>", "1: <IfModule> directive requires additional arguments"},
		{"<IfFile \"\">\n</IfFile>", "1: <IfFile> directive requires additional arguments"},

		{"Include", "1: Include takes one argument: the file, directory or pattern to read"},
		{"Include \"\"", "1: Include takes one argument: the file, directory or pattern to read"},
		{"Include a b", "1: Include takes one argument: the file, directory or pattern to read"},
		{"Include none.conf", "1: Could not open configuration file /r/none.conf: file does not exist"},
		{"Include none/*.conf", "1: Could not open config directory /r/none: file does not exist"},
		{"Include *.none", "1: No matches for the wildcard '*.none' in '/r' (IncludeOptional accepts that)"},
		{"IncludeOptional none.conf\nIncludeOptional none/*.conf\nIncludeOptional *.none", ""},
		{"\n  include \\\n httpd.conf", "3: Exceeded maximum include depth of 128: does a file include itself?"},
		{"ServerRoot /none", "1: ServerRoot must be a valid directory: /none: file does not exist"},
		{"ServerRoot r", "1: ServerRoot must be a valid directory: r is not an absolute path"},
		{"ServerRoot /r/httpd.conf", "1: ServerRoot must be a valid directory: /r/httpd.conf is a file"},

		{"Use a", "1: macro 'a' undefined"},
		{"<Macro vhost>\nA\n</Macro>\nUse vhots", "4: macro 'vhots' undefined (did you mean 'vhost'?)"},
		{"<Macro a $x>\nA\n</Macro>\nUse a", "4: macro 'a' of /r/httpd.conf:1 takes 1 arguments, not 0"},
		{"<Macro a>\nUse A\n</Macro>\nUse a", "2: recursive use of macro 'A' is invalid (in a macro used on line 4 of /r/httpd.conf)"},
		{"<Macro a $x $x>\n</Macro>", "1: Macro 'a': two arguments are named '$x'"},
		{"<Macro a \"\">\n</Macro>", "1: Macro 'a': the name of argument 1 is empty"},
		{"<Macro>\n</Macro>", "1: <Macro> needs a name"},
		{"<Macro a>\n</Macro", "1: <Macro> was not closed: there is no </Macro>"},
		{"<Macro a>\n</Macro> junk\nUse a", ""},
		{"UndefMacro a", "1: cannot remove undefined macro 'a'"},
		{"A\nB\x00C", "2: The file is not plain text: it contains a NUL byte"},
	} {
		_, errs := load(c.text)
		var got []string
		for _, e := range errs {
			text := strings.TrimPrefix(e.Error(), "Syntax error on line ")
			got = append(got, strings.Replace(text, " of /r/httpd.conf:\n", ": ", 1))
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.text, s, c.want)
		}
	}
}

func TestIfVersion(t *testing.T) {
	const bad = "error"
	for arg, want := range map[string]string{
		"2.4": "no", "2.4.71": "yes", "\"2.4.71\"": "yes", "/^2.4/": "yes", "= 2.": "no",
		">= 2.4": "yes", "!>= 2.4": "no", ">= 2.4 ": "yes", "> 2.4.71": "no", "<= 2.4.71": "yes",
		"< 2.4.71": "no", "< 2.10": "yes", "< 3": "yes", "> 2": "yes", "!= 2.4.71": "no",
		"== 2.4.71": "yes", "= /2\\.4/": "yes", "== /^2.2/": "no", "= //": "yes", "!~ 2.4": "no",
		"~ ^2\\.4\\.7": "yes", "~ /2/": "no", "~ 2.4.71$": "yes", "\">\" 2": "yes",
		"> 2.x": bad, "~= 2": bad, "? 2": bad, ">= 2.4 5": bad, "= /2.4": bad, "= /": bad, "~ (": bad,
		">=": bad, "2.4.71.0": bad, "! = 2": bad, "2.x": bad, ">2.2": bad, "!2.4.71": bad, "! 2.4.71": bad,
		"=> 2": bad, "= .": bad, "\"> 2\"": bad, "<== 2": bad, "=": bad, "~": bad, "": bad, "= +2": bad,
	} {
		tree, errs := load("<IfVersion " + arg + ">\nA\n</IfVersion>\n")
		got := "no"
		if len(errs) > 0 {
			got = bad
		} else if len(tree.Nodes) == 1 {
			got = "yes"
		}
		if got != want {
			t.Errorf("<IfVersion %s>: got %s, want %s", arg, got, want)
		}
	}
}

func TestIfDirectiveAndSection(t *testing.T) {
	for header, want := range map[string]bool{
		"IfDirective alias": true, "IfDirective \"Alias\"": true, "IfDirective \"!Aliasx\"": false,
		"IfDirective Directory": false, "IfDirective <Directory": true, "IfDirective !Use": false,
		"IfSection directory": true, "IfSection <Directory": false, "IfSection IfSection": true,
		"IfFile httpd.conf": true, "IfFile !\"none\"": true, "IfFile \"!none\"": false,
		"IfFile *": false, "IfFile httpd.conf more": true, "IfFile /r/": true,
	} {
		section, _ := Word(header)
		tree, errs := load("<" + header + ">\nA\n</" + section + ">")
		if got := len(tree.Nodes) == 1; got != want || len(errs) > 0 {
			t.Errorf("<%s>: got %v, want %v, errors %v", header, got, want, errs)
		}
	}
}

func TestIncludeOnlyRegularFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "h.conf")
	if err := os.WriteFile(file, []byte("Include /dev/null\nIncludeOptional /dev/zero\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs := Load(file, Options{})
	if len(errs) != 1 || errs[0].Pos.Line != 2 || !strings.HasSuffix(errs[0].Msg, "/dev/zero: not a regular file") {
		t.Error(errs)
	}
	_, errs = Load(filepath.Join(file, "x"), Options{})
	if len(errs) != 1 || errs[0].Error() != "Could not open configuration file "+file+"/x: not a directory" {
		t.Error(errs)
	}
}

func TestOnRead(t *testing.T) {
	loaded := map[string]bool{}
	opt := options(fstest.MapFS{"r/httpd.conf": {Data: []byte(
		"LoadModule a x\n<IfModule a>\nA\n</IfModule>\n<V>\n<IfModule !a>\nB\n</IfModule>\n</V>\nLoadModule\n")}})
	opt.HasModule = func(name string) bool { return loaded[name] }
	var seen []string
	opt.OnRead = func(n *Node) error {
		seen = append(seen, n.Name)
		if n.Is("loadmodule") {
			if len(n.Words()) != 2 {
				return errors.New("LoadModule takes two arguments")
			}
			loaded[n.Words()[0]] = true
		}
		return nil
	}
	_, errs := Load("httpd.conf", opt)
	if got := strings.Join(seen, " "); got != "LoadModule A V LoadModule" {
		t.Errorf("read %s", got)
	}
	if len(errs) != 1 || errs[0].Pos.String() != "/r/httpd.conf:10" {
		t.Errorf("errors %v", errs)
	}
}

func TestParseHtaccess(t *testing.T) {
	base, _ := load("Define A b\nServerRoot /r")
	opt := options(fstest.MapFS{"r/x": {}})
	tree, errs := ParseHtaccess([]byte("Define C d\n<IfFile x>\nOptions ${A}${C}\n</IfFile>\nServerRoot /none\nInclude x"), "/w/.htaccess", base, opt)
	if len(tree.Nodes) != 2 || tree.Nodes[0].Raw != "bd" || tree.Nodes[0].Pos != (Pos{File: "/w/.htaccess", Line: 3}) {
		t.Error(show(tree, errs))
	}
	if len(errs) != 1 || !strings.HasPrefix(errs[0].Msg, "Include not allowed here") {
		t.Error(errs)
	}
	if base.Defines.Has("C") || !tree.Defines.Has("C") || !tree.Defines.Has("A") {
		t.Error("a .htaccess file must see the server's names and define its own for itself alone")
	}
}

// TestBombs feeds texts that multiply. All must end, and say why.
func TestBombs(t *testing.T) {
	var defines, macros strings.Builder
	defines.WriteString("Define a0 0123456789\n")
	macros.WriteString("<Macro m0>\n# nothing\n\n</Macro>\n")
	for i := range 30 {
		fmt.Fprintf(&defines, "Define a%d ${a%d}${a%d}\n", i+1, i, i)
		fmt.Fprintf(&macros, "<Macro m%d>\nUse m%d\nUse m%d\n</Macro>\n", i+1, i, i)
	}
	wide := "<Macro w $a>\n" + strings.Repeat("$a", 1<<16) + "\n</Macro>\nUse w " + strings.Repeat("x", 1<<16)
	for name, text := range map[string]string{
		"defines":  defines.String() + "A ${a30}",
		"macros":   macros.String() + "Use m30",
		"wide":     wide,
		"include":  "Include httpd.conf\nInclude httpd.conf\n",
		"nested":   strings.Repeat("<IfModule !x>\n", 1<<16),
		"sections": strings.Repeat("<V>\n", 1<<16),
		"errors":   strings.Repeat("</V>\n", 1<<16),
		"warnings": "A " + strings.Repeat("${x}", 1<<16) + "\nDefine",
	} {
		opt := options(fstest.MapFS{"r/httpd.conf": {Data: []byte(text)}})
		l := newLoader(opt)
		l.linesLeft, l.bytesLeft = 1<<18, 64<<20
		l.include("/r/httpd.conf", Pos{}, nil, false)
		if len(l.errs) == 0 || len(l.errs) > maxReports || len(l.tree.Warnings) > maxReports {
			t.Errorf("%s: %d errors, %d warnings", name, len(l.errs), len(l.tree.Warnings))
		}
	}
}
