package manifest

import (
	"fmt"
	"strings"
	"time"

	"capview/inspect/advise"
	"capview/inspect/caps"
	"capview/ui/view"
)

// prose is sentences: the whole, each verdict with its evidence, and where credentials differ what each of them needs.
func (w *writer) prose() Manifest {
	g := &w.a.Group
	lines := []string{w.heading() + "."}
	lines = append(lines, w.limits()...)
	lines = append(lines, "")
	lines = append(lines, sentences(g.Capabilities)...)
	if len(g.Capabilities) == 0 {
		lines = append(lines, "It has no capability, and asked for none.")
	}
	if n := g.Nearest; w.set != 0 {
		lines = append(lines, "", "What is left is "+w.set.CellFor(caps.Full(w.last), n.Name)+"; "+n.Name+"'s default has "+difference(n)+".")
	}
	for _, note := range g.Notes {
		lines = append(lines, "", sentence(note))
	}
	if len(w.a.Credentials) > 1 {
		for i := range w.a.Credentials {
			lines = append(lines, "")
			lines = append(lines, w.credential(&w.a.Credentials[i])...)
		}
	} else {
		for i := range w.a.Credentials {
			for _, note := range w.a.Credentials[i].Notes {
				lines = append(lines, "", sentence(note))
			}
		}
	}
	for i := range lines {
		lines[i] = view.Clean(lines[i])
	}
	return Manifest{Text: strings.Join(lines, "\n") + "\n"}
}

// limits is what was not watched.
func (w *writer) limits() (lines []string) {
	o := &w.a.Observed
	switch {
	case o.Seconds == 0:
		lines = append(lines, "How long it was watched is not known, so nothing is called unused.")
	case o.Only != "":
		lines = append(lines, "Only "+o.Only+" were watched, so nothing is called unused.")
	case o.Watched != "yes":
		lines = append(lines, sentence(o.Watched))
	}
	return lines
}

func difference(n advise.Nearest) string {
	switch {
	case n.More == 0 && n.Less == 0:
		return "the same"
	case n.More == 0:
		return words(n.Less) + " more"
	case n.Less == 0:
		return words(n.More) + " less"
	}
	return words(n.Less) + " more and " + words(n.More) + " less"
}

// sentence makes one of a note, which may begin with a name.
func sentence(note string) string {
	return "Note: " + note + "."
}

// sentences is a line for each capability that is kept, wanted or asked for; those with the same reasons share one.
func sentences(js []advise.Judgement) (lines []string) {
	for _, verdict := range []advise.Verdict{advise.Keep, advise.Wanted, advise.Unknown, advise.Drop} {
		at := map[string]int{}
		var texts, reasons []string
		for _, j := range js {
			if j.Verdict != verdict {
				continue
			}
			reason := strings.Join(evidence(&j), "; ")
			if i, ok := at[reason]; ok {
				texts[i] += ", " + j.Cap.Short()
				continue
			}
			at[reason] = len(texts)
			texts, reasons = append(texts, opening(&j)+j.Cap.Short()), append(reasons, reason)
		}
		for i := range texts {
			if reasons[i] != "" {
				texts[i] += ": " + reasons[i]
			}
			lines = append(lines, texts[i]+".")
		}
	}
	return lines
}

func opening(j *advise.Judgement) string {
	switch {
	case j.Verdict == advise.Keep:
		return "Keep "
	case j.Verdict == advise.Wanted:
		return "Denied, and perhaps wanted: "
	case j.Verdict == advise.Unknown:
		return "Cannot tell of "
	case j.NoEffect:
		return "Drop without effect "
	}
	return "Drop with " + string(j.Confidence) + " confidence "
}

// evidence is what the verdict rests on.
func evidence(j *advise.Judgement) (parts []string) {
	if j.Allowed > 0 {
		parts = append(parts, "exercised "+advise.Times(j.Allowed)+last(j))
	}
	if j.Perhaps > 0 {
		parts = append(parts, "asked for "+advise.Times(j.Perhaps)+last(j))
	}
	parts = append(parts, j.Why...)
	if j.Denial != "" {
		parts = append(parts, j.Denial)
	}
	return parts
}

// last is the last check that counted.
func last(j *advise.Judgement) string {
	if j.Last == nil {
		return ""
	}
	text := ", last by " + j.Last.Comm + fmt.Sprintf(" (%d)", j.Last.PID)
	if j.Last.Syscall != "" {
		text += " in " + j.Last.Syscall
	}
	return text
}

// credential is what one of several needs.
func (w *writer) credential(c *advise.Credential) []string {
	who := Who(c)
	if c.Gone {
		who += ", by now without a process"
	}
	lines := []string{who + ": " + verdicts(&c.Lists)}
	for _, note := range c.Notes {
		lines = append(lines, sentence(note))
	}
	return lines
}

// Who names a credential: its first process and user. Raw: sanitise before display.
func Who(c *advise.Credential) string {
	text := c.Comm
	switch {
	case len(c.PIDs) > 1:
		text += fmt.Sprintf(" (%d and %d more)", c.PIDs[0], len(c.PIDs)-1)
	case len(c.PIDs) == 1:
		text += fmt.Sprintf(" (%d)", c.PIDs[0])
	}
	if len(c.TIDs) > 0 {
		text += fmt.Sprintf(", thread %d", c.TIDs[0])
		if more := len(c.TIDs) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	if ids, ok := c.UID.Get(); ok {
		text += fmt.Sprintf(", uid %d", ids.Effective)
	}
	return text
}

func verdicts(l *advise.Lists) string {
	var parts []string
	for _, v := range []struct {
		word string
		set  caps.Set
	}{{"keep", l.Keep}, {"drop", l.Drop &^ l.NoEffect}, {"drop without effect", l.NoEffect}, {"cannot tell of", l.Unknown}, {"denied", l.Wanted}} {
		if v.set != 0 {
			parts = append(parts, v.word+" "+words(v.set))
		}
	}
	if parts == nil {
		return "holds nothing, asked for nothing."
	}
	return strings.Join(parts, "; ") + "."
}

// seconds is a time as people say it.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	if d >= time.Minute {
		return view.Age(d)
	}
	return d.Round(time.Second).String()
}
