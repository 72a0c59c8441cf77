package inspect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// weights are what one capability of each danger is worth: all 41 of one danger are less than one of the next.
var weights = [...]int{1, 64, 64 * 64, 64 * 64 * 64}

const (
	unknownPower = 32 // above what harms nobody, below one capability of danger 1
	childPower   = 1  // capabilities over nothing but a child user namespace
)

// Power ranks what p could do to the host, for sorting: higher is more. Only the numbers' order has a meaning.
//
// What counts is what is effective and works on the host (Index.Reach), each capability by what
// it can do to the host (caps.Cap.Danger), more where p shares the host's namespace that it acts on. Permitted alone
// is half of it, being one capset(2) away. Capabilities in another user namespace are next to nothing: the host's
// resources are not that namespace's; so are those over nothing but a network or IPC namespace of the process's own. The host's uid 0 owns the host's files without any. A seccomp filter and
// no_new_privs take a little off. A thread that has more than its leader counts for both.
// Unknown ranks below what is known to be harmful and above nothing. The dead and the kernel's own threads, which
// nobody can make do anything, are 0.
func Power(ix *Index, p *Process) int {
	if ix.powers != nil {
		if i := ix.placeOf(p); i >= 0 {
			return ix.powers()[i]
		}
	}
	return ix.workOut(p)
}

// stance is all of a process without threads of their own that its power hangs on.
type stance struct {
	creds      Creds
	uid        Opt[IDs]
	namespaces Opt[nsinfo.Set]
	kernel     bool
	dead       bool
}

// findPowers is every process's power. Most processes have theirs in common with others.
func (ix *Index) findPowers() []int {
	all := make([]int, len(ix.Processes))
	same := map[stance]int{}
	for i, p := range ix.Processes {
		if len(p.Threads) > 0 {
			all[i] = ix.workOut(p)
			continue
		}
		key := stance{p.Creds, p.UID, p.Namespaces, p.KernelThread, dead(p)}
		power, ok := same[key]
		if !ok {
			power = ix.workOut(p)
			same[key] = power
		}
		all[i] = power
	}
	return all
}

func (ix *Index) workOut(p *Process) int {
	if p.KernelThread || dead(p) && len(p.Threads) == 0 {
		return 0
	}
	most := ix.power(p, &p.Creds)
	for i := range p.Threads {
		most = max(most, ix.power(p, &p.Threads[i].Creds))
	}
	return most
}

// onHost is those of held that work on the host, were they effective, or of which that cannot be told. To a reader in
// another user namespace than the initial one its own is the host.
func (ix *Index) onHost(p *Process, held caps.Set) (set caps.Set) {
	if ix.Host.UserNamespace != initialUserNS {
		return held
	}
	reach := ix.reachWith(p, held)
	held.Each(func(c caps.Cap) {
		if reach.Works(c).On(rules.WhereHost) != fact.No {
			set |= caps.Of(c)
		}
	})
	return set
}

func (ix *Index) power(p *Process, c *Creds) int {
	sets, known := c.Caps.Get()
	if !known {
		return unknownPower
	}
	held := sets.Effective | sets.Permitted
	host, known := ix.InHostUserNS(p)
	switch {
	case known && !host && held != 0:
		return childPower
	case known && !host:
		return 0
	case !known && (held != 0 || ix.mightBeRoot(p)):
		return unknownPower
	case !known:
		return 0
	}
	shared, works := ix.sharedWithHost(p), ix.onHost(p, held)
	sum := rootPower(p, shared)
	(sets.Effective & works).Each(func(c caps.Cap) { sum += weights[danger(c, shared)] })
	(sets.Permitted &^ sets.Effective & works).Each(func(c caps.Cap) { sum += weights[danger(c, shared)] / 2 })
	if sum == 0 && held != 0 {
		return childPower
	}
	return confined(sum, c)
}

// confined takes a little off for a filter and no_new_privs.
func confined(sum int, c *Creds) int {
	s, known := c.Seccomp.Get()
	less := 0
	if known && s.Mode != SeccompDisabled && s.Mode != "" {
		less += sum / 16
	}
	if c.NoNewPrivs.Or(false) {
		less += sum / 32
	}
	return sum - less
}

func (ix *Index) mightBeRoot(p *Process) bool {
	ids, known := p.UID.Get()
	return !known || ids.Effective == 0
}

// rootPower is what the host's uid 0 may do as the owner of its files: much where it sees the host's tree.
func rootPower(p *Process, shared nsMask) int {
	ids, known := p.UID.Get()
	switch {
	case !known || ids.Effective != 0:
		return 0
	case shared.has(nsinfo.Mount):
		return weights[2]
	}
	return weights[1]
}

// nsMask is a set of namespace types.
type nsMask uint8

func (m nsMask) has(t nsinfo.Type) bool { return m>>t&1 == 1 }

// sharedWithHost is the namespaces p is known to share with the host.
func (ix *Index) sharedWithHost(p *Process) (m nsMask) {
	host := hostSpaces(ix.Process)
	own, _ := p.Namespaces.Get()
	for t := range own {
		if own[t] != 0 && own[t] == host[t] {
			m |= 1 << t
		}
	}
	return m
}

// near is what a capability acts on and how dangerous it is where that is the host's; danger 0: as anywhere.
type near struct {
	ns     nsinfo.Type
	danger int
}

// nears are the capabilities that do more to the host from its own namespaces: caps.Cap.Danger is of a process that has
// others.
var nears = [64]near{
	caps.Chown: {nsinfo.Mount, 3}, caps.DACOverride: {nsinfo.Mount, 3}, caps.FOwner: {nsinfo.Mount, 3},
	caps.SetUID: {nsinfo.Mount, 3}, caps.SetFCap: {nsinfo.Mount, 3}, caps.Mknod: {nsinfo.Mount, 3},
	caps.SetGID: {nsinfo.Mount, 2}, caps.LinuxImmutable: {nsinfo.Mount, 2}, caps.SysPtrace: {nsinfo.PID, 3},
	caps.Kill: {nsinfo.PID, 2}, caps.NetRaw: {nsinfo.Net, 2}, caps.NetBindService: {nsinfo.Net, 1},
	caps.IPCOwner: {nsinfo.IPC, 2},
}

func danger(c caps.Cap, shared nsMask) int {
	if n := nears[c&63]; n.danger != 0 && shared.has(n.ns) {
		return n.danger
	}
	return min(dangers[c&63], len(weights)-1)
}

var dangers = func() (d [64]int) {
	for c := range d {
		d[c] = caps.Cap(c).Danger()
	}
	return d
}()

// PowerWhy is what Power ranks by, in a few words for a cell: "full", "high: sys_admin", "low: chown +8", "root",
// "none"; "?" where it cannot be told.
func PowerWhy(ix *Index, p *Process) string {
	if p.KernelThread {
		return "kernel"
	}
	c := ix.strongest(p)
	sets, known := c.Caps.Get()
	if !known {
		return "?"
	}
	held := sets.Effective | sets.Permitted
	works := ix.onHost(p, held)
	switch host, known := ix.InHostUserNS(p); {
	case Power(ix, p) == 0:
		return "none"
	case known && !host:
		return "own user namespace"
	case !known:
		return "?"
	case ix.nearlyFull(sets.Effective):
		return ix.fullBut(sets.Effective)
	case works == 0 && held != 0 && Power(ix, p) == childPower:
		return "own namespaces"
	case works == 0:
		return "root"
	}
	return worst(works, ix.sharedWithHost(p))
}

// strongest is the leader's credentials, or those of the thread that has more.
func (ix *Index) strongest(p *Process) *Creds {
	c, most := &p.Creds, ix.power(p, &p.Creds)
	for i := range p.Threads {
		if n := ix.power(p, &p.Threads[i].Creds); n > most {
			c, most = &p.Threads[i].Creds, n
		}
	}
	return c
}

// nearlyFull tells whether s lacks at most a few of the kernel's capabilities, and not the one that is as good as all.
func (ix *Index) nearlyFull(s caps.Set) bool {
	return s.Has(caps.SysAdmin) && (ix.fullCaps()&^s).Count() <= 2
}

func (ix *Index) fullBut(s caps.Set) string {
	text := "full"
	(ix.fullCaps() &^ s).Each(func(c caps.Cap) { text += " −" + c.Short() })
	return text
}

var grades = [...]string{"little", "low", "medium", "high"}

// worst names the most dangerous of held, up to two, and counts the rest.
func worst(held caps.Set, shared nsMask) string {
	cs := held.List()
	slices.SortStableFunc(cs, func(a, b caps.Cap) int {
		return cmp.Or(danger(b, shared)-danger(a, shared), b.Danger()-a.Danger())
	})
	const shown = 2
	names := make([]string, 0, shown)
	for _, c := range cs[:min(shown, len(cs))] {
		names = append(names, c.Short())
	}
	text := grades[danger(cs[0], shared)] + ": " + strings.Join(names, ", ")
	if more := len(cs) - len(names); more > 0 {
		text += " +" + strconv.Itoa(more)
	}
	return text
}
