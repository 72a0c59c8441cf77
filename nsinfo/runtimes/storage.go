package runtimes

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// stored is what a containers.json of containers/storage (podman's, CRI-O's) says of one container.
type stored struct {
	Name, Image string
}

// parseStorage reads containers.json or volatile-containers.json: a list of containers, with a JSON text inside that
// has the image's name. An element that is not one is left out.
func parseStorage(b []byte) (map[string]stored, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, fmt.Errorf("not a list of containers")
	}
	found := map[string]stored{}
	for dec.More() {
		var c struct {
			ID       string   `json:"id"`
			Names    []string `json:"names"`
			Metadata string   `json:"metadata"`
		}
		if err := dec.Decode(&c); err != nil {
			return found, fmt.Errorf("cut short or damaged: %w", err)
		}
		if c.ID == "" {
			continue
		}
		var meta struct {
			Image string `json:"image-name"`
			Name  string `json:"name"`
		}
		s := stored{}
		if json.Unmarshal([]byte(c.Metadata), &meta) == nil {
			s = stored{meta.Name, meta.Image}
		}
		if len(c.Names) > 0 {
			s.Name = c.Names[0]
		}
		found[c.ID] = s
	}
	return found, nil
}
