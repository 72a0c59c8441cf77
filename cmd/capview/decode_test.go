package main

import (
	"bytes"
	"context"
	"math/bits"
	"os/exec"
	"strings"
	"testing"

	"capview/inspect/caps"
)

// runWith runs a command line with these words on standard input.
func runWith(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(context.Background(), args, map[string]string{}, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// Every single bit, every run of low bits and masks without order decode as libcap prints them, and encode back.
func TestDecodeAgreesWithCapsh(t *testing.T) {
	capsh, err := exec.LookPath("capsh")
	if err != nil {
		t.Skip("needs capsh, of the package libcap2-bin")
	}
	var masks []string
	for i := range 64 {
		scattered := bits.RotateLeft64(0x9e3779b97f4a7c15*uint64(i+1), i)
		for _, m := range []uint64{1 << i, 1<<i - 1, scattered} {
			masks = append(masks, caps.Set(m).Hex())
		}
	}
	status, got, stderr := runWith(t, "", append([]string{"decode"}, masks...)...)
	if status != 0 {
		t.Fatal(stderr)
	}
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	for i, mask := range masks {
		want, err := exec.Command(capsh, "--decode="+mask).Output()
		if err != nil {
			t.Fatal(err)
		}
		if lines[i] != strings.TrimSuffix(string(want), "\n") {
			t.Errorf("decode %s\n got %s\nwant %s", mask, lines[i], want)
		}
	}
	t.Logf("compared %d masks with capsh --decode", len(masks))
}

func TestDecodeBack(t *testing.T) {
	for c := caps.Cap(0); c < 64; c++ {
		names := c.String() + ",cap_chown"
		status, got, stderr := runWith(t, names+"\n", "decode", "-")
		if want := (caps.Of(c, caps.Chown)).Hex() + "\n"; status != 0 || got != want {
			t.Errorf("decode %s: %d %q %q, want %q", names, status, got, stderr, want)
		}
	}
}

func TestDecodeBoundsItsInput(t *testing.T) {
	status, _, stderr := runWith(t, strings.Repeat("a", 1<<20), "decode", "-")
	if status != exitTrouble || !strings.HasPrefix(stderr, "capview: cannot read standard input: ") {
		t.Errorf("%d %q", status, stderr)
	}
}
