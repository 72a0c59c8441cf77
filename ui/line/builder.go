package line

import "capview/ui/view"

// Reset ends every attribute (SGR 0).
const Reset = "\x1b[0m"

const spaces = "                                                                                                    "

// Builder puts together one line. Nothing it is given makes the line wider than its bound. Its buffer is reused
// from line to line.
type Builder struct {
	buf  []byte
	w    int
	max  int
	base string
	// Fill makes every line as wide as its bound, for something stands to its right.
	Fill bool
}

// Start begins a line of at most max cells. Where base is set, the whole line has that look and no other: so a
// cursor row looks the same whatever it holds, also where only reverse video is to be had.
func (b *Builder) Start(max int, base string) {
	b.buf, b.w, b.max, b.base = append(b.buf[:0], base...), 0, max, base
}

// Put adds text in the look that sgr starts ("" for none), clipped to what is left of the line.
func (b *Builder) Put(sgr, text string) { b.PutIn(sgr, text, b.max-b.w) }

// PutIn is Put with text clipped to w cells as well.
func (b *Builder) PutIn(sgr, text string, w int) {
	text = view.Fit(text, min(w, b.max-b.w))
	if text == "" {
		return
	}
	if sgr == "" || b.base != "" {
		b.buf = append(b.buf, text...)
	} else {
		b.buf = append(b.buf, sgr...)
		b.buf = append(b.buf, text...)
		b.buf = append(b.buf, Reset...)
	}
	b.w += view.Width(text)
}

// To fills with spaces up to the cell col, counted from 0.
func (b *Builder) To(col int) {
	for n := min(col, b.max) - b.w; n > 0; n = min(col, b.max) - b.w {
		n = min(n, len(spaces))
		b.buf = append(b.buf, spaces[:n]...)
		b.w += n
	}
}

// Right adds text so that it ends where the line does, if it fits after a space; it tells whether it did.
func (b *Builder) Right(sgr, text string) bool {
	at := b.max - view.Width(text)
	if text == "" || at <= b.w {
		return false
	}
	b.To(at)
	b.Put(sgr, text)
	return true
}

// Width is how many cells the line has so far.
func (b *Builder) Width() int { return b.w }

// String ends the line. A line with a base look is filled to its bound; another one keeps its length, for the
// renderer erases the rest of a line more cheaply than spaces do.
func (b *Builder) String() string {
	if b.Fill || b.base != "" {
		b.To(b.max)
	}
	if b.base == "" {
		return string(b.buf)
	}
	return string(append(b.buf, Reset...))
}
