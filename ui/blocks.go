package ui

import (
	"capview/ui/line"
	"capview/ui/view"
)

// drawBlocks is the lines of a page's blocks: columns aligned, the last one wrapped, a title above and a note below.
func drawBlocks(b *line.Builder, blocks []view.Block, width int, look looks) []string {
	var lines []string
	for i, block := range blocks {
		if i > 0 {
			lines = append(lines, "")
		}
		if block.Title != "" {
			b.Start(width, "")
			b.Put(look.of(view.Heading), block.Title)
			lines = append(lines, b.String())
		}
		lines = drawGrid(b, lines, block, width, look)
		for _, l := range line.Wrap(block.Note, width-1) {
			if l == "" {
				continue
			}
			b.Start(width, "")
			b.To(1)
			b.Put(look.of(view.Muted), l)
			lines = append(lines, b.String())
		}
	}
	return lines
}

// drawGrid draws the rows. A column is as wide as its widest cell; where they do not all fit, the widest give way.
func drawGrid(b *line.Builder, lines []string, block view.Block, width int, look looks) []string {
	widths := gridWidths(block, width-1)
	if block.Head != nil {
		cells := make([]view.Cell, len(block.Head))
		for i, h := range block.Head {
			cells[i] = view.Cell{Text: h, Role: view.Heading}
		}
		lines = drawRow(b, lines, cells, widths, width, look)
	}
	for _, r := range block.Rows {
		lines = drawRow(b, lines, r, widths, width, look)
	}
	return lines
}

func gridWidths(block view.Block, width int) []int {
	var widths []int
	measure := func(i int, text string) {
		if i == len(widths) {
			widths = append(widths, 0)
		}
		widths[i] = max(widths[i], view.Width(text))
	}
	for i, h := range block.Head {
		measure(i, h)
	}
	for _, r := range block.Rows {
		for i, c := range r {
			measure(i, c.Text)
		}
	}
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for total > width {
		widest := 0
		for i := range widths {
			if widths[i] >= widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= 4 {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

// drawRow draws one row on as many lines as its tallest cell needs.
func drawRow(b *line.Builder, lines []string, cells []view.Cell, widths []int, width int, look looks) []string {
	wrapped := make([][]string, len(cells))
	height := 1
	for i, c := range cells {
		wrapped[i] = line.Wrap(c.Text, max(widths[i], 1))
		height = max(height, len(wrapped[i]))
	}
	for y := range height {
		b.Start(width, "")
		at := 1
		for i, c := range cells {
			if y < len(wrapped[i]) && wrapped[i][y] != "" {
				b.To(at)
				b.Put(look.of(c.Role), wrapped[i][y])
			}
			at += widths[i] + 2
		}
		lines = append(lines, b.String())
	}
	return lines
}
