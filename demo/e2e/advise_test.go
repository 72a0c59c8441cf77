//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// work needs chown, then net_bind_service, then setgid and setuid, and at last becomes what it is given as uid 1000; it
// ends at the first thing that it may not do. It is busybox alone, which executes nothing with capabilities of its own.
const work = `set -e; : >/tmp/w; /bin/busybox chown 1000:1000 /tmp/w; /bin/busybox httpd -p 897 -h /tmp; exec /bin/busybox su app -s /bin/sh -c "$0"`

// what the work needs: nothing else may be kept, none of it dropped.
var workNeeds = []string{"CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"}

// engine is a runtime that runs the work in a container with what capview recommends.
type engine struct {
	name string
	form string
	// run starts a container under a name with a recommendation in the engine's form; nil is the runtime's default.
	// Detached it returns once the container runs; else once it has ended, with what it printed.
	run func(t *testing.T, name string, with []byte, detached bool, then string) (string, error)
	end func(t *testing.T, name string)
	// fewer is the recommendation without one of its capabilities.
	fewer func(t *testing.T, with []byte, capability string) []byte
}

var engines = []engine{
	{"docker", "docker", runDocker, func(t *testing.T, name string) { docker(t, "rm", "-f", name) }, fewerFlags},
	{"podman", "podman", runPodman, func(t *testing.T, name string) { rootPodman(t, "rm", "-f", "-t", "0", name) }, fewerFlags},
	{"cri", "kubernetes", runCRI, func(t *testing.T, name string) { cri(t, "remove", name) }, fewerInManifest},
	{"runc", "oci", runRunc, func(t *testing.T, name string) { exec.Command("runc", "delete", "-f", name).Run() }, fewerInSpec},
}

// TestAdviceHolds traces a container from before its start, and starts it again with what is recommended: it does its
// work, and with one capability fewer it does not.
func TestAdviceHolds(t *testing.T) {
	needsLab(t)
	name := fmt.Sprintf("%s-advised-%d-", labName(t), os.Getpid())
	events := traced(t, func() {
		for _, e := range engines {
			t.Cleanup(func() { e.end(t, name+e.name) })
			if out, err := e.run(t, name+e.name, nil, true, "sleep 86400"); err != nil {
				t.Fatalf("%s: %v\n%s", e.name, err, out)
			}
			e.works(t, name+e.name)
		}
	})
	var held, failed atomic.Int32
	t.Run("engines", func(t *testing.T) {
		for _, e := range engines {
			t.Run(e.name, func(t *testing.T) {
				t.Parallel()
				unit(t, advises(t, name+e.name, "--events", events, "--as", "systemd"))
				e.holds(t, name+e.name, e.recommended(t, name+e.name, events), &held, &failed)
			})
		}
	})
	if int(held.Load()) != len(engines) || int(failed.Load()) != len(engines)*len(workNeeds) {
		t.Errorf("%d recommendations held, %d with one capability fewer failed", held.Load(), failed.Load())
	}
	t.Logf("%d recommendations hold, and %d with one capability fewer do not", held.Load(), failed.Load())
}

// holds starts the container again as it is recommended, and with one capability fewer.
func (e *engine) holds(t *testing.T, name string, with []byte, held, failed *atomic.Int32) {
	t.Helper()
	e.end(t, name) // pods are in the host's network, and serve one port
	if out, err := e.run(t, name+"-again", with, false, "id -u"); err != nil || out != "1000\n" {
		t.Fatalf("with what is recommended it fails: %v\n%s\n%s", err, out, with)
	}
	held.Add(1)
	for _, c := range workNeeds {
		out, err := e.run(t, name+"-without-"+strings.ToLower(c), e.fewer(t, with, c), false, "id -u")
		switch {
		case err == nil:
			t.Errorf("without %s it works as well: %s", c, out)
		case !strings.Contains(out, "Operation not permitted") && !strings.Contains(out, "Permission denied"):
			t.Errorf("without %s it fails for another reason: %v\n%s", c, err, out)
		default:
			failed.Add(1)
		}
	}
}

// TestAdviseWatches lets capview watch a container itself, with a process in it that changes owners all the while.
func TestAdviseWatches(t *testing.T) {
	needsLab(t)
	name := fmt.Sprintf("%s-watched-%d", labName(t), os.Getpid())
	t.Cleanup(func() { docker(t, "rm", "-f", name) })
	if out, err := docker(t, "run", "-d", "--name", name, "--network", "none", "--tmpfs", "/tmp", "capview.lab/web:1", "/bin/sh", "-c",
		": >/tmp/w; while :; do /bin/busybox chown 1000:1000 /tmp/w; sleep 0.2; done"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var told struct {
		Observed struct {
			Seconds float64
			Watched string
			Lost    uint64
		}
		Group struct {
			StartSeen    *bool `json:"start_seen"`
			Capabilities []struct {
				Cap, Verdict string
				Allowed      uint64
				Last         *struct {
					Syscall string
					Stack   []string
				}
			}
		}
	}
	if err := json.Unmarshal(advises(t, name, "--for", "5s", "-o", "json"), &told); err != nil {
		t.Fatal(err)
	}
	if o := told.Observed; o.Watched != "yes" || o.Seconds < 4 || o.Lost != 0 {
		t.Errorf("watched: %+v", o)
	}
	kept := 0
	for _, c := range told.Group.Capabilities {
		switch {
		case c.Verdict == "keep":
			kept++
			if c.Cap != "cap_chown" || c.Allowed < 3 || c.Last == nil || !strings.HasPrefix(c.Last.Syscall, "chown") && !strings.HasPrefix(c.Last.Syscall, "lchown") && !strings.HasPrefix(c.Last.Syscall, "fchown") ||
				!strings.Contains(strings.Join(c.Last.Stack, " "), "chown") {
				t.Errorf("kept is %+v, %+v", c, c.Last)
			}
			t.Logf("%s: %d checks in %.0f s, last in %s: %q", c.Cap, c.Allowed, told.Observed.Seconds, c.Last.Syscall, c.Last.Stack)
		case c.Cap == "cap_net_bind_service" && c.Verdict != "unknown":
			t.Errorf("%s is %s, and its start was not seen", c.Cap, c.Verdict)
		}
	}
	if kept != 1 {
		t.Errorf("%d capabilities are kept, 1 is exercised", kept)
	}
}

// recommended is what capview says of a container that was traced from its start, to the end of its work.
func (e *engine) recommended(t *testing.T, name, events string) []byte {
	t.Helper()
	var told struct {
		Group struct {
			StartSeen    bool `json:"start_seen"`
			Capabilities []struct{ Cap, Verdict, Confidence string }
		}
	}
	out := advises(t, name, "--events", events, "-o", "json")
	if err := json.Unmarshal(out, &told); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, c := range told.Group.Capabilities {
		switch c.Verdict {
		case "keep":
			kept = append(kept, strings.ToUpper(strings.TrimPrefix(c.Cap, "cap_")))
		case "drop":
		default:
			t.Errorf("%s of %s: %s", c.Cap, e.name, c.Verdict)
		}
	}
	slices.Sort(kept)
	if !told.Group.StartSeen || !slices.Equal(kept, workNeeds) {
		t.Errorf("its start was seen: %v; kept is %q, it needs %q", told.Group.StartSeen, kept, workNeeds)
	}
	return advises(t, name, "--events", events, "--as", e.form)
}

// advises runs capview advise, which must find something to drop.
func advises(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(built, append([]string{"advise"}, args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("capview advise %q: %v\n%s%s", args, err, out, said.String())
	}
	return out
}

// traced is the file with what capview trace wrote of the whole node while something was done, begun well before.
func traced(t *testing.T, do func(), args ...string) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "events"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, built, append([]string{"trace", "-o", "json"}, args...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = file, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	const whole = 3 * time.Second // start times are in whole seconds: that the start was seen must be beyond doubt
	begun := time.Now()
	for size := int64(0); size == 0 || time.Since(begun) < whole; time.Sleep(50 * time.Millisecond) {
		if info, err := file.Stat(); err == nil {
			size = info.Size()
		}
		if size == 0 {
			begun = time.Now()
		}
		// So that there is a check to be seen, also on a node where nothing else goes on: giving a file away is one.
		os.Chown(file.Name(), 1, 0)
		os.Chown(file.Name(), 0, 0)
		select {
		case err := <-ended:
			t.Fatalf("capview trace ended: %v\n%s", err, said.String())
		default:
		}
	}
	do()
	time.Sleep(time.Second)
	cmd.Process.Signal(syscall.SIGINT)
	if err := <-ended; err != nil {
		t.Fatalf("capview trace: %v\n%s", err, said.String())
	}
	return file.Name()
}

// works waits until the work is done: the container's first process has become the program that it ends with.
func (e *engine) works(t *testing.T, name string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		out, _ := exec.Command(built, "list", "-c", name, "--columns", "name,uid", "-o", "json").Output()
		var rows []struct {
			Name string
			UID  any
		}
		if json.Unmarshal(out, &rows) == nil && slices.ContainsFunc(rows, func(r struct {
			Name string
			UID  any
		}) bool {
			return r.Name == "sleep"
		}) {
			return
		}
	}
	t.Fatalf("%s never did its work", name)
}

// fewerFlags takes a flag away.
func fewerFlags(t *testing.T, with []byte, capability string) []byte {
	t.Helper()
	less := strings.Replace(string(with), " --cap-add="+capability, "", 1)
	if less == string(with) {
		t.Fatalf("no --cap-add=%s in %s", capability, with)
	}
	return []byte(less)
}

// fewerInManifest takes one out of what a securityContext adds.
func fewerInManifest(t *testing.T, with []byte, capability string) []byte {
	t.Helper()
	for _, quoted := range []string{`, "` + capability + `"`, `"` + capability + `", `} {
		if less := strings.Replace(string(with), quoted, "", 1); less != string(with) {
			return []byte(less)
		}
	}
	t.Fatalf("no %s among others in %s", capability, with)
	return nil
}

// runCRI runs a pod with a securityContext, as a kubelet asks for it.
func runCRI(t *testing.T, name string, with []byte, detached bool, then string) (string, error) {
	t.Helper()
	command := []string{"/bin/sh", "-c", work, then}
	if with == nil {
		// What a container is given whose manifest says nothing of it: allowPrivilegeEscalation is true then.
		return cri(t, append([]string{"-detach", "run", name}, command...)...)
	}
	file := filepath.Join(t.TempDir(), "security.yaml")
	if err := os.WriteFile(file, with, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cri(t, "remove", name) })
	out, err := cri(t, append([]string{"-security", file, "run", name}, command...)...)
	cri(t, "remove", name)
	return out, err
}

// fewerInSpec takes a capability out of all five sets.
func fewerInSpec(t *testing.T, with []byte, capability string) []byte {
	t.Helper()
	var spec map[string]map[string]any
	if err := json.Unmarshal(with, &spec); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for set, list := range spec["process"]["capabilities"].(map[string]any) {
		var less []any
		for _, c := range list.([]any) {
			if c == "CAP_"+capability {
				taken++
				continue
			}
			less = append(less, c)
		}
		spec["process"]["capabilities"].(map[string]any)[set] = append([]any{}, less...)
	}
	if taken == 0 {
		t.Fatalf("no %s in %s", capability, with)
	}
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// quietly runs a command and gives what it printed to both streams.
func quietly(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		out = append(out, exit.Stderr...)
	}
	return string(out), err
}

func docker(t *testing.T, args ...string) (string, error) {
	return quietly("docker", append([]string{"-H", "unix://" + lab("docker/sock")}, args...)...)
}

func runDocker(t *testing.T, name string, with []byte, detached bool, then string) (string, error) {
	t.Helper()
	// docker lets every user bind every port in a network namespace that it makes.
	args := append([]string{"run", "--name", name, "--network", "none", "--tmpfs", "/tmp", "--sysctl", "net.ipv4.ip_unprivileged_port_start=1024"}, ended(detached)...)
	args = append(args, strings.Fields(string(with))...)
	return docker(t, append(args, "capview.lab/web:1", "/bin/sh", "-c", work, then)...)
}

func rootPodman(t *testing.T, args ...string) (string, error) {
	root := lab("podman")
	return quietly("podman", append([]string{"--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--storage-driver", "vfs",
		"--root", root + "/root", "--runroot", root + "/run", "--tmpdir", root + "/tmp"}, args...)...)
}

func runPodman(t *testing.T, name string, with []byte, detached bool, then string) (string, error) {
	t.Helper()
	args := append([]string{"run", "--name", name, "--network", "none", "--tmpfs", "/tmp", "--ulimit", "nofile=1024:2048", "--ulimit", "nproc=1000:2000"}, ended(detached)...)
	args = append(args, strings.Fields(string(with))...)
	return rootPodman(t, append(args, "--rootfs", lab("rootfs"), "/bin/sh", "-c", work, then)...)
}

// ended is how a container runs on by itself, or goes away when it has ended.
func ended(detached bool) []string {
	if detached {
		return []string{"-d"}
	}
	return []string{"--rm"}
}

// runRunc starts a bundle with docker's default capabilities, or those of a recommendation.
func runRunc(t *testing.T, name string, with []byte, detached bool, then string) (string, error) {
	t.Helper()
	return runBundle(t, "runc", name, detached, func(config map[string]any) {
		process := config["process"].(map[string]any)
		process["args"] = []string{"/bin/sh", "-c", work, then}
		if with == nil {
			return
		}
		var r struct{ Process map[string]any }
		if err := json.Unmarshal(with, &r); err != nil {
			t.Fatal(err)
		}
		for key, value := range r.Process {
			process[key] = value
		}
	})
}

// runBundle starts a bundle of the lab's root with docker's default capabilities, as edited, by runc or crun.
func runBundle(t *testing.T, runtime, name string, detached bool, edit func(config map[string]any)) (string, error) {
	t.Helper()
	dir := t.TempDir()
	spec := exec.Command("runc", "spec")
	spec.Dir = dir
	if out, err := spec.CombinedOutput(); err != nil {
		t.Fatalf("runc spec: %v %s", err, out)
	}
	path := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(path)
	var config map[string]any
	if err = errors.Join(err, json.Unmarshal(text, &config)); err != nil {
		t.Fatal(err)
	}
	process := config["process"].(map[string]any)
	process["terminal"], process["noNewPrivileges"] = false, false
	delete(process, "rlimits")
	all := []string{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP",
		"CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"}
	process["capabilities"] = map[string][]string{"bounding": all, "effective": all, "permitted": all}
	config["root"] = map[string]any{"path": lab("rootfs"), "readonly": true}
	config["mounts"] = append(config["mounts"].([]any), map[string]any{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"})
	edit(config)
	text, err = json.Marshal(config)
	if err = errors.Join(err, os.WriteFile(path, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	if runtime == "crun" { // it takes no hybrid hierarchy of control groups: it is shown version 2's alone
		const alone = `umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec crun --root "$0/state" run --bundle "$0" "$1"`
		return quietly("unshare", "--mount", "sh", "-c", alone, dir, name)
	}
	if detached {
		return quietly("/bin/sh", "-c", `exec runc run -d --bundle "$0" "$1" </dev/null >"$0/log" 2>&1`, dir, name)
	}
	return quietly("runc", "run", "--bundle", dir, name)
}
