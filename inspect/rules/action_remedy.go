package rules

import (
	"fmt"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// remedies is the changes that would allow it, the least first: what a rule offers, then the capability that was lacking.
func (d *trial) remedies() []Remedy {
	all := d.helps
	for _, l := range d.lacking {
		for _, r := range d.grant(l) {
			all = appendNew(all, r)
		}
	}
	return all
}

func appendNew(all []Remedy, r Remedy) []Remedy {
	for _, a := range all {
		if a == r {
			return all
		}
	}
	return append(all, r)
}

// grant is how the task, or the program when it is started again, gets a capability that works over a user namespace.
func (d *trial) grant(l lack) []Remedy {
	switch d.u.Within(l.over, d.own()) {
	case fact.No:
		return d.elsewhere(l)
	case fact.Unknown:
		return nil
	}
	sets, ok := d.t.Caps.Get()
	if !ok {
		return nil
	}
	short := strings.ToUpper(l.cap.Short())
	var all []Remedy
	if sets.Permitted.Has(l.cap) {
		all = append(all, Remedy{"raise " + l.cap.String() + " from its permitted into its effective set",
			"the program itself, by capset(2) or cap_set_proc(3)"})
	}
	if !sets.Bounding.Has(l.cap) {
		return append(all, Remedy{"start it with " + l.cap.String() + d.andThen(),
			fmt.Sprintf("docker, podman: --cap-add %s; kubernetes: securityContext.capabilities.add: [%s]; systemd: CapabilityBoundingSet=%s", short, short, strings.ToUpper(l.cap.String()))})
	}
	if !sets.Permitted.Has(l.cap) {
		all = append(all, ambient(l.cap), d.fileCap(l.cap))
	}
	return all
}

// andThen: in a container a capability that is added reaches no further than the bounding set of one who is not root.
func (d *trial) andThen() string {
	ids, ok := d.t.UID.Get()
	if !ok {
		return ""
	}
	if root, is := d.u.Root(d.own()); is == fact.Yes && root == ids.Effective {
		return ""
	}
	return ", and, as it is not root, in the ambient set or on the program's file"
}

func ambient(c caps.Cap) Remedy {
	name := strings.ToUpper(c.String())
	return Remedy{"raise " + c.String() + " into the ambient set before it starts",
		fmt.Sprintf("setpriv --inh-caps +%s --ambient-caps +%s PROGRAM; systemd: AmbientCapabilities=%s", c.Short(), c.Short(), name)}
}

// fileCap: file capabilities add nothing where no_new_privs is set.
func (d *trial) fileCap(c caps.Cap) Remedy {
	r := Remedy{"set it on the program's file", "setcap " + c.String() + "=ep PROGRAM, in the image"}
	if d.t.NoNewPrivs.Or(false) {
		r.What += ", and start it without no_new_privs"
		r.How += "; kubernetes: allowPrivilegeEscalation: true; docker: without --security-opt no-new-privileges"
	}
	return r
}

// elsewhere: over a user namespace that is not its own or below, nothing it can be given there counts.
func (d *trial) elsewhere(l lack) []Remedy {
	var all []Remedy
	if l.over == d.owner(nsinfo.Net) && l.cap.Scope() == caps.ScopeNet {
		all = append(all, Remedy{"give it a network namespace that its own user namespace owns",
			"kubernetes: hostNetwork: false; docker, podman: without --network host"})
	}
	what := fmt.Sprintf("%s cannot be granted in its user namespace %s: run it in %s", l.cap, d.u.name(d.own()), d.u.name(l.over))
	how := "there, and with the capability"
	if l.over == d.u.Initial() {
		what = fmt.Sprintf("%s cannot be granted in its user namespace %s: run it in the host's", l.cap, d.u.name(d.own()))
		how = "kubernetes: hostUsers: true; docker: --userns host; podman: as root, without --userns; and with the capability"
	}
	return append(all, Remedy{what, how})
}

// lowerPorts is the change of the sysctl that lets everyone in the network namespace bind to the port.
func (d *trial) lowerPorts(a Action) []Remedy {
	all := []Remedy{{
		fmt.Sprintf("let everyone in its network namespace bind to ports from %d on", a.Port),
		fmt.Sprintf("sysctl net.ipv4.ip_unprivileged_port_start=%d there; kubernetes: securityContext.sysctls; docker, podman: --sysctl net.ipv4.ip_unprivileged_port_start=%d", a.Port, a.Port),
	}}
	if start, ok := d.f.PortStart.Get(); ok && start <= 65535 {
		all = append(all, Remedy{fmt.Sprintf("use a port from %d on", start), "the program's own configuration"})
	}
	return all
}

func niceHow(n int) string {
	return fmt.Sprintf("prlimit --nice=%d --pid PID; systemd: LimitNICE=%d; docker, podman: --ulimit nice=%d", 20-n, 20-n, 20-n)
}

func mapHow(kind string, id uint32) Remedy {
	return Remedy{fmt.Sprintf("map %s %d in its user namespace", kind, id),
		"when the namespace is made: newuidmap(1), newgidmap(1); rootless podman: a larger range in /etc/subuid and /etc/subgid"}
}

// besides is what else may refuse an action.
var besides = map[Verb][]string{
	Bind:        {"whether the port is in use", "BPF programs of its cgroup"},
	RawSocket:   {"BPF programs of its cgroup"},
	Mount:       {"its permissions on the mount point", "the limit on mounts (fs.mount-max)"},
	Nice:        nil,
	Read:        {"idmapped mounts", "locks and leases"},
	Chown:       {"idmapped mounts", "disk quotas"},
	LoadModule:  {"signatures and lockdown"},
	UseBPF:      {"program types that take more (cap_perfmon, cap_net_admin)", "BPF tokens"},
	Reboot:      {"reboot(2) in a PID namespace ends its first process only"},
	MakeNode:    {"its permissions in the directory", "the device cgroup"},
	RaiseLimit:  {"limits that are unlimited already, and the ceiling fs.nr_open"},
	Syscall:     {"what the system call itself checks"},
	UnshareUser: {"how many there are already (ENOSPC)", "AppArmor's restriction of user namespaces"},
	Syslog:      nil,
}

// unmodelled is what may decide differently without these rules knowing of it.
func (d *trial) unmodelled(a Action) []string {
	all := []string{"LSM policy (AppArmor, SELinux, Landlock, BPF)"}
	if how := ways(a); len(how) > 0 && !d.f.Filters.Known() {
		call := how[0][len(how[0])-1].name
		switch filtered, ok := d.f.Filtered.Get(); {
		case !ok:
			all = append(all, "a seccomp filter, if it has one: it may refuse "+call+"(2)")
		case filtered:
			all = append(all, "its seccomp filter: it may refuse "+call+"(2)")
		}
	}
	return append(all, besides[a.Verb]...)
}
