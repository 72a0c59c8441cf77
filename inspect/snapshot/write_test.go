package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/internal/arbitrary"
	"capview/nsinfo"
)

// The encoder by hand says what the model's tags say, whatever the process.
func TestProcessIsWhatMarshalMakes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var p inspect.Process
		arbitrary.Fill(r, &p)
		if r.IntN(4) == 0 {
			p.Comm = "not UTF-8: \xff\xc0\xaf \xed\xa0\x80"
		}
		var got, want appender
		got.process(&p)
		if p.Threads == nil {
			p.Threads = []inspect.Thread{}
		}
		if p.Gaps == nil {
			p.Gaps = []inspect.Gap{}
		}
		if err := want.marshal(p); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.b, want.b) {
			t.Fatalf("got\n%s\nwant\n%s", got.b, want.b)
		}
	}
}

// Known and empty is [], also where Go has nil; unknown is null.
func TestKnownListsAreNotNull(t *testing.T) {
	s := &inspect.Snapshot{Processes: []*inspect.Process{{Cmdline: inspect.Some[[]string](nil), Groups: inspect.Some[[]uint32](nil)}},
		Containers:     []inspect.Container{{Key: "a", Declared: inspect.Some(inspect.Declared{Mounts: inspect.Some[[]inspect.SpecMount](nil)})}},
		UserNamespaces: []nsinfo.User{{UIDMap: inspect.Some[[]nsinfo.Range](nil)}}}
	got := string(encoded(t, s))
	for _, want := range []string{`"cmdline":[]`, `"groups":[]`, `"threads":[]`, `"gaps":[]`, `"namespaces":[]`, `"mounts":[]`, `"uid_map":[],"gid_map":null`, `"exe":null`, `"caps":null`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if got := string(encoded(t, &inspect.Snapshot{})); !strings.Contains(got, `"processes":[]`) {
		t.Error(got)
	}
}

// tidy changes how text is written, never what it says, and leaves nothing a terminal would obey.
func TestTidy(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 5000 {
		in := arbitrary.String(r) + string(rune(r.IntN(0x20000)))
		j, _ := json.Marshal(in)
		var a, b appender
		a.tidy(j)
		b.str(in)
		var out, again string
		if err := json.Unmarshal(a.b, &out); err != nil || json.Unmarshal(b.b, &again) != nil || out != again {
			t.Fatalf("%q becomes %s and %s (%v)", in, a.b, b.b, err)
		}
		var direct string
		if json.Unmarshal(j, &direct); out != direct {
			t.Fatalf("%q comes back as %q", in, out)
		}
		if !bytes.Equal(a.b, b.b) || bytes.ContainsFunc(a.b, func(r rune) bool { return r < ' ' || mustEscape(r) && r != '"' && r != '\\' }) {
			t.Fatalf("%q becomes %s and %s", in, a.b, b.b)
		}
	}
	var a appender
	a.str("a<b>&\u202e\x7f\u009b\U000e0001")
	if got, want := string(a.b), `"a<b>&\u202e\u007f\u009b\udb40\udc01"`; got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

// What is written is one JSON object, a process a line, and reads back as what it was.
func TestWriteReadRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		s := valid(r)
		text := encoded(t, s)
		if lines := bytes.Count(text, []byte("\n{\"pid\":")); lines != len(s.Processes) {
			t.Fatalf("%d lines of %d processes", lines, len(s.Processes))
		}
		back, err := Read(bytes.NewReader(text), "it")
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if again := encoded(t, back); !bytes.Equal(text, again) {
			t.Fatalf("it comes back another:\n%s\n%s", text, again)
		}
		if n := Notes(back); len(n) != 0 {
			t.Fatalf("notes %v", n)
		}
	}
}

// What a process has in common with the one before it is written as of a process alone.
func TestWriteInCommon(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	var some []*inspect.Process
	for len(some) < 4 {
		some = append(some, valid(r).Processes...)
	}
	from := func() *inspect.Process { return some[r.IntN(len(some))] }
	var together appender
	for range 5000 {
		p := *from()
		p.Exe, p.ExeFile, p.UID, p.GID, p.Creds = from().Exe, from().ExeFile, from().UID, from().GID, from().Creds
		p.Namespaces, p.FileCaps, p.Threads = from().Namespaces, from().FileCaps, from().Threads
		var alone appender
		alone.process(&p)
		at := len(together.b)
		together.process(&p)
		if !bytes.Equal(together.b[at:], alone.b) {
			t.Fatalf("%s\nalone:\n%s", together.b[at:], alone.b)
		}
	}
}

func TestWriteKeepsOrderOfManyChunks(t *testing.T) {
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 10*chunk + 7} {
		s := node(n)
		var b bytes.Buffer
		calls, last := 0, 0
		err := write(&b, s, func(done, total int) {
			if calls++; done <= last || total != n {
				t.Errorf("progress %d of %d after %d", done, total, last)
			}
			last = done
		})
		if err != nil || last != n {
			t.Fatalf("%d processes: %v, last progress %d", n, err, last)
		}
		back, err := Read(&b, "it")
		if err != nil {
			t.Fatal(err)
		}
		if len(back.Processes) != n || !bytes.Equal(encoded(t, back), encoded(t, s)) {
			t.Errorf("%d processes come back other", n)
		}
	}
}

// A writer that fails at any point ends the writing with its error, and leaves no goroutine waiting.
func TestWriteErrors(t *testing.T) {
	s := node(20 * chunk)
	for _, after := range []int{0, 1, 2, 10, 20, 21} {
		// It ends when all goroutines begun in it have, and fails when one waits for ever.
		synctest.Test(t, func(t *testing.T) {
			err := Write(&failing{after}, s)
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "write snapshot") {
				t.Errorf("after %d writes: %v", after, err)
			}
		})
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here: ", err)
	}
	defer full.Close()
	if err := Write(full, s); err == nil || !strings.Contains(err.Error(), "/dev/full") {
		t.Errorf("%v does not name the file", err)
	}
}

type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

// Everything in the model has a place in the appender: a Process with nothing zero has every key.
func TestEveryKeyIsWritten(t *testing.T) {
	p := &inspect.Process{Status: "x", Nested: "y", Entered: "z", Outside: true, Threads: []inspect.Thread{{}}, Gaps: []inspect.Gap{{}}}
	p.Caps = inspect.Some(caps.Sets{})
	var a appender
	a.process(p)
	for f := range reflect.TypeFor[inspect.Process]().Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key != "" && !bytes.Contains(a.b, []byte(`"`+key+`":`)) {
			t.Errorf("no %s", key)
		}
	}
}

func BenchmarkWrite5000(b *testing.B) {
	s := node(5000)
	b.SetBytes(int64(len(encoded(b, s))))
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMarshal5000 is what Write is measured against.
func BenchmarkMarshal5000(b *testing.B) {
	s := node(5000)
	for b.Loop() {
		if _, err := json.Marshal(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead5000(b *testing.B) {
	text := encoded(b, node(5000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text), "it"); err != nil {
			b.Fatal(err)
		}
	}
}
