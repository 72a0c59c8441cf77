package ui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// detailCommands are the keys of the detail: it scrolls, and has tabs.
func detailCommands() []command {
	tab := func(step int) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd {
			m.setTab(m.detail.tabIndex() + step)
			return nil
		}
	}
	row := func(n int) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd {
			m.follow = id{}
			m.table.Move(n)
			return m.showDetail()
		}
	}
	return append(append(scrollCommands(), whyCommands()...),
		on("tab l →", "next tab", tab(1), "tab", "right", "l").foot("next tab"),
		on("shift+tab h ←", "tab before", tab(-1), "shift+tab", "left", "h"),
		on("1-9", "go to a tab", (*Model).numberedTab, "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		on("^n", "next row of the list", row(1), "ctrl+n", "n").foot("next row"),
		on("^p", "row before", row(-1), "ctrl+p", "N"),
		on("enter", "Trace: why this check was decided so", (*Model).whyCheck, "enter"),
		on("*", "Trace: hidden checks too, and back", (*Model).toggleHidden, "*"),
		on("esc", "back to the list", (*Model).closeDetail, "esc").foot("back"),
	)
}

func (m *Model) numberedTab() tea.Cmd {
	if i := int(m.pressed.Runes[0] - '1'); i < len(m.detail.sections) {
		m.setTab(i)
	}
	return nil
}

// rest is how long the cursor must lie still before the detail beside it follows: walking the list changes two
// lines of the screen, not all of it.
const rest = 150 * time.Millisecond

type settleMsg int

// moved is called after each move of the cursor.
func (m *Model) moved() tea.Cmd {
	if !m.isBeside() {
		return nil
	}
	m.settle++
	return m.after(rest, settleMsg(m.settle))
}

func (m *Model) settled(msg settleMsg) tea.Cmd {
	if int(msg) != m.settle || m.detail.focused {
		return nil
	}
	return m.showDetail()
}
