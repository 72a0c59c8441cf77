package tty

import (
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"capview/cmd/tty/ttytest"
)

func TestUnfinished(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "a": false, "\x1b": true, "a\x1b": true, "\x1ba": false, "\x1b\x1b": true,
		"\x1b[": true, "\x1b[A": false, "\x1b[1;5": true, "\x1b[1;5A": false, "\x1b[Ax": false, "\x1b[\x01": false,
		"\x1b[<0;12;3": true, "\x1b[<0;12;3M": false, "\x1b[M": true, "\x1b[M !": true, "\x1b[M !!": false,
		"\x1b[[": true, "\x1b[[A": false, "\x1bO": true, "\x1bOP": false, "\x1b[200~x": false,
		"\x1b]11;rgb:0": true, "\x1b]11;rgb:0\x07": false, "\x1b]11;rgb:0\x1b": true, "\x1b]11;rgb:0\x1b\\": false,
		"\xc3": true, "é": false, "\xe2\x82": true, "€": false, "\xf0\x9f\x98": true, "\xff": false, "a\x80": false,
	} {
		if got := unfinished([]byte(text)); got != want {
			t.Errorf("unfinished(%q) = %v", text, got)
		}
	}
}

func FuzzUnfinished(f *testing.F) {
	for _, seed := range []string{"\x1b", "\x1b[<0;1", "\x1b]11;", "\xe2\x82", "x\x1b[A"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !unfinished(append(b[:len(b):len(b)], esc)) {
			t.Error("a lone ESC may go on")
		}
		if unfinished(append(b[:len(b):len(b)], "\x1b[A"...)) {
			t.Error("goes on after a whole key")
		}
	})
}

// typed is a keyboard that another end types on, a pipe: it counts exactly what was not yet read.
type typed struct {
	t   *testing.T
	in  *input
	end *os.File
	fd  int // of in; for what counts its bytes
}

func keyboardOf(t *testing.T, wait time.Duration) typed {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return typed{t, &input{File: r, wait: wait, gone: func(error) {}}, w, int(r.Fd())}
}

// read reads once, while the parts arrive one by one.
func (k typed) read(parts ...string) string {
	k.t.Helper()
	all := make(chan struct{})
	defer func() { <-all }()
	go func() {
		defer close(all)
		for _, part := range parts {
			_, _ = k.end.WriteString(part)
			for n := 1; n > 0; time.Sleep(time.Millisecond) {
				n, _ = unix.IoctlGetInt(k.fd, unix.TIOCINQ)
			}
		}
	}()
	buf := make([]byte, 256)
	n, err := k.in.Read(buf)
	if err != nil {
		k.t.Fatal(err)
	}
	return string(buf[:n])
}

// A key whose bytes come apart is read as one.
func TestJoinsSplitKeys(t *testing.T) {
	for _, parts := range [][]string{
		{"\x1b", "[A"}, {"\x1b", "[", "1", ";", "5", "A"}, {"\x1b[", "<0;1", "2;3M"}, {"\x1b", "O", "P"}, {"\xe2", "\x82", "\xac"},
	} {
		want := ""
		for _, part := range parts {
			want += part
		}
		if got := keyboardOf(t, ttytest.Patience).read(parts...); got != want {
			t.Errorf("%q arrived as %q", parts, got)
		}
	}
}

// Esc is Esc when nothing follows, and when it is pressed again or held down.
func TestLoneEscape(t *testing.T) {
	if got := keyboardOf(t, time.Millisecond).read("\x1b"); got != "\x1b" {
		t.Errorf("got %q", got)
	}
	if got := keyboardOf(t, ttytest.Patience).read("\x1b", "\x1b"); got != "\x1b" {
		t.Errorf("held down: got %q", got)
	}
}

func TestInputEnds(t *testing.T) {
	k := keyboardOf(t, ttytest.Patience)
	var told error
	k.in.gone = func(err error) { told = err }
	k.end.Close()
	if n, err := k.in.Read(make([]byte, 8)); n != 0 || err != io.EOF || told == nil {
		t.Errorf("%d bytes, %v; told %v", n, err, told)
	}
}
