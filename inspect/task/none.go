package task

import "errors"

// ErrNone is the error of what this kernel, or this reader's privilege, does not give.
var ErrNone = errors.New("the kernel does not hand them over")
