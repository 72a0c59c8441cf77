package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"capview/inspect/caps"
	"capview/ui/view"
)

// powerless says why what is kept will not be effective where no ambient set is given, in the words of drift.
func (w *writer) powerless(who string) (notes []string) {
	r := &w.a.Recommended
	if r.Powerless != 0 {
		notes = append(notes, fmt.Sprintf("as uid %d nothing of %s is effective (no ambient, no file capability): %s gives no ambient set; "+
			"give it to the program's file (setcap(8)), or run it as root", r.UID.Or(0), words(r.Powerless), who))
	}
	if r.FromFile != 0 && r.NoNewPrivs.Or(false) {
		notes = append(notes, words(r.FromFile)+" comes from a file: no_new_privs keeps it from counting at the next execve")
	}
	return notes
}

// docker is the flags of docker run (docker-container-run(1)): one line of words without anything to quote.
func (w *writer) docker() Manifest {
	m := Manifest{Text: strings.Join(w.flags("ALL"), " ") + "\n", Notes: append([]string{w.heading()}, w.cautions()...)}
	m.Notes = append(m.Notes, w.powerless("docker")...)
	return m.cleaned()
}

// podman is the flags of podman run (podman-run(1)), which gives who is not root what is added as ambient.
func (w *writer) podman() Manifest {
	return Manifest{Text: strings.Join(w.flags("all"), " ") + "\n", Notes: append([]string{w.heading()}, w.cautions()...)}.cleaned()
}

func (w *writer) flags(all string) []string {
	flags := []string{"--cap-drop=" + all}
	for _, name := range names(w.set) {
		flags = append(flags, "--cap-add="+name)
	}
	if w.a.Recommended.NoNewPrivs.Or(false) {
		flags = append(flags, "--security-opt=no-new-privileges")
	}
	return flags
}

func (m Manifest) cleaned() Manifest {
	for i := range m.Notes {
		m.Notes[i] = view.Clean(m.Notes[i])
	}
	return m
}

// kubernetes is the securityContext of a container (Kubernetes API, core/v1 SecurityContext); with its name, where it is one
// of a pod.
func (w *writer) kubernetes() Manifest {
	notes := append([]string{w.heading()}, w.cautions()...)
	notes = append(notes, w.powerless("Kubernetes")...)
	lines := []string{"securityContext:"}
	escalation, note := w.escalation()
	if escalation != "" {
		lines = append(lines, "  allowPrivilegeEscalation: "+escalation)
	}
	if note != "" {
		notes = append(notes, note)
	}
	lines = append(lines, "  capabilities:", `    drop: ["ALL"]`)
	if list := names(w.set); len(list) > 0 {
		lines = append(lines, `    add: ["`+strings.Join(list, `", "`)+`"]`)
	}
	if w.c != nil && w.c.Pod.Known() && w.c.Name.Or("") != "" {
		for i := range lines {
			lines[i] = "  " + lines[i]
		}
		lines = append([]string{"containers:", "- name: " + quoted(w.c.Name.Or(""))}, lines...)
	}
	return Manifest{Text: comments(notes) + strings.Join(lines, "\n") + "\n"}
}

// escalation is allowPrivilegeEscalation, which is no_new_privs turned round; "" where it is better left out.
func (w *writer) escalation() (value, note string) {
	r := &w.a.Recommended
	nnp, known := r.NoNewPrivs.Get()
	switch {
	case r.FromFile != 0 && !nnp:
		return "true", words(r.FromFile) + " comes from a file, which counts only where privileges may be escalated"
	case w.set.Has(caps.SysAdmin):
		return "", "allowPrivilegeEscalation cannot be false where SYS_ADMIN is added"
	case known && nnp:
		return "false", ""
	}
	return "", "allowPrivilegeEscalation: false would do more, if it executes no set-user-ID program: that was not looked at"
}

// quoted is a YAML scalar in double quotes (YAML 1.2, 5.7 "Escaped Characters"), in printable ASCII alone.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case ' ' <= r && r <= '~':
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			fmt.Fprintf(&b, "\\U%08X", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// systemd is a drop-in for the service (systemd.exec(5)). Lists are emptied first: else they add to what the unit has.
func (w *writer) systemd() Manifest {
	r := &w.a.Recommended
	notes := append([]string{w.heading()}, w.cautions()...)
	if w.c != nil && w.c.Unit != "" {
		notes = append(notes, "for "+w.c.Unit+": systemctl edit it and add")
	}
	lines := []string{"[Service]"}
	list := func(key string, s caps.Set) {
		lines = append(lines, key+"=")
		if s != 0 {
			lines = append(lines, key+"="+strings.Join(fullNames(s), " "))
		}
	}
	list("CapabilityBoundingSet", w.set)
	list("AmbientCapabilities", r.Caps.Ambient)
	nnp, known := r.NoNewPrivs.Get()
	switch {
	case r.FromFile != 0 && !nnp:
		notes = append(notes, words(r.FromFile)+" comes from a file, which does not count with NoNewPrivileges=yes; AmbientCapabilities= would")
	case known && nnp:
		lines = append(lines, "NoNewPrivileges=yes")
	default:
		notes = append(notes, "NoNewPrivileges=yes would do more, if it executes no set-user-ID program: that was not looked at")
	}
	return Manifest{Text: comments(notes) + strings.Join(lines, "\n") + "\n"}
}

// spec is the part of an OCI runtime configuration that is recommended (config.md, "Linux Process").
type spec struct {
	Process struct {
		NoNewPrivileges *bool    `json:"noNewPrivileges,omitempty"`
		Capabilities    specCaps `json:"capabilities"`
	} `json:"process"`
}

type specCaps struct {
	Bounding    []string `json:"bounding"`
	Effective   []string `json:"effective"`
	Inheritable []string `json:"inheritable"`
	Permitted   []string `json:"permitted"`
	Ambient     []string `json:"ambient"`
}

func (w *writer) oci() (Manifest, error) {
	r := &w.a.Recommended
	list := func(s caps.Set) []string { return append([]string{}, fullNames(s)...) }
	var s spec
	s.Process.Capabilities = specCaps{list(r.Caps.Bounding), list(r.Caps.Effective), list(r.Caps.Inheritable), list(r.Caps.Permitted), list(r.Caps.Ambient)}
	if nnp, known := r.NoNewPrivs.Get(); known {
		s.Process.NoNewPrivileges = &nnp
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return Manifest{}, err
	}
	notes := append([]string{w.heading()}, w.cautions()...)
	return Manifest{Text: b.String(), Notes: notes}.cleaned(), nil
}
