package bpf

import (
	"io"
	"testing"
)

// BenchmarkBare is a pass that reads what the iterator writes and does nothing with it.
func BenchmarkBare(b *testing.B) {
	r, err := NewRecords()
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 64<<10)
	for b.Loop() {
		in, err := r.it.open()
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for err == nil {
			var k int
			k, err = in.Read(buf)
			n += k
		}
		in.Close()
		if err != io.EOF {
			b.Fatal(err)
		}
		b.SetBytes(int64(n))
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		r, err := NewRecords()
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
