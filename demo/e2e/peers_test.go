//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestAgreesWithGetpcaps compares the three sets that libcap's getpcaps shows of each process.
func TestAgreesWithGetpcaps(t *testing.T) {
	needsLab(t)
	exported := export(t)
	last := lastCap(t)
	compared := 0
	for pid, p := range exported {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err != nil {
			continue
		}
		real := getpcaps(t, pid)
		if real == "" || gone(pid, p) {
			continue
		}
		sets, err := parseText(real, last)
		if err != nil {
			t.Fatalf("getpcaps %d: %v", pid, err)
		}
		compared++
		said := p.credentials.facts()
		for i, name := range []string{"effective", "inheritable", "permitted"} {
			if want := fmt.Sprintf("%016x", sets[i]); said[name] != want && !changed(pid, name, said[name]) {
				t.Errorf("process %d (%q): %s is %s, getpcaps says %s", pid, p.Comm, name, said[name], want)
			}
		}
	}
	if compared == 0 {
		t.Fatal("no process could be compared")
	}
	t.Logf("compared the sets of %d processes with getpcaps", compared)
}

// getpcaps is the text form of a process's sets; "" where it ended.
func getpcaps(t *testing.T, pid int) string {
	t.Helper()
	out := output(t, "sh", "-c", `getpcaps "$1" 2>/dev/null; true`, "sh", strconv.Itoa(pid))
	_, text, _ := strings.Cut(strings.TrimSuffix(out, "\n"), ": ")
	return text
}

func gone(pid int, p process) bool {
	f, ok := kernelFacts(pid)
	return !ok || f["start_time"] != strconv.FormatUint(p.StartTime, 10)
}

// changed tells that the kernel, asked again, no longer says what capview was told.
func changed(pid int, name, said string) bool {
	f, ok := kernelFacts(pid)
	return !ok || f[name] != said
}

func lastCap(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		t.Fatal(err)
	}
	last, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return last
}

// parseText reads cap_from_text(3)'s form into effective, inheritable and permitted.
func parseText(text string, last int) ([3]uint64, error) {
	var sets [3]uint64
	for clause := range strings.FieldsSeq(text) {
		at := strings.IndexAny(clause, "=+-")
		if at < 0 {
			return sets, fmt.Errorf("%q has no operator", clause)
		}
		mask, err := parseNames(clause[:at], last)
		if err != nil {
			return sets, err
		}
		for rest := clause[at:]; rest != ""; {
			end := strings.IndexAny(rest[1:], "=+-") + 1
			if end == 0 {
				end = len(rest)
			}
			for i, flag := range "eip" {
				named := strings.ContainsRune(rest[1:end], flag)
				switch {
				case rest[0] == '-' && named, rest[0] == '=' && !named:
					sets[i] &^= mask
				case named:
					sets[i] |= mask
				}
			}
			rest = rest[end:]
		}
	}
	return sets, nil
}

func parseNames(names string, last int) (uint64, error) {
	if names == "" || names == "all" {
		return 1<<(last+1) - 1, nil
	}
	var mask uint64
	for name := range strings.SplitSeq(names, ",") {
		number, ok := numbers[name]
		if !ok {
			n, err := strconv.Atoi(name)
			if err != nil {
				return 0, fmt.Errorf("%q is no capability", name)
			}
			number = n
		}
		mask |= 1 << number
	}
	return mask, nil
}

// numbers are the capabilities as the kernel's header has them.
var numbers = func() map[string]int {
	found := map[string]int{}
	file, err := os.Open("/usr/include/linux/capability.h")
	if err != nil {
		return found
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var name string
		var number int
		if n, _ := fmt.Sscanf(lines.Text(), "#define %s %d", &name, &number); n == 2 && strings.HasPrefix(name, "CAP_") {
			found[strings.ToLower(name)] = number
		}
	}
	return found
}()

// TestAgreesWithGetcap compares the capabilities of each executable, reached through its process's root.
func TestAgreesWithGetcap(t *testing.T) {
	needsLab(t)
	executables, processes, capable := map[string]string{}, 0, 0
	for pid, p := range export(t) {
		if p.Exe == nil || *p.Exe == "" || strings.HasSuffix(*p.Exe, " (deleted)") {
			continue
		}
		path := filepath.Join(fmt.Sprintf("/proc/%d/root", pid), *p.Exe)
		file, err := os.Stat(path)
		running, err2 := os.Stat(fmt.Sprintf("/proc/%d/exe", pid))
		if err != nil || err2 != nil || !os.SameFile(file, running) || gone(pid, p) {
			continue
		}
		out := strings.TrimSpace(output(t, "getcap", "-n", path))
		want := strings.TrimPrefix(strings.TrimPrefix(out, path), " ")
		said := unreadable
		if p.FileCaps != nil {
			said = p.FileCaps.Text
			if p.FileCaps.RootID != 0 {
				said += fmt.Sprintf(" [rootid=%d]", p.FileCaps.RootID)
			}
		}
		if said != want {
			t.Errorf("process %d (%q): its executable %s has %q, getcap says %q", pid, p.Comm, *p.Exe, said, want)
		}
		processes++
		executables[fmt.Sprint(running.Sys())] = want
		if want != "" {
			capable++
		}
	}
	if capable < 3 {
		t.Errorf("%d processes run a file with capabilities, the lab has more", capable)
	}
	t.Logf("compared the executables of %d processes with getcap -n; %d have file capabilities", processes, capable)
}

// TestAgreesWithLsns compares how many processes each user namespace has.
func TestAgreesWithLsns(t *testing.T) {
	needsLab(t)
	before := lsns(t)
	exported := export(t)
	after := lsns(t)
	said := map[string]int{}
	for _, p := range exported {
		if user := p.Namespaces["user"]; user != nil {
			said[strconv.FormatUint(*user, 10)]++
		}
	}
	spaces, processes := 0, 0
	for user, want := range before {
		// capview, lsns and what else comes and goes is in the same namespace as this test.
		if want != after[user] || user == inode("/proc/self/ns/user") {
			continue
		}
		spaces++
		processes += want
		if said[user] != want {
			t.Errorf("user namespace %s has %d processes, lsns says %d", user, said[user], want)
		}
	}
	for user := range said {
		if before[user] == 0 && after[user] == 0 {
			t.Errorf("user namespace %s is not known to lsns", user)
		}
	}
	if spaces < 5 {
		t.Errorf("%d user namespaces could be compared, the lab has more", spaces)
	}
	t.Logf("compared %d user namespaces of %d processes with lsns -t user", spaces, processes)
}

func lsns(t *testing.T) map[string]int {
	t.Helper()
	found := map[string]int{}
	// lsns ends with 1 where one process may not be read, having told of the others.
	for line := range strings.Lines(output(t, "sh", "-c", "lsns -t user -n -o NS,NPROCS || [ $? = 1 ]")) {
		var user string
		var count int
		if n, _ := fmt.Sscan(line, &user, &count); n == 2 {
			found[user] = count
		}
	}
	return found
}
