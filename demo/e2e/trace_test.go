//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// cri asks the lab's containerd for pods.
func cri(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return quietly(lab("bin/cri"), append([]string{"-socket", lab("containerd/sock"), "-image", "capview.lab/shop:1", "-logs", lab("log")}, args...)...)
}

// pod starts a pod of one container with a securityContext, "" for none, and leaves it running.
func pod(t *testing.T, name, security string, command ...string) {
	t.Helper()
	args := []string{"-detach"}
	if security != "" {
		file := filepath.Join(t.TempDir(), "security.yaml")
		if err := os.WriteFile(file, []byte(security), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-security", file)
	}
	t.Cleanup(func() { cri(t, "remove", name) })
	if out, err := cri(t, append(append(args, "run", name), command...)...); err != nil {
		t.Fatalf("pod %s: %v\n%s", name, err, out)
	}
}

// again repeats something until the container ends.
func again(what string) []string {
	return []string{"/bin/sh", "-c", "while :; do " + what + "; /bin/sleep 0.2; done"}
}

// seed is who asks for what, in a pod or elsewhere, and what the kernel answers.
type seed struct{ pod, comm, cap, verdict string }

// onHost is what the host's own shell does: the operations that the gadget's page of traced capabilities lists.
const onHost = `cd "$0"; : >f
for i in 1 2 3 4 5; do
	chown 1:1 f; chmod 600 f; chroot / true; nice -n -20 true; nsenter --uts=/proc/self/ns/uts true
	unshare -Urf mount -t tmpfs none /mnt
	unshare -Urm --propagation unchanged mount -t tmpfs none /mnt
	setpriv --reuid 1000 --regid 1000 --clear-groups nice -n -20 true
	setpriv --bounding-set -all nsenter --uts=/proc/self/ns/uts true
	setpriv --bounding-set -all chown 2:2 f
	setpriv --bounding-set -all chroot / true
	sleep 0.3
done 2>/dev/null
true`

// TestTraceSeeds traces the whole node while pods and processes of the host do what is known: each check appears as what it
// is, and every check that anything on the node makes meanwhile was answered as the rules say.
func TestTraceSeeds(t *testing.T) {
	needsLab(t)
	prefix := fmt.Sprintf("%s-%d-", labName(t), os.Getpid())
	denied, allowed := prefix+"set-priority", prefix+"set-priority-added"
	done, looked := make(chan struct{}), make(chan []moment, 1)
	var all []between
	events := traced(t, func() {
		go func() { looked <- moments(t, done) }()
		defer func() { all = betweens(<-looked) }()
		defer close(done)
		pod(t, denied, "", again("/bin/nice -n -20 /bin/true")...)
		pod(t, allowed, "securityContext: {capabilities: {drop: [ALL], add: [SYS_NICE]}}", again("/bin/nice -n -20 /bin/true")...)
		if out, err := exec.Command("/bin/sh", "-c", onHost, t.TempDir()).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		busy(t)
		time.Sleep(4 * time.Second) // the node is looked at again to learn of what is new
	}, "--all")
	checks, last := checksOf(t, events)
	if last.Lost["checks"]+last.Lost["unattributed"] != 0 {
		t.Errorf("lost: %v", last.Lost)
	}
	var p predictions
	over := 0
	for i := range checks {
		c := &checks[i]
		p.predict(t, c, all)
		if c.Comm == "mount" && c.Cap == "cap_sys_admin" && c.Verdict == "deny" && c.CurrentUserNS != c.TargetUserNS {
			over++
		}
	}
	if over == 0 {
		t.Error("no mount in a mount namespace of another user namespace was seen")
	}
	seen := map[seed]uint64{}
	for _, r := range *last.Totals {
		s := seed{comm: r.Comm, cap: r.Cap, verdict: r.Verdict}
		if r.Pod != nil {
			s.pod = *r.Pod
		}
		seen[s] += r.Checks
	}
	for _, s := range []seed{
		{"lab/" + denied, "nice", "cap_sys_nice", "deny"}, {"lab/" + allowed, "nice", "cap_sys_nice", "allow"},
		{"", "nice", "cap_sys_nice", "allow"}, {"", "nice", "cap_sys_nice", "deny"},
		{"", "chown", "cap_chown", "allow"}, {"", "chown", "cap_chown", "deny"}, {"", "chmod", "cap_fowner", "allow"},
		{"", "chroot", "cap_sys_chroot", "allow"}, {"", "chroot", "cap_sys_chroot", "deny"},
		{"", "nsenter", "cap_sys_admin", "allow"}, {"", "nsenter", "cap_sys_admin", "deny"},
		{"", "mount", "cap_sys_admin", "deny"}, {"", "mount", "cap_sys_admin", "allow"},
	} {
		if seen[s] < 3 {
			t.Errorf("%+v: counted %d times", s, seen[s])
		}
	}
	for pod, other := range map[string]string{denied: "allow", allowed: "deny"} {
		if n := seen[seed{"lab/" + pod, "nice", "cap_sys_nice", other}]; n > 0 {
			t.Errorf("pod %s: %d times %s", pod, n, other)
		}
	}
	if p.right < 1000 || p.denied < 20 || p.above < 5 || p.owner < 3 || p.processes < 100 || p.wrong > 0 {
		t.Errorf("%d wrong; or too few, or not all kinds: %+v", p.wrong, p)
	}
	t.Logf("by %s: of %d checks the rules give the kernel's answer to %d (denied %d, by an owner's right %d, over another user namespace %d); foretold from procfs too: %d, and %d had become something else. "+
		"Not known: %d, over user namespaces that were not there before and after; %d were made before or after the node was looked at; the ring had no room for %d",
		last.Rung, len(checks), p.right, p.denied, p.owner, p.above, p.processes, p.raced, p.unknown, p.outside, last.Lost["events"])
}

// busy has containers of several runtimes do something.
func busy(t *testing.T) {
	t.Helper()
	for _, name := range []string{"web", "dropped", "plain-user", "admin"} {
		out, err := docker(t, "exec", name, "/bin/sh", "-c", "/bin/busybox mount -t tmpfs none /tmp; /bin/busybox touch /tmp/f; /bin/busybox chown 1:1 /tmp/f; /bin/nice -n -20 /bin/true; /bin/busybox ip link add d0 type dummy; exit 0")
		if err != nil {
			t.Errorf("docker exec %s: %v\n%s", name, err, out)
		}
	}
	for _, rootless := range []bool{false, true} {
		args := []string{"exec", "mapped"}
		if rootless {
			args[1] = "blog"
		}
		podman(t, rootless, append(args, "/bin/sh", "-c", "/bin/busybox mount -t tmpfs none /proc; /bin/busybox chown 1:1 /tmp; /bin/nice -n -20 /bin/true; /bin/busybox hostname x; exit 0")...)
	}
}

// TestTraceFollowsRestarts traces containers by name while they end and are started again: docker's, podman's, and a pod that
// is removed and made anew.
func TestTraceFollowsRestarts(t *testing.T) {
	needsLab(t)
	prefix := fmt.Sprintf("%s-again-%d-", labName(t), os.Getpid())
	asking := again("/bin/busybox mkdir -p /tmp/d; /bin/busybox chown 1:1 /tmp/d")
	type restarted struct {
		name  string
		start func(name string) (string, error)
		again func(name string) (string, error)
		end   func(name string)
	}
	ofDocker := func(name string) (string, error) {
		return docker(t, append([]string{"run", "-d", "--name", name, "--network", "none", "--tmpfs", "/tmp", "capview.lab/web:1"}, asking...)...)
	}
	ofPodman := func(name string) (string, error) {
		return rootPodman(t, append([]string{"run", "-d", "--name", name, "--network", "none", "--tmpfs", "/tmp", "--ulimit", "nofile=1024:2048", "--ulimit", "nproc=1000:2000", "--rootfs", lab("rootfs")}, asking...)...)
	}
	ofPod := func(name string) (string, error) {
		return cri(t, append([]string{"-detach", "run", name}, asking...)...)
	}
	all := []restarted{
		{prefix + "restart", ofDocker, func(name string) (string, error) { return docker(t, "restart", "-t", "0", name) }, func(name string) { docker(t, "rm", "-f", name) }},
		{prefix + "podman", ofPodman, func(name string) (string, error) {
			rootPodman(t, "rm", "-f", "-t", "0", name)
			return ofPodman(name)
		}, func(name string) { rootPodman(t, "rm", "-f", "-t", "0", name) }},
		{prefix + "pod", ofPod, func(name string) (string, error) {
			cri(t, "remove", name)
			return ofPod(name)
		}, func(name string) { cri(t, "remove", name) }},
	}
	args := []string{"-c", all[0].name}
	for _, r := range all {
		t.Cleanup(func() { r.end(r.name) })
		if out, err := r.start(r.name); err != nil {
			t.Fatalf("%s: %v\n%s", r.name, err, out)
		}
		if r.name != all[0].name {
			args = append(args, r.name)
		}
	}
	ended := map[string]time.Time{}
	events := traced(t, func() {
		for _, r := range all {
			if out, err := r.again(r.name); err != nil {
				t.Fatalf("%s: %v\n%s", r.name, err, out)
			}
			ended[r.name] = time.Now()
		}
		time.Sleep(5 * time.Second)
	}, args...)
	checks, _ := checksOf(t, events)
	before, after := map[string]int{}, map[string]int{}
	for _, c := range checks {
		if c.Cap != "cap_chown" {
			continue
		}
		known := false
		for _, r := range all {
			if c.Container == nil || *c.Container != r.name && *c.Container != "lab/"+r.name+" "+r.name {
				continue
			}
			known = true
			if c.TS.After(ended[r.name]) {
				after[r.name]++
			} else {
				before[r.name]++
			}
		}
		if !known {
			t.Errorf("a check of %v, which was not asked for: %+v", c.Container, c)
		}
	}
	for _, r := range all {
		if before[r.name] < 3 || after[r.name] < 3 {
			t.Errorf("%s: %d checks before it was started again, %d after", r.name, before[r.name], after[r.name])
		}
	}
	t.Logf("checks before %v, after %v", before, after)
}
