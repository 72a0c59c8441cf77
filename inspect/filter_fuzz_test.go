package inspect

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// A filter of words, keys and numbers is matched at each key pressed: it must not allocate.
func TestFilterMatchDoesNotAllocate(t *testing.T) {
	ix := filterNode()
	f, err := ParseFilter("in,x container:web,zzz has:any !lacks:chown userns:host nnp:yes pid:1-99 image:x,y filecap:yes !user:x")
	if err != nil {
		t.Fatal(err)
	}
	n := testing.AllocsPerRun(100, func() {
		for i := range ix.Processes {
			f.Match(ix, ix.Processes[i])
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, k := range FilterKeys() {
		f.Add(k.Example)
	}
	f.Add(`!a,"b \" c" ~x.* user:~^r,"~q" `)
	ix := filterNode()
	f.Fuzz(func(t *testing.T, expr string) {
		filter, err := ParseFilter(expr)
		if err != nil {
			var fe *FilterError
			if !errors.As(err, &fe) || fe.Pos < 0 || fe.Pos > len(expr) || fe.Msg == "" {
				t.Fatalf("%q: %#v", expr, err)
			}
			if c := fe.Caret(); strings.Count(c, "\n") != 1 || utf8.ValidString(expr) && !utf8.ValidString(c) {
				t.Fatalf("%q: caret %q", expr, c)
			}
			return
		}
		yes, unknown := answers(filter, ix)
		again, err := ParseFilter(filter.String())
		if err != nil {
			t.Fatalf("%q: its own text %q: %v", expr, filter, err)
		}
		if y, u := answers(again, ix); y != yes || u != unknown {
			t.Fatalf("%q: its own text differs", expr)
		}
		name := expr
		if len(name) < maxFilter/2-20 {
			if _, err := ParseFilter(ContainerFilter(name).String()); err != nil {
				t.Fatalf("container %q: %v", name, err)
			}
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	ix := bigIndex(10_000)
	for _, expr := range []string{"nothere", "nginx", "has:sys_admin", "container:web", "~ngin[xy]", "user:root nnp:no"} {
		f, err := ParseFilter(expr)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(expr, func(b *testing.B) {
			for b.Loop() {
				f.Select(ix)
			}
		})
	}
}

// bigIndex is n processes like those of filterNode, with longer command lines.
func bigIndex(n int) *Index {
	small := filterNode()
	s := *small.Snapshot
	s.Processes = make([]*Process, 0, n)
	for i := range n {
		one := *small.Processes[i%len(small.Processes)]
		p := &one
		p.PID, p.StartTime = i+1, uint64(i)
		p.Cmdline = Some([]string{"/usr/bin/some-daemon", "--config=/etc/some/daemon.conf", "--listen", "0.0.0.0:8080", "--verbose"})
		s.Processes = append(s.Processes, p)
	}
	return NewIndex(&s)
}
