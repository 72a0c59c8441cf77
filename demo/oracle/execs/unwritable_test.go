package main

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// Attributes that no system call writes, put on the disk of a file system of their own: one of revision 1 counts, a
// malformed one makes execve(2) fail.
func TestAttributesThatCannotBeWritten(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: no file system can be mounted")
	}
	for _, tool := range []string{"mke2fs", "debugfs", "losetup", "unshare", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool, " is not installed")
		}
	}
	if exec.Command("losetup", "-f").Run() != nil {
		t.Skip("no loop device is free")
	}
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	kernel := rules.KernelOf(string(text), caps.Last)
	for name, attribute := range map[string]string{
		"revision 1":                "010000010020000000200000",
		"revision 1, not effective": "000000010024000000000000",
		"revision 7":                "010000070020000000000000",
		"revision 2, too short":     "010000020020000000000000",
	} {
		got := executeWith(t, attribute)
		if want := predictWith(t, kernel, attribute); got != want {
			t.Errorf("%s: the kernel %s, the rules %s", name, got, want)
		}
	}
}

// script mounts the image where nobody else sees it, and executes the program in it as a user of no privilege.
const script = `mount -o loop "$1/image" "$1/mnt" && exec setpriv --reuid 1000 --regid 1000 --clear-groups "$1/mnt/cat" /proc/self/status`

// executeWith executes a program with an attribute, and returns the sets that it has, or how that failed.
func executeWith(t *testing.T, attribute string) string {
	dir := t.TempDir()
	for _, sub := range []string{"files", "mnt"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	value, err := hex.DecodeString(attribute)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "value"), value, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"cp", "/bin/cat", dir + "/files/cat"},
		{"mke2fs", "-q", "-t", "ext4", "-d", dir + "/files", dir + "/image", "8M"},
		{"debugfs", "-w", "-R", "ea_set -f " + dir + "/value /cat security.capability", dir + "/image"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	out, err := exec.Command("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", dir).CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "Invalid argument") {
			return "EINVAL"
		}
		t.Fatalf("%v: %s", err, out)
	}
	st, err := parseStatus(string(out))
	if err != nil {
		t.Fatal(err)
	}
	return sets(st.caps)
}

// predictWith is what the rules say of it.
func predictWith(t *testing.T, kernel rules.Kernel, attribute string) string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	own, err := parseStatus(string(text))
	if err != nil {
		t.Fatal(err)
	}
	before := caps.Sets{Inheritable: own.caps.Inheritable, Bounding: own.caps.Bounding}
	ids := fact.Some(rules.IDs{Real: 1000, Effective: 1000, Saved: 1000, FS: 1000})
	task := rules.Task{UID: ids, GID: ids, Groups: fact.Some([]uint32{}), Caps: fact.Some(before), SecureBits: fact.Some(rules.SecureBits(0)),
		NoNewPrivs: fact.Some(false), Traced: fact.Some(false), SharedFS: fact.Some(false)}
	task.Namespaces[nsinfo.UserNS], task.Namespaces[nsinfo.Mount] = rules.InitialUserNS, 1
	f := rules.File{Path: "cat", Inode: fact.Some(rules.Inode{Mode: 0o755}), NoSUID: fact.Some(false), NoExec: fact.Some(false),
		MountNS: fact.Some(uint64(1)), Superblock: fact.Some[uint64](rules.InitialUserNS)}
	value, err := hex.DecodeString(attribute)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := filecap.Parse(value); err == nil {
		f.Caps = fact.Some(c)
	} else {
		f.BadCaps = true
	}
	users := rules.NewUsers(nil, rules.InitialUserNS, rules.InitialUserNS)
	r := rules.Exec(&users, &task, &f, kernel)
	if r.After == nil {
		return string(r.Errno)
	}
	return sets(r.After.Caps)
}
