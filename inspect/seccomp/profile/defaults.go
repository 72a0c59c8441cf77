package profile

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// The data is the engines', under the Apache License 2.0; each entry names its origin.
//go:generate go -C ../../../demo/profiles run . ../../inspect/seccomp/profile/data/defaults.json.gz

//go:embed data/defaults.json.gz
var packed []byte

// Default is one generation of an engine's default profile.
type Default struct {
	Engine   string   `json:"engine"`   // "docker", "containerd", "podman", "crio"
	Versions string   `json:"versions"` // the first release that has it: of docker, containerd; of containers/common
	Origin   string   `json:"origin"`
	Licence  string   `json:"licence"`
	Profile  *Profile `json:"profile"`
}

// Engines is the engines whose default profiles the package has. Where the profiles of two mean the same, the first
// lends its name.
var Engines = []string{"docker", "containerd", "podman", "crio"}

// Defaults is every generation, each engine's newest first. They belong to the package.
var Defaults = sync.OnceValue(func() []Default {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(fmt.Sprintf("the default profiles: %v", err))
	}
	var all []Default
	if err := json.NewDecoder(r).Decode(&all); err != nil {
		panic(fmt.Sprintf("the default profiles: %v", err))
	}
	return all
})

// Newest is an engine's default profile of the newest generation, nil for another name.
func NewestDefault(engine string) *Default {
	all := Defaults()
	for i := range all {
		if all[i].Engine == engine {
			return &all[i]
		}
	}
	return nil
}
