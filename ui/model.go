package ui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/line"
	"capview/ui/table"
	"capview/ui/view"
)

// Model is the program. One layer has the keys at a time: the prompt over the chooser over the page over the
// detail, and the list below them all.
type Model struct {
	opt    Options
	ctx    context.Context
	cancel context.CancelFunc

	width, height int
	table         table.Model[id, *node]
	look          looks
	out           line.Builder
	after         func(time.Duration, tea.Msg) tea.Cmd // sends a message later

	refresh refresh
	ix      *inspect.Index // the snapshot shown; nil before the first
	marked  *inspect.Index // what `d` compares with
	spec    spec
	list    built
	stale   bool // the spec changed since the build under way began
	busy    bool // a build is under way

	detail     detail
	questions  questions
	tracing    tracing
	prompt     *prompt
	chooser    *chooser
	page       *page
	export     export
	search     string
	follow     id
	esc        escape
	pressed    tea.KeyMsg // the key that runs the command
	mouse      bool
	beside     bool     // the detail stands beside the list where there is room
	settle     int      // counts the cursor's moves: the detail beside follows when it rests
	history    []string // filters typed before, the last one last
	chosenUser string   // the part of the filter that `u` put there
	message    message
	gaps       gaps
}

// message is the last thing the program had to say, until a key is pressed.
type message struct {
	text string
	bad  bool
}

// New makes the program's model.
func New(o Options) *Model {
	if o.Interval <= 0 {
		o.Interval = 2 * time.Second
	}
	if o.GroupBy == "" {
		o.GroupBy = inspect.ByContainer
	}
	m := &Model{opt: o, look: newLooks(o.Theme), beside: true, after: after}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.spec = spec{groupBy: o.GroupBy, sort: o.Sort, columns: startColumns}
	if o.Sort == sortPower {
		m.spec.sort = ""
	}
	m.table.SetStyle(m.look.Style)
	m.setColumns(startColumns)
	m.setFilters()
	return m
}

func after(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

// setFilters takes over the filters the program was started with.
func (m *Model) setFilters() {
	if f, err := inspect.ParseFilter(m.opt.Filter); err != nil {
		m.fail(err)
	} else if !f.Empty() {
		m.spec.filter, m.spec.expr = f, m.opt.Filter
	}
	if m.opt.Container != "" {
		m.spec.byName, m.spec.name = inspect.ContainerFilter(m.opt.Container), view.Clean(m.opt.Container)
	}
}

// Init starts the first scan.
func (m *Model) Init() tea.Cmd { return m.scan() }

// Update takes one message. It does no I/O; what takes time it returns as a command.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.handle(msg)
	m.layout()
	return m, cmd
}

func (m *Model) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m.resized()
	case tea.KeyMsg:
		return m.escaped(msg)
	case tea.MouseMsg:
		return m.clicked(msg)
	case escapeMsg:
		return m.escapeDue(msg)
	case scannedMsg:
		return m.scanned(msg)
	case tickMsg:
		return m.ticked(msg)
	case builtMsg:
		return m.built(msg)
	case detailMsg:
		return m.detailed(msg)
	case listedMsg:
		return m.listed(msg)
	case settleMsg:
		return m.settled(msg)
	case traceBegunMsg:
		return m.traceBegun(msg)
	case traceTickMsg:
		return m.traceTicked(msg)
	case tracedMsg:
		return m.traced(msg)
	case traceEndedMsg:
		return m.traceEnded(msg)
	case hiddenMsg:
		return m.hiddenShown(msg)
	case differMsg:
		return m.differed(msg)
	case exportTickMsg:
		return m.exportTicked()
	case exportedMsg:
		return m.exported(msg)
	}
	return nil
}

// press gives one key to the layer that has the keys.
func (m *Model) press(k tea.KeyMsg) tea.Cmd {
	if k.Type == tea.KeyCtrlC {
		return m.quit()
	}
	m.message, m.pressed = message{}, k
	switch {
	case m.prompt != nil:
		return m.prompt.press(m, k)
	case unbound(k):
		return nil
	case len(k.Runes) > 1: // typed ahead, read at once
		return m.pressEach(k)
	case m.chooser != nil:
		return m.chooser.press(m, k)
	}
	return dispatch(m.layer(), m, k)
}

// unbound tells of keys that mean nothing outside a text field: pasted text, alt with a letter, and what is left
// of an escape sequence that came in pieces.
func unbound(k tea.KeyMsg) bool {
	if k.Type != tea.KeyRunes {
		return false
	}
	return k.Paste || k.Alt || len(k.Runes) > 1 && (k.Runes[0] == '[' || k.Runes[0] == 'O')
}

func (m *Model) pressEach(k tea.KeyMsg) tea.Cmd {
	var cmds []tea.Cmd
	for _, r := range k.Runes {
		cmds = append(cmds, m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}))
	}
	return tea.Batch(cmds...)
}

// layer is the commands of the layer that has the keys.
func (m *Model) layer() []group {
	switch {
	case m.page != nil:
		return pageKeys
	case m.detail.focused:
		return detailKeys
	}
	return listKeys
}

func (m *Model) quit() tea.Cmd {
	m.cancel()
	return tea.Quit
}

func (m *Model) say(text string) { m.message = message{text: text} }

func (m *Model) fail(err error) { m.message = message{text: err.Error(), bad: true} }
