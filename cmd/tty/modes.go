package tty

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// DEC private modes (xterm's ctlseqs) that need care.
const (
	modeCursor = "25"   // the cursor is visible: the only mode here that is set from the start
	modeAlt    = "1049" // the alternate screen, with the cursor saved
	modeMouse  = "1002" // the mouse reports buttons and drags
)

// modes are the DEC private modes that were written to the terminal, by number, and whether they are set.
type modes map[string]bool

var modeSequence = regexp.MustCompile(`\x1b\[\?([0-9]+)([hl])`)

// note keeps what b sets and resets.
func (m modes) note(b []byte) {
	for _, match := range modeSequence.FindAllSubmatch(b, -1) {
		m[string(match[1])] = match[2][0] == 'h'
	}
}

// undo is what brings the terminal back to how modes began; all repeats what was undone, for a terminal that may not
// have seen it. The main screen comes before the cursor: some terminals keep one for each screen.
func (m modes) undo(all bool) string {
	var b strings.Builder
	if all {
		b.WriteString("\x1b[m") // a frame may have been cut within an attribute
	}
	for _, mode := range slices.Sorted(maps.Keys(m)) {
		if mode != modeAlt && mode != modeCursor && (all || m[mode]) {
			fmt.Fprintf(&b, "\x1b[?%sl", mode)
		}
	}
	if alt, noted := m[modeAlt]; noted && (all || alt) {
		b.WriteString("\x1b[?1049l")
	}
	if visible, noted := m[modeCursor]; noted && (all || !visible) {
		b.WriteString("\x1b[?25h")
	}
	return b.String()
}
