package load

import (
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// typeID is how the name of a constant begins that is to be the id of a struct among the kernel's types, which
// bpf_rdonly_cast takes.
const typeID = "type_id_"

// setTypeIDs sets those constants. CO-RE has a relocation for them, which goes astray where the kernel's types were trimmed.
func setTypeIDs(spec *ebpf.CollectionSpec, id func(name string) (uint32, error)) error {
	for name, v := range spec.Variables {
		of, ok := strings.CutPrefix(name, typeID)
		if !ok {
			continue
		}
		n, err := id(of)
		if err != nil {
			return err
		}
		if err := v.Set(n); err != nil {
			return err
		}
	}
	return nil
}

// structIn finds structs by name in all of the kernel's types.
func structIn(types *btf.Cache) func(name string) (uint32, error) {
	return func(name string) (uint32, error) {
		kernel, err := types.Kernel()
		if err != nil {
			return 0, err
		}
		var s *btf.Struct
		if err := kernel.TypeByName(name, &s); err != nil {
			return 0, err
		}
		id, err := kernel.TypeID(s)
		return uint32(id), err
	}
}
