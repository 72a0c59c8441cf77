package ui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"capview/ui/line"
	"capview/ui/view"
)

// choice is a line of a chooser.
type choice struct {
	key, text, doc string
	on             bool // ticked, where many may be
}

// chooser is a list of choices in place of the rows. Letters narrow it, so its keys are others.
type chooser struct {
	title    string
	items    []choice
	many     bool // space ticks
	cursor   int
	off      int
	typed    editor
	done     func(*Model, string) tea.Cmd
	doneMany func(*Model, []string) tea.Cmd
}

func (c *chooser) add(it choice, cursor bool) {
	if cursor {
		c.cursor = len(c.items)
	}
	c.items = append(c.items, it)
}

// The chooser's keys.
var (
	chooserUp    = key.NewBinding(key.WithKeys("up", "ctrl+p"), key.WithHelp("↑ ↓", "move"))
	chooserDown  = key.NewBinding(key.WithKeys("down", "ctrl+n"))
	chooserPgUp  = key.NewBinding(key.WithKeys("pgup"))
	chooserPgDn  = key.NewBinding(key.WithKeys("pgdown"))
	chooserTick  = key.NewBinding(key.WithKeys(" "), key.WithHelp("space", "tick"))
	chooserLater = key.NewBinding(key.WithKeys("right", "shift+down"), key.WithHelp("← →", "order"))
	chooserSoon  = key.NewBinding(key.WithKeys("left", "shift+up"))
	chooserTake  = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "take"))
	chooserBack  = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))
)

func (c *chooser) press(m *Model, k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, chooserBack):
		m.chooser = nil
	case key.Matches(k, chooserTake):
		return c.take(m)
	case key.Matches(k, chooserUp):
		c.move(-1)
	case key.Matches(k, chooserDown):
		c.move(1)
	case key.Matches(k, chooserPgUp):
		c.move(-10)
	case key.Matches(k, chooserPgDn):
		c.move(10)
	case c.many && key.Matches(k, chooserTick):
		c.tick()
	case c.many && key.Matches(k, chooserLater):
		c.shift(1)
	case c.many && key.Matches(k, chooserSoon):
		c.shift(-1)
	default:
		if c.typed.press(k) {
			c.cursor, c.off = 0, 0
		}
	}
	return nil
}

// matching is the indices of the items that what was typed narrows to.
func (c *chooser) matching() []int {
	want := strings.ToLower(c.typed.String())
	var at []int
	for i, it := range c.items {
		if strings.Contains(strings.ToLower(it.text), want) {
			at = append(at, i)
		}
	}
	return at
}

func (c *chooser) move(n int) { c.cursor = max(0, min(c.cursor+n, len(c.matching())-1)) }

func (c *chooser) tick() {
	if at := c.matching(); c.cursor < len(at) {
		c.items[at[c.cursor]].on = !c.items[at[c.cursor]].on
		c.move(1)
	}
}

// shift moves the item under the cursor n places among the items that are shown.
func (c *chooser) shift(n int) {
	at := c.matching()
	to := c.cursor + n
	if c.cursor >= len(at) || to < 0 || to >= len(at) {
		return
	}
	c.items[at[c.cursor]], c.items[at[to]] = c.items[at[to]], c.items[at[c.cursor]]
	c.cursor = to
}

func (c *chooser) take(m *Model) tea.Cmd {
	at := c.matching()
	m.chooser = nil
	if c.many {
		var keys []string
		for _, it := range c.items {
			if it.on {
				keys = append(keys, it.key)
			}
		}
		return c.doneMany(m, keys)
	}
	if c.cursor >= len(at) {
		return nil
	}
	return c.done(m, c.items[at[c.cursor]].key)
}

// footer is the chooser's keys.
func (c *chooser) footer() []string {
	parts := []string{}
	for _, b := range []key.Binding{chooserUp, chooserTick, chooserLater, chooserTake, chooserBack} {
		if c.many || b.Help() != chooserTick.Help() && b.Help() != chooserLater.Help() {
			parts = append(parts, b.Help().Key+" "+b.Help().Desc)
		}
	}
	return append(parts, "type to narrow")
}

// view appends height lines.
func (c *chooser) view(b *line.Builder, lines []string, width, height int, look looks) []string {
	b.Start(width, "")
	b.Put(look.of(view.Heading), " "+c.title)
	b.Put("", "  "+c.typed.String())
	lines = append(lines, b.String())
	at := c.matching()
	c.off = max(0, min(max(c.off, c.cursor-height+2), c.cursor))
	for y := range height - 1 {
		i := c.off + y
		if i >= len(at) {
			lines = append(lines, "")
			continue
		}
		lines = append(lines, c.line(b, c.items[at[i]], i == c.cursor, width, look))
	}
	return lines
}

func (c *chooser) line(b *line.Builder, it choice, cursor bool, width int, look looks) string {
	base, mark := "", " "
	if cursor {
		base, mark = look.Cursor, ">"
	}
	b.Start(width, base)
	b.Put("", mark+" ")
	if c.many && it.on {
		b.Put("", "[x] ")
	} else if c.many {
		b.Put("", "[ ] ")
	}
	b.PutIn("", it.text, max(width/2, 20))
	b.To(max(24, b.Width()+2))
	b.Put(look.of(view.Muted), it.doc)
	return b.String()
}
