package ui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// command is a key and what it does: dispatch, footer and help are all made from it.
type command struct {
	key.Binding
	do    func(*Model) tea.Cmd
	brief string // in the footer; "" is not there
}

// group is commands that belong together, with the heading the help gives them.
type group struct {
	title    string
	commands []command
}

// on makes a command: shown is how the help writes its keys, what is what they do.
func on(shown, what string, do func(*Model) tea.Cmd, keys ...string) command {
	return command{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, what)), do: do}
}

// foot puts the command into the footer.
func (c command) foot(brief string) command {
	c.brief = brief
	return c
}

// dispatch runs the command that k is bound to.
func dispatch(groups []group, m *Model, k tea.KeyMsg) tea.Cmd {
	for _, g := range groups {
		for _, c := range g.commands {
			if key.Matches(k, c.Binding) {
				return c.do(m)
			}
		}
	}
	return nil
}

// The layers' keys. They are filled in init because the help, which is one of the commands, reads them.
var listKeys, detailKeys, pageKeys []group

// init sets the tables: as initial values they would depend on themselves.
func init() {
	listKeys = []group{moveKeys(), chooseKeys(), treeKeys(), orderKeys(), {"Trace", traceCommands()}, liveKeys(), programKeys()}
	detailKeys = []group{{"Detail", append(detailCommands(), traceCommands()...)}, programKeys()}
	pageKeys = []group{{"Page", pageCommands()}, programKeys()}
}

func moveKeys() group {
	move := func(n func(*Model) int) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd { return m.move(n(m)) }
	}
	rows := func(n int) func(*Model) int { return func(*Model) int { return n } }
	pages := func(n, of int) func(*Model) int {
		return func(m *Model) int { return n * max(m.table.Height()/of, 1) }
	}
	end := func(n int) func(*Model) int { return func(m *Model) int { return n * m.table.Len() } }
	return group{"Move", []command{
		on("j ↓", "down", move(rows(1)), "down", "j"),
		on("k ↑", "up", move(rows(-1)), "up", "k"),
		on("pgdn ^f", "a page down", move(pages(1, 1)), "pgdown", "ctrl+f"),
		on("pgup ^b", "a page up", move(pages(-1, 1)), "pgup", "ctrl+b"),
		on("^d", "half a page down", move(pages(1, 2)), "ctrl+d"),
		on("^u", "half a page up", move(pages(-1, 2)), "ctrl+u"),
		on("home", "first row", move(end(-1)), "home", "ctrl+home"),
		on("end G", "last row", move(end(1)), "end", "G", "ctrl+end"),
		on(")", "scroll the columns right", func(m *Model) tea.Cmd { return m.scrollColumns(1) }, ")", "shift+right", "ctrl+right"),
		on("(", "scroll the columns left", func(m *Model) tea.Cmd { return m.scrollColumns(-1) }, "(", "shift+left", "ctrl+left"),
		on("0-9", "go to a PID", (*Model).askPID, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
	}}
}

func treeKeys() group {
	return group{"Tree", []command{
		on("enter", "open", (*Model).openDetail, "enter").foot("open"),
		on("l →", "unfold", (*Model).unfold, "right", "l", "+"),
		on("h ←", "fold, or go to the group", (*Model).fold, "left", "h", "-"),
		on("*", "unfold or fold all", (*Model).foldAll, "*"),
		on("g", "group by container, user namespace, user, unit, nothing", (*Model).nextGrouping, "g").foot("group"),
		on("H", "show or hide threads that differ", (*Model).toggleThreads, "H"),
		on("K", "show or hide kernel threads", (*Model).toggleKernel, "K"),
		on("w", "detail beside the list, from 140 columns", (*Model).toggleBeside, "w"),
		on("tab", "to the detail beside", (*Model).focusDetail, "tab"),
	}}
}

func chooseKeys() group {
	return group{"Filter and find", []command{
		on("/", "filter", (*Model).askFilter, "/").foot("filter"),
		on("c", "only this container, and back to all", (*Model).toggleContainer, "c").foot("container"),
		on("f \\", "find by name, command or PID", (*Model).askSearch, "f", `\`).foot("find"),
		on("n", "find next", func(m *Model) tea.Cmd { return m.searchNext(1) }, "n"),
		on("N", "find previous", func(m *Model) tea.Cmd { return m.searchNext(-1) }, "N"),
		on("u", "only one user", (*Model).chooseUser, "u"),
		on("space", "tag", (*Model).tag, " "),
		on("#", "only what is tagged, and back", (*Model).toggleTagged, "#"),
		on("U", "remove all tags", (*Model).untag, "U"),
		on("esc", "back: all rows again", (*Model).back, "esc"),
	}}
}

func orderKeys() group {
	return group{"Columns and order", []command{
		on("s", "sort by", (*Model).chooseSort, "s").foot("sort"),
		on("<", "sort by the column before", func(m *Model) tea.Cmd { return m.sortNext(-1) }, "<", ","),
		on(">", "sort by the next column", func(m *Model) tea.Cmd { return m.sortNext(1) }, ">", "."),
		on("I", "turn the order round", (*Model).invert, "I"),
		on("C", "choose columns", (*Model).chooseColumns, "C"),
	}}
}

func liveKeys() group {
	return group{"Refresh", []command{
		on("p", "pause, and go on", (*Model).pause, "p", "Z").foot("pause"),
		on("r", "refresh now", (*Model).again, "r", "ctrl+r", "f5"),
		on("i", "interval", (*Model).askInterval, "i"),
		on("F", "follow this process", (*Model).toggleFollow, "F"),
		on("m", "mark this moment", (*Model).mark, "m"),
		on("d", "what changed since the mark, or the start", (*Model).openDiff, "d").foot("diff"),
	}}
}

func programKeys() group {
	return group{"Program", []command{
		on("e", "export a snapshot", (*Model).askExport, "e").foot("export"),
		on("M", "mouse on or off", (*Model).toggleMouse, "M"),
		on("^l", "draw again", func(*Model) tea.Cmd { return tea.ClearScreen }, "ctrl+l"),
		on("^z", "suspend", (*Model).suspend, "ctrl+z"),
		on("?", "help", (*Model).openHelp, "?", "f1").foot("help"),
		on("q", "quit", (*Model).quit, "q").foot("quit"),
	}}
}

// footer is the short help of a layer: key and word.
func footer(groups []group) (own, always []string) {
	for i, g := range groups {
		for _, c := range g.commands {
			switch part := c.Help().Key + " " + c.brief; {
			case c.brief == "":
			case i == len(groups)-1:
				always = append(always, part)
			default:
				own = append(own, part)
			}
		}
	}
	return own, always
}
