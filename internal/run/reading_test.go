package run

import (
	"os"
	"path/filepath"
	"testing"

	"transom/internal/modules"
)

// TestNamedModules asks with <IfModule> and LogLevel for each module of a configuration that loads some: whatever LoadModule
// names and nobody complains of is there.
func TestNamedModules(t *testing.T) {
	root := t.TempDir()
	ask := func(load, question string) *Config {
		file := filepath.Join(root, "httpd.conf")
		text := "ServerRoot " + root + "\nListen 127.0.0.1:8080\nErrorLog error_log\n" + load + "\n" + question + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(&Options{Root: root, File: file, Modules: modules.All, Checking: true}, nil, nil)
	}
	const event = "LoadModule mpm_event_module x.so\n"
	for _, c := range []struct{ load, file string }{
		{"socache_shmcb", "mod_socache_shmcb.c"}, {"socache_memcache", "mod_socache_memcache.c"}, {"slotmem_shm", "mod_slotmem_shm.c"},
		{"systemd", "mod_systemd.c"}, {"lbmethod_byrequests", "mod_lbmethod_byrequests.c"}, {"ssl", "mod_ssl.c"}, {"mpm_event", "event.c"},
	} {
		for _, name := range []string{c.load + "_module", c.file} {
			said := ask(event+"LoadModule "+c.load+"_module x.so", "<IfModule "+name+">\nNoSuch\n</IfModule>\nLogLevel "+name+":info "+c.load+":info")
			if len(said.Errors) != 1 || said.Errors[0].Directive == "LogLevel" || len(said.Warnings) > 0 {
				t.Errorf("<IfModule %s>: errors %v, warnings %v; want one error, of NoSuch", name, said.Errors, said.Warnings)
			}
			if c.load == "mpm_event" {
				continue
			}
			if said := ask(event, "<IfModule "+name+">\nNoSuch\n</IfModule>"); len(said.Errors) != 0 {
				t.Errorf("<IfModule %s> without LoadModule: %v", name, said.Errors)
			}
			if said := ask(event, "LogLevel "+name+":info"); len(said.Errors) != 1 {
				t.Errorf("LogLevel %s:info without LoadModule: %v, want one error", name, said.Errors)
			}
		}
	}
	for _, name := range []string{"nosuchmodule", "mod_ssl", "SSL"} {
		if said := ask(event+"LoadModule ssl_module x.so", "LogLevel "+name+":info"); len(said.Errors) != 1 {
			t.Errorf("LogLevel %s:info: %v, want one error", name, said.Errors)
		}
	}
	for _, name := range []string{"http", "http_core.c", "core", "unixd", "so_module"} {
		if said := ask(event, "LogLevel "+name+":info"); len(said.Errors) != 0 {
			t.Errorf("LogLevel %s:info: %v", name, said.Errors)
		}
	}
	if said := ask(event+"LoadModule lua_module x.so", "LogLevel lua:info mod_lua.c:info\n<IfModule lua_module>\nNoSuch\n</IfModule>"); len(said.Errors) != 0 {
		t.Errorf("a module that is missing: %v", said.Errors)
	}
}
