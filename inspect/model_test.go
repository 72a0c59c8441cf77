package inspect

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"capview/inspect/internal/arbitrary"
)

// What the model can say survives its JSON; empty and nil slices are alike.
func TestModelJSONRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		var s, back Snapshot
		arbitrary.Fill(r, &s)
		first, err := json.Marshal(&s)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(first, &back); err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if !reflect.DeepEqual(s, back) {
			t.Fatalf("it comes back another:\n%.3000s\n%.3000s", fmt.Sprintf("%+v", s), fmt.Sprintf("%+v", back))
		}
	}
}

// An unknown fact is null, a known one that is empty is not.
func TestUnknownIsNull(t *testing.T) {
	var p Process
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields("cmdline exe exe_file user uid gid groups caps no_new_privs seccomp securebits namespaces file_caps cgroup") {
		if !strings.Contains(string(b), `"`+key+`":null`) {
			t.Errorf("%s is not null in %s", key, b)
		}
	}
	p = Process{Cmdline: Some([]string{}), Groups: Some([]uint32{}), Creds: Creds{NoNewPrivs: Some(false)}, Exe: Some("")}
	if b, err = json.Marshal(p); err != nil {
		t.Fatal(err)
	}
	for _, known := range []string{`"cmdline":[]`, `"groups":[]`, `"no_new_privs":false`, `"exe":""`} {
		if !strings.Contains(string(b), known) {
			t.Errorf("no %s in %s", known, b)
		}
	}
}

var snakeCase = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// Every field of the model has a key, in snake_case.
func TestModelKeys(t *testing.T) {
	eachStruct(reflect.TypeFor[Snapshot](), map[reflect.Type]bool{}, func(s reflect.Type) {
		for i := range s.NumField() {
			f := s.Field(i)
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.Anonymous && f.IsExported() && !snakeCase.MatchString(key) {
				t.Errorf("%s.%s has the key %q", s, f.Name, key)
			}
		}
	})
}

// eachStruct calls f for every struct of the model that t leads to.
func eachStruct(t reflect.Type, seen map[reflect.Type]bool, f func(reflect.Type)) {
	switch {
	case seen[t]:
		return
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Map:
		eachStruct(t.Elem(), seen, f)
	case t.Kind() != reflect.Struct || !strings.HasPrefix(t.PkgPath(), "capview/"):
	case strings.HasPrefix(t.Name(), "Opt["):
		eachStruct(t.Field(0).Type, seen, f)
	default:
		seen[t] = true
		f(t)
		for i := range t.NumField() {
			eachStruct(t.Field(i).Type, seen, f)
		}
	}
}
