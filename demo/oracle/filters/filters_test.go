package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
)

var (
	cases   = flag.Int("cases", 120000, "how many system calls to compare")
	seed    = flag.Uint64("seed", 1, "of the random filters and calls")
	helpers = flag.String("helpers", "", "folder with the programs worker and library, built before")
	least   = flag.Int("least", 200, "how often each kind of filter and each action must be seen")
)

// needs skips where the oracle cannot be asked, and says what is missing.
func needs(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the worker is written for amd64")
	}
	if os.Geteuid() != 0 {
		t.Skip("not root: a filtered process cannot be given more filters, nor be traced")
	}
	if *helpers != "" {
		return
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	if _, err := os.Stat("/usr/include/seccomp.h"); err != nil {
		t.Skip("libseccomp-dev is not installed: ", err)
	}
}

// What the package says of filters is what the kernel does, for every kind of filter and of action.
func TestFiltersAgreeWithKernel(t *testing.T) {
	needs(t)
	var out, errs bytes.Buffer
	code := run([]string{"-n", strconv.Itoa(*cases), "-seed", strconv.FormatUint(*seed, 10), "-helpers", *helpers, "-least", strconv.Itoa(*least)}, &out, &errs)
	t.Logf("%s", out.Bytes())
	if code != 0 {
		t.Errorf("exit status %d: %.20000s", code, errs.String())
	}
}
