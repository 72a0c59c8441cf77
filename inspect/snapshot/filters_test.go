package snapshot

import (
	"bytes"
	"strings"
	"testing"

	"capview/inspect"
)

// A filter is what its hash and length say, or the file is refused; a stack whose filter is not there becomes unknown.
func TestFilters(t *testing.T) {
	s := node(1)
	f, _ := inspect.NewFilterProgram([]byte{6, 0, 0, 0, 0, 0, 0xff, 0x7f})
	s.SeccompFilters = []inspect.FilterProgram{f}
	sec, _ := s.Processes[0].Seccomp.Get()
	sec.Stack = inspect.Some(inspect.StackOf(f.Hash, f.Hash))
	s.Processes[0].Seccomp = inspect.Some(sec)
	good := string(encoded(t, s))
	back, err := Read(strings.NewReader(good), "good")
	if err != nil || len(Notes(back)) > 0 {
		t.Fatal(err, Notes(back))
	}
	if again := encoded(t, back); !bytes.Equal(again, []byte(good)) {
		t.Errorf("read and written again it is\n%s", again)
	}
	for _, change := range [][3]string{
		{`"length":1`, `"length":2`, "length is 2"}, {`"code":"BgAAAAAA/38="`, `"code":"BgAAAAAA/34="`, "is not that of the code"},
		{`"code":"BgAAAAAA/38="`, `"code":"BgA="`, "are no filter"}, {`"code":"BgAAAAAA/38="`, `"code":"%"`, "base64"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if _, err := Read(strings.NewReader(bad), "bad"); bad == good || err == nil || !strings.Contains(err.Error(), change[2]) {
			t.Errorf("%q: %v", change, err)
		}
	}
	other := strings.Replace(good, `"stack":["`+f.Hash[:4], `"stack":["0000`, 1)
	back, err = Read(strings.NewReader(other), "other")
	if err != nil {
		t.Fatal(err)
	}
	if sec, _ := back.Processes[0].Seccomp.Get(); sec.Stack.Known() || len(Notes(back)) != 1 {
		t.Errorf("%+v %v", sec, Notes(back))
	}
}
