package profile

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

func TestParseRefuses(t *testing.T) {
	const ok = `"defaultAction": "SCMP_ACT_ERRNO"`
	for _, c := range []struct{ text, want string }{
		{``, "unexpected end"},
		{`[]`, "does not fit"},
		{`{}`, "no defaultAction"},
		{`{"defaultAction": "SCMP_ACT_DENY"}`, `unknown action "SCMP_ACT_DENY"`},
		{`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 65536}`, "errnoRet 65536"},
		{`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOTHING"}`, `unknown errno "ENOTHING"`},
		{`{` + ok + `, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_VAX"]}`, `unknown architecture "SCMP_ARCH_VAX"`},
		{`{` + ok + `, "archMap": [{"architecture": "VAX"}]}`, `archMap: unknown architecture "VAX"`},
		{`{` + ok + `, "architectures": ["SCMP_ARCH_X86_64"], "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}`, "both architectures and archMap"},
		{`{` + ok + `, "syscalls": [{"names": ["read"], "action": "ALLOW"}]}`, `rule 1: unknown action "ALLOW"`},
		{`{` + ok + `, "syscalls": [{"names": [""], "action": "SCMP_ACT_ALLOW"}]}`, `rule 1: "" is no system call's name`},
		{`{` + ok + `, "syscalls": [{"name": "read", "names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`, "both name and names"},
		{`{` + ok + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "=="}]}]}`, `unknown operator "=="`},
		{`{` + ok + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]}`, "argument 6"},
		{`{` + ok + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": -1, "op": "SCMP_CMP_EQ"}]}]}`, "does not fit"},
		{`{` + ok + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "new"}}]}`, `minKernel "new"`},
		{strings.Repeat(" ", maxSize+1), "bytes, at most"},
		{`{` + ok + `, "syscalls": [{"names": [` + strings.Repeat(`"read",`, maxNames) + `"read"], "action": "SCMP_ACT_ALLOW"}]}`, "more than 20000 names"},
	} {
		_, err := Parse([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: %v, want %q", c.text, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is more than a line", err)
		}
	}
}

func TestParseBundle(t *testing.T) {
	p, err := Parse([]byte(`{"ociVersion": "1.2.0", "process": {"args": ["sh"]}, "linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW"}}}`))
	if err != nil || p.DefaultAction != "SCMP_ACT_ALLOW" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, none := range []string{`{"ociVersion": "1.2.0"}`, `{"ociVersion": "1.2.0", "linux": {"seccomp": null}}`} {
		if _, err := Parse([]byte(none)); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", none, err)
		}
	}
}

// Every generation of the engines' profiles passes Parse, and is the same after it is written and read again.
func TestDefaultsParse(t *testing.T) {
	engines := map[string]int{}
	for _, d := range Defaults() {
		engines[d.Engine]++
		text, err := json.Marshal(d.Profile)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(text)
		if err != nil {
			t.Errorf("%s %s: %v", d.Engine, d.Versions, err)
			continue
		}
		again, err := json.Marshal(p)
		if err != nil || string(again) != string(text) {
			t.Errorf("%s %s: read and written it is another", d.Engine, d.Versions)
		}
		if d.Licence != "Apache-2.0" || d.Origin == "" {
			t.Errorf("%s %s: licence %q, origin %q", d.Engine, d.Versions, d.Licence, d.Origin)
		}
		if unknown := p.Unknown(); d.Engine != "podman" && d.Engine != "crio" && len(unknown) > 12 {
			t.Errorf("%s %s: unknown names %v", d.Engine, d.Versions, unknown)
		}
	}
	for _, engine := range Engines {
		if engines[engine] == 0 || NewestDefault(engine) == nil {
			t.Errorf("no default profile of %s", engine)
		}
	}
}

func TestResolve(t *testing.T) {
	p, err := Parse([]byte(`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS",
		"archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}, {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": null}],
		"syscalls": [
			{"name": "read", "action": "SCMP_ACT_ALLOW"},
			{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]}},
			{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errno": "ENOENT", "excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_NO_SUCH"]}},
			{"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64"]}},
			{"names": ["sync"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["amd64"]}},
			{"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
			{"names": ["acct"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "5.4"}},
			{"names": [], "action": "SCMP_ACT_ALLOW"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   Context
		want string
	}{
		{Context{}, "SCMP_ARCH_X86_64 SCMP_ARCH_X86: read clone3(2) arch_prctl ptrace"},
		{Context{Kernel: Version{4, 7}}, "SCMP_ARCH_X86_64 SCMP_ARCH_X86: read clone3(2) arch_prctl acct"},
		{Context{Kernel: Version{5, 4}}, "SCMP_ARCH_X86_64 SCMP_ARCH_X86: read clone3(2) arch_prctl ptrace"},
		{Context{Caps: caps.Of(caps.SysAdmin)}, "SCMP_ARCH_X86_64 SCMP_ARCH_X86: read arch_prctl ptrace"},
		{Context{Caps: caps.Of(caps.SysAdmin, caps.BPF)}, "SCMP_ARCH_X86_64 SCMP_ARCH_X86: read mount arch_prctl ptrace"},
		{Context{Arch: seccomp.AArch64}, "SCMP_ARCH_AARCH64: read clone3(2) sync ptrace"},
		{Context{Arch: seccomp.ARM}, ": read clone3(2) sync ptrace"},
	} {
		oci, err := p.Resolve(c.in)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(oci.Architectures, " ") + ":"
		for _, rule := range oci.Syscalls {
			got += " " + strings.Join(rule.Names, ",")
			if rule.ErrnoRet != nil {
				got += "(" + string('0'+rune(*rule.ErrnoRet)) + ")"
			}
		}
		if got != c.want || *oci.DefaultErrnoRet != 38 {
			t.Errorf("%+v: %s, want %s", c.in, got, c.want)
		}
	}
}

// FuzzParse: whatever is read, Parse gives a profile that resolves and that a filter can be modelled of, or one line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"defaultAction": "SCMP_ACT_ALLOW"}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 38, "op": "SCMP_CMP_LT"}, {"index": 0, "value": 40, "op": "SCMP_CMP_GT"}]}]}`,
		`{"ociVersion": "1", "linux": {"seccomp": {"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86"]}}}`,
		`{"defaultAction": "SCMP_ACT_TRACE", "defaultErrno": "7", "archMap": [{"architecture": "SCMP_ARCH_X86_64"}], "syscalls": [{"name": "ipc", "action": "SCMP_ACT_NOTIFY", "excludes": {"minKernel": "5.1"}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%q", err)
			}
			return
		}
		p.Unknown()
		oci, err := p.Resolve(Context{Caps: caps.Of(caps.SysAdmin)})
		if err != nil {
			t.Fatal(err)
		}
		filter, err := oci.Filter(seccomp.X86_64, Runtime{Library: Newest})
		if err != nil {
			t.Fatal(err)
		}
		for _, nr := range []uint32{0, 41, 56, 1 << 30, ^uint32(0)} {
			filter.Decide(seccomp.X86_64, nr)
		}
	})
}
