package tty

import (
	"bytes"
	"unicode/utf8"
)

const (
	esc = 0x1b
	bel = 0x07
)

// unfinished reports whether b, bytes from a keyboard, ends inside what one key, mouse event or reply sends: in an escape
// sequence (ECMA-48; xterm's ctlseqs) or a UTF-8 character. A lone ESC counts: it may be the key, or the first byte of
// another.
func unfinished(b []byte) bool {
	if i := bytes.LastIndexByte(b, esc); i >= 0 && openSequence(b[i+1:]) {
		return true
	}
	return openRune(b)
}

// openSequence reports whether b, what follows an ESC, is the beginning of a longer sequence.
func openSequence(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	switch b[0] {
	case '[':
		return openCSI(b[1:])
	case 'O': // SS3: arrows and F1 to F4 in application mode
		return len(b) == 1
	case ']', 'P', '_', '^', 'X': // OSC, DCS, APC, PM, SOS: until BEL or ESC \, of which the ESC would be the last
		return bytes.IndexByte(b, bel) < 0
	}
	return false
}

// openCSI reports whether b, what follows "ESC [", lacks its final byte.
func openCSI(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	switch b[0] {
	case '[': // the Linux console's F1 to F5: ESC [ [ A
		return len(b) == 1
	case 'M': // X10 mouse: three bytes follow
		return len(b) < 4
	}
	for _, c := range b {
		if c < 0x20 || c > 0x3f { // the final byte, or one that cannot be in a sequence
			return false
		}
	}
	return true
}

// openRune reports whether b ends with the beginning of a UTF-8 character.
func openRune(b []byte) bool {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return !utf8.FullRune(b[i:])
		}
	}
	return false
}
