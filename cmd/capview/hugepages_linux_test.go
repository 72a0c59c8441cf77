package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"
)

// What a program allocates after it lies where the kernel was asked for huge pages, for the most part.
func TestGrowInHugePages(t *testing.T) {
	if os.Getenv("CAPVIEW_TEST_HUGE") == "" {
		// In a process of its own: here tests before it have made the heap grow.
		cmd := exec.Command(os.Args[0], "-test.run", "^TestGrowInHugePages$", "-test.v")
		cmd.Env = append(os.Environ(), "CAPVIEW_TEST_HUGE=1", "GOGC=off")
		out, err := cmd.CombinedOutput()
		if t.Logf("%s", out); err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("needs a kernel with CONFIG_TRANSPARENT_HUGEPAGE: ", err)
	}
	growInHugePages()
	const blocks, each = 100, 64 << 10
	var kept [blocks][]byte
	for i := range kept {
		kept[i] = make([]byte, each)
	}
	huge := map[bool]int{}
	asked := advised(t)
	for _, block := range kept {
		huge[asked(uintptr(unsafe.Pointer(&block[0])))]++
	}
	if huge[true] < blocks*9/10 {
		t.Errorf("of %d blocks, %d lie in huge pages", blocks, huge[true])
	}
}

// advised tells which addresses huge pages were asked for (proc_pid_smaps(5) VmFlags "hg").
func advised(t *testing.T) func(uintptr) bool {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip("needs a kernel with CONFIG_PROC_PAGE_MONITOR: ", err)
	}
	defer f.Close()
	type span struct{ from, to uintptr }
	var in []span
	var now span
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var next span
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &next.from, &next.to); n == 2 {
			now = next
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && strings.Contains(flags+" ", " hg ") {
			in = append(in, now)
		}
	}
	return func(at uintptr) bool {
		for _, s := range in {
			if at >= s.from && at < s.to {
				return true
			}
		}
		return false
	}
}
