package snapshot

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"capview/inspect"
)

const (
	start = `{"schema":"capview/snapshot/v1","host":{"cap_last_cap":40,"clock_ticks":100},`
	whole = start + `"processes":[]}`
)

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func TestReadErrors(t *testing.T) {
	good := string(encoded(t, node(3)))
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "it is empty"},
		{"one byte", "x", "not a capview snapshot: invalid character 'x'"},
		{"garbage", "\x7fELF\x02\x01", "not a capview snapshot: invalid character"},
		{"an array", "[1]", "not a capview snapshot: not a JSON object"},
		{"a string", `"x"`, "not a capview snapshot: not a JSON object"},
		{"other JSON", `{"a":1,"b":[{}]}`, `not a capview snapshot: it has no "schema"`},
		{"another's schema", `{"schema":"spdx\u001b[2J"}`, `not a capview snapshot: its schema is "spdx\x1b[2J"`},
		{"a schema with a sign", `{"schema":"capview/snapshot/v+1"}`, "not a capview snapshot"},
		{"an endless schema", `{"schema":"` + strings.Repeat("x", 1e6) + `"}`, "..."},
		{"newer major", `{"schema":"capview/snapshot/v2.7","processes":{"a":1}}`, "it is capview/snapshot/v2.7, this capview reads capview/snapshot/v1"},
		{"older major", `{"schema":"capview/snapshot/v0"}`, "it is capview/snapshot/v0, this"},
		{"cut short", good[:len(good)-1000], "cut short in processes"},
		{"cut at the end", good[:len(good)-2], "cut short"},
		{"cut in a key", `{"sch`, "cut short"},
		{"cut gzip", gz(good)[:len(gz(good))/2], "cut short"},
		{"cut gzip header", gz(good)[:5], "cut short"},
		{"gzip checksum", gz(good)[:len(gz(good))-8] + "12345678", "damaged gzip data"},
		{"gzip of garbage", gz("garbage"), "not a capview snapshot: invalid"},
		{"damaged gzip", gz(good)[:10] + "\xff\xff\xff\xff" + gz(good)[14:], "damaged gzip data"},
		{"bytes after gzip", gz(whole) + "more than a header", "damaged gzip data"},
		{"bytes after", whole + "x", "something follows the snapshot's end"},
		{"another after", whole + whole, "something follows"},
		{"no host", `{"schema":"capview/snapshot/v1","processes":[]}`, `it has no "host"`},
		{"no processes", start[:len(start)-1] + "}", `it has no "processes"`},
		{"twice", start + `"processes":[],"processes":[]}`, `"processes" twice`},
		{"wrong kind", start + `"processes":{}}`, "wrong in processes before byte 90: not an array"},
		{"wrong field", start + `"processes":[{"pid":1},{"pid":"x"}]}`, "wrong in processes[1] before byte 112: pid is a string, not a number that fits int"},
		{"number too large", start + `"processes":[{"pid":1,"uid":{"real":4294967296}}]}`, "uid.real is a number 4294967296, not a number that fits uint32"},
		{"bad mask", start + `"processes":[{"pid":1,"caps":{"effective":"xyz"}}]}`, `capability mask "xyz"`},
		{"syntax", start + `"processes":[{"pid":1,}]}`, "not JSON in processes"},
		{"time", `{"taken_at":"` + strings.Repeat("long", 1e5) + `"}`, "..."},
		{"host", `{"host":7}`, "wrong in host"},
		{"no PID", start + `"processes":[{}]}`, "process 0: is not a PID"},
		{"negative PID", start + `"processes":[{"pid":-4}]}`, "process -4: is not a PID"},
		{"negative parent", start + `"processes":[{"pid":4,"ppid":-1}]}`, "process 4: ppid is -1"},
		{"negative threads", start + `"processes":[{"pid":4,"thread_count":-1}]}`, "thread_count is -1"},
		{"thread 0", start + `"processes":[{"pid":4,"threads":[{}]}]}`, "process 4: thread 0: is not a TID"},
		{"filters", start + `"processes":[{"pid":4,"seccomp":{"mode":"filter","filters":-1}}]}`, "seccomp.filters is -1"},
		{"caps in part", start + `"processes":[{"pid":4,"caps":{}}]}`, `"inheritable" is missing`},
		{"a set that is null", start + `"processes":[{"pid":4,"caps":{"inheritable":"0","permitted":null,"effective":"0","bounding":"0","ambient":"0"}}]}`, `"permitted" is missing`},
		{"ids in part", start + `"processes":[{"pid":4,"uid":{"real":0,"effective":0,"fs":0}}]}`, `"saved" is missing`},
		{"seccomp in part", start + `"processes":[{"pid":4,"threads":[{"tid":5,"seccomp":{"filters":1}}]}]}`, `"mode" is missing`},
		{"file caps in part", start + `"processes":[{"pid":4,"file_caps":{"text":"\"revision\":3"}}]}`, `"revision" is missing`},
		{"executable in part", start + `"processes":[{"pid":4,"exe_file":{}}]}`, `"device" is missing`},
		{"process twice", start + `"processes":[{"pid":5},{"pid":4},{"pid":5}]}`, "process 5 is in it twice"},
		{"no key", start + `"processes":[],"containers":[{}]}`, "containers[0] has no key"},
		{"container twice", start + `"processes":[],"containers":[{"key":"a"},{"key":"a"}]}`, `container "a" is in it twice`},
		{"namespace twice", start + `"processes":[],"user_namespaces":[{"inode":1},{"inode":1}]}`, "user namespace 1 is in it twice"},
		{"level", start + `"processes":[],"user_namespaces":[{"inode":1,"level":1000000000}]}`, "level is 1000000000"},
		{"last cap", strings.Replace(whole, "40", "200", 1), "cap_last_cap is 200"},
		{"nested in an unknown key", `{"x":` + strings.Repeat("[", 1e6), "nested deeper than 100"},
		{"nested in a known key", start + `"processes":[` + strings.Repeat(`{"x":`, 1e5), "exceeded max depth"},
		{"many parts", start + `"processes":[{"pid":1,"threads":[` + strings.Repeat(`{},`, maxCommas+1) + `{}]}]}`, "more than 1048576 parts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Read(strings.NewReader(c.text), "some.json")
			if err == nil {
				t.Fatalf("no error, %d processes", len(s.Processes))
			}
			msg := err.Error()
			if !strings.HasPrefix(msg, "snapshot some.json: ") || !strings.Contains(msg, c.want) {
				t.Errorf("got  %s\nwant ...%s", msg, c.want)
			}
			if len(msg) > maxError+100 || strings.ContainsFunc(msg, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("not one clean line: %q", msg)
			}
		})
	}
}

func TestReadNotes(t *testing.T) {
	for _, c := range []struct{ name, text, what, why string }{
		{"newer minor", strings.Replace(whole, "/v1", "/v1.9", 1), "schema", "it is capview/snapshot/v1.9, newer than the capview/snapshot/v1"},
		{"unknown keys", start + `"traces":[[{"a":[1,2,"x"]}],7],"more":{"deep":{}},"processes":[{"pid":1,"colour":"red"}]}`, "", ""},
		{"null lists", start + `"processes":null,"gaps":null}`, "", ""},
		{"spaces after", whole + " \n\n", "", ""},
		{"ticks", strings.Replace(whole, "100", "0", 1), "clock_ticks", "100 a second assumed"},
		{"missing container", start + `"processes":[{"pid":1,"container":"x","nested":"y"}],"containers":[{"key":"a","nested_in":"z"}]}`, "containers", "3 references"},
		{"itself", start + `"processes":[{"pid":1,"ppid":1}]}`, "ppid", "process 1 is its own ancestor"},
		{"circle", start + `"processes":[{"pid":1,"ppid":3},{"pid":2,"ppid":1},{"pid":3,"ppid":2},{"pid":4,"ppid":3}]}`, "ppid", "process 1 is its own"},
		{"nested circle", start + `"processes":[],"containers":[{"key":"a","nested_in":"b"},{"key":"b","nested_in":"a"}]}`, "nested_in", `"a" is inside itself`},
		{"namespace circle", start + `"processes":[],"user_namespaces":[{"inode":1,"parent":2},{"inode":2,"parent":1}]}`, "user_namespaces", "1 is its own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Read(strings.NewReader(c.text), "it")
			if err != nil {
				t.Fatal(err)
			}
			notes := Notes(s)
			if c.what == "" {
				if len(notes) > 0 {
					t.Errorf("notes %v", notes)
				}
				return
			}
			if len(notes) != 1 || notes[0].What != c.what || !strings.Contains(notes[0].Why, c.why) {
				t.Errorf("notes %v, want %s: ...%s", notes, c.what, c.why)
			}
			again, err := Read(bytes.NewReader(encoded(t, s)), "it")
			if err != nil || len(Notes(again)) != 1 {
				t.Errorf("read again: %v %v", err, again)
			}
		})
	}
}

func TestReadSorts(t *testing.T) {
	s, err := Read(strings.NewReader(start+`"processes":[{"pid":9},{"pid":2,"start_time":7},{"pid":2,"start_time":3}]}`), "it")
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, p := range s.Processes {
		got += fmt.Sprint(p.PID, "/", p.StartTime, " ")
	}
	if got != "2/3 2/7 9/0 " {
		t.Error(got)
	}
}

// endless is a file of one byte forever after a beginning.
type endless struct {
	head string
	tail byte
	n    int64
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.head)
	e.head = e.head[n:]
	for i := n; i < len(p); i++ {
		p[i] = e.tail
	}
	e.n += int64(len(p))
	return len(p), nil
}

// What never ends is left early, whatever it is that does not end.
func TestReadIsBounded(t *testing.T) {
	for _, c := range []struct {
		name string
		in   *endless
		want string
	}{
		{"a string", &endless{head: start + `"processes":[{"comm":"`, tail: 'a'}, "one element is larger than 32 MiB"},
		{"an unknown string", &endless{head: `{"x":"`, tail: 'a'}, "one element is larger than 32 MiB"},
		{"space", &endless{head: whole[:len(whole)-1], tail: ' '}, "one element is larger than 32 MiB"},
		{"nesting", &endless{head: `{"x":`, tail: '['}, "nested deeper"},
		{"zeros", &endless{}, "not a capview snapshot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(c.in, "it")
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if c.in.n > 3*maxElement || after.TotalAlloc-before.TotalAlloc > 8*maxElement {
				t.Errorf("read %d bytes, allocated %d", c.in.n, after.TotalAlloc-before.TotalAlloc)
			}
		})
	}
}

// A gzip bomb ends as soon as what it unpacks to is too much.
func TestReadGzipBomb(t *testing.T) {
	in, out := io.Pipe()
	go func() {
		w, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
		_, err := io.WriteString(w, start+`"processes":[{"pid":1,"cmdline":["`)
		for err == nil {
			_, err = w.Write(make([]byte, 1<<20))
		}
	}()
	_, err := Read(in, "bomb.gz")
	in.Close()
	if err == nil || !strings.HasPrefix(err.Error(), "snapshot bomb.gz: ") {
		t.Errorf("%v", err)
	}
}

// Many small elements that are large in memory are refused before they fill it.
func TestReadBoundsMemory(t *testing.T) {
	r := newReader(nil)
	p := &inspect.Process{Threads: make([]inspect.Thread, 10)}
	if n := memory(p, 100); n < 100+processSize+10*threadSize {
		t.Errorf("%d bytes", n)
	}
	if err := r.spend(maxMemory); err != nil {
		t.Error(err)
	}
	if err := r.spend(1); !errors.Is(err, errMemory) {
		t.Errorf("%v", err)
	}
	total := &bounded{in: &endless{tail: ' '}, left: 10, element: 1 << 20}
	if text, err := io.ReadAll(total); len(text) != 10 || !errors.Is(err, errTooLarge) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.json")
	for path, want := range map[string]string{dir: "it is a directory", missing: "snapshot " + missing + ": no such file"} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Open(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	path := filepath.Join(dir, "it.json")
	if err := os.WriteFile(path, []byte(gz(whole)), 0o600); err != nil { // gzip by content, not by name
		t.Fatal(err)
	}
	var source inspect.Source = File{path}
	if s, err := source.Snapshot(t.Context()); err != nil || s.Host.CapLastCap != 40 {
		t.Errorf("%v %v", s, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := source.Snapshot(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add(encoded(f, node(2)))
	f.Add([]byte(gz(whole)))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Read(bytes.NewReader(text), "it")
		if err != nil {
			if msg := err.Error(); !strings.HasPrefix(msg, "snapshot it: ") || len(msg) > maxError+100 {
				t.Fatalf("%q", msg)
			}
			return
		}
		first := encoded(t, s)
		again, err := Read(bytes.NewReader(first), "it")
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v\n%s", err, first)
		}
		if second := encoded(t, again); !bytes.Equal(first, second) {
			t.Fatalf("it comes back another:\n%s\n%s", first, second)
		}
		inspect.Diff(inspect.NewIndex(s), inspect.NewIndex(again))
	})
}
