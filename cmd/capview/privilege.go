package main

import "capview/inspect/caps"

// shed takes all capabilities but some from every thread of the process, which may be there to stay. It is a stub but in main: tests run commands
// beside each other in one process.
var shed = func(keep caps.Set, stay bool) error { return nil }

// What capview holds on to once its programs are loaded. To read another user's process takes CAP_SYS_PTRACE, its runtime's
// files CAP_DAC_READ_SEARCH, its network namespace's sysctls CAP_SYS_ADMIN (setns(2)).
var reading = caps.Of(caps.SysPtrace, caps.DACReadSearch, caps.SysAdmin)

// writing is what it takes besides to write into the folder of the user behind sudo, in a sticky one too, and to make the
// file theirs.
var writing = caps.Of(caps.DACOverride, caps.Chown, caps.FOwner)

// loading is what loads programs where CAP_SYS_ADMIN is not held. Before Linux 5.19 it takes CAP_BPF to begin a pass of a
// loaded iterator too, where kernel.unprivileged_bpf_disabled is set: whether it does is found out by trying.
var loading = caps.Of(caps.BPF, caps.PerfMon)

// watching is what it takes to watch: programs of its own, which are loaded after the engine's, and the addresses of the
// kernel's functions (kallsyms_show_value).
var watching = loading | caps.Of(caps.Syslog)
