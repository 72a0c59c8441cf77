package main

import (
	"fmt"
	"syscall"

	"capview/inspect/seccomp"
)

// What the worker's tracer and listener have a call return.
const (
	tracerSays   = -3001
	listenerSays = -3002
)

// loading is the upper half of the second argument with which the worker calls seccomp(2).
const loading = 0xc0ffee5e

// exempt puts a few instructions before a program that let the worker load the next one, and change nothing else: A is
// again 0 where the program begins.
func exempt(p seccomp.Program) seccomp.Program {
	return append(seccomp.Program{
		{Code: ldAbs, K: 0},
		{Code: jeq, K: 317, JF: 3}, // seccomp(2)
		{Code: ldAbs, K: 28},
		{Code: jeq, K: loading, JF: 1},
		{Code: ret, K: uint32(seccomp.Allow)},
		{Code: ldImm},
	}, p...)
}

// guard is the oldest filter of a stack whose calls must not happen.
func guard(a seccomp.Action) seccomp.Program {
	return exempt(seccomp.Program{{Code: ret, K: uint32(a)}})
}

// data is a call as the kernel shows it to filters. Of a call by int $0x80 from 64-bit code it shows whole registers,
// although the call itself only takes their lower halves.
func (h hello) data(c call) seccomp.Data {
	d := seccomp.Data{Nr: c.Nr, Arch: seccomp.X86_64.Audit(), IP: h.Syscall, Args: c.Args}
	if c.ABI == 1 {
		d.Arch, d.IP = seccomp.I386.Audit(), h.Int80
	}
	return d
}

// abi is the ABI of a call.
func (c call) abi() seccomp.Arch {
	switch {
	case c.ABI == 1:
		return seccomp.I386
	case c.Nr>>30&1 == 1:
		return seccomp.X32
	}
	return seccomp.X86_64
}

// outcome is how a call ended, in the words that are compared.
type outcome struct {
	kind  uint32
	data  uint32 // of a trap or a trace
	value int64  // of a call that came back
}

func (o outcome) String() string {
	kinds := [...]string{"nothing", "returned", "trapped", "traced", "notified", "thread killed", "process killed"}
	return fmt.Sprintf("%s, data %d, value %d", kinds[o.kind], o.data, o.value)
}

// predict says how a call ends that the stack answers with action (kernel/seccomp.c, __seccomp_filter).
func (j *job) predict(action seccomp.Action, d *seccomp.Data, baseline int64) outcome {
	switch action.Kind() {
	case seccomp.Allow, seccomp.Log:
		return outcome{kind: returned, value: baseline}
	case seccomp.Errno:
		return outcome{kind: returned, value: -int64(min(action.Data(), 4095))}
	case seccomp.Trap:
		return outcome{kind: trapped, data: uint32(action.Data())}
	case seccomp.Trace:
		if j.traced {
			return outcome{kind: traced, data: uint32(action.Data()), value: tracerSays}
		}
		return outcome{kind: returned, value: -int64(syscall.ENOSYS)}
	case seccomp.UserNotify:
		if j.listener >= 0 && j.decides(d) == j.listener {
			return outcome{kind: notified, value: listenerSays}
		}
		return outcome{kind: returned, value: -int64(syscall.ENOSYS)}
	case seccomp.KillThread:
		return outcome{kind: killedThread}
	}
	return outcome{kind: killedProcess}
}

// decides is the filter whose USER_NOTIF is the stack's: of equal ones the newest.
func (j *job) decides(d *seccomp.Data) int {
	for i, p := range j.stack {
		if p.Eval(d).Kind() == seccomp.UserNotify {
			return i
		}
	}
	return -1
}

// outcome is how the kernel says that a call ended.
func (r *result) outcome() outcome {
	o := outcome{kind: r.Kind, data: r.Data, value: r.Value}
	switch r.Kind {
	case trapped, killedThread, killedProcess:
		o.value = 0 // it never came back
	}
	return o
}

// sees tells whether whoever was told of the call was told what filters see. A handler is told no arguments.
func (r *result) sees(d seccomp.Data) bool {
	switch r.Kind {
	case trapped:
		d.Args = r.Seen.Args
		return r.Seen == d
	case traced, notified:
		return r.Seen == d
	}
	return true
}

// filtersProbes asks whether this kernel has filters answer uprobe(2), as it does every other call. If not, the call
// fails by itself, for it is only for what a probe put into a program.
func (w *worker) filtersProbes() (bool, error) {
	const refusal = 3999
	j := &job{listener: -1, stack: seccomp.Stack{guard(seccomp.Errno | refusal)}, calls: []call{{Nr: uprobe}}}
	a, err := w.do(j)
	if err != nil {
		return false, err
	}
	switch o := a.results[0].outcome(); o {
	case outcome{kind: returned, value: -refusal}:
		return true, nil
	case outcome{kind: returned, value: -int64(syscall.ENXIO)}:
		return false, nil
	default:
		return false, fmt.Errorf("uprobe(2) under a filter: %s", o)
	}
}
