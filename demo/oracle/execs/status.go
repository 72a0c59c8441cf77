package main

import (
	"fmt"
	"strconv"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/rules"
)

// status is what /proc/PID/status says of credentials, in the initial user namespace's numbers.
type status struct {
	uid, gid   rules.IDs
	groups     []uint32
	caps       caps.Sets
	noNewPrivs bool
	traced     bool
}

// parseStatus reads proc_pid_status(5).
func parseStatus(text string) (s status, err error) {
	seen := 0
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		n, err := s.field(key, strings.TrimSpace(value))
		if err != nil {
			return s, fmt.Errorf("%s: %w", line, err)
		}
		seen += n
	}
	if want := 10; seen != want {
		return s, fmt.Errorf("%d of %d fields in %q", seen, want, text)
	}
	return s, nil
}

// field takes up one, and counts it if it is of interest.
func (s *status) field(key, value string) (int, error) {
	sets := map[string]*caps.Set{
		"CapInh": &s.caps.Inheritable, "CapPrm": &s.caps.Permitted, "CapEff": &s.caps.Effective,
		"CapBnd": &s.caps.Bounding, "CapAmb": &s.caps.Ambient,
	}
	switch key {
	case "Uid":
		return 1, ids(value, &s.uid)
	case "Gid":
		return 1, ids(value, &s.gid)
	case "Groups":
		for _, word := range strings.Fields(value) {
			n, err := strconv.ParseUint(word, 10, 32)
			if err != nil {
				return 0, err
			}
			s.groups = append(s.groups, uint32(n))
		}
		return 1, nil
	case "NoNewPrivs":
		s.noNewPrivs = value == "1"
		return 1, nil
	case "TracerPid":
		s.traced = value != "0"
		return 1, nil
	}
	if set := sets[key]; set != nil {
		return 1, set.UnmarshalText([]byte(value))
	}
	return 0, nil
}

func ids(value string, to *rules.IDs) error {
	_, err := fmt.Sscan(value, &to.Real, &to.Effective, &to.Saved, &to.FS)
	return err
}
