package main

import (
	"os"
	"strings"

	"capview/inspect"
	"capview/inspect/bpf/trace"
	"capview/inspect/caps"
)

// watchFindings is whether capability checks can be traced, by which way, and system calls recorded: found out by beginning
// to, for a moment, with this process, which is never looked at, for its only target.
func watchFindings(r reader) []finding {
	how := howToGet
	if held := r.Effective.Or(0); held.Has(caps.SysAdmin) || held&loading == loading {
		how = "" // it is not for want of privilege
	}
	nobody := trace.Target{Processes: []inspect.ProcessID{{PID: os.Getpid()}}}
	record := finding{"record", statusOK, "system calls can be recorded", ""}
	running, err := newRecorder([]trace.Target{nobody})
	if err == nil {
		err = running.Close()
	}
	if err != nil {
		record.Status, record.Found, record.Advice = statusMissing, "system calls cannot be recorded: "+err.Error(), how
	}
	t, err := newTracer(trace.Options{Root: procRoot, Targets: []trace.Target{nobody}})
	if err == nil {
		defer t.Close()
	}
	return []finding{traceFinding(t, err, how), record}
}

// lacks is what each way of seeing a check does not show, or costs.
var lacks = map[trace.Rung]string{
	trace.Tracepoint: "whether a check is audited is not shown",
	trace.Kprobe:     "it costs more than the others",
}

// traceFinding is the way that a tracer took, and why it took none of the better ones; how is how to get one.
func traceFinding(t tracer, err error, how string) finding {
	if err != nil {
		return finding{"trace", statusMissing, err.Error(), how}
	}
	f := finding{"trace", statusOK, "capability checks are seen by " + string(t.Rung()), ""}
	var why []string
	if lack := lacks[t.Rung()]; lack != "" {
		f.Status, why = statusNote, append(why, lack)
	}
	for _, r := range t.Refused() {
		why = append(why, "not by "+string(r.Rung)+": "+r.Why)
	}
	f.Advice = strings.Join(why, "; ")
	return f
}
