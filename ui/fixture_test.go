package ui

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
	"capview/ui/theme"
)

const hostNS, aliceNS = 4026531837, 4026532555

var (
	noon      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	allCaps   = caps.Full(40)
	docker, _ = caps.DefaultFor("docker")
)

// proc is a process of the fixture; its PID is its start time, so that a reused PID is another process.
func proc(pid int, comm, user string, uid uint32, effective caps.Set, container string) *inspect.Process {
	ids := inspect.IDs{Real: uid, Effective: uid, Saved: uid, FS: uid}
	p := &inspect.Process{
		PID: pid, StartTime: uint64(pid), PPID: 1, Comm: comm, State: "S", Container: container, Role: inspect.RolePayload,
		Cmdline: inspect.Some([]string{"/usr/bin/" + comm, "--serve"}), Exe: inspect.Some("/usr/bin/" + comm),
		User: inspect.Some(user), UID: inspect.Some(ids), GID: inspect.Some(ids), Groups: inspect.Some([]uint32{uid}),
		FileCaps: inspect.Some(filecap.Caps{}), ThreadCount: 1,
	}
	p.Caps = inspect.Some(caps.Sets{Permitted: effective, Effective: effective, Bounding: allCaps})
	p.NoNewPrivs = inspect.Some(false)
	p.Seccomp = inspect.Some(inspect.Seccomp{Mode: inspect.SeccompDisabled})
	p.Namespaces = inspect.Some(inNS(hostNS))
	return p
}

func inNS(inode uint64) nsinfo.Set {
	var s nsinfo.Set
	s[nsinfo.UserNS] = inode
	return s
}

func confined(p *inspect.Process) *inspect.Process {
	p.Seccomp = inspect.Some(inspect.Seccomp{Mode: inspect.SeccompFilter, Filters: inspect.Some(1)})
	p.NoNewPrivs = inspect.Some(true)
	return p
}

// node7 is a small node: units, a container with its shim, a rootless one, kernel threads, one process that could
// not be read, one with a hostile name.
func node7() *inspect.Snapshot {
	shim := proc(4200, "containerd-shim", "root", 0, allCaps, "docker/web")
	shim.Role = inspect.RoleHelper
	worker := confined(proc(4212, "nginx", "www-data", 33, 0, "docker/web"))
	worker.Threads = []inspect.Thread{{TID: 4213, Comm: "nginx-io", UID: worker.UID, GID: worker.GID, Creds: worker.Creds}}
	worker.Threads[0].Caps = inspect.Some(caps.Sets{Effective: caps.Of(caps.Chown), Permitted: caps.Of(caps.Chown), Bounding: allCaps})
	worker.ThreadCount = 2
	rootless := confined(proc(5100, "redis", "alice", 1000, docker, "podman/db"))
	rootless.Namespaces = inspect.Some(inNS(aliceNS))
	kthread := proc(2, "kthreadd", "root", 0, allCaps, "kernel")
	kthread.KernelThread, kthread.Cmdline = true, inspect.Some([]string{})
	hidden := &inspect.Process{PID: 6000, StartTime: 6000, Comm: "secret", Container: "host", Role: inspect.RolePayload,
		Gaps: []inspect.Gap{{Subject: "pid 6000", What: "caps", Why: "permission denied"}}}
	ping := proc(900, "ping", "bob", 1001, 0, "unit/sshd")
	ping.FileCaps = inspect.Some(filecap.Caps{Revision: 2, Text: "cap_net_raw=ep", Effective: true, Permitted: caps.Of(caps.NetRaw)})
	return &inspect.Snapshot{
		Schema: inspect.Schema, Version: "test", TakenAt: noon,
		Host: inspect.Host{Hostname: "node-7", Kernel: "6.18.44", CgroupMode: "unified", CapLastCap: 40, Engine: "procfs",
			UserNamespace: hostNS, ClockTicks: 100, BootTime: noon.Unix() - 86400, BootID: "b"},
		Processes: []*inspect.Process{
			proc(1, "systemd", "root", 0, allCaps, "host"), kthread,
			proc(800, "sshd", "root", 0, allCaps, "unit/sshd"), ping,
			shim, confined(proc(4211, "nginx", "root", 0, docker|caps.Of(caps.NetAdmin), "docker/web")), worker,
			rootless, hidden,
			proc(7000, "ev\x1b[31mil\u202e\n", "root", 0, 0, "host"),
		},
		Containers: []inspect.Container{
			{Key: "docker/web", Kind: inspect.KindContainer, ID: strings.Repeat("ab", 32), Name: inspect.Some("web"), Runtime: "docker"},
			{Key: "host", Kind: inspect.KindHost},
			{Key: "kernel", Kind: inspect.KindKernel},
			{Key: "podman/db", Kind: inspect.KindContainer, ID: strings.Repeat("cd", 32), Name: inspect.Some("db"), Runtime: "podman"},
			{Key: "unit/sshd", Kind: inspect.KindUnit, Unit: "sshd.service"},
		},
		UserNamespaces: []nsinfo.User{
			{Inode: hostNS, Level: inspect.Some(0), OwnerUID: inspect.Some(uint32(0))},
			{Inode: aliceNS, Parent: inspect.Some(uint64(hostNS)), Level: inspect.Some(1), OwnerUID: inspect.Some(uint32(1000)),
				UIDMap: inspect.Some([]nsinfo.Range{{Inside: 0, Outside: 1000, Count: 1}})},
		},
	}
}

// fakeNode is a source that gives what the test puts into it.
type fakeNode struct {
	snap *inspect.Snapshot
	err  error
}

func (f *fakeNode) Snapshot(context.Context) (*inspect.Snapshot, error) { return f.snap, f.err }

// user drives a model as a terminal would, commands run at once and in turn. What is due later waits in later.
type user struct {
	t     testing.TB
	m     *Model
	node  *fakeNode
	later []tea.Msg
	quit  bool
}

func newUser(t testing.TB, width, height int, change ...func(*Options)) *user {
	t.Helper()
	u := &user{t: t, node: &fakeNode{snap: node7()}}
	at := noon
	o := Options{Source: u.node, Live: true, Theme: theme.Plain(),
		Now: func() time.Time { at = at.Add(2 * time.Millisecond); return at }}
	for _, c := range change {
		c(&o)
	}
	u.m = New(o)
	u.m.after = func(_ time.Duration, msg tea.Msg) tea.Cmd {
		u.later = append(u.later, msg)
		return nil
	}
	u.send(tea.WindowSizeMsg{Width: width, Height: height})
	u.run(u.m.Init())
	return u
}

func (u *user) send(msg tea.Msg) {
	_, cmd := u.m.Update(msg)
	u.run(cmd)
}

// run runs a command, and what its messages bring.
func (u *user) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			u.run(c)
		}
	case tea.QuitMsg:
		u.quit = true
	default:
		u.send(msg)
	}
}

// due delivers what waits of a kind, as if its time had come.
func (u *user) due(kind any) {
	waiting := u.later
	u.later = nil
	for _, msg := range waiting {
		if reflect.TypeOf(msg) == reflect.TypeOf(kind) {
			u.send(msg)
		} else {
			u.later = append(u.later, msg)
		}
	}
}

var named = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"tab": tea.KeyTab, "end": tea.KeyEnd, "home": tea.KeyHome, "backspace": tea.KeyBackspace, "ctrl+c": tea.KeyCtrlC,
	"ctrl+z": tea.KeyCtrlZ, "ctrl+u": tea.KeyCtrlU, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "shift+tab": tea.KeyShiftTab,
	"ctrl+n": tea.KeyCtrlN,
}

// keys presses each; an esc is acted on at once.
func (u *user) keys(keys ...string) {
	for _, k := range keys {
		if t, ok := named[k]; ok {
			u.send(tea.KeyMsg{Type: t})
		} else {
			u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
		}
		if k == "esc" {
			u.due(escapeMsg(0))
		}
	}
}

func (u *user) typed(text string) {
	for _, r := range text {
		u.keys(string(r))
	}
}

func (u *user) lines() []string { return strings.Split(u.m.View(), "\n") }

// cursorLine is the line that the cursor's mark is on.
func (u *user) cursorLine() string {
	for _, l := range u.lines() {
		if strings.HasPrefix(l, ">") {
			return l
		}
	}
	return ""
}

func (u *user) sees(want string) {
	u.t.Helper()
	if !strings.Contains(u.m.View(), want) {
		u.t.Errorf("the screen lacks %q:\n%s", want, u.m.View())
	}
}

func (u *user) seesNot(unwanted string) {
	u.t.Helper()
	if strings.Contains(u.m.View(), unwanted) {
		u.t.Errorf("the screen has %q:\n%s", unwanted, u.m.View())
	}
}

func (u *user) on(want string) {
	u.t.Helper()
	if !strings.Contains(u.cursorLine(), want) {
		u.t.Errorf("the cursor is on %q, not on %q:\n%s", u.cursorLine(), want, u.m.View())
	}
}

var errDenied = errors.New("permission denied")
