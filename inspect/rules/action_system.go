package rules

import (
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// hasCap: kernel ns_capable over the place that was asked for.
func (d *trial) hasCap(a Action) {
	d.need(d.capable(a.Cap, d.place(a)), EPERM)
}

// place is the user namespace that a capability is asked to work over.
func (d *trial) place(a Action) uint64 {
	over := a.Over
	if over == PlaceAny {
		over = scopePlaces[a.Cap.Scope()]
	}
	if inode, ok := over.inode(); ok {
		return inode
	}
	if kind, ok := placeSpaces[over]; ok {
		return d.owner(kind)
	}
	if over == PlaceHost {
		return d.u.Initial()
	}
	return d.own()
}

var scopePlaces = map[caps.Scope]Place{
	caps.ScopeHost: PlaceHost, caps.ScopeNet: PlaceNet, caps.ScopeIPC: PlaceIPC, caps.ScopePID: PlacePID,
}

// setClock: kernel security_settime64 (cap_settime).
func (d *trial) setClock(Action) { d.need(d.capable(caps.SysTime, d.u.Initial()), EPERM) }

// mount: kernel may_mount, then mount_capable for the new file system.
func (d *trial) mount(Action) {
	d.need(d.capable(caps.SysAdmin, d.owner(nsinfo.Mount)), EPERM)
	if !d.denied {
		d.need(d.capable(caps.SysAdmin, d.own()), EPERM)
	}
}

// chroot: kernel ksys_chroot.
func (d *trial) chroot(Action) { d.need(d.capable(caps.SysChroot, d.own()), EPERM) }

// reboot: kernel __do_sys_reboot.
func (d *trial) reboot(Action) { d.need(d.capable(caps.SysBoot, d.owner(nsinfo.PID)), EPERM) }

// makeNode: kernel vfs_mknod.
func (d *trial) makeNode(Action) { d.need(d.capable(caps.Mknod, d.u.Initial()), EPERM) }

// raiseLimit: kernel do_prlimit.
func (d *trial) raiseLimit(Action) { d.need(d.capable(caps.SysResource, d.u.Initial()), EPERM) }

// loadModule: kernel may_init_module.
func (d *trial) loadModule(Action) {
	switch state, ok := known(d, d.f.Modules, "kernel.modules_disabled"); {
	case !ok:
		d.need(fact.Unknown, EPERM)
	case state == ModulesAbsent:
		d.step("modules-absent", "init_module(2) ENOSYS", "this kernel is built without loadable modules")
		d.need(fact.No, ENOSYS)
		return
	}
	d.need(d.capable(caps.SysModule, d.u.Initial()), EPERM)
	if d.f.Modules.Or(ModulesLoadable) == ModulesDisabled && !d.denied {
		d.step("modules-disabled", "proc_sys_kernel(5) modules_disabled", "loading modules is switched off until the next boot")
		d.need(fact.No, EPERM)
	}
}

// syslog: kernel check_syslog_permissions for SYSLOG_ACTION_READ_ALL.
func (d *trial) syslog(Action) {
	const source = "syslog(2); kernel: check_syslog_permissions"
	restricted, ok := known(d, d.f.LogRestricted, "kernel.dmesg_restrict")
	if ok && !restricted {
		d.step("log-open", source, "kernel.dmesg_restrict is 0: everyone may read the kernel's log")
		return
	}
	may := fact.No
	if ok {
		d.step("log-restricted", source, "kernel.dmesg_restrict is 1: reading the kernel's log takes cap_syslog")
	} else {
		may = fact.Unknown
	}
	may = may.Or(d.capable(caps.Syslog, d.u.Initial()))
	if may != fact.Yes {
		may = may.Or(d.logByAdmin())
	}
	d.need(may, EPERM)
}

// logByAdmin: kernels before 6.8 took CAP_SYS_ADMIN too.
func (d *trial) logByAdmin() fact.Answer {
	byAdmin, ok := d.f.LogByAdmin.Get()
	if ok && !byAdmin {
		return fact.No
	}
	admin := Allowed(d.u, d.t, caps.SysAdmin, d.u.Initial())
	switch {
	case ok && admin != fact.No:
		return d.capable(caps.SysAdmin, d.u.Initial())
	case admin == fact.No:
		return fact.No
	}
	d.gap("whether this kernel is older than 6.8, where cap_sys_admin reads the log too")
	return fact.Unknown
}

// bpf: kernel __sys_bpf for BPF_MAP_CREATE and BPF_PROG_LOAD (bpf_capable).
func (d *trial) bpf(Action) {
	const source = "bpf(2); kernel: bpf_capable"
	open, ok := known(d, d.f.BPFUnprivileged, "kernel.unprivileged_bpf_disabled")
	if ok && open {
		d.step("bpf-open", source, "kernel.unprivileged_bpf_disabled is 0: everyone may create maps and load socket filters")
		return
	}
	may := fact.No
	if ok {
		d.step("bpf-restricted", source, "kernel.unprivileged_bpf_disabled is not 0: it takes cap_bpf or cap_sys_admin")
	} else {
		may = fact.Unknown
	}
	may = may.Or(d.capable(caps.BPF, d.u.Initial()))
	if may != fact.Yes {
		may = may.Or(d.capable(caps.SysAdmin, d.u.Initial()))
	}
	d.need(may, EPERM)
}
