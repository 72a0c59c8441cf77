package inspect

import (
	"strings"

	"capview/inspect/fact"
)

// matchWord asks what p and the group it is shown in are called. A container without a known name is called by its id,
// a process of which it could not be told has none.
func matchWord(t text) test {
	container := matchContainer(t, false)
	return func(ix *Index, p *Process) fact.Answer {
		a := matchName(&t, p)
		c := ix.Container(p.Container)
		if a == fact.Yes || c == nil {
			return a
		}
		if t.in(ix.found[c]) {
			return fact.Yes
		}
		return a.Or(container(ix, p))
	}
}

// foundBy is the text by which words find the groups of ix: their labels without digits that would match at random.
// The host and the kernel are found by kind.
func foundBy(ix *Index) map[*Container]string {
	found := make(map[*Container]string, len(ix.Containers))
	for i := range ix.Containers {
		c := &ix.Containers[i]
		if c.Kind == KindHost || c.Kind == KindKernel {
			continue
		}
		label := ix.Label(c)
		pod, _ := c.Pod.Get()
		for _, id := range []string{c.ID, pod.UID} {
			if isHexID(id) {
				label = strings.ReplaceAll(label, short(id), "")
			}
		}
		found[c] = label
	}
	return found
}

// matchName asks for t in comm, cmdline and the executable's base name.
func matchName(t *text, p *Process) fact.Answer {
	if t.in(p.Comm) {
		return fact.Yes
	}
	args, argsKnown := p.Cmdline.Get()
	if t.inArgs(args) {
		return fact.Yes
	}
	exe, exeKnown := p.Exe.Get()
	if t.in(exe[strings.LastIndexByte(exe, '/')+1:]) {
		return fact.Yes
	}
	return unless(argsKnown && exeKnown)
}

// unless is No where everything asked was known, else Unknown.
func unless(known bool) fact.Answer {
	if known {
		return fact.No
	}
	return fact.Unknown
}

// ofContainer makes a test of p's container, and of the innermost one nested in it; Unknown where it could not be told
// which p is of.
func ofContainer(ask func(ix *Index, c *Container) fact.Answer) test {
	return func(ix *Index, p *Process) fact.Answer {
		c := ix.Container(p.Container)
		if c == nil {
			return fact.Unknown
		}
		a := ask(ix, c)
		if p.Nested != "" && a != fact.Yes {
			if c = ix.Container(p.Nested); c != nil {
				a = a.Or(ask(ix, c))
			}
		}
		return a
	}
}

// byRuntime tells whether a runtime made c.
func (c *Container) byRuntime() bool { return c.Kind == KindContainer || c.Kind == KindSandbox }

// matchContainer asks for the container by name, id or pod; for groups that no runtime made only by their whole key, unit or
// label. With strict, a name that could not be read is Unknown.
func matchContainer(t text, strict bool) test {
	return ofContainer(func(ix *Index, c *Container) fact.Answer {
		if strict && strings.EqualFold(c.Key, t.want) {
			return fact.Yes
		}
		if !c.byRuntime() && c.Kind != KindUserNS {
			return fact.Is(c.Unit != "" && t.is(c.Unit) || c.Kind != KindHost && t.is(ix.found[c]))
		}
		name, named := c.Name.Get()
		pod, podKnown := c.Pod.Get()
		own := c.ownName()
		if t.in(name) || t.inID(c.ID) || t.in(pod.Name) || t.inID(pod.UID) || own && t.in(ix.found[c]) {
			return fact.Yes
		}
		return unless(!strict || own || named && (!podKnown || pod.UID == "" || pod.Name != ""))
	})
}

// ownName tells whether no runtime names c: what it is called, its namespace or cgroup, is all there is.
func (c *Container) ownName() bool {
	return c.Kind == KindUserNS || strings.HasPrefix(c.Key, "pidns/") || strings.HasPrefix(c.Key, "userns/")
}

// matchImage asks for the image's name.
func matchImage(t text) test {
	return ofContainer(func(_ *Index, c *Container) fact.Answer {
		image, known := c.Image.Get()
		if known && t.in(image) {
			return fact.Yes
		}
		return unless(known || !c.byRuntime())
	})
}

// matchPod asks for the pod's name or uid, matchPodNamespace for its Kubernetes namespace. A pod known by its uid only
// has a name that could not be read.
func matchPod(t text) test {
	return ofContainer(func(_ *Index, c *Container) fact.Answer {
		pod, known := c.Pod.Get()
		if t.in(pod.Name) || t.inID(pod.UID) {
			return fact.Yes
		}
		return unless(!c.byRuntime() || known && (pod.Name != "" || pod.UID == ""))
	})
}

func matchPodNamespace(t text) test {
	return ofContainer(func(_ *Index, c *Container) fact.Answer {
		pod, known := c.Pod.Get()
		if t.in(pod.Namespace) {
			return fact.Yes
		}
		return unless(!c.byRuntime() || known && (pod.Name != "" || pod.UID == ""))
	})
}

// optText asks for t in a text that may be unknown.
func optText(t *text, o Opt[string]) fact.Answer {
	s, known := o.Get()
	if known && t.in(s) {
		return fact.Yes
	}
	return unless(known)
}
