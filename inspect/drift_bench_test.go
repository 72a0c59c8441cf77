package inspect

import (
	"slices"
	"strconv"
	"testing"
)

// crowdOf is a node of 200 containers and 5,000 processes, as asked but for what edit does.
func crowdOf(edit func(*scene)) *Snapshot {
	sc := newScene("docker")
	if edit != nil {
		edit(sc)
	}
	s := Snapshot{Host: sc.s.Host, UserNamespaces: sc.s.UserNamespaces, Processes: slices.Clone(sc.s.Processes[:1])}
	for i := range 200 {
		c := *sc.c
		c.Key += strconv.Itoa(i)
		c.Declared = Some(sc.asked)
		s.Containers = append(s.Containers, c)
		for j := range 25 {
			p := *sc.child
			if j == 0 {
				p = *sc.first
			}
			p.PID, p.Container = 1000+100*i+j, c.Key
			p.PPID = 1000 + 100*i
			s.Processes = append(s.Processes, &p)
		}
	}
	return &s
}

// BenchmarkDrift is what the first look at drift adds to a scan of 200 containers and 5,000 processes.
func BenchmarkDrift(b *testing.B) {
	for _, of := range []struct {
		name string
		edit func(*scene)
	}{{"as asked", nil}, {"all differ", func(sc *scene) { sc.asked.NoNewPrivs = Some(true) }}} {
		s := crowdOf(of.edit)
		b.Run(of.name, func(b *testing.B) {
			ix := NewIndex(s)
			b.ReportAllocs()
			for b.Loop() {
				ix.findDrifts()
			}
		})
	}
}
