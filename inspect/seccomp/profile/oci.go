package profile

import "capview/inspect/seccomp"

// OCI is a profile as runtimes read it: linux.seccomp of the OCI runtime specification (config-linux.md).
type OCI struct {
	DefaultAction    string   `json:"defaultAction"`
	DefaultErrnoRet  *uint32  `json:"defaultErrnoRet,omitempty"`
	Architectures    []string `json:"architectures,omitempty"`
	Flags            []string `json:"flags,omitempty"`
	ListenerPath     string   `json:"listenerPath,omitempty"`
	ListenerMetadata string   `json:"listenerMetadata,omitempty"`
	Syscalls         []Rule   `json:"syscalls,omitempty"`
}

// Rule is an action for the system calls of some names where every argument condition holds. Runtimes take several
// conditions on one argument for as many rules.
type Rule struct {
	Names    []string `json:"names"`
	Action   string   `json:"action"`
	ErrnoRet *uint32  `json:"errnoRet,omitempty"`
	Args     []Arg    `json:"args,omitempty"`
}

// Arg is a condition on one argument, which libseccomp compares as an unsigned number: of 64 bits on 64-bit
// architectures, elsewhere (x32 too) its low 32 bits. For SCMP_CMP_MASKED_EQ Value is the mask and ValueTwo the value.
type Arg struct {
	Index    uint32 `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo,omitempty"`
	Op       string `json:"op"`
}

// The words of the specification for comparisons (libseccomp's names).
const (
	opNE       = "SCMP_CMP_NE"
	opLT       = "SCMP_CMP_LT"
	opLE       = "SCMP_CMP_LE"
	opEQ       = "SCMP_CMP_EQ"
	opGE       = "SCMP_CMP_GE"
	opGT       = "SCMP_CMP_GT"
	opMaskedEQ = "SCMP_CMP_MASKED_EQ"
)

var operators = map[string]bool{opNE: true, opLT: true, opLE: true, opEQ: true, opGE: true, opGT: true, opMaskedEQ: true}

// actionWords is the words of the specification for actions. SCMP_ACT_KILL is libseccomp's older name for
// SCMP_ACT_KILL_THREAD.
var actionWords = map[string]seccomp.Action{
	"SCMP_ACT_KILL":         seccomp.KillThread,
	"SCMP_ACT_KILL_THREAD":  seccomp.KillThread,
	"SCMP_ACT_KILL_PROCESS": seccomp.KillProcess,
	"SCMP_ACT_TRAP":         seccomp.Trap,
	"SCMP_ACT_ERRNO":        seccomp.Errno,
	"SCMP_ACT_TRACE":        seccomp.Trace,
	"SCMP_ACT_ALLOW":        seccomp.Allow,
	"SCMP_ACT_LOG":          seccomp.Log,
	"SCMP_ACT_NOTIFY":       seccomp.UserNotify,
}

// eperm is the error of ERRNO and the data of TRACE where a profile gives none (runtime specification, errnoRet).
const eperm = 1

// action is what a filter returns for a word and its errnoRet, which the actions without data ignore.
func action(word string, errno *uint32) seccomp.Action {
	a := actionWords[word]
	if a != seccomp.Errno && a != seccomp.Trace {
		return a
	}
	if errno == nil {
		return a | eperm
	}
	return a | seccomp.Action(uint16(*errno))
}

// archWords is the words of the specification for the architectures that the package knows the system calls of.
var archWords = map[string]seccomp.Arch{
	"SCMP_ARCH_X86_64":  seccomp.X86_64,
	"SCMP_ARCH_X86":     seccomp.I386,
	"SCMP_ARCH_X32":     seccomp.X32,
	"SCMP_ARCH_AARCH64": seccomp.AArch64,
	"SCMP_ARCH_ARM":     seccomp.ARM,
}

// archWord is archWords' reverse.
func archWord(arch seccomp.Arch) string {
	return [...]string{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}[arch]
}

// engineArch is an architecture's name in the engines' includes and excludes: Go's, but "x86" for 386.
func engineArch(arch seccomp.Arch) string {
	return [...]string{"amd64", "x86", "x32", "arm64", "arm"}[arch]
}

// otherArches is the architectures that the specification names besides; a runtime that knows them takes them.
var otherArches = map[string]bool{
	"SCMP_ARCH_MIPS": true, "SCMP_ARCH_MIPS64": true, "SCMP_ARCH_MIPS64N32": true, "SCMP_ARCH_MIPSEL": true,
	"SCMP_ARCH_MIPSEL64": true, "SCMP_ARCH_MIPSEL64N32": true, "SCMP_ARCH_PPC": true, "SCMP_ARCH_PPC64": true,
	"SCMP_ARCH_PPC64LE": true, "SCMP_ARCH_S390": true, "SCMP_ARCH_S390X": true, "SCMP_ARCH_PARISC": true,
	"SCMP_ARCH_PARISC64": true, "SCMP_ARCH_RISCV64": true, "SCMP_ARCH_LOONGARCH64": true, "SCMP_ARCH_M68K": true,
	"SCMP_ARCH_SH": true, "SCMP_ARCH_SHEB": true,
}

// knownArch tells whether the specification names an architecture; SCMP_ARCH_NATIVE is containers/common's.
func knownArch(word string) bool {
	_, ok := archWords[word]
	return ok || otherArches[word] || word == archNative
}

const archNative = "SCMP_ARCH_NATIVE"
