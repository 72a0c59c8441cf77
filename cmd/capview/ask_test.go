package main

import (
	"context"
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/ui"
)

// The terminal program is answered as can and exec answer; of a snapshot's files nothing is known.
func TestAnswerUI(t *testing.T) {
	s := fixture()
	ix := inspect.NewIndex(s)
	var o ui.Options
	(&app{}).answerUI(&o, nil)
	if o.Complete != nil {
		t.Error("a snapshot has no directories")
	}
	p := s.Processes[0]
	clock, err := o.Ask(context.Background(), ix, p, rules.Action{Verb: rules.SetClock})
	if err != nil || clock.Answer == fact.Unknown || len(clock.Steps) == 0 {
		t.Errorf("%+v, %v", clock, err)
	}
	read, err := o.Ask(context.Background(), ix, p, rules.Action{Verb: rules.Read, Path: "/etc/shadow"})
	if err != nil || read.Answer != fact.Unknown || !strings.Contains(strings.Join(read.Gaps, " "), "snapshot") {
		t.Errorf("%+v, %v", read, err)
	}
	after, err := o.Exec(context.Background(), ix, p, "/no/such")
	if err != nil || !strings.Contains(strings.Join(after.Gaps, " "), "snapshot") {
		t.Errorf("%+v, %v", after, err)
	}
	idle := *p
	idle.KernelThread = true
	if _, err := o.Ask(context.Background(), ix, &idle, rules.Action{Verb: rules.SetClock}); err == nil {
		t.Error("a kernel thread was asked")
	}
	if _, err := o.Exec(context.Background(), ix, &idle, "/bin/true"); err == nil {
		t.Error("a kernel thread was asked to execute")
	}
}
