package rules

import (
	"strconv"

	"capview/inspect/caps"
	"capview/nsinfo"
)

// Verb is what an Action does, by the word before its colon.
type Verb string

// The verbs.
const (
	Bind        Verb = "bind"
	HasCap      Verb = "cap"
	RawSocket   Verb = "raw-socket"
	Ping        Verb = "ping"
	SetClock    Verb = "set-clock"
	Mount       Verb = "mount"
	Chroot      Verb = "chroot"
	Nice        Verb = "nice"
	SetUID      Verb = "setuid"
	SetGID      Verb = "setgid"
	Ptrace      Verb = "ptrace"
	Kill        Verb = "kill"
	Chown       Verb = "chown"
	Read        Verb = "read"
	LoadModule  Verb = "load-module"
	Syslog      Verb = "syslog"
	UseBPF      Verb = "bpf"
	Reboot      Verb = "reboot"
	MakeNode    Verb = "mknod"
	RaiseLimit  Verb = "raise-rlimit"
	UnshareUser Verb = "unshare-user"
	Syscall     Verb = "syscall"
)

// Action is one thing a process may try. Which fields count, its Verb says.
type Action struct {
	Verb Verb
	Port uint16 // Bind; 0 leaves the choice to the kernel
	UDP  bool   // Bind
	Cap  caps.Cap
	Over Place  // HasCap: over whom
	Nice int    // Nice: -20 to 19
	ID   uint32 // SetUID, SetGID: as the process's own user namespace numbers it
	PID  int    // Ptrace, Kill: as the reader numbers it
	Path string // Chown, Read: absolute, below the process's root directory
	Call SyscallForm
}

// SyscallForm is a system call as Syscall names it.
type SyscallForm struct {
	ABI  string // seccomp.Arch's name; "": the process's own
	Name string // or its number, in decimal
	Args [6]SyscallArg
}

// SyscallArg is an argument of a system call: a number, or any where it is not Fixed.
type SyscallArg struct {
	Fixed bool
	Value uint64
}

// Place is whose user namespace a capability is asked to work over.
type Place string

// The places. PlaceAny leaves it to the capability: what it is mostly checked against (caps.Cap.Scope).
const (
	PlaceAny  Place = ""
	PlaceHost Place = "host" // the initial user namespace
	PlaceSelf Place = "self" // its own
	PlaceNet  Place = "net"  // the owner of its network namespace; so on for the others
	PlaceMnt  Place = "mnt"
	PlaceUTS  Place = "uts"
	PlaceIPC  Place = "ipc"
	PlacePID  Place = "pid"
)

// Places is every place that may be named, in the order they are offered.
var Places = []Place{PlaceHost, PlaceNet, PlaceSelf, PlaceMnt, PlaceUTS, PlaceIPC, PlacePID}

// PlaceOf is the user namespace with that inode.
func PlaceOf(inode uint64) Place { return Place(strconv.FormatUint(inode, 10)) }

// inode is the user namespace's that PlaceOf named.
func (p Place) inode() (uint64, bool) {
	n, err := strconv.ParseUint(string(p), 10, 32) // struct ns_common.inum is 32 bits wide
	return n, err == nil && n > 0 && PlaceOf(n) == p
}

var placeSpaces = map[Place]nsinfo.Type{
	PlaceNet: nsinfo.Net, PlaceMnt: nsinfo.Mount, PlaceUTS: nsinfo.UTS, PlaceIPC: nsinfo.IPC, PlacePID: nsinfo.PID,
}

// ActionForm is how an action is written, and what it means.
type ActionForm struct {
	Verb Verb
	Form string // "bind:PORT[/udp]"
	Does string // "bind a socket to a port"
}

// ActionForms is every action there is, in the order they are offered.
var ActionForms = []ActionForm{
	{Bind, "bind:PORT[/udp]", "bind a socket to a port of its network namespace"},
	{HasCap, "cap:NAME[@host|@net|@self]", "use a capability: over the host, the owner of its network, its own user namespace"},
	{RawSocket, "raw-socket", "open a raw or packet socket"},
	{Ping, "ping", "send ICMP echo requests, by a ping socket or a raw one"},
	{SetClock, "set-clock", "set the system's clock"},
	{Mount, "mount", "mount a file system that user namespaces may mount (tmpfs)"},
	{Chroot, "chroot", "change its root directory"},
	{Nice, "nice:N", "set its own nice value, -20 (first) to 19"},
	{SetUID, "setuid:ID", "become a user, by its number in the process's user namespace"},
	{SetGID, "setgid:ID", "become a group, by its number in the process's user namespace"},
	{Ptrace, "ptrace:PID", "attach to a process as a debugger"},
	{Kill, "kill:PID", "send a process signals"},
	{Chown, "chown:PATH", "give a file to another user"},
	{Read, "read:PATH", "open a file for reading"},
	{LoadModule, "load-module", "load a kernel module"},
	{Syslog, "syslog", "read the kernel's log"},
	{UseBPF, "bpf", "create BPF maps and load socket filters"},
	{Reboot, "reboot", "restart the system; in a PID namespace of its own, end that"},
	{MakeNode, "mknod", "make a device file"},
	{RaiseLimit, "raise-rlimit", "raise a hard resource limit of its own"},
	{UnshareUser, "unshare-user", "make a user namespace"},
	{Syscall, "syscall:[ABI/]NAME[,ARG...]", "make a system call past its seccomp filters; ARG: a number, or _ for any"},
}

// String is the action as ParseAction reads it.
func (a Action) String() string {
	v := string(a.Verb)
	switch a.Verb {
	case Bind:
		v += ":" + strconv.Itoa(int(a.Port))
		if a.UDP {
			v += "/udp"
		}
	case HasCap:
		v += ":" + a.Cap.Short()
		if a.Over != PlaceAny {
			v += "@" + string(a.Over)
		}
	case Nice:
		v += ":" + strconv.Itoa(a.Nice)
	case SetUID, SetGID:
		v += ":" + strconv.FormatUint(uint64(a.ID), 10)
	case Ptrace, Kill:
		v += ":" + strconv.Itoa(a.PID)
	case Chown, Read:
		v += ":" + a.Path
	case Syscall:
		v += ":" + a.Call.String()
	}
	return v
}
