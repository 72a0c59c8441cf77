package bpf

import (
	"testing"

	"capview/inspect/bpf/load"
)

func TestLoadAll(t *testing.T) {
	for name, f := range map[string]func() error{
		"cmdline": func() error { s, _ := loadCmdline(); var o cmdlineObjects; return load.Into(s, &o) },
		"filters": func() error { s, _ := loadFilters(); var o filtersObjects; return load.Into(s, &o) },
	} {
		err := f()
		t.Log(name, err)
		if r, ok := err.(*load.Refusal); ok {
			t.Logf("%+v", r.Err)
		}
	}
}
