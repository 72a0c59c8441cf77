package ui

import (
	"slices"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"

	"capview/ui/view"
)

// maxTyped bounds what a prompt takes, a paste included.
const maxTyped = 4096

// editor is one line of text being typed. It has the usual keys of readline(3), and no clipboard: reading one means
// running a program.
type editor struct {
	text []rune
	at   int
}

func (e *editor) set(s string) { e.text, e.at = []rune(s), len([]rune(s)) }

func (e *editor) String() string { return string(e.text) }

// press takes one key; it tells whether the text changed.
func (e *editor) press(k tea.KeyMsg) bool {
	if k.Type == tea.KeyRunes || k.Type == tea.KeySpace {
		if k.Alt || !k.Paste && splitSequence(k) {
			return false
		}
		return e.insert(k.Runes)
	}
	if move, ok := editMoves[k.Type]; ok {
		e.at = move(e)
		return false
	}
	if cut, ok := editCuts[k.Type]; ok {
		from, to := cut(e)
		e.text = slices.Delete(e.text, from, to)
		e.at = from
		return from != to
	}
	return false
}

// splitSequence tells of what looks like the rest of an escape sequence: several runes at once from a bracket on.
func splitSequence(k tea.KeyMsg) bool {
	return len(k.Runes) > 1 && (k.Runes[0] == '[' || k.Runes[0] == 'O') && !unicode.IsLower(k.Runes[1])
}

func (e *editor) insert(rs []rune) bool {
	var clean []rune
	for _, r := range rs {
		if unicode.IsPrint(r) {
			clean = append(clean, r)
		} else if unicode.IsSpace(r) {
			clean = append(clean, ' ')
		}
	}
	clean = clean[:min(len(clean), maxTyped-min(len(e.text), maxTyped))]
	e.text = slices.Insert(e.text, e.at, clean...)
	e.at += len(clean)
	return len(clean) > 0
}

var editMoves = map[tea.KeyType]func(*editor) int{
	tea.KeyLeft:  func(e *editor) int { return max(e.at-1, 0) },
	tea.KeyRight: func(e *editor) int { return min(e.at+1, len(e.text)) },
	tea.KeyHome:  func(*editor) int { return 0 },
	tea.KeyCtrlA: func(*editor) int { return 0 },
	tea.KeyEnd:   func(e *editor) int { return len(e.text) },
	tea.KeyCtrlE: func(e *editor) int { return len(e.text) },
}

// editCuts is what a key deletes.
var editCuts = map[tea.KeyType]func(*editor) (from, to int){
	tea.KeyBackspace: func(e *editor) (int, int) { return max(e.at-1, 0), e.at },
	tea.KeyDelete:    func(e *editor) (int, int) { return e.at, min(e.at+1, len(e.text)) },
	tea.KeyCtrlU:     func(e *editor) (int, int) { return 0, e.at },
	tea.KeyCtrlK:     func(e *editor) (int, int) { return e.at, len(e.text) },
	tea.KeyCtrlW:     func(e *editor) (int, int) { return e.wordStart(), e.at },
}

func (e *editor) wordStart() int {
	i := e.at
	for i > 0 && e.text[i-1] == ' ' {
		i--
	}
	for i > 0 && e.text[i-1] != ' ' {
		i--
	}
	return i
}

// window is the text as shown in w cells: what is before, under and after the cursor. A long text scrolls.
func (e *editor) window(w int) (before, under, after string) {
	before, under, after = view.Clean(string(e.text[:e.at])), " ", ""
	if e.at < len(e.text) {
		under, after = view.Clean(string(e.text[e.at])), view.Clean(string(e.text[e.at+1:]))
	}
	for room := max(w-view.Width(under), 0); view.Width(before) > room; {
		rs := []rune(before)
		before = string(rs[min(max(1, len(rs)-room), len(rs)):])
	}
	return before, under, after
}
