package caps

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Cap{
		"cap_chown": Chown, "chown": Chown, "CAP_NET_ADMIN": NetAdmin, "Net_Admin": NetAdmin,
		"40": CheckpointRestore, "41": 41, "63": 63, "cap_63": 63, "0": Chown,
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "cap_", "64", "-1", "+1", "0x1", "cap_cap_chown", "ne", "net_admi", " chown", "\u212aill", "CAP_CHOWN\x00"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

// Every capability is found by what it is called, and has all that is told of it.
func TestEveryCapability(t *testing.T) {
	for c := Cap(0); c < 64; c++ {
		for _, name := range []string{c.String(), c.Short(), strings.ToUpper(c.String())} {
			if got, err := Parse(name); err != nil || got != c {
				t.Errorf("%s: read as %v, %v", name, got, err)
			}
		}
		if c.Known() != (c <= Last) || c.Known() != strings.HasPrefix(c.String(), "cap_") {
			t.Errorf("%d: Known is %v and its name %s", c, c.Known(), c)
		}
		checkAbout(t, c)
	}
}

func checkAbout(t *testing.T, c Cap) {
	lines := append(c.Explain(), c.Allows(), c.DangerReason(), c.Scope().String())
	if len(lines) < 5 {
		t.Errorf("%v: %d lines", c, len(lines))
	}
	for _, line := range lines {
		if line == "" || strings.HasSuffix(line, ".") || strings.ContainsAny(line, "\n\t") || len(line) > 120 {
			t.Errorf("%v: bad line %q", c, line)
		}
	}
	if n := len(c.Allows()); n > 72 {
		t.Errorf("%v: Allows has %d columns", c, n)
	}
	if d := c.Danger(); d < 0 || d > 3 {
		t.Errorf("%v: danger %d", c, d)
	}
	if c.Scope() == ScopeHost && c.HostPart() != "" || c.Scope() != ScopeHost && c.ChildPart() != "" {
		t.Errorf("%v: a part that its scope %v says already", c, c.Scope())
	}
}

// What the grades promise: nothing that a runtime gives by default breaks out, and what is known to does.
func TestDanger(t *testing.T) {
	for _, d := range Defaults {
		if bad := d.Set.Dangerous(2); bad != 0 {
			t.Errorf("%s gives %s by default", d.Name, bad.Names())
		}
	}
	breaksOut := Of(DACReadSearch, SysModule, SysRawIO, SysAdmin, SysBoot)
	if got := Full(Last).Dangerous(3); got != breaksOut {
		t.Errorf("danger 3: %s", got.Names())
	}
	if Full(63).Dangerous(0) != Full(63) {
		t.Error("danger 0 must be everything")
	}
}

func TestHostOnly(t *testing.T) {
	only := HostOnly()
	for _, c := range []Cap{SysModule, SysRawIO, SysTime, Mknod, Syslog, AuditControl, BPF, PerfMon, SysResource, IPCLock, Lease} {
		if !only.Has(c) {
			t.Errorf("%v counts only in the initial user namespace", c)
		}
	}
	for _, c := range []Cap{Chown, SetUID, NetAdmin, NetRaw, SysAdmin, SysChroot, SysPtrace, Kill, IPCOwner, SysBoot, SetFCap} {
		if only.Has(c) {
			t.Errorf("%v counts in other user namespaces too", c)
		}
	}
}

func TestSet(t *testing.T) {
	s := Of(Chown, NetAdmin, 63)
	if s.Count() != 3 || !s.Has(63) || s.Has(Kill) || s.Has(64) || s.Has(255) {
		t.Errorf("%x has the wrong members", uint64(s))
	}
	if got := s.List(); len(got) != 3 || got[0] != Chown || got[1] != NetAdmin || got[2] != 63 {
		t.Errorf("listed as %v", got)
	}
	if s.Names() != "cap_chown,cap_net_admin,63" || Set(0).Names() != "" {
		t.Errorf("named %q and %q", s.Names(), Set(0).Names())
	}
	if Full(0) != 1 || Full(40) != 0x1ffffffffff || Full(63) != ^Set(0) || Full(200) != ^Set(0) {
		t.Error("Full is wrong")
	}
	if u := (Sets{1, 2, 4, 8, 16}).Union(); u != 31 {
		t.Errorf("union %x", uint64(u))
	}
}

func TestParseHex(t *testing.T) {
	for text, want := range map[string]Set{
		"0": 0, "3": 3, "0x3": 3, "0XfF": 255, "00000000a80425fb": 0xa80425fb,
		"ffffffffffffffff": ^Set(0), "0xffffffffffffffff": ^Set(0),
	} {
		got, err := ParseHex(text)
		if err != nil || got != want {
			t.Errorf("%q: got %x, %v; want %x", text, uint64(got), err, uint64(want))
		}
		if same, err := ParseHex([]byte(text)); err != nil || same != got {
			t.Errorf("%q as bytes: got %x, %v", text, uint64(same), err)
		}
	}
	for _, text := range []string{"", "0x", "x", "0x0x1", "0x0X1", "-1", "+1", "1_0", " 1", "1 ", "g", "00000000000000000", "0x1ffffffffffffffff"} {
		if got, err := ParseHex(text); err == nil {
			t.Errorf("%q was read as %x", text, uint64(got))
		}
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = ParseHex([]byte("00000000a80425fb")) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestJSON(t *testing.T) {
	s := Sets{Inheritable: 1, Permitted: 0xa80425fb, Effective: 2, Bounding: ^Set(0), Ambient: 0}
	b, err := json.Marshal(s)
	want := `{"inheritable":"0000000000000001","permitted":"00000000a80425fb","effective":"0000000000000002","bounding":"ffffffffffffffff","ambient":"0000000000000000"}`
	if err != nil || string(b) != want {
		t.Fatalf("wrote %s, %v; want %s", b, err, want)
	}
	var back Sets
	if err := json.Unmarshal(b, &back); err != nil || back != s {
		t.Errorf("came back as %+v, %v", back, err)
	}
	for _, bad := range []string{`{"effective":"zz"}`, `{"effective":""}`, `{"effective":3}`, `{"effective":"00000000000000001"}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// The lists of the runtimes' sources, by name, against the masks seen in /proc under them.
func TestDefaults(t *testing.T) {
	for name, want := range map[string]Set{"docker": 0xa80425fb, "containerd": 0xa80425fb, "podman": 0x800405fb, "cri-o": 0x5fb} {
		if got, ok := DefaultFor(name); !ok || got != want {
			t.Errorf("%s: got %s, %v; want %s", name, got.Hex(), ok, want.Hex())
		}
	}
	for _, name := range []string{"", "lxc", "Docker"} {
		if got, ok := DefaultFor(name); ok {
			t.Errorf("%q has the default %s", name, got.Hex())
		}
	}
}
