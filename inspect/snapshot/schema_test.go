package snapshot

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"capview/inspect"
	"capview/nsinfo"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever Write writes is valid by the published schema.
func TestWrittenIsValid(t *testing.T) {
	schema, r := compiled(t), rand.New(rand.NewPCG(11, 12))
	snapshots := []*inspect.Snapshot{node(3), {Host: inspect.Host{Hostname: "empty"}}}
	for range 100 {
		snapshots = append(snapshots, valid(r))
	}
	for _, s := range snapshots {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded(t, s)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Fatal(err)
		}
	}
}

// The schema refuses what is wrong, so that the test above means something.
func TestSchemaRefuses(t *testing.T) {
	schema := compiled(t)
	good := string(encoded(t, node(1)))
	for _, change := range [][2]string{
		{`snapshot/v1"`, `snapshot/v2"`}, {`"pid":1,`, `"pid":0,`}, {`"pid":1,`, ``}, {`"comm":"nginx"`, `"comm":null`}, {`"00000000a80425fb"`, `"a80425fb"`},
		{`"mode":"filter",`, ``}, {`"real":33`, `"real":-1`}, {`"threads":[]`, `"threads":null`}, {`"taken_at":"0001`, `"taken_at":"x`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if bad == good || err != nil {
			t.Fatalf("%q: %v", change, err)
		}
		if schema.Validate(doc) == nil {
			t.Errorf("%q is valid", change)
		}
	}
}

// Every field of the model is in the schema, with all but the optional ones required, and nothing else is.
func TestSchemaDescribesTheModel(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(SchemaJSON, &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	names := map[string]string{"IDs": "ids", "ExeFile": "exe_file", "Caps": "file_caps", "User": "user_namespace",
		"SpecUser": "spec_user", "SpecNamespace": "spec_namespace", "SpecMount": "spec_mount", "FilterProgram": "filter_program"}
	unseen := maps.Clone(defs)
	for _, plain := range []string{"mask", "inode", "namespace_set"} {
		delete(unseen, plain)
	}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch {
		case typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer:
			visit(typ.Elem())
			return
		case typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ]:
			return
		case strings.HasPrefix(typ.Name(), "Opt["):
			visit(typ.Field(0).Type)
			return
		}
		seen[typ] = true
		node := schema
		if typ != reflect.TypeFor[inspect.Snapshot]() {
			name := names[typ.Name()]
			if name == "" {
				name = strings.ToLower(typ.Name())
			}
			var there bool
			if node, there = defs[name].(map[string]any); !there {
				t.Errorf("no $defs/%s for %s", name, typ)
				return
			}
			delete(unseen, name)
		}
		keys, required := jsonKeys(typ, visit)
		if got := slices.Sorted(maps.Keys(node["properties"].(map[string]any))); !slices.Equal(got, keys) {
			t.Errorf("%s: the schema has %q, the model %q", typ, got, keys)
		}
		var must []string
		for _, r := range node["required"].([]any) {
			must = append(must, r.(string))
		}
		if slices.Sort(must); !slices.Equal(must, required) {
			t.Errorf("%s: the schema requires %q, the model always has %q", typ, must, required)
		}
	}
	visit(reflect.TypeFor[inspect.Snapshot]())
	if len(unseen) > 0 {
		t.Errorf("the model has nothing of %v", slices.Sorted(maps.Keys(unseen)))
	}
	types := slices.Sorted(maps.Keys(defs["namespace_set"].(map[string]any)["properties"].(map[string]any)))
	for i := range nsinfo.Types {
		if len(types) != nsinfo.Types || types[i] != nsinfo.Type(i).String() {
			t.Errorf("namespace types are %q", types)
		}
	}
}

// jsonKeys is the keys of a struct, sorted, and those that are always written.
func jsonKeys(typ reflect.Type, visit func(reflect.Type)) (keys, required []string) {
	for _, f := range reflect.VisibleFields(typ) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, key)
		if !strings.Contains(options, "omit") {
			required = append(required, key)
		}
		if typ.Name() != "Caps" {
			visit(f.Type)
		}
	}
	slices.Sort(keys)
	slices.Sort(required)
	return keys, required
}
