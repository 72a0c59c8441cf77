package view

import (
	"math"
	"testing"

	"capview/inspect"
)

func TestBytes(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 1023: "1023", 1024: "1.0K", 1536: "1.5K", 10 << 20: "10M", 1<<30 - 1: "1023M", math.MaxUint64: "15E"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for n, want := range map[uint64]string{0: "0.0", 400: "0.0", 500: "0.1", 3000: "0.3", 1e6: "100", 1_504_999: "150", 99_949: "10.0", 999_499: "99.9"} {
		if got := percent(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// What a container uses is unknown until it is read; what is no container is not asked.
func TestUsage(t *testing.T) {
	c := inspect.Container{Key: "k", Kind: inspect.KindContainer, Usage: inspect.Usage{Memory: inspect.Some(uint64(3 << 20))}}
	ix := inspect.NewIndex(&inspect.Snapshot{Containers: []inspect.Container{c}, Processes: []*inspect.Process{{PID: 1, Container: "k"}, {PID: 2}}})
	row := func(kind inspect.Kind, c *inspect.Container) GroupRow {
		return GroupRow{Ix: ix, G: inspect.Group{Kind: kind, Container: c}}
	}
	for _, w := range []struct {
		key  string
		row  GroupRow
		want Cell
	}{
		{"memory", row(c.Kind, &c), Cell{"3.0M", Plain}}, {"cpu", row(c.Kind, &c), gone()}, {"cpu", row(inspect.KindUnit, &inspect.Container{}), absent()}, {"memory", row("", nil), absent()},
	} {
		col, _ := Find(Containers(), w.key)
		if got := col.Cell(w.row); got != w.want {
			t.Errorf("%s: %+v, want %+v", w.key, got, w.want)
		}
	}
	groups := Containers()
	for _, col := range GroupOnly() {
		if of, ok := Find(groups, col.Key); !ok || of.Title != col.Title {
			t.Errorf("%s is no column of groups", col.Key)
		}
	}
	memory := GroupOnly()[1]
	with, without := Row{Ix: ix, P: ix.Process(1)}, Row{Ix: ix, P: ix.Process(2)}
	if memory.Cell(with) != (Cell{}) || !memory.Less(without, with) || memory.Less(with, without) {
		t.Error("a process is not ordered by its container's memory")
	}
}
