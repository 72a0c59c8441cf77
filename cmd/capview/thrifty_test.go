package main

import "testing"

func TestMemoryLimit(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int64
	}{{0, 36 << 20}, {24 << 20, 36 << 20}, {24<<20 + 2, 40 << 20}, {100 << 20, 152 << 20}} {
		if got := memoryLimit(c.live); got != c.want {
			t.Errorf("%d bytes in use: %d, want %d", c.live, got, c.want)
		}
	}
}
