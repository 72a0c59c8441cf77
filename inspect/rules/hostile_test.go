package rules

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
	"capview/inspect/internal/arbitrary"
	"capview/nsinfo"
)

// Facts that no kernel gives, as a forged snapshot has them, end in an answer that can be written.
func TestHostileFacts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var list []nsinfo.User
		var task Task
		var kernel Kernel
		arbitrary.Fill(r, &list)
		arbitrary.Fill(r, &task)
		arbitrary.Fill(r, &kernel)
		tangle(r, list, &task)
		u := NewUsers(list, InitialUserNS, task.UserNS())
		script, program := anyFile(r), anyFile(r)
		if r.IntN(2) == 0 {
			script.Interpreter = &program
		}
		if r.IntN(8) == 0 {
			program.Interpreter = &script
		}
		result := Exec(&u, &task, &script, kernel)
		if len(result.Outcomes) > 1<<mostSuppositions {
			t.Errorf("%d outcomes", len(result.Outcomes))
		}
		checkResult(t, result)
		checkResult(t, Capable(&u, &task, caps.Cap(r.IntN(256)), uint64(r.IntN(4))))
		reach := ReachOf(&u, &task, nsinfo.Set{})
		for c := range 256 {
			_ = reach.Works(caps.Cap(c)).String()
		}
	}
}

// tangle makes namespaces that are each other's parents, and puts the task into one.
func tangle(r *rand.Rand, list []nsinfo.User, task *Task) {
	for i := range list {
		list[i].Inode = uint64(r.IntN(4))
		list[i].Parent = fact.Some(uint64(r.IntN(4)))
	}
	for kind := range task.Namespaces {
		task.Namespaces[kind], task.Owners[kind] = uint64(r.IntN(4)), uint64(r.IntN(4))
	}
}

func anyFile(r *rand.Rand) (f File) {
	arbitrary.Fill(r, &f.Path)
	arbitrary.Fill(r, &f.Inode)
	arbitrary.Fill(r, &f.Caps)
	arbitrary.Fill(r, &f.NoSUID)
	arbitrary.Fill(r, &f.NoExec)
	arbitrary.Fill(r, &f.MountNS)
	arbitrary.Fill(r, &f.Superblock)
	return f
}

// checkResult holds an answer to what every one must be.
func checkResult(t *testing.T, r Result) {
	t.Helper()
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	if r.Errno != "" && r.Answer != fact.No {
		t.Errorf("%s where the answer is %s", r.Errno, r.Answer)
	}
	if r.Answer == fact.Unknown && len(r.Gaps) == 0 {
		t.Errorf("unknown without a gap: %+v", r)
	}
	if r.After != nil && (r.Answer != fact.Yes || len(r.Outcomes) > 0) {
		t.Errorf("credentials after %s with %d outcomes", r.Answer, len(r.Outcomes))
	}
}

// A kernel that was told to pass file capabilities over does so, malformed ones too.
func TestFileCapsOff(t *testing.T) {
	u := family()
	task, f := in(InitialUserNS, 1000, 0), plain(0o755, ep(caps.NetRaw))
	k := kernel618
	k.FileCapsOff = true
	if r := Exec(&u, &task, &f, k); r.After == nil || r.After.Caps.Effective != 0 {
		t.Errorf("%+v", r)
	}
	f.BadCaps = true
	f.Caps = fact.Opt[filecap.Caps]{}
	if r := Exec(&u, &task, &f, k); r.Answer != fact.Yes {
		t.Errorf("%+v", r)
	}
	if r := Exec(&u, &task, &f, kernel618); r.Errno != EINVAL || len(r.Remedies) == 0 {
		t.Errorf("%+v", r)
	}
}
