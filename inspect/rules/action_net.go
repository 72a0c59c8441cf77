package rules

import (
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// bind: kernel inet_port_requires_bind_service, then ns_capable over the network namespace's owner.
func (d *trial) bind(a Action) {
	const source = "ip(7); kernel: __inet_bind, inet_port_requires_bind_service"
	if a.Port == 0 {
		d.step("port-any", source, "port 0 lets the kernel choose one that everyone may bind to")
		return
	}
	start, ok := known(d, d.f.PortStart, "net.ipv4.ip_unprivileged_port_start of its network namespace")
	if ok && uint32(a.Port) >= start {
		d.step("port-unprivileged", source,
			"in its network namespace everyone may bind to ports from %d on (net.ipv4.ip_unprivileged_port_start)", start)
		return
	}
	may := fact.No
	if ok {
		d.step("port-privileged", source,
			"port %d is below net.ipv4.ip_unprivileged_port_start of its network namespace, %d: it takes cap_net_bind_service", a.Port, start)
	} else {
		may = fact.Unknown
	}
	d.need(may.Or(d.capable(caps.NetBindService, d.owner(nsinfo.Net))), EACCES)
	d.helps = append(d.helps, d.lowerPorts(a)...)
}

// rawSocket: kernel inet_create, packet_create.
func (d *trial) rawSocket(Action) { d.need(d.capable(caps.NetRaw, d.owner(nsinfo.Net)), EPERM) }

// ping: kernel ping_init_sock for a socket of its own kind, else a raw one.
func (d *trial) ping(Action) {
	may := d.pingGroup()
	raw := Allowed(d.u, d.t, caps.NetRaw, d.owner(nsinfo.Net))
	d.how, d.unsure = pingWays(may, raw), may == fact.Unknown || raw == fact.Unknown
	if may != fact.Yes {
		may = may.Or(d.capable(caps.NetRaw, d.owner(nsinfo.Net)))
	}
	d.need(may, EPERM)
	d.helps = append(d.helps, Remedy{
		What: "let its group open ping sockets in its network namespace",
		How:  "sysctl net.ipv4.ping_group_range=\"0 2147483647\" there; kubernetes: securityContext.sysctls; docker: --sysctl",
	})
}

// pingGroup tells whether the effective or a supplementary group is in ping_group_range.
func (d *trial) pingGroup() fact.Answer {
	const source = "icmp(7) ping_group_range; kernel: ping_init_sock"
	r, ok := known(d, d.f.PingGroups, "net.ipv4.ping_group_range of its network namespace")
	if !ok {
		return fact.Unknown
	}
	if r.Low > r.High {
		d.step("ping-nobody", source, "net.ipv4.ping_group_range of its network namespace is empty: ping sockets are for nobody")
		return fact.No
	}
	in := d.groupIn(r)
	switch in {
	case fact.Yes:
		d.step("ping-group", source, "one of its groups is in net.ipv4.ping_group_range of its network namespace, %d to %d", r.Low, r.High)
	case fact.No:
		d.step("ping-other-groups", source, "none of its groups is in net.ipv4.ping_group_range of its network namespace, %d to %d", r.Low, r.High)
	default:
		d.gap("whether one of its groups is in net.ipv4.ping_group_range, %d to %d", r.Low, r.High)
	}
	return in
}

// groupIn: the kernel compares its own numbers, which only a reader in the initial user namespace sees.
func (d *trial) groupIn(r GIDRange) fact.Answer {
	ids, ok := d.t.GID.Get()
	if !d.u.plain() {
		return fact.Unknown
	}
	in := fact.Unknown
	if ok {
		in = fact.Is(r.Low <= ids.Effective && ids.Effective <= r.High)
	}
	groups, ok := d.t.Groups.Get()
	if !ok {
		return in.Or(fact.Unknown)
	}
	for _, g := range groups {
		in = in.Or(fact.Is(r.Low <= g && g <= r.High))
	}
	return in
}

// plain tells whether the reader's numbers are the kernel's.
func (u *Users) plain() bool { return u.reader == u.initial && u.reader != 0 }
