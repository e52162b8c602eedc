package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	vhosts, modules := []string{"DUMP_VHOSTS", "DUMP_RUN_CFG"}, []string{"DUMP_MODULES"}
	for line, want := range map[string]options{
		"":                            {},
		"-d /r -f c":                  {root: "/r", file: "c"},
		"-d/r -fc":                    {root: "/r", file: "c"},
		"-k graceful-stop":            {action: "graceful-stop"},
		"-kstart -DFOREGROUND":        {action: "start", defines: []string{"FOREGROUND"}, foreground: true},
		"-D A -DB -C c1 -c c2 -Cc3":   {defines: []string{"A", "B"}, before: []string{"c1", "c3"}, after: []string{"c2"}},
		"-t":                          {mode: "t"},
		"-tS":                         {mode: "t", defines: vhosts, dumps: vhosts},
		"-St":                         {mode: "t", defines: vhosts, dumps: vhosts},
		"-t -D DUMP_VHOSTS":           {mode: "t", defines: vhosts[:1], dumps: vhosts[:1]},
		"-t -DDUMP_MODULES":           {mode: "t", defines: modules, dumps: modules},
		"-DDUMP_CONFIG -t":            {mode: "t", defines: []string{"DUMP_CONFIG"}, dumps: []string{"DUMP_CONFIG"}},
		"-?":                          {mode: "h"},
		"-X":                          {foreground: true},
		"-T -E log -e error":          {skipDocumentRoot: true, startupLog: "log", quiet: true},
		"-e debug":                    {},
		"-tf x":                       {mode: "t", file: "x"},
		"-f -t":                       {file: "-t"},
		"-DNO_DETACH -D ONE_PROCESS":  {foreground: true, defines: []string{"NO_DETACH", "ONE_PROCESS"}},
		"-c Define -c X":              {after: []string{"Define", "X"}},
		"-v":                          {mode: "v"},
		"-V -l":                       {mode: "l"},
		"-d /a -d /b":                 {root: "/b"},
		"-k start -k stop -e warn -M": {action: "stop", mode: "t", defines: modules, dumps: modules},
	} {
		got, err := parse(strings.Fields(line))
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s is %+v, %v\nwant %+v", line, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"start":      `"start" is no option`,
		"-":          `"-" is no option`,
		"-t x":       `"x" is no option`,
		"-Z":         "illegal option -- Z",
		"-tZ":        "illegal option -- Z",
		"--help":     "illegal option -- -",
		"-f":         "option requires an argument -- f",
		"-t -D":      "option requires an argument -- D",
		"-k reload":  `-k knows start, restart, graceful, stop and graceful-stop, not "reload"`,
		"-e deafing": `"deafing" is no log level`,
	} {
		if o, err := parse(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want %s", line, o, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-d x -k\x00start")
	f.Fuzz(func(t *testing.T, line string) { parse(strings.Split(line, "\x00")) })
}
