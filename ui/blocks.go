package ui

import (
	"strings"

	"capview/ui/line"
	"capview/ui/view"
)

// drawBlocks is the lines of a page's blocks: columns aligned, the last one wrapped, a title above and a note below.
func drawBlocks(b *line.Builder, blocks []view.Block, width int, look looks) []string {
	lines, _ := drawPicks(b, blocks, width, look)
	return lines
}

// drawPicks is drawBlocks, and which lines begin a row that can be picked: its Block.Picks by the line's number.
func drawPicks(b *line.Builder, blocks []view.Block, width int, look looks) (lines []string, picks map[int]string) {
	for i, block := range blocks {
		if i > 0 {
			b.Start(width, "")
			lines = append(lines, b.String())
		}
		if block.Title != "" {
			b.Start(width, "")
			b.Put(look.of(view.Heading), block.Title)
			lines = append(lines, b.String())
		}
		if block.Picks != nil && picks == nil {
			picks = map[int]string{}
		}
		lines = drawGrid(b, lines, block, width, look, picks)
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
	return lines, picks
}

// drawGrid draws the rows. A column is as wide as its widest cell; where they do not all fit, the widest give way.
func drawGrid(b *line.Builder, lines []string, block view.Block, width int, look looks, picks map[int]string) []string {
	grid := newGrid(block, width-1)
	if block.Head != nil {
		cells := make([]view.Cell, len(block.Head))
		for i, h := range block.Head {
			cells[i] = view.Cell{Text: view.Fit(h, grid.widths[i]), Role: view.Heading}
		}
		lines = grid.row(b, lines, cells, width, look)
	}
	for i, r := range block.Rows {
		if i < len(block.Picks) {
			picks[len(lines)] = block.Picks[i]
		}
		lines = grid.row(b, lines, r, width, look)
	}
	return lines
}

// grid is how wide a block's columns are and how far apart.
type grid struct {
	widths []int
	words  []int // the longest word of each column, as far as longWord
	gap    int
}

// A column gives way down to its longest word, which a break would spoil (a mask has 16 digits). Longer ones are broken
// like any text; where even that does not fit, columns go down to leastColumn.
const (
	longWord    = 20
	leastColumn = 4
)

func newGrid(block view.Block, width int) grid {
	g := grid{gap: 2}
	g.measure(block)
	if g.width() > width {
		g.gap = 1
	}
	g.narrow(width, func(i int) int { return max(g.words[i], leastColumn) })
	g.narrow(width, func(int) int { return leastColumn })
	return g
}

// narrow takes from the widest column above its floor until all fit.
func (g *grid) narrow(width int, floor func(int) int) {
	for over := g.width() - width; over > 0; over-- {
		widest := -1
		for i, w := range g.widths {
			if w > floor(i) && (widest < 0 || w >= g.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		g.widths[widest]--
	}
}

func (g *grid) measure(block view.Block) {
	add := func(i int, text string) {
		if i == len(g.widths) {
			g.widths, g.words = append(g.widths, 0), append(g.words, 0)
		}
		g.widths[i] = max(g.widths[i], view.Width(text))
		for word := range strings.FieldsSeq(text) {
			g.words[i] = max(g.words[i], min(view.Width(word), longWord))
		}
	}
	for i, h := range block.Head {
		add(i, h)
	}
	for _, r := range block.Rows {
		for i, c := range r {
			add(i, c.Text)
		}
	}
}

func (g *grid) width() int {
	total := g.gap * (len(g.widths) - 1)
	for _, w := range g.widths {
		total += w
	}
	return total
}

// row draws one row on as many lines as its tallest cell needs.
func (g *grid) row(b *line.Builder, lines []string, cells []view.Cell, width int, look looks) []string {
	wrapped := make([][]string, len(cells))
	height := 1
	for i, c := range cells {
		wrapped[i] = line.Wrap(c.Text, max(g.widths[i], 1))
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
			at += g.widths[i] + g.gap
		}
		lines = append(lines, b.String())
	}
	return lines
}
