package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/caps"
)

// AdviceSections is a recommendation: the whole, and each credential where there are several.
func AdviceSections(ix *inspect.Index, a *advise.Advice) []Section {
	g := &a.Group
	blocks := append([]Block{{Rows: adviceOverview(ix, a)}}, judgementBlocks(g.Capabilities)...)
	notes := append([]string{}, g.Notes...)
	if len(a.Credentials) == 1 {
		notes = append(notes, a.Credentials[0].Notes...)
	}
	blocks = appendNotes(blocks, "Worth knowing", notes)
	sections := []Section{{"advice", "Advice for " + Clean(g.Label), blocks}}
	if len(a.Credentials) < 2 {
		return sections
	}
	for i := range a.Credentials {
		sections = append(sections, credentialSection(ix, &a.Credentials[i]))
	}
	return sections
}

func adviceOverview(ix *inspect.Index, a *advise.Advice) [][]Cell {
	g := &a.Group
	now := gone()
	if s, known := g.Bounding.Get(); known {
		now = text(setText(ix, s, g.Runtime))
	}
	rows := [][]Cell{
		pair("watched", watchedCell(a)),
		pair("could have now", now),
	}
	rows = append(rows, listRows(ix, &g.Lists)...)
	if left := g.Keep | g.Unknown; left != 0 {
		rows = append(rows, pair("what is left", text(setText(ix, left, g.Nearest.Name))))
	}
	return rows
}

// listRows is what is to be done with what.
func listRows(ix *inspect.Index, l *advise.Lists) [][]Cell {
	return [][]Cell{
		pair("keep", namesCell(ix, l.Keep, Good)),
		pair("drop", namesCell(ix, l.Drop, Notice)),
		pair("cannot tell", namesCell(ix, l.Unknown, Gone)),
		pair("denied", namesCell(ix, l.Wanted, Notice)),
	}
}

// namesCell names each of what is to be done something with: a default's name would hide them.
func namesCell(ix *inspect.Index, s caps.Set, role Role) Cell {
	switch s {
	case 0:
		return absent()
	case fullSet(ix):
		return Cell{"all", role}
	}
	names := make([]string, 0, s.Count())
	s.Each(func(c caps.Cap) { names = append(names, c.Short()) })
	return Cell{strings.Join(names, ", "), role}
}

func setOrNone(ix *inspect.Index, s caps.Set) Cell {
	if s == 0 {
		return Cell{"none", Muted}
	}
	return text(setText(ix, s, ""))
}

// watchedCell is for how long, since when in its life, and what was not.
func watchedCell(a *advise.Advice) Cell {
	o := &a.Observed
	if o.Seconds == 0 {
		return Cell{"not known: nothing is called unused", Gone}
	}
	if o.Watched != "yes" {
		return Cell{Clean(o.Watched), Gone}
	}
	words := Age(time.Duration(a.Group.Seconds * float64(time.Second)))
	switch seen, known := a.Group.StartSeen.Get(); {
	case !known:
		words += ", perhaps from its start"
	case seen:
		words += " from its start"
	default:
		words += ", not from its start"
	}
	if o.Only != "" {
		words += "; " + Clean(o.Only) + " only"
	}
	if o.Lost > 0 {
		return Cell{words + "; " + strconv.FormatUint(o.Lost, 10) + " checks were lost", Notice}
	}
	return Cell{words, Plain}
}

var verdictRoles = map[advise.Verdict]Role{advise.Keep: Good, advise.Drop: Notice, advise.Unknown: Gone, advise.Wanted: Notice}

// judgementBlocks is a line for each capability with its evidence, and below them the reasons: those that capabilities share
// once.
func judgementBlocks(js []advise.Judgement) []Block {
	if len(js) == 0 {
		return []Block{{Note: "It has no capability, and asked for none."}}
	}
	blocks := []Block{evidenceBlock(js)}
	if asked, known := askedBlock(js); known {
		blocks = append(blocks, asked)
	}
	return appendNotes(blocks, "Why", reasons(js))
}

// askedBlock is which functions of the kernel asked last; known tells whether of one at least they are.
func askedBlock(js []advise.Judgement) (b Block, known bool) {
	b = Block{Title: "Where in the kernel", Head: []string{"CAPABILITY", "ASKED FOR IN"}}
	for i := range js {
		if js[i].Last == nil {
			continue
		}
		where := gone()
		if asked := js[i].Last.Asked(); len(asked) > 0 {
			where, known = Cell{Clean(strings.Join(asked, " < ")), Plain}, true
		}
		b.Rows = append(b.Rows, []Cell{{Clean(js[i].Cap.Short()), Accent}, where})
	}
	return b, known
}

func evidenceBlock(js []advise.Judgement) Block {
	b := Block{Title: "Capabilities", Head: []string{"CAPABILITY", "VERDICT", "CONFIDENCE", "ALLOWED", "DENIED", "LAST"}}
	for i := range js {
		j := &js[i]
		b.Rows = append(b.Rows, []Cell{{Clean(j.Cap.Short()), Accent}, verdictOf(j), confidenceCell(j.Confidence),
			checksCell(j.Allowed+j.Perhaps, Plain), checksCell(j.Denied, Notice), lastCell(j)})
	}
	return b
}

func verdictOf(j *advise.Judgement) Cell {
	if j.NoEffect {
		return Cell{string(j.Verdict) + ", no effect", verdictRoles[j.Verdict]}
	}
	return Cell{string(j.Verdict), verdictRoles[j.Verdict]}
}

// reasons is why, for the capabilities that share it: "chown, kill: not exercised in 30s".
func reasons(js []advise.Judgement) (lines []string) {
	whose := map[string][]string{}
	var order []string
	for i := range js {
		for _, why := range append(append([]string{}, js[i].Why...), js[i].Denial) {
			if why == "" {
				continue
			}
			if whose[why] == nil {
				order = append(order, why)
			}
			whose[why] = append(whose[why], js[i].Cap.Short())
		}
	}
	for _, why := range order {
		lines = append(lines, strings.Join(whose[why], ", ")+": "+why)
	}
	return lines
}

// appendNotes adds sentences, each of which is wrapped.
func appendNotes(blocks []Block, title string, notes []string) []Block {
	for i, note := range notes {
		b := Block{Note: Clean(note)}
		if i == 0 {
			b.Title = title
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func confidenceCell(c advise.Confidence) Cell {
	switch c {
	case advise.None:
		return absent()
	case advise.Weak:
		return Cell{string(c), Notice}
	}
	return Cell{string(c), Plain}
}

func checksCell(n uint64, role Role) Cell {
	if n == 0 {
		return absent()
	}
	return Cell{strconv.FormatUint(n, 10), role}
}

// lastCell is the last check that counted: its system call, and who made it.
func lastCell(j *advise.Judgement) Cell {
	e := j.Last
	if e == nil {
		return absent()
	}
	call := e.Syscall
	if call == "" {
		call = "no system call"
	}
	return Cell{Clean(fmt.Sprintf("%s, %s (%d)", call, e.Comm, e.PID)), Plain}
}

// credentialSection is one of several credentials: what is to be done with what, and what it has asked for. Why is said of the
// whole.
func credentialSection(ix *inspect.Index, c *advise.Credential) Section {
	who := c.Comm + " (" + idList(c.PIDs) + ")"
	if len(c.TIDs) > 0 {
		who += ", threads " + idList(c.TIDs)
	}
	rows := [][]Cell{pair("user", idsInWords(c.UID))}
	if sets, known := c.Caps.Get(); known {
		rows = append(rows, pair("effective", setOrNone(ix, sets.Effective)), pair("bounding", setOrNone(ix, sets.Bounding)))
	} else {
		rows = append(rows, pair("capabilities", gone()))
	}
	if c.Gone {
		rows = append(rows, pair("state", Cell{"no process has this credential any more", Muted}))
	}
	if c.Apart != "" {
		rows = append(rows, pair("apart", Cell{Clean(c.Apart), Notice}))
	}
	rows = append(rows, listRows(ix, &c.Lists)...)
	blocks := []Block{{Rows: rows}}
	var asked []advise.Judgement
	for _, j := range c.Capabilities {
		if j.Allowed+j.Perhaps+j.Denied > 0 {
			asked = append(asked, j)
		}
	}
	if asked != nil {
		blocks = append(blocks, evidenceBlock(asked))
	}
	blocks = appendNotes(blocks, "Worth knowing", c.Notes)
	return Section{"advice-" + strconv.Itoa(c.PIDs[0]), "Credential of " + Clean(who), blocks}
}
