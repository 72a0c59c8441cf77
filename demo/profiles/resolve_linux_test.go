package main

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	docker "github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	podman "go.podman.io/common/pkg/seccomp"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
)

// engine resolves a profile as the engine's own code does.
type engine func(text string, spec *specs.Spec) (*specs.LinuxSeccomp, error)

// The engines' code is built with the tag seccomp (go test -tags seccomp): podman's else resolves nothing.
//
// For hundreds of sets of capabilities, capview hands the runtime what the engines' code hands it.
func TestResolve(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("written for amd64")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for _, d := range profile.Defaults() {
		resolve := engine(docker.LoadProfile)
		switch d.Engine {
		case "containerd":
			continue // its code made the data, and the command checks the one with the other
		case "podman", "crio":
			resolve = podman.LoadProfile
		}
		text, err := json.Marshal(d.Profile)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			set := caps.Set(rng.Uint64() & uint64(caps.Full(caps.Last)))
			var names []string
			for _, c := range set.List() {
				names = append(names, strings.ToUpper(c.String()))
			}
			want, err := resolve(string(text), &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: names}}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.Profile.Resolve(profile.Context{Caps: set, Arch: seccomp.X86_64})
			if err != nil {
				t.Fatal(err)
			}
			if ours, theirs := normal(t, got), normal(t, want); ours != theirs {
				t.Fatalf("%s %s with %s: we say\n%s\nthe engine\n%s", d.Engine, d.Versions, set.Names(), ours, theirs)
			}
			compared++
		}
	}
	t.Logf("%d profiles resolved as the engines resolve them", compared)
}

// normal is a profile as JSON with its keys sorted.
func normal(t *testing.T, p any) string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	text, err = json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
