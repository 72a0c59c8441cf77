package inspect

import (
	"strings"

	"capview/nsinfo"
)

// ContainerDrift is what there is to find of c as a whole and of its processes ps, equal findings of several put
// together, the gravest first. There is nothing to find of a group that no runtime made.
func ContainerDrift(ix *Index, c *Container, ps []*Process) []Finding {
	fs := containerFindings(ix, c)
	for _, p := range ps {
		fs = append(fs, ix.Drift(p)...)
	}
	return MergeFindings(fs)
}

// containerFindings is those of c as a whole: what was asked for and is dangerous, and what is not known.
func containerFindings(ix *Index, c *Container) []Finding {
	asked, known := c.Declared.Get()
	f := ofContainerAsked{ix: ix, c: c, asked: &asked, known: known}
	if !known && !c.byRuntime() {
		return nil
	}
	f.unknown()
	f.privileged()
	f.hostNamespaces()
	f.mounts()
	return f.found
}

type ofContainerAsked struct {
	ix    *Index
	c     *Container
	asked *Declared // empty where it is not known
	known bool
	found []Finding
}

func (f *ofContainerAsked) add(kind FindingKind, sort FindingSort, g Gravity, brief, text string, facts ...Versus) {
	f.found = append(f.found, Finding{Kind: kind, Sort: sort, Gravity: g, Container: f.c.Key, PIDs: []int{},
		Text: text, Brief: brief, Facts: append([]Versus{}, facts...)})
}

// unknown says which of what was asked for is not known.
func (f *ofContainerAsked) unknown() {
	if !f.known {
		f.add(FoundNoSpec, SortUnknown, GravityNotice, "no spec", "what it was asked for is not known: no specification of it was found")
		return
	}
	var missing []string
	for _, fact := range []struct {
		name  string
		known bool
	}{
		{"capabilities", f.asked.Caps.Known()}, {"user", f.asked.User.Known()}, {"no_new_privs", f.asked.NoNewPrivs.Known()},
		{"seccomp", f.asked.Seccomp.Known()}, {"namespaces", f.asked.Namespaces.Known()}, {"mounts", f.asked.Mounts.Known()},
	} {
		if !fact.known {
			missing = append(missing, fact.name)
		}
	}
	if len(missing) > 0 {
		f.add(FoundNoSpec, SortUnknown, GravityInfo, "no "+missing[0], "which "+strings.Join(missing, ", ")+
			" it was asked for is not known: "+f.asked.Source+" does not tell")
	}
}

func (f *ofContainerAsked) privileged() {
	if f.asked.Privileged.Or(false) {
		f.add(FoundPrivileged, SortRisk, GravityDanger, "privileged", "privileged, as asked: all capabilities, all devices, no seccomp profile",
			Versus{"privileged", "yes", ""})
	}
}

// hostNamespaces finds those of the host's namespaces that its first process is in, and was to be as far as is known.
// The user namespace is the host's as a rule, the cgroup, UTS and time namespaces hold nothing back.
func (f *ofContainerAsked) hostNamespaces() {
	first := f.ix.FirstProcess(f.c.Key)
	if first == nil {
		return
	}
	own, _ := first.Namespaces.Get()
	host := f.ix.HostNamespaces()
	for _, t := range []nsinfo.Type{nsinfo.Mount, nsinfo.PID, nsinfo.Net, nsinfo.IPC} {
		if own[t] == 0 || own[t] != host[t] {
			continue
		}
		path, listed, known := f.asked.listed(t)
		facts := Versus{"namespaces." + t.String(), "host's", "host's"}
		text := "shares the host's " + t.String() + " namespace, as asked"
		switch {
		case !known:
			facts.Asked, text = "", "shares the host's "+t.String()+" namespace; whether that was asked for is not known"
		case listed && path == "":
			continue // a difference, and found as one
		case listed:
			facts.Asked = path
		}
		f.add(FoundHostNamespace, SortRisk, nsWeight[t], "host "+t.String(), text, facts)
	}
}

// mounts finds the mounts that lead out of the container. A socket is written to whether its mount is read-only or not.
func (f *ofContainerAsked) mounts() {
	mounts, _ := f.asked.Mounts.Get()
	for _, m := range mounts {
		if m.Risk == "" {
			continue
		}
		text, g := "mounts "+m.Risk+" at "+m.Destination, GravityWarning
		switch {
		case m.ReadOnly:
			text += ", read-only"
			if !strings.Contains(m.Risk, "socket") {
				g = GravityNotice
			}
		case !strings.HasSuffix(m.Risk, "writable"):
			text += ", writable"
		}
		f.add(FoundMount, SortRisk, g, "mount "+m.Destination, text, Versus{"mounts", m.Source, m.Destination})
	}
}
