package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"testing"

	"capview/inspect/bpf/trace"
)

// onRung is a tracer of which only the way it took is asked.
type onRung struct {
	tracer
	rung    trace.Rung
	refused []trace.Refused
}

func (r onRung) Rung() trace.Rung         { return r.rung }
func (r onRung) Refused() []trace.Refused { return r.refused }

func TestTraceFinding(t *testing.T) {
	none := &trace.NoRung{Refused: []trace.Refused{{Rung: trace.Fexit, Why: "no BTF"}, {Rung: trace.Kprobe, Why: "no kprobes"}}}
	for _, c := range []struct {
		t    tracer
		err  error
		want finding
	}{
		{onRung{rung: trace.Fexit}, nil, finding{"trace", statusOK, "capability checks are seen by fexit", ""}},
		{onRung{rung: trace.Tracepoint, refused: []trace.Refused{{Rung: trace.Fexit, Why: "locked down"}}}, nil,
			finding{"trace", statusNote, "capability checks are seen by tracepoint", "whether a check is audited is not shown; not by fexit: locked down"}},
		{nil, none, finding{"trace", statusMissing, "capability checks cannot be traced here: fexit: no BTF; kprobe: no kprobes", "how"}},
		{nil, errors.New("x"), finding{"trace", statusMissing, "x", "how"}},
	} {
		if got := traceFinding(c.t, c.err, "how"); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

// What doctor says of tracing is what trace does then; without privilege it says what is lacking.
func TestDoctorWatches(t *testing.T) {
	needsRoot(t)
	binary := buildBinary(t)
	out, _ := exec.CommandContext(t.Context(), binary, "doctor", "-o", "json").Output()
	found := findings(t, out)
	traced, err := exec.CommandContext(t.Context(), binary, "trace", "--totals", "--for", "10ms", "-o", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var last lastLine
	if err := json.Unmarshal(traced, &last); err != nil {
		t.Fatalf("%v: %s", err, traced)
	}
	if f := found["trace"]; f.Status == statusMissing || f.Found != "capability checks are seen by "+string(last.Rung) {
		t.Errorf("%+v, and it is traced by %s", f, last.Rung)
	}
	if f := found["record"]; f.Status != statusOK {
		t.Errorf("%+v", f)
	}
	status, stdout, _ := asNobody(t, binary, "doctor", "-o", "json")
	found = findings(t, []byte(stdout))
	want := []finding{
		{"trace", statusMissing, "capability checks cannot be traced here: not permitted: needs CAP_BPF and CAP_PERFMON", howToGet},
		{"record", statusMissing, "system calls cannot be recorded: not permitted: needs CAP_BPF and CAP_PERFMON", howToGet},
	}
	if got := []finding{found["trace"], found["record"]}; status != exitNo || !slices.Equal(got, want) {
		t.Errorf("%d, %+v", status, got)
	}
}

func findings(t *testing.T, text []byte) map[string]finding {
	t.Helper()
	var list []finding
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	found := map[string]finding{}
	for _, f := range list {
		found[f.Check] = f
	}
	return found
}
