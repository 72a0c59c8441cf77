package inspect

import (
	"capview/inspect/caps"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// Reach is where p's capabilities work, its leader's. It is worked out once for each credential of the snapshot.
func (ix *Index) Reach(p *Process) *rules.Reach {
	if i := ix.placeOf(p); i >= 0 {
		return ix.reaches()[i]
	}
	u, t := ix.Users(), ix.Task(p)
	return rules.ReachOf(&u, &t, ix.HostNamespaces())
}

// reachWith is where p's capabilities would work were these effective: a thread's, or all that are permitted.
func (ix *Index) reachWith(p *Process, effective caps.Set) *rules.Reach {
	if sets, ok := p.Caps.Get(); ok && sets.Effective == effective {
		return ix.Reach(p)
	}
	u, t := ix.Users(), ix.Task(p)
	t.Caps = Some(caps.Sets{Effective: effective})
	return rules.ReachOf(&u, &t, ix.HostNamespaces())
}

// credential is all of a process that its reach hangs on.
type credential struct {
	effective  Opt[caps.Set]
	euid       Opt[uint32]
	namespaces nsinfo.Set
}

func credentialOf(p *Process) (c credential) {
	if sets, ok := p.Caps.Get(); ok {
		c.effective = Some(sets.Effective)
	}
	if ids, ok := p.UID.Get(); ok {
		c.euid = Some(ids.Effective)
	}
	c.namespaces, _ = p.Namespaces.Get()
	return c
}

// findReaches is the reach of every process.
func (ix *Index) findReaches() []*rules.Reach {
	host := ix.HostNamespaces()
	u := ix.Users()
	known := map[credential]*rules.Reach{}
	all := make([]*rules.Reach, len(ix.Processes))
	for i, p := range ix.Processes {
		c := credentialOf(p)
		reach := known[c]
		if reach == nil {
			t := ix.Task(p)
			reach = rules.ReachOf(&u, &t, host)
			known[c] = reach
		}
		all[i] = reach
	}
	return all
}
