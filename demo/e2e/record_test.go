//go:build linux

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// called is a work that makes a folder, gives it away and serves a port; then it sleeps for so long as its argument says. It
// ends at the first thing that it may not do.
const called = `set -e; /bin/busybox mkdir /tmp/d; /bin/busybox chown 1000:1000 /tmp/d; /bin/httpd -p 897 -h /tmp; /bin/id -u; exec /bin/sleep "$0"`

// without is what the work cannot do without: any of each is called, as the C library chooses.
var without = map[string][]string{
	"mkdir": {"mkdir", "mkdirat"},
	"chown": {"chown", "lchown", "fchown", "fchownat", "chown32", "lchown32", "fchown32"},
	"bind":  {"bind"},
}

// confiner runs the work under a profile in a file, "" for the runtime's own.
type confiner struct {
	name  string
	works func(t *testing.T, name, profile string, detached bool, sleep string) (string, error)
	end   func(t *testing.T, name string) // nil: it is given a profile that was recorded of another
}

var confiners = []confiner{
	{"podman", confinePodman, func(t *testing.T, name string) { rootPodman(t, "rm", "-f", "-t", "0", name) }},
	{"docker", confineDocker, func(t *testing.T, name string) { docker(t, "rm", "-f", name) }},
	{"runc", confineOCI("runc"), nil},
	// On a hybrid hierarchy of control groups crun's containers have none by which they could be waited for.
	{"crun", confineOCI("crun"), nil},
}

// TestRecordedProfileHolds records containers from before their start. Under what was recorded they work, and so do others that
// do the same by other runtimes; without one of the calls they do not.
func TestRecordedProfileHolds(t *testing.T) {
	needsLab(t)
	var held, failed atomic.Int32
	profile := ""
	for _, c := range confiners {
		name := fmt.Sprintf("%s-called-%d-%s", labName(t), os.Getpid(), c.name)
		if c.end != nil {
			profile = c.record(t, name)
		}
		t.Run(c.name, func(t *testing.T) {
			t.Run("under it", func(t *testing.T) {
				t.Parallel()
				if out, err := c.works(t, name+"-under", profile, false, "0.1"); err != nil || out != "0\n" {
					t.Fatalf("it fails: %v\n%s", err, out)
				}
				held.Add(1)
			})
			for what, calls := range without {
				t.Run("without "+what, func(t *testing.T) {
					t.Parallel()
					out, err := c.works(t, name+"-without-"+what, fewerCalls(t, profile, calls), false, "0.1")
					switch {
					case err == nil:
						t.Errorf("it works as well: %s", out)
					case !strings.Contains(out, what) || !strings.Contains(out, "Operation not permitted"):
						t.Errorf("it fails for another reason: %v\n%s", err, out)
					default:
						failed.Add(1)
					}
				})
			}
		})
	}
	if int(held.Load()) != len(confiners) || int(failed.Load()) != len(confiners)*len(without) {
		t.Errorf("%d of %d work under the profile, %d of %d fail with fewer calls", held.Load(), len(confiners), failed.Load(), len(confiners)*len(without))
	}
	t.Logf("under a profile recorded from before the start %d runtimes' containers work, and %d without one of its calls do not", held.Load(), failed.Load())
}

// record is the profile of a container that is waited for.
func (c *confiner) record(t *testing.T, name string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "profile.json")
	cmd := exec.CommandContext(t.Context(), built, "record", "--wait", name, "-o", out)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(pipe)
	for _, want := range []string{"capview: recording; start " + name + " now\n", "capview: recording "} {
		if line, err := said.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Fatalf("capview record said %q, %v: want %q", line, err, want)
		}
		if strings.HasSuffix(want, " now\n") {
			t.Cleanup(func() { c.end(t, name) })
			if text, err := c.works(t, name, "", true, "86400"); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
	}
	awaitSleep(t, name)
	cmd.Process.Signal(syscall.SIGTERM)
	rest, _ := io.ReadAll(said)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("capview record: %v\n%s", err, rest)
	}
	t.Logf("%s: %s", c.name, rest)
	return out
}

// awaitSleep waits until the container's work is done: its first process is what it ends with.
func awaitSleep(t *testing.T, name string) {
	t.Helper()
	(&engine{}).works(t, name)
}

// fewerCalls is a copy of a profile that allows some of its calls no more.
func fewerCalls(t *testing.T, file string, calls []string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	var profile map[string]any
	if err = errors.Join(err, json.Unmarshal(text, &profile)); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, rule := range profile["syscalls"].([]any) {
		names := rule.(map[string]any)["names"].([]any)
		left := slices.DeleteFunc(slices.Clone(names), func(n any) bool { return slices.Contains(calls, n.(string)) })
		taken += len(names) - len(left)
		rule.(map[string]any)["names"] = left
	}
	if taken == 0 {
		t.Fatalf("none of %q in %s", calls, text)
	}
	less := filepath.Join(t.TempDir(), "less.json")
	text, err = json.Marshal(profile)
	if err = errors.Join(err, os.WriteFile(less, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return less
}

func confined(profile string) []string {
	if profile == "" {
		return nil
	}
	return []string{"--security-opt", "seccomp=" + profile}
}

func confineDocker(t *testing.T, name, profile string, detached bool, sleep string) (string, error) {
	t.Helper()
	args := with([]string{"run", "--name", name, "--network", "none", "--tmpfs", "/tmp"}, ended(detached), confined(profile))
	return docker(t, append(args, "capview.lab/web:1", "/bin/sh", "-c", called, sleep)...)
}

func confinePodman(t *testing.T, name, profile string, detached bool, sleep string) (string, error) {
	t.Helper()
	args := with([]string{"run", "--name", name, "--network", "none", "--tmpfs", "/tmp", "--ulimit", "nofile=1024:2048", "--ulimit", "nproc=1000:2000"}, ended(detached), confined(profile))
	return rootPodman(t, append(args, "--rootfs", lab("rootfs"), "/bin/sh", "-c", called, sleep)...)
}

// confineOCI runs a bundle by runc or crun, with the capabilities that docker gives.
func confineOCI(runtime string) func(t *testing.T, name, profile string, detached bool, sleep string) (string, error) {
	return func(t *testing.T, name, profile string, detached bool, sleep string) (string, error) {
		t.Helper()
		text, err := os.ReadFile(profile)
		var seccomp map[string]any
		if err = errors.Join(err, json.Unmarshal(text, &seccomp)); err != nil {
			t.Fatal(err)
		}
		return runBundle(t, runtime, name, detached, func(config map[string]any) {
			config["process"].(map[string]any)["args"] = []string{"/bin/sh", "-c", called, sleep}
			linux := config["linux"].(map[string]any)
			linux["seccomp"] = seccomp
			delete(linux, "resources") // crun's program for devices takes CAP_SYS_RESOURCE to lift the limit of locked memory
		})
	}
}
