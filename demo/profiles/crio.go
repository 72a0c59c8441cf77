package main

import (
	"bytes"
	"encoding/json"
	"slices"
)

// newNamespaces is the clone(2) flags that make namespaces, each of which CRI-O refuses.
var newNamespaces = []uint64{
	0x00020000, // CLONE_NEWNS
	0x04000000, // CLONE_NEWUTS
	0x08000000, // CLONE_NEWIPC
	0x10000000, // CLONE_NEWUSER
	0x20000000, // CLONE_NEWPID
	0x40000000, // CLONE_NEWNET
	0x02000000, // CLONE_NEWCGROUP
}

// crio is containers/common's profile as CRI-O changes it (cri-o internal/config/seccomp, DefaultProfile, 1.34): making
// namespaces takes CAP_SYS_ADMIN.
func crio(text []byte) (json.RawMessage, error) {
	var profile map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&profile); err != nil {
		return nil, err
	}
	rules := profile["syscalls"].([]any)
	for _, rule := range rules {
		rule := rule.(map[string]any)
		rule["names"] = slices.DeleteFunc(rule["names"].([]any), func(name any) bool {
			return name == "clone" || name == "clone3" || name == "unshare"
		})
	}
	admin := map[string]any{"caps": []string{"CAP_SYS_ADMIN"}}
	var all uint64
	var each []any
	for _, flag := range newNamespaces {
		all |= flag
		each = append(each, flags(flag, flag))
	}
	profile["syscalls"] = append(rules,
		map[string]any{"names": []string{"clone", "clone3", "unshare"}, "action": "SCMP_ACT_ALLOW", "includes": admin},
		map[string]any{"names": []string{"clone"}, "action": "SCMP_ACT_ALLOW", "args": []any{flags(all, 0)}},
		map[string]any{"names": []string{"clone"}, "action": "SCMP_ACT_ERRNO", "errno": "EPERM", "args": each, "excludes": admin},
		map[string]any{"names": []string{"clone3"}, "action": "SCMP_ACT_ERRNO", "errno": "ENOSYS", "excludes": admin})
	changed, err := json.Marshal(profile)
	if err != nil {
		return nil, err
	}
	return compact(changed)
}

func flags(mask, value uint64) map[string]any {
	return map[string]any{"index": 0, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
}
