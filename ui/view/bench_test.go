package view

import (
	"fmt"
	"io"
	"testing"

	"capview/inspect"
)

// many is the small node's processes over and over, n of them.
func many(b *testing.B, n int) []Row {
	small := node(b)
	s := *small.Snapshot
	s.Processes = make([]*inspect.Process, n)
	for i := range s.Processes {
		one := *small.Processes[i%len(small.Processes)]
		s.Processes[i] = &one
		s.Processes[i].PID = 10000 + i
	}
	return rowsOf(inspect.NewIndex(&s))
}

func BenchmarkCells5000(b *testing.B) {
	rows := many(b, 5000)
	for _, width := range []int{80, 200} {
		cols, err := Select(Processes(), DefaultKeys(width))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				for _, r := range rows {
					for i := range cols {
						cols[i].Cell(r)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)*len(cols)), "ns/cell")
		})
	}
}

func BenchmarkWriteTable5000(b *testing.B) {
	rows := many(b, 5000)
	cols, err := Select(Processes(), DefaultKeys(140))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for range b.N {
		if err := WriteTable(io.Discard, cols, rows, 140, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteNDJSON5000(b *testing.B) {
	rows := many(b, 5000)
	b.ReportAllocs()
	for range b.N {
		if err := WriteNDJSON(io.Discard, Processes(), rows); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGroupRow5000(b *testing.B) {
	rows := many(b, 5000)
	g := inspect.Group{Label: "all"}
	for _, r := range rows {
		g.Processes = append(g.Processes, r.P)
	}
	b.ReportAllocs()
	for range b.N {
		NewGroupRow(rows[0].Ix, g)
	}
}

func BenchmarkAppendFit(b *testing.B) {
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for range b.N {
		buf = AppendFit(buf[:0], "nginx: worker process", 12, false)
		buf = AppendFit(buf, "日本語のプロセス", 12, false)
	}
}
