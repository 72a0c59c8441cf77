package inspect

import (
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
)

func TestFilterDrift(t *testing.T) {
	more := newScene("docker")
	more.exec_.sets(func(s *caps.Sets) { s.Effective |= caps.Of(caps.SysTime) })
	more.asked.Privileged = Some(true)
	more.c.Declared = Some(more.asked)
	bare := newScene("docker")
	hidden := newScene("docker")
	hidden.c.Declared = Some(hidden.asked)
	hidden.exec_.Creds = Creds{}
	for _, c := range []struct {
		sc   *scene
		expr string
		pid  int
		want fact.Answer
	}{
		{more, "drift:yes", 103, fact.Yes}, {more, "drift:no", 103, fact.No}, {more, "drift:yes", 101, fact.No}, {more, "drift:MORE", 103, fact.Yes},
		{more, "drift:more", 101, fact.No}, {more, "drift:privileged", 101, fact.Yes}, {more, "drift:yes", 1, fact.No}, {more, "drift:no", 1, fact.Yes},
		{more, "drift:privileged", 100, fact.No}, // the shim
		{bare, "drift:yes", 101, fact.Unknown}, {bare, "drift:no", 101, fact.Unknown}, {bare, "drift:no-spec", 101, fact.Yes},
		{hidden, "drift:yes", 103, fact.Unknown}, {hidden, "drift:yes", 101, fact.No},
	} {
		f, err := ParseFilter(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		ix := NewIndex(&c.sc.s)
		c.sc.s.Processes[0].Cgroup = Some("/")
		if got := f.Match(ix, ix.Process(c.pid)); got != c.want {
			t.Errorf("%s of pid %d: %v, want %v", c.expr, c.pid, got, c.want)
		}
	}
	for _, bad := range []string{"drift:colour", "drift:~more"} {
		if _, err := ParseFilter(bad); err == nil {
			t.Errorf("%s parses", bad)
		}
	}
}
