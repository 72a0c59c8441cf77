package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"capview/ui/line"
	"capview/ui/view"
)

// prompt is one line asked for at the bottom, with a line below it for what is wrong or how it is meant. It has all
// keys while it is open.
type prompt struct {
	label  string
	edit   editor
	hint   string // below the text
	bad    bool   // hint is an error
	caret  int    // the rune of the text the hint points at; -1 is none
	recall []string
	old    int // how far back recall was gone

	changed  func(*Model, string) tea.Cmd // after each change
	complete func(*Model, string) string  // tab: the text completed
	done     func(*Model, string) tea.Cmd // enter; the prompt stays open if it sets hint and bad
	back     func(*Model) tea.Cmd         // esc
}

func (p *prompt) press(m *Model, k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEnter:
		return p.enter(m)
	case tea.KeyEsc:
		m.prompt = nil
		if p.back != nil {
			return p.back(m)
		}
		return nil
	case tea.KeyTab:
		if p.complete != nil {
			return p.take(m, p.complete(m, p.edit.String()))
		}
		return nil
	case tea.KeyUp:
		return p.remember(m, 1)
	case tea.KeyDown:
		return p.remember(m, -1)
	}
	if p.edit.press(k) {
		return p.notify(m)
	}
	return nil
}

// enter closes the prompt unless what was typed will not do.
func (p *prompt) enter(m *Model) tea.Cmd {
	p.bad = false
	cmd := p.done(m, p.edit.String())
	if !p.bad {
		m.prompt = nil
	}
	return cmd
}

func (p *prompt) take(m *Model, text string) tea.Cmd {
	if text == p.edit.String() {
		return nil
	}
	p.edit.set(text)
	return p.notify(m)
}

func (p *prompt) notify(m *Model) tea.Cmd {
	p.bad, p.hint, p.caret = false, "", -1
	if p.changed == nil {
		return nil
	}
	return p.changed(m, p.edit.String())
}

// remember goes n entries back in what was typed before.
func (p *prompt) remember(m *Model, n int) tea.Cmd {
	i := p.old + n
	if i < 0 || i > len(p.recall) || len(p.recall) == 0 {
		return nil
	}
	p.old = i
	if i == 0 {
		return p.take(m, "")
	}
	return p.take(m, p.recall[len(p.recall)-i])
}

// refuse says what is wrong and keeps the prompt open.
func (p *prompt) refuse(why string) {
	p.hint, p.bad = why, true
}

// view is the prompt's two lines.
func (p *prompt) view(b *line.Builder, width int, look looks) [2]string {
	before, under, after := p.edit.window(width - view.Width(p.label) - 2)
	b.Start(width, "")
	b.Put(look.of(view.Heading), p.label)
	b.Put("", " "+before)
	if look.Cursor == "" && under == " " {
		under = "_"
	}
	b.Put(look.Cursor, under)
	b.Put("", after)
	top := b.String()
	b.Start(width, "")
	role := view.Muted
	if p.bad {
		role = view.Bad
	}
	if p.caret >= 0 && p.caret <= p.edit.at+len(after) {
		b.To(view.Width(p.label) + 1 + view.Width(before) - (p.edit.at - p.caret))
		b.Put(look.of(role), "^ ")
	}
	b.Put(look.of(role), p.hint)
	return [2]string{top, b.String()}
}
