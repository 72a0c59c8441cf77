package inspect

import (
	"slices"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
)

// FilterKey documents a key of the filter language, for help, the man page and completion.
type FilterKey struct {
	Key     string
	Meaning string
	Values  []string // what may stand for a value beside numbers, names and capabilities; nil where anything may
	Example string
	// Capability tells that a value may be a capability's name.
	Capability bool
}

// filterKey is a key with what makes a test of a value.
type filterKey struct {
	FilterKey
	test func(value) (test, error)
}

// wordKey stands for a value without a key.
var wordKey = filterKey{FilterKey{Key: "word", Example: "nginx"}, texts(matchWord)}

// FilterKeys is the documentation of every key, in the order to show.
func FilterKeys() []FilterKey {
	docs := make([]FilterKey, len(filterKeys))
	for i := range filterKeys {
		docs[i] = filterKeys[i].FilterKey
	}
	return docs
}

// filterKeyNamed is the key of that name, which there is.
func filterKeyNamed(name string) *filterKey {
	for i := range filterKeys {
		if filterKeys[i].Key == name {
			return &filterKeys[i]
		}
	}
	panic("inspect: no filter key " + name)
}

func keyNames() string {
	names := make([]string, len(filterKeys))
	for i := range filterKeys {
		names[i] = filterKeys[i].Key
	}
	return strings.Join(names, " ")
}

var (
	kinds      = []Kind{KindContainer, KindSandbox, KindUserNS, KindUnit, KindSession, KindKernel, KindHost}
	roles      = []Role{RolePayload, RoleHelper, RoleInfra}
	yesNo      = []string{"yes", "no"}
	setWords   = []string{"any", "none", "all"}
	filterKeys []filterKey
)

// The table is filled at start: a test may look a key up in it.
func init() {
	filterKeys = []filterKey{
		{FilterKey{"name", "part of comm, the command line or the executable's base name", nil, "name:nginx", false},
			plain(func(p *Process, t *text) fact.Answer { return matchName(t, p) })},
		{FilterKey{"container", "part of a container's name or pod, the beginning of its id; a whole unit", nil, "container:web", false},
			texts(func(t text) test { return matchContainer(t, true) })},
		{FilterKey{"pod", "part of a pod's name, the beginning of its uid", nil, "pod:coredns", false}, texts(matchPod)},
		{FilterKey{"namespace", "part of a pod's Kubernetes namespace", nil, "namespace:kube-system", false}, texts(matchPodNamespace)},
		{FilterKey{"image", "part of a container's image", nil, "image:redis:7", false}, texts(matchImage)},
		{FilterKey{"runtime", "part of the runtime's name", []string{"docker", "containerd", "podman", "cri-o", "lxc", "nspawn"}, "runtime:podman", false},
			texts(func(t text) test {
				return ofContainer(func(_ *Index, c *Container) fact.Answer { return fact.Is(c.Runtime != "" && t.in(c.Runtime)) })
			})},
		{FilterKey{"unit", "part of the systemd unit's name", nil, "unit:sshd.service", false},
			texts(func(t text) test {
				return ofContainer(func(_ *Index, c *Container) fact.Answer { return fact.Is(c.Unit != "" && t.in(c.Unit)) })
			})},
		{FilterKey{"kind", "the kind of group", words(kinds), "kind:container", false},
			oneOf(kinds, func(ix *Index, p *Process, k Kind) fact.Answer {
				c := ix.Container(p.Container)
				if c == nil {
					return fact.Unknown
				}
				return fact.Is(c.Kind == k)
			})},
		{FilterKey{"role", "what a process is to its container", words(roles), "role:helper", false},
			oneOf(roles, func(_ *Index, p *Process, r Role) fact.Answer { return fact.Is(p.Role == r) })},
		{FilterKey{"drift", "whether it differs from what its runtime was asked for, or in this", append(slices.Clone(yesNo), words(FindingKinds)...), "drift:yes", false}, compileDrift},
		{FilterKey{"user", "the effective user's whole name, or uid", nil, "user:root", false}, compileUser},
		{FilterKey{"uid", "the effective uid, or a range", nil, "uid:1000-1999", false},
			ids(func(p *Process) Opt[IDs] { return p.UID }, func(t *Thread) Opt[IDs] { return t.UID })},
		{FilterKey{"gid", "the effective gid, or a range", nil, "gid:0", false},
			ids(func(p *Process) Opt[IDs] { return p.GID }, func(t *Thread) Opt[IDs] { return t.GID })},
		{FilterKey{"groups", "a supplementary gid, or a range", nil, "groups:27", false}, numbers(inGroups)},
		{FilterKey{"pid", "the PID, or a range", nil, "pid:1", false},
			numbers(func(p *Process, s span) fact.Answer { return fact.Is(s.has(uint64(p.PID))) })},
		{FilterKey{"ppid", "the parent's PID, or a range", nil, "ppid:1", false},
			numbers(func(p *Process, s span) fact.Answer { return fact.Is(s.has(uint64(p.PPID))) })},
		{FilterKey{"comm", "part of comm", nil, "comm:kworker", false},
			plain(func(p *Process, t *text) fact.Answer { return fact.Is(t.in(p.Comm)) })},
		{FilterKey{"exe", "part of the executable's path", nil, "exe:/usr/local/", false},
			plain(func(p *Process, t *text) fact.Answer { return optText(t, p.Exe) })},
		{FilterKey{"cmdline", "part of the command line", nil, `cmdline:"-c /etc/x"`, false},
			plain(func(p *Process, t *text) fact.Answer {
				args, known := p.Cmdline.Get()
				if t.inArgs(args) {
					return fact.Yes
				}
				return unless(known)
			})},
		{FilterKey{"state", "the state's letter", nil, "state:Z", false},
			plain(func(p *Process, t *text) fact.Answer { return fact.Is(t.is(p.State)) })},
		{FilterKey{"cap", "a capability permitted or effective", setWords, "cap:net_admin,net_raw", true},
			sets(func(s caps.Sets) caps.Set { return s.Permitted | s.Effective })},
		{FilterKey{"has", "a capability effective", setWords, "has:sys_admin", true},
			sets(func(s caps.Sets) caps.Set { return s.Effective })},
		{FilterKey{"works", "where an effective capability works by the kernel's rules, or one that does, or both: sys_time@host",
			[]string{"host", "net", "self", worksNowhere}, "works:net_admin@host", true}, compileWorks},
		{FilterKey{"lacks", "a capability not effective", nil, "lacks:chown", true}, compileLacks},
		{FilterKey{"ambient", "a capability ambient", setWords, "ambient:any", true},
			sets(func(s caps.Sets) caps.Set { return s.Ambient })},
		{FilterKey{"inheritable", "a capability inheritable", setWords, "inheritable:any", true},
			sets(func(s caps.Sets) caps.Set { return s.Inheritable })},
		{FilterKey{"bounding", "a capability in the bounding set", setWords, "!bounding:all", true},
			sets(func(s caps.Sets) caps.Set { return s.Bounding })},
		{FilterKey{"filecap", "whether the executable has file capabilities, or has this one", yesNo, "filecap:yes", true}, compileFileCap},
		{FilterKey{"seccomp", "the mode, or part of the profile's name", []string{"disabled", "strict", "filter", "none"}, "seccomp:disabled", false}, compileSeccomp},
		{FilterKey{"nnp", "whether no_new_privs is set", yesNo, "nnp:no", false}, compileNNP},
		{FilterKey{"userns", "the user namespace: the host's or another, its inode, its owner's name or uid", []string{"host", "other"}, "userns:other", false}, compileUserNS},
	}
}

func words[T ~string](ws []T) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = string(w)
	}
	return out
}
