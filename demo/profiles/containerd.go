package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	_ "golang.org/x/sys/unix" // what the engine's code is built with
)

// containerd's profile is code. fromCode runs that code for every architecture and capability, and writes down what it
// came to in the engines' format.

// hosts is Go's names of the architectures that capview runs on.
var hosts = []string{"amd64", "386", "arm64", "arm"}

// answer is what containerd's code gives on one architecture: for no capability, and for each alone.
type answer struct {
	Base    *specs.LinuxSeccomp
	ByCap   map[string]*specs.LinuxSeccomp
	Several map[string]*specs.LinuxSeccomp // capabilities joined by commas: to check with
}

// driver is the program around the engine's code.
const driver = `package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

type answer struct {
	Base    *specs.LinuxSeccomp
	ByCap   map[string]*specs.LinuxSeccomp
	Several map[string]*specs.LinuxSeccomp
}

func spec(caps ...string) *specs.Spec {
	return &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: caps}}}
}

func main() {
	a := answer{DefaultProfile(spec()), map[string]*specs.LinuxSeccomp{}, map[string]*specs.LinuxSeccomp{}}
	for _, c := range strings.Split(os.Args[2], " ") {
		a.ByCap[c] = DefaultProfile(spec(c))
	}
	for _, s := range os.Args[3:] {
		a.Several[s] = DefaultProfile(spec(strings.Split(s, ",")...))
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		panic(err)
	}
}

var goarch = os.Args[1]

type (
	kernelVersion struct{ Kernel, Major uint64 }
	kernelList struct{}
)

var kernels kernelList

// The rules for kernels are taken for those of a kernel new enough: one that filters can be read of is.
func (kernelList) GreaterEqualThan(kernelVersion) (bool, error) { return true, nil }
`

// several is sets of capabilities that the result is checked with.
var several = []string{
	"CAP_SYS_ADMIN,CAP_SYS_PTRACE", "CAP_BPF,CAP_PERFMON,CAP_SYSLOG",
	"CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FSETID,CAP_FOWNER,CAP_MKNOD,CAP_NET_RAW,CAP_SETGID,CAP_SETUID,CAP_SETFCAP,CAP_SETPCAP,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT,CAP_KILL,CAP_AUDIT_WRITE",
	"CAP_SYS_ADMIN,CAP_SYS_CHROOT,CAP_SYS_TIME,CAP_SYS_NICE,CAP_BPF",
}

// rule is one in the engines' format.
type rule struct {
	specs.LinuxSyscall
	Includes *conditions `json:"includes,omitempty"`
	Excludes *conditions `json:"excludes,omitempty"`
}

type conditions struct {
	Caps   []string `json:"caps,omitempty"`
	Arches []string `json:"arches,omitempty"`
}

type archMap struct {
	Architecture     specs.Arch   `json:"architecture"`
	SubArchitectures []specs.Arch `json:"subArchitectures"`
}

func fromCode(code string) (json.RawMessage, error) {
	dir, err := os.MkdirTemp(".", "containerd-") // in this module, whose libraries the code is built with
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program, err := build(dir, code)
	if err != nil {
		return nil, err
	}
	profile := struct {
		DefaultAction specs.LinuxSeccompAction `json:"defaultAction"`
		ArchMap       []archMap                `json:"archMap"`
		Syscalls      []rule                   `json:"syscalls"`
	}{}
	onEach := map[string][]rule{}
	for _, host := range hosts {
		got, err := ask(program, host)
		if err != nil {
			return nil, err
		}
		profile.DefaultAction = got.Base.DefaultAction
		if at := slices.Index(got.Base.Architectures, natives[host]); at >= 0 {
			others := slices.Delete(slices.Clone(got.Base.Architectures), at, at+1)
			profile.ArchMap = append(profile.ArchMap, archMap{natives[host], others})
		}
		if onEach[host], err = got.rules(); err != nil {
			return nil, err
		}
	}
	profile.Syscalls = merge(onEach)
	text, err := json.Marshal(profile)
	if err != nil {
		return nil, err
	}
	return compact(text)
}

var natives = map[string]specs.Arch{"amd64": specs.ArchX86_64, "386": specs.ArchX86, "arm64": specs.ArchAARCH64, "arm": specs.ArchARM}

// build compiles the engine's file with the architecture turned from a constant into an argument.
func build(dir, code string) (string, error) {
	_, rest, found := strings.Cut(code, "\npackage seccomp\n")
	if !found {
		return "", fmt.Errorf("not containerd's file")
	}
	var lines []string
	for line := range strings.Lines(rest) {
		if t := strings.TrimSpace(line); t == `"runtime"` || strings.HasSuffix(t, `kernelversion"`) {
			continue
		}
		lines = append(lines, line)
	}
	rest = strings.NewReplacer("runtime.GOARCH", "goarch", "kernelversion.KernelVersion", "kernelVersion",
		"kernelversion.GreaterEqualThan", "kernels.GreaterEqualThan").Replace(strings.Join(lines, ""))
	for name, text := range map[string]string{"profile.go": "package main\n" + rest, "main.go": driver} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	program := filepath.Join(dir, "ask")
	c := exec.Command("go", "build", "-o", program, "./"+dir)
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return filepath.Abs(program)
}

func ask(program, host string) (*answer, error) {
	c := exec.Command(program, append([]string{host, strings.Join(capNames, " ")}, several...)...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, err
	}
	a := new(answer)
	return a, json.Unmarshal(out, a)
}

// rules is what one architecture has: always, with a capability, and without CAP_SYS_ADMIN.
func (a *answer) rules() ([]rule, error) {
	const admin = "CAP_SYS_ADMIN"
	without := a.Base.Syscalls
	with := a.ByCap[admin].Syscalls
	always := 0
	for always < min(len(without), len(with)) && reflect.DeepEqual(without[always], with[always]) {
		always++
	}
	var rules []rule
	for _, s := range without[:always] {
		rules = append(rules, rule{LinuxSyscall: s})
	}
	for _, c := range capNames {
		got := a.ByCap[c].Syscalls
		end := len(got)
		if c != admin {
			end -= len(without) - always
		}
		for _, s := range got[always:end] {
			rules = append(rules, rule{LinuxSyscall: s, Includes: &conditions{Caps: []string{c}}})
		}
	}
	for _, s := range without[always:] {
		rules = append(rules, rule{LinuxSyscall: s, Excludes: &conditions{Caps: []string{admin}}})
	}
	for set, want := range a.Several {
		if err := check(rules, strings.Split(set, ","), want.Syscalls); err != nil {
			return nil, fmt.Errorf("%s: %w", set, err)
		}
	}
	return rules, nil
}

// check holds the rules to what the code gives for a set of capabilities, whatever their order.
func check(rules []rule, set []string, want []specs.LinuxSyscall) error {
	count := map[string]int{}
	for _, s := range want {
		text, _ := json.Marshal(s)
		count[string(text)]++
	}
	for _, r := range rules {
		if r.Includes != nil && !slices.Contains(set, r.Includes.Caps[0]) || r.Excludes != nil && slices.Contains(set, r.Excludes.Caps[0]) {
			continue
		}
		text, _ := json.Marshal(r.LinuxSyscall)
		count[string(text)]--
	}
	for text, n := range count {
		if n != 0 {
			return fmt.Errorf("%d too few of %s", n, text)
		}
	}
	return nil
}

// merge joins the architectures' rules: what not all have is included for those that do.
func merge(onEach map[string][]rule) []rule {
	engineNames := map[string]string{"amd64": "amd64", "386": "x86", "arm64": "arm64", "arm": "arm"}
	var merged []rule
	done := map[string]bool{}
	for _, host := range hosts {
		for _, r := range onEach[host] {
			text, _ := json.Marshal(r)
			if done[string(text)] {
				continue
			}
			done[string(text)] = true
			var have []string
			for _, other := range hosts {
				if slices.ContainsFunc(onEach[other], func(o rule) bool { return reflect.DeepEqual(o, r) }) {
					have = append(have, engineNames[other])
				}
			}
			if len(have) < len(hosts) {
				with := conditions{Arches: have}
				if r.Includes != nil {
					with.Caps = r.Includes.Caps
				}
				r.Includes = &with
			}
			merged = append(merged, r)
		}
	}
	return merged
}

var capNames = strings.Fields(`CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID
CAP_SETUID CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK
CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN CAP_SYS_BOOT
CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL
CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF
CAP_CHECKPOINT_RESTORE`)
