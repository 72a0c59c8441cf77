package ui

import (
	"testing"

	"capview/ui/view"
)

// Where text beside it can be wrapped, a mask is not broken.
func TestGridKeepsWordsWhole(t *testing.T) {
	const mask = "00000000800405fb"
	block := view.Block{Head: []string{"SET", "MASK", "HOLDS", ""}, Rows: [][]view.Cell{
		{{Text: "inheritable"}, {Text: mask}, {Text: "podman (in alice)"}, {Text: "kept across execve for files that have it inheritable too"}},
	}}
	for width := len(mask) + len("inheritable") + len("(in alice)") + len("inheritable") + 3; width < 120; width++ {
		if g := newGrid(block, width); g.widths[1] != len(mask) || g.width() > width {
			t.Errorf("in %d cells: %v", width, g.widths)
		}
	}
	if g := newGrid(block, 30); g.width() > 30 {
		t.Errorf("in 30 cells: %v", g.widths)
	}
}
