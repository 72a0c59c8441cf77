package nsinfo

import (
	"encoding/json"
	"os"
	"testing"

	"capview/inspect/fact"
)

func TestSetJSON(t *testing.T) {
	var s Set
	s[UserNS], s[Net] = 4026531837, 4026531840
	b, err := json.Marshal(s)
	want := `{"cgroup":null,"ipc":null,"mnt":null,"net":4026531840,"pid":null,"time":null,"user":4026531837,"uts":null}`
	if err != nil || string(b) != want {
		t.Fatalf("wrote %s, %v; want %s", b, err, want)
	}
	back := Set{PID: 7}
	if err := json.Unmarshal(b, &back); err != nil || back != s {
		t.Errorf("came back as %v, %v; want %v", back, err, s)
	}
	if err := json.Unmarshal([]byte(`{"user":-1}`), &back); err == nil {
		t.Error("a negative inode was read")
	}
	if err := json.Unmarshal([]byte(`{"later":1}`), &back); err != nil || back != (Set{}) {
		t.Errorf("a type of a later version: got %v, %v", back, err)
	}
}

// Whatever type this kernel has and the package names must have its link.
func TestTypesAreTheKernels(t *testing.T) {
	entries, err := os.ReadDir("/proc/self/ns")
	if err != nil {
		t.Skip("no namespaces in /proc here:", err)
	}
	has := map[string]bool{}
	for _, e := range entries {
		has[e.Name()] = true
	}
	for n := range Types {
		name := Type(n).String()
		if name != "time" && !has[name] { // the time namespace came with Linux 5.6
			t.Errorf("/proc/self/ns has no %s", name)
		}
	}
}

// An empty map is known; a map that could not be read is not.
func TestUserJSON(t *testing.T) {
	b, err := json.Marshal(User{UIDMap: fact.Some([]Range{})})
	if err != nil {
		t.Fatal(err)
	}
	var u User
	if err := json.Unmarshal(b, &u); err != nil {
		t.Fatal(err)
	}
	if !u.UIDMap.Known() || u.GIDMap.Known() || u.Parent.Known() || u.OwnerUID.Known() {
		t.Errorf("%s came back as %+v", b, u)
	}
}
