package view

import (
	"io"
	"strings"
)

// WriteSections writes sections as text for `show`: titles, grids aligned to at most width cells (0: as wide as they
// are), notes wrapped. style gives a text the look of a role; nil leaves it plain.
func WriteSections(w io.Writer, sections []Section, width int, style Style) error {
	var b []byte
	for i, s := range sections {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, style.apply(Heading, s.Title)...)
		b = append(b, '\n')
		for j, block := range s.Blocks {
			if j > 0 && !block.empty() {
				b = append(b, '\n')
			}
			if block.Title == s.Title {
				block.Title = ""
			}
			b = appendBlock(b, block, width, style)
		}
	}
	_, err := w.Write(b)
	return err
}

const indent = 2

func (b Block) empty() bool { return b.Title == "" && len(b.Rows) == 0 && b.Note == "" }

func appendBlock(b []byte, block Block, width int, style Style) []byte {
	if block.Title != "" {
		b = appendSpaces(b, indent)
		b = append(append(b, style.apply(Heading, block.Title)...), '\n')
	}
	g := grid{rows: block.Rows, indent: indent, wrap: true, style: style}
	if block.Head != nil {
		g.head = make([]Cell, len(block.Head))
		for i, h := range block.Head {
			g.head[i] = Cell{h, Heading}
		}
	}
	b = g.append(b, width)
	for _, line := range Wrap(block.Note, width-indent) {
		b = append(append(appendSpaces(b, indent), line...), '\n')
	}
	return b
}

// Wrap breaks a text at its spaces into lines of at most width cells; width below 1 does not break. A word wider than
// a line is cut.
func Wrap(s string, width int) (lines []string) {
	if s == "" {
		return nil
	}
	if width < 1 {
		return []string{s}
	}
	line, lineWidth := "", 0
	for word := range strings.FieldsSeq(s) {
		w := Width(word)
		switch {
		case lineWidth == 0:
			line, lineWidth = word, w
		case lineWidth+1+w <= width:
			line, lineWidth = line+" "+word, lineWidth+1+w
		default:
			lines = append(lines, Fit(line, width))
			line, lineWidth = word, w
		}
	}
	return append(lines, Fit(line, width))
}
