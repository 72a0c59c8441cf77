package load

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// errNotSupp is ENOTSUPP, an errno that is the kernel's own and not in errno(3).
const errNotSupp = unix.Errno(524)

// Refusal is why the kernel did not take a program, in words.
type Refusal struct {
	Why string
	Err error
}

func (r *Refusal) Error() string { return r.Why }
func (r *Refusal) Unwrap() error { return r.Err }

// Refuse makes a *Refusal of what loading or attaching a program failed with; nil of nil.
func Refuse(err error) error {
	if err == nil {
		return nil
	}
	var already *Refusal
	if errors.As(err, &already) {
		return err
	}
	return &Refusal{Why: why(err), Err: err}
}

// why says what a failure means. EPERM has more causes than the kernel tells apart: capview looks for the likely ones.
func why(err error) string {
	var verifier *ebpf.VerifierError
	switch {
	case errors.Is(err, fs.ErrNotExist) && !isErrno(err), errors.Is(err, btf.ErrNotFound):
		return "the kernel has no type information of what the program asks for (CONFIG_DEBUG_INFO_BTF)"
	case errors.As(err, &verifier) && !errors.Is(err, unix.EPERM):
		return "the kernel's verifier refuses the program: " + lastLine(verifier)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return "not permitted: " + forbidden()
	case errors.Is(err, unix.EINVAL):
		return "the kernel does not know this kind of program (EINVAL)"
	case errors.Is(err, errNotSupp), errors.Is(err, unix.EOPNOTSUPP):
		return "the kernel cannot attach this kind of program (ENOTSUPP)"
	case errors.Is(err, ebpf.ErrNotSupported):
		return "the kernel lacks what the program needs"
	case errors.Is(err, unix.ENOSYS):
		return "the kernel has no bpf(2)"
	case errors.Is(err, unix.ENOMEM):
		return "the kernel has no memory for the program"
	}
	return strings.ToLower(strings.ReplaceAll(err.Error(), "\n", " "))
}

func isErrno(err error) bool {
	var errno unix.Errno
	return errors.As(err, &errno) && errno != unix.ENOENT
}

// lastLine is the end of what the verifier said; the whole is in the Refusal's error.
func lastLine(v *ebpf.VerifierError) string {
	for i := len(v.Log) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(v.Log[i]); line != "" && !strings.HasPrefix(line, "processed ") {
			return line
		}
	}
	return strings.ToLower(fmt.Sprint(v.Cause))
}
