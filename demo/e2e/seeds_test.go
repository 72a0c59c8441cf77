//go:build linux

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tryKey makes this program try one thing and print what came of it: what capview foretells, really done.
const tryKey = "CAPVIEW_E2E_TRY"

func init() {
	what := os.Getenv(tryKey)
	if what == "" {
		return
	}
	var err error
	switch verb, arg, _ := strings.Cut(what, ":"); verb {
	case "bind":
		err = tryBind(arg)
	case "set-clock": // neither time nor zone: the permission is asked for, nothing is set
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETTIMEOFDAY, 0, 0, 0); e != 0 {
			err = e
		}
	}
	fmt.Println(errnoName(err))
	os.Exit(0)
}

func tryBind(port string) error {
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return syscall.Bind(fd, &syscall.SockaddrInet4{Port: n})
}

func errnoName(err error) string {
	switch {
	case err == nil, errors.Is(err, syscall.EADDRINUSE):
		return "yes"
	case errors.Is(err, syscall.EACCES):
		return "EACCES"
	case errors.Is(err, syscall.EPERM):
		return "EPERM"
	}
	return err.Error()
}

// foretold is what capview can and capview exec write, by the keys that its readers use.
type foretold struct {
	PIDs   []int
	Answer string
	Errno  *string
	After  *struct {
		Caps struct{ Permitted, Effective, Bounding string }
	}
	Steps    []struct{ Rule string }
	Remedies []struct{ What, How string }
}

// asks runs capview, whose exit status must be that of its answer.
func asks(t *testing.T, args ...string) foretold {
	t.Helper()
	cmd := exec.Command(built, append(args, "-o", "json")...)
	var failed strings.Builder
	cmd.Stderr = &failed
	out, err := cmd.Output()
	var f foretold
	if bad := json.Unmarshal(out, &f); bad != nil {
		t.Fatalf("capview %q: %v, %v\n%s%s", args, err, bad, out, failed.String())
	}
	if want := map[string]int{"yes": 0, "no": 1, "unknown": 3}[f.Answer]; cmd.ProcessState.ExitCode() != want {
		t.Errorf("capview %q: %s with exit status %d", args, f.Answer, cmd.ProcessState.ExitCode())
	}
	return f
}

var labLines string // what the lab lists: asking every runtime takes seconds

// ofLab is the key of this lab's container with a name: another lab may be up beside it.
func ofLab(t *testing.T, name string) string {
	t.Helper()
	var s struct {
		Containers []struct{ Key, ID, Name string }
	}
	if err := json.Unmarshal([]byte(output(t, built, "export", "-")), &s); err != nil {
		t.Fatal(err)
	}
	if labLines == "" {
		labLines = output(t, "../lab", "list")
	}
	for _, c := range s.Containers {
		if c.Name == name && strings.Contains(labLines, " "+c.ID+" ") {
			return c.Key
		}
	}
	t.Fatalf("the lab has no container %s", name)
	return ""
}

// expect holds an answer to what really happened, to the rule that must be among its steps and to a remedy, where given.
func (f foretold) expect(t *testing.T, happened, rule, remedy string) {
	t.Helper()
	said := f.Answer
	if f.Errno != nil {
		said = *f.Errno
	}
	if said != happened {
		t.Errorf("capview says %s, what happens is %s: %+v", said, happened, f)
	}
	if !slices.ContainsFunc(f.Steps, func(s struct{ Rule string }) bool { return s.Rule == rule }) {
		t.Errorf("no step by %s: %+v", rule, f.Steps)
	}
	if remedy != "" && !strings.Contains(fmt.Sprint(f.Remedies), remedy) {
		t.Errorf("no remedy names %q: %+v", remedy, f.Remedies)
	}
}

// tryIn really does it: with a container's namespaces and credentials, which setpriv gives and execve leaves.
func tryIn(t *testing.T, pid int, what string, program string, command ...string) string {
	t.Helper()
	args := append([]string{"-t", strconv.Itoa(pid)}, command...)
	cmd := exec.Command("nsenter", append(args, program)...)
	cmd.Env = append(os.Environ(), tryKey+"="+what)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("nsenter %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// trier is this program where any user can execute it.
func trier(t *testing.T) string {
	t.Helper()
	needsLab(t)
	for _, tool := range []string{"nsenter", "setpriv", "capsh", "setcap"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir, err := os.MkdirTemp(os.Getenv("CAPVIEW_LAB"), "seeds-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.ReadFile("/proc/self/exe")
	path := filepath.Join(dir, "try")
	if err := errors.Join(err, os.Chmod(dir, 0o755), os.WriteFile(path, self, 0o755)); err != nil {
		t.Fatal(err)
	}
	return path
}

var as1000 = []string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"}

func with(words ...[]string) []string { return slices.Concat(words...) }

// Port 80 as uid 1000 with cap_net_bind_service in the bounding set alone: what Kubernetes' "add" gives who is not root.
func TestPort80WithBoundingOnly(t *testing.T) {
	try := trier(t)
	f := asks(t, "can", ofLab(t, "front"), "bind:80")
	happened := tryIn(t, f.PIDs[0], "bind:80", try, with([]string{"-n"}, as1000, []string{"--no-new-privs", "--bounding-set", "-all,+net_bind_service"})...)
	f.expect(t, happened, "port-privileged", "ambient")
	f.expect(t, happened, "userns-own", "allowPrivilegeEscalation")
}

// Port 80 as uid 1000 with cap_net_bind_service ambient, as podman gives it.
func TestPort80WithAmbient(t *testing.T) {
	try := trier(t)
	f := asks(t, "can", ofLab(t, "cache"), "bind:80")
	happened := tryIn(t, f.PIDs[0], "bind:80", try, with([]string{"-n"}, as1000, []string{"--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"})...)
	f.expect(t, happened, "userns-own", "")
}

// Port 80 as uid 1000 by a program with setcap cap_net_bind_service=ep: execve gives what the running one has.
func TestPort80WithSetcap(t *testing.T) {
	try := trier(t)
	f := asks(t, "exec", ofLab(t, "plain-user"), "/opt/bind/httpd")
	f.expect(t, "yes", "file-caps", "")
	running := asks(t, "can", ofLab(t, "bind-file"), "cap:net_bind_service")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", running.PIDs[0]))
	if err != nil {
		t.Fatal(err)
	}
	if f.After == nil || !strings.Contains(string(status), "CapEff:\t"+f.After.Caps.Effective+"\n") {
		t.Errorf("capview foretells %+v, the one that was executed has\n%s", f.After, status)
	}
	// In podman's network namespace the sysctl does not help.
	if out, err := exec.Command("setcap", "cap_net_bind_service=ep", try).CombinedOutput(); err != nil {
		t.Fatalf("setcap: %s", out)
	}
	pid := asks(t, "can", ofLab(t, "db"), "mount").PIDs[0]
	if happened := tryIn(t, pid, "bind:80", try, with([]string{"-n"}, as1000)...); happened != "yes" {
		t.Errorf("with file capabilities: %s", happened)
	}
}

// Port 80 as uid 1000 without any capability, where docker set the sysctl of the container's network namespace.
func TestPort80WithSysctl(t *testing.T) {
	try := trier(t)
	f := asks(t, "can", ofLab(t, "plain-user"), "bind:80")
	happened := tryIn(t, f.PIDs[0], "bind:80", try, with([]string{"-n"}, as1000, []string{"--bounding-set", "-all"})...)
	f.expect(t, happened, "port-unprivileged", "")
}

// The clock in a rootless container: the capability is there, over the wrong user namespace.
func TestClockInRootlessContainer(t *testing.T) {
	try := trier(t)
	f := asks(t, "can", ofLab(t, "blog"), "set-clock")
	happened := tryIn(t, f.PIDs[0], "set-clock", try, "-U", "-S", "0", "-G", "0")
	f.expect(t, happened, "userns-outside", "cannot be granted")
	pid := labPID(t, "host-userns")
	asks(t, "can", pid, "cap:sys_time@self").expect(t, "yes", "userns-own", "")
	asks(t, "can", pid, "set-clock").expect(t, "EPERM", "userns-outside", "hostUsers: true")
}

// labPID is a process of the lab's own.
func labPID(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("CAPVIEW_LAB"), "pids", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))[0]
}

// "Operation not permitted" of a program with file capabilities after --cap-drop=all, for root too.
func TestExecAfterDropAll(t *testing.T) {
	trier(t)
	f := asks(t, "exec", ofLab(t, "dropped"), "/opt/bind/httpd")
	f.expect(t, "EPERM", "file-caps-incomplete", "setcap")
	line := fmt.Sprintf("nsenter -t %d -m /opt/bind/httpd --help", f.PIDs[0])
	out, err := exec.Command("capsh", "--drop=cap_net_bind_service", "--", "-c", line).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "Operation not permitted") {
		t.Errorf("executed with the capability dropped from the bounding set: %v\n%s", err, out)
	}
}

// runc gives a container's first program the capabilities of its file although no_new_privs is set, for runc had them
// permitted; an execve between loses them (runc-dmz, a shell).
func TestRuncIntermediateExec(t *testing.T) {
	try := trier(t)
	c := &bundle{t: t, dir: filepath.Dir(try)}
	direct := c.run("direct", "/opt/bind/httpd", "-f", "-p", "80")
	if got := capEff(direct, "httpd"); got != "0000000000000400" {
		t.Errorf("the first program of a container has %s, want cap_net_bind_service of its file", got)
	}
	asks(t, "can", strconv.Itoa(direct), "bind:80").expect(t, "yes", "userns-own", "")

	between := c.run("between", "/bin/sleep", "86400")
	f := asks(t, "exec", strconv.Itoa(between), "/opt/bind/httpd")
	if f.Answer != "yes" || f.After == nil || f.After.Caps.Effective != "0000000000000000" {
		t.Errorf("after an execve between: %+v", f)
	}
	f.expect(t, "yes", "unsafe-caps", "")
	lost := c.run("lost", "/bin/sh", "-c", "/bin/true; exec /opt/bind/httpd -f -p 8080")
	if got := capEff(lost, "httpd"); got != f.After.Caps.Effective {
		t.Errorf("the program after an execve between has %s, capview foretells %s", got, f.After.Caps.Effective)
	}
	asks(t, "can", strconv.Itoa(lost), "bind:80").expect(t, "EACCES", "port-privileged", "")
}

// capEff is the effective set of a process once it is called by a name.
func capEff(pid int, comm string) string {
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if !strings.HasPrefix(string(text), "Name:\t"+comm+"\n") {
			continue
		}
		_, rest, _ := strings.Cut(string(text), "CapEff:\t")
		set, _, _ := strings.Cut(rest, "\n")
		return set
	}
	return "no process called " + comm
}

// bundle makes containers of runc alone: uid 1000, cap_net_bind_service not inherited and not ambient, no_new_privs.
type bundle struct {
	t   *testing.T
	dir string
}

func (b *bundle) run(name string, args ...string) (pid int) {
	b.t.Helper()
	dir := filepath.Join(b.dir, name)
	state := filepath.Join(b.dir, "state")
	id := "seeds-" + name + "-" + strconv.Itoa(os.Getpid())
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.t.Fatal(err)
	}
	spec := exec.Command("runc", "spec")
	spec.Dir = dir
	if out, err := spec.CombinedOutput(); err != nil {
		b.t.Skipf("runc spec: %v %s", err, out)
	}
	b.edit(filepath.Join(dir, "config.json"), args)
	b.t.Cleanup(func() { exec.Command("runc", "--root", state, "delete", "-f", id).Run() })
	log := filepath.Join(dir, "log")
	run := exec.Command("/bin/sh", "-c", `exec runc --root "$0" run -d --bundle "$1" --pid-file "$1/pid" "$2" </dev/null >"$3" 2>&1`, state, dir, id, log)
	if err := run.Run(); err != nil {
		said, _ := os.ReadFile(log)
		b.t.Fatalf("runc run: %v\n%s", err, said)
	}
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err == nil {
		pid, err = strconv.Atoi(string(text))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return pid
}

func (b *bundle) edit(path string, args []string) {
	text, err := os.ReadFile(path)
	var spec map[string]any
	if err := errors.Join(err, json.Unmarshal(text, &spec)); err != nil {
		b.t.Fatal(err)
	}
	process := spec["process"].(map[string]any)
	one := []string{"CAP_NET_BIND_SERVICE"}
	process["terminal"], process["args"], process["noNewPrivileges"] = false, args, true
	process["user"] = map[string]any{"uid": 1000, "gid": 1000}
	process["capabilities"] = map[string]any{"bounding": one, "effective": one, "permitted": one, "inheritable": []string{}, "ambient": []string{}}
	delete(process, "rlimits")
	spec["root"] = map[string]any{"path": filepath.Join(os.Getenv("CAPVIEW_LAB"), "rootfs"), "readonly": true}
	text, err = json.Marshal(spec)
	if err := errors.Join(err, os.WriteFile(path, text, 0o600)); err != nil {
		b.t.Fatal(err)
	}
}
