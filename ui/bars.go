package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"capview/inspect"
	"capview/ui/view"
)

// top appends the header. What changes by itself is all on its first line, so a refresh repaints no more than that
// and the rows that differ.
func (m *Model) top(lines []string, f frame) []string {
	if f.header > 0 {
		lines = append(lines, m.nodeLine())
	}
	if f.header > 1 {
		lines = append(lines, m.filterLine())
	}
	if f.traced {
		lines = append(lines, m.tracedLine())
	}
	if f.notice {
		m.out.Start(m.width, "")
		m.out.Put(m.look.of(view.Notice), " "+m.opt.Notice)
		lines = append(lines, m.out.String())
	}
	return lines
}

// nodeLine is what the node is and how fresh this is: the parts in order of weight, as many as fit.
func (m *Model) nodeLine() string {
	m.out.Start(m.width, m.look.bar)
	m.out.Put("", " capview")
	right := m.liveness() + " "
	room := func() int { return m.width - m.out.Width() - view.Width(right) - 3 }
	for _, part := range m.nodeParts() {
		if view.Width(part) > room() {
			break
		}
		m.out.Put("", "  "+part)
	}
	for _, changes := range m.refresh.changes {
		if view.Width(changes)+2 <= room() {
			right = changes + "  " + right
			break
		}
	}
	m.out.Right("", right)
	return m.out.String()
}

func (m *Model) nodeParts() []string {
	if m.ix == nil {
		return []string{"reading ..."}
	}
	h := m.ix.Host
	parts := []string{view.Clean(h.Hostname), plural(len(m.ix.Processes), "process", "processes"),
		plural(containers(m.ix), "container", "containers")}
	if m.opt.Live {
		parts = append(parts, fmt.Sprintf("%s %s", view.Clean(h.Engine), took(m.refresh.took)))
	}
	if m.width >= 100 {
		parts = append(parts, view.Clean(h.Kernel))
	}
	return parts
}

// took is a scan's time, coarse enough to hold still.
func took(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

func containers(ix *inspect.Index) int {
	n := 0
	for i := range ix.Containers {
		if ix.Containers[i].Kind == inspect.KindContainer {
			n++
		}
	}
	return n
}

// filterLine is what narrows and orders the list: always in sight while it is in force.
func (m *Model) filterLine() string {
	m.out.Start(m.width, "")
	if text := m.inForce(); text != "" {
		m.out.Put(m.look.of(view.Notice), " / "+text)
	} else {
		m.out.Put(m.look.of(view.Muted), " / no filter")
	}
	m.out.Put("", "  ")
	m.out.Right(m.look.of(view.Muted), "sort "+m.sortName()+"  group "+string(m.spec.groupBy)+" ")
	return m.out.String()
}

// inForce is the filters and what they leave out.
func (m *Model) inForce() string {
	text := ""
	add := func(s string) {
		if text != "" {
			text += "  "
		}
		text += s
	}
	if m.spec.name != "" {
		add("container " + m.spec.name)
	}
	if m.spec.expr != "" {
		add(view.Clean(m.spec.expr))
	}
	if m.spec.taggedOnly {
		add("tagged")
	}
	if m.list.hidden > 0 && text != "" {
		add(m.hiding())
	}
	if m.spec.hideKernel {
		add("kernel threads hidden (" + strconv.Itoa(m.list.kernel) + ")")
	}
	return text
}

func (m *Model) hiding() string {
	s := "(hides " + strconv.Itoa(m.list.hidden)
	if m.list.unsure > 0 {
		s += ", of " + strconv.Itoa(m.list.unsure) + " it cannot tell"
	}
	return s + ")"
}

// bottom appends the status and the keys, or the prompt in their place.
func (m *Model) bottom(lines []string, f frame) []string {
	if m.prompt != nil && f.status {
		two := m.prompt.view(&m.out, m.width, m.look)
		lines = append(lines, two[0])
		if f.footer {
			lines = append(lines, two[1])
		}
		return lines
	}
	if f.status {
		lines = append(lines, m.statusLine())
	}
	if f.footer {
		lines = append(lines, m.footerLine())
	}
	return lines
}

// statusLine is what the program has to say, and where the cursor is.
func (m *Model) statusLine() string {
	m.out.Start(m.width, "")
	role := view.Plain
	text := m.message.text
	switch {
	case m.message.bad:
		role = view.Bad
	case text == "" && m.export.running:
		text = m.export.words()
	case text == "" && m.refresh.err != nil && m.ix != nil:
		role, text = view.Bad, "scan failed: "+view.Clean(m.refresh.err.Error())+"; this is from "+m.refresh.at.Format(time.TimeOnly)
	case text == "":
		role, text = view.Muted, m.unreadable()
	}
	right := m.position()
	m.out.PutIn(m.look.of(role), " "+text, m.width-view.Width(right)-2)
	m.out.Right(m.look.of(view.Muted), right)
	return m.out.String()
}

// unreadable counts what could not be read: it must not look like nothing.
func (m *Model) unreadable() string {
	if m.ix == nil {
		return ""
	}
	if m.gaps.of != m.ix {
		m.gaps = countGaps(m.ix)
	}
	return m.gaps.words
}

// gaps is what could not be read of one snapshot, in words.
type gaps struct {
	of    *inspect.Index
	words string
}

func countGaps(ix *inspect.Index) gaps {
	facts, processes := 0, 0
	for i := range ix.Processes {
		if n := len(ix.Processes[i].Gaps); n > 0 {
			facts += n
			processes++
		}
	}
	var words []string
	if facts > 0 {
		words = append(words, fmt.Sprintf("%s of %s could not be read", plural(facts, "fact", "facts"), plural(processes, "process", "processes")))
	}
	for _, gap := range ix.Gaps {
		if gap.Subject == "host" {
			words = append(words, view.Clean(gap.What+": "+gap.Why))
		}
	}
	return gaps{ix, strings.Join(words, "; ")}
}

// position is where in the list or the page the window is.
func (m *Model) position() string {
	text := ""
	if p := m.scrolling(); p != nil {
		text = p.more()
	} else if m.table.Len() > 0 {
		text = strconv.Itoa(m.table.Index()+1) + "/" + strconv.Itoa(m.table.Len())
	}
	if n := len(m.spec.tags); n > 0 {
		text = plural(n, "tag", "tags") + "  " + text
	}
	if m.follow != (id{}) {
		text = "follows " + strconv.Itoa(m.follow.pid) + "  " + text
	}
	return text + " "
}

// footerLine is the keys of the layer, as many as fit; those that are the same everywhere are always at its end.
func (m *Model) footerLine() string {
	own, always := footer(m.layer())
	if m.chooser != nil {
		own, always = m.chooser.footer(), nil
	}
	last := strings.Join(always, "  ") + " "
	m.out.Start(m.width, "")
	for _, p := range own {
		if m.out.Width()+view.Width(p)+2+view.Width(last) > m.width {
			break
		}
		m.out.Put(m.look.of(view.Muted), " "+p+" ")
	}
	m.out.Right(m.look.of(view.Muted), last)
	return m.out.String()
}
