package load

import (
	"encoding/binary"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// needs is the names of the types and of the members that programs have: nothing else can they ask the kernel's types about.
type needs struct{ types, members map[string]bool }

func newNeeds() needs { return needs{map[string]bool{}, map[string]bool{"": true}} }

// of adds those of a program's own types. A name that ends in ___WORDS stands for the one without.
func (n needs) of(own *btf.Spec) error {
	for t, err := range own.All() {
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case *btf.Struct:
			n.add(t.Name, t.Members)
		case *btf.Union:
			n.add(t.Name, t.Members)
		case *btf.Typedef:
			n.add(t.Name, nil)
		}
	}
	return nil
}

// within tells whether n has nothing that all has not.
func (n needs) within(all needs) bool {
	for _, pair := range [][2]map[string]bool{{n.types, all.types}, {n.members, all.members}} {
		for name := range pair[0] {
			if !pair[1][name] {
				return false
			}
		}
	}
	return true
}

func (n needs) add(name string, members []btf.Member) {
	if name != "" {
		name, _, _ = strings.Cut(name, "___")
		n.types[name] = true
	}
	for _, m := range members {
		n.members[m.Name] = true
	}
}

// trimmed is trim's answer, or a wider one that was given before.
func (v *vmlinux) trimmed(n needs) (*btf.Spec, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fit != nil && n.within(v.fitted) {
		return v.fit, nil
	}
	fit, err := v.trim(n)
	if err == nil {
		v.fit, v.fitted = fit, n
	}
	return fit, err
}

// trim makes of the kernel's types those that are needed, with the members that are needed. What is behind a pointer is left
// out: a program is fitted to one type at a time.
func (v *vmlinux) trim(n needs) (*btf.Spec, error) {
	t := &trimmer{vmlinux: v, members: n.members, done: map[uint32]btf.Type{}}
	var roots []btf.Type
	err := v.named(v.data, n.types, func(id uint32) error {
		if h := v.head(v.at[id-1]); h.kind == kindStruct {
			v.structs.add(string(v.name(h.name)), id)
		}
		root, err := t.get(id)
		roots = append(roots, root)
		return err
	})
	if err != nil {
		return nil, err
	}
	b, err := btf.NewBuilder(roots, nil)
	if err != nil {
		return nil, err
	}
	return b.Spec()
}

// trimmer decodes types, each once.
type trimmer struct {
	*vmlinux
	members map[string]bool
	done    map[uint32]btf.Type // nil: under way
}

func (t *trimmer) get(id uint32) (btf.Type, error) {
	if id == 0 {
		return &btf.Void{}, nil
	}
	if uint64(id) > uint64(len(t.at)) {
		return nil, errBTF
	}
	if made, ok := t.done[id]; ok {
		if made == nil {
			return nil, errBTF // it would be in itself
		}
		return made, nil
	}
	t.done[id] = nil
	made, err := t.decode(t.at[id-1])
	if err != nil {
		return nil, err
	}
	t.done[id] = made
	return made, nil
}

func (t *trimmer) decode(at uint32) (btf.Type, error) {
	h := t.head(at)
	name := string(t.name(h.name))
	tail := t.types[at+typeHead:]
	switch h.kind {
	case kindInt:
		return &btf.Int{Name: name, Size: h.size, Encoding: btf.IntEncoding(binary.LittleEndian.Uint32(tail) >> 24 & 0xf)}, nil
	case kindFloat:
		return &btf.Float{Name: name, Size: h.size}, nil
	case kindEnum, kindEnum64:
		return &btf.Enum{Name: name, Size: h.size, Signed: h.flag}, nil
	case kindPointer:
		return &btf.Pointer{Target: &btf.Void{}}, nil
	case kindVolatile, kindConst, kindRestrict, kindTypeTag:
		return t.get(h.size)
	case kindTypedef:
		of, err := t.get(h.size)
		return &btf.Typedef{Name: name, Type: of}, err
	case kindArray:
		of, err := t.get(binary.LittleEndian.Uint32(tail))
		return &btf.Array{Index: &btf.Int{Name: "u32", Size: 4}, Type: of, Nelems: binary.LittleEndian.Uint32(tail[8:])}, err
	case kindStruct:
		members, err := t.list(h, tail)
		return &btf.Struct{Name: name, Size: h.size, Members: members}, err
	case kindUnion:
		members, err := t.list(h, tail)
		return &btf.Union{Name: name, Size: h.size, Members: members}, err
	}
	return nil, errBTF
}

// list is the members of a struct or union that are needed.
func (t *trimmer) list(h head, tail []byte) (members []btf.Member, err error) {
	for i := range h.members {
		b := tail[i*12:]
		name := t.name(binary.LittleEndian.Uint32(b))
		if !t.members[string(name)] {
			continue
		}
		m := btf.Member{Name: string(name), Offset: btf.Bits(binary.LittleEndian.Uint32(b[8:]))}
		if h.flag {
			m.Offset, m.BitfieldSize = m.Offset&0xffffff, m.Offset>>24
		}
		if m.Type, err = t.get(binary.LittleEndian.Uint32(b[4:])); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}
