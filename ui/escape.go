package ui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// escapeWait is how long an ESC may be the first byte of a sequence that a slow line brought in pieces. bubbletea
// v1 gives it as a key at once, and the rest as runes that begin with [ or O.
const escapeWait = 50 * time.Millisecond

// escape is an ESC that has come and not been acted on.
type escape struct {
	pending bool
	count   int
}

type escapeMsg int

// sequences are the keys whose sequences may come in pieces, by what follows the ESC.
var sequences = map[string]tea.KeyType{
	"[A": tea.KeyUp, "[B": tea.KeyDown, "[C": tea.KeyRight, "[D": tea.KeyLeft,
	"OA": tea.KeyUp, "OB": tea.KeyDown, "OC": tea.KeyRight, "OD": tea.KeyLeft,
	"[H": tea.KeyHome, "[F": tea.KeyEnd, "OH": tea.KeyHome, "OF": tea.KeyEnd, "[1~": tea.KeyHome, "[4~": tea.KeyEnd,
	"[5~": tea.KeyPgUp, "[6~": tea.KeyPgDown, "[3~": tea.KeyDelete, "[Z": tea.KeyShiftTab,
	"[1;2C": tea.KeyShiftRight, "[1;2D": tea.KeyShiftLeft, "OP": tea.KeyF1,
}

// escaped puts split sequences together and passes every other key on. An ESC is held back for escapeWait.
func (m *Model) escaped(k tea.KeyMsg) tea.Cmd {
	var before tea.Cmd
	if m.esc.pending {
		m.esc.pending = false
		if rest := string(k.Runes); k.Type == tea.KeyRunes && !k.Paste && (rest[0] == '[' || rest[0] == 'O') {
			if t, ok := sequences[rest]; ok {
				return m.press(tea.KeyMsg{Type: t})
			}
			return nil
		}
		before = m.press(tea.KeyMsg{Type: tea.KeyEsc})
	}
	if k.Type != tea.KeyEsc || k.Alt {
		return tea.Batch(before, m.press(k))
	}
	m.esc.pending = true
	m.esc.count++
	return tea.Batch(before, m.after(escapeWait, escapeMsg(m.esc.count)))
}

// escapeDue acts on an ESC that nothing followed.
func (m *Model) escapeDue(msg escapeMsg) tea.Cmd {
	if !m.esc.pending || int(msg) != m.esc.count {
		return nil
	}
	m.esc.pending = false
	return m.press(tea.KeyMsg{Type: tea.KeyEsc})
}
