// Package manifest writes a recommendation in the words of those that start programs: Kubernetes, docker, podman,
// systemd, the OCI runtime specification, and in prose.
//
// Names come from the node and are hostile: what stands in a comment or a sentence is cleaned as for a screen, what stands
// in a value is quoted as its language quotes.
package manifest

import (
	"fmt"
	"strings"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/caps"
	"capview/ui/view"
)

// Form is a language that a recommendation is written in.
type Form string

// The forms.
const (
	Kubernetes Form = "kubernetes"
	Docker     Form = "docker"
	Podman     Form = "podman"
	Systemd    Form = "systemd"
	OCI        Form = "oci"
	Prose      Form = "prose"
)

// Forms is all of them.
var Forms = []Form{Prose, Kubernetes, Docker, Podman, Systemd, OCI}

// Manifest is a recommendation written down.
type Manifest struct {
	Text string // lines
	// Notes is what its reader must know and its language has no comments for: one line each.
	Notes []string
}

// Write writes the recommendation; of Prose it makes paragraphs, one line each, to be wrapped.
func Write(ix *inspect.Index, a *advise.Advice, form Form) (Manifest, error) {
	w := writer{a: a, c: ix.Container(a.Group.Container), set: a.Group.Keep | a.Group.Unknown, last: ix.Host.CapLastCap, ix: ix}
	switch form {
	case Kubernetes:
		return w.kubernetes(), nil
	case Docker:
		return w.docker(), nil
	case Podman:
		return w.podman(), nil
	case Systemd:
		return w.systemd(), nil
	case OCI:
		return w.oci()
	case Prose:
		return w.prose(), nil
	}
	return Manifest{}, fmt.Errorf("no form %q", string(form))
}

// writer is one recommendation, being written.
type writer struct {
	ix   *inspect.Index
	a    *advise.Advice
	c    *inspect.Container // nil: a process of none
	set  caps.Set           // kept, and what cannot be told
	last caps.Cap           // the kernel's highest
}

// label is the target's name, cleaned.
func (w *writer) label() string { return view.Clean(w.a.Group.Label) }

// names is the set as capabilities are called without "CAP_", in capitals: those that have a name.
func names(s caps.Set) (list []string) {
	s.Each(func(c caps.Cap) {
		if c.Known() {
			list = append(list, strings.ToUpper(c.Short()))
		}
	})
	return list
}

// fullNames is names with "CAP_".
func fullNames(s caps.Set) []string {
	list := names(s)
	for i := range list {
		list[i] = "CAP_" + list[i]
	}
	return list
}

// words is the set as people say it.
func words(s caps.Set) string {
	list := make([]string, 0, s.Count())
	s.Each(func(c caps.Cap) { list = append(list, c.Short()) })
	return strings.Join(list, ", ")
}

// heading is one line: what is recommended, for what.
func (w *writer) heading() string {
	g := &w.a.Group
	text := w.label() + ": "
	if w.set == 0 {
		text += "no capability"
	} else {
		text += count(w.set.Count(), "capability", "capabilities")
	}
	if now, known := g.Bounding.Get(); known && now.Count() > 0 {
		text += fmt.Sprintf(" of the %d it could have now", now.Count())
	}
	return text + "; " + w.watched()
}

// watched is how long, in words.
func (w *writer) watched() string {
	o := &w.a.Observed
	if o.Seconds == 0 {
		return "not watched"
	}
	text := "watched for " + seconds(w.a.Group.Seconds)
	switch seen, known := w.a.Group.StartSeen.Get(); {
	case !known:
		text += ", perhaps from its start"
	case seen:
		text += " from its start"
	default:
		text += ", not from its start"
	}
	return text
}

// cautions is what every form has to say besides.
func (w *writer) cautions() (notes []string) {
	g := &w.a.Group
	if g.Unknown != 0 {
		notes = append(notes, "left in because it cannot be told whether they are needed: "+words(g.Unknown))
	}
	if weak := withConfidence(g.Capabilities, advise.Weak); weak != 0 {
		notes = append(notes, "dropped with weak confidence: "+words(weak))
	}
	if denied := g.Wanted &^ w.set; denied != 0 {
		notes = append(notes, "denied and not given: "+words(denied))
	}
	var nameless caps.Set
	w.set.Each(func(c caps.Cap) {
		if !c.Known() {
			nameless |= caps.Of(c)
		}
	})
	if nameless != 0 {
		notes = append(notes, "left out, for they have no name here: "+words(nameless))
	}
	return notes
}

func withConfidence(js []advise.Judgement, c advise.Confidence) (s caps.Set) {
	for _, j := range js {
		if j.Verdict == advise.Drop && j.Confidence == c {
			s |= caps.Of(j.Cap)
		}
	}
	return s
}

// comments makes comment lines of notes, which are cleaned: none can end its line.
func comments(notes []string) string {
	var b strings.Builder
	for _, n := range notes {
		b.WriteString("# " + view.Clean(n) + "\n")
	}
	return b.String()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
