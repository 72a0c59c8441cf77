package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"

	"github.com/cilium/ebpf/btf"
)

// vmlinux is the kernel's type information as the kernel shows it (BTF: Documentation/bpf/btf.rst), little-endian. It tells
// of some hundred thousand types. To decode them all takes longer than all else that there is to loading a program, so only
// those are that a program asks for.
type vmlinux struct {
	types, strings []byte
	at             []uint32 // where in types each is, by its id less one: id 0 is void
	data, code     []uint32 // the ids of those that can have a name: structs, unions, enums and typedefs, and functions

	looking   sync.Mutex
	functions ids // that were found

	mu      sync.Mutex // of what follows
	fit     *btf.Spec  // the last that was trimmed, or nil
	fitted  needs      // for what
	structs ids        // that were in what was trimmed
}

// The kinds of types (include/uapi/linux/btf.h).
const (
	kindInt = iota + 1
	kindPointer
	kindArray
	kindStruct
	kindUnion
	kindEnum
	kindForward
	kindTypedef
	kindVolatile
	kindConst
	kindRestrict
	kindFunc
	kindFuncProto
	kindVar
	kindDatasec
	kindFloat
	kindDeclTag
	kindTypeTag
	kindEnum64
	kinds
)

// tails is how long what follows the head of a type of each kind is: a part of its own, and so much for each of its members.
var tails = [kinds]struct{ own, each uint32 }{
	kindInt: {4, 0}, kindArray: {12, 0}, kindStruct: {0, 12}, kindUnion: {0, 12}, kindEnum: {0, 8}, kindFuncProto: {0, 8},
	kindVar: {4, 0}, kindDatasec: {0, 12}, kindDeclTag: {4, 0}, kindEnum64: {0, 12},
}

const (
	btfMagic  = 0xeb9f
	btfHeader = 24 // bytes, at least
	typeHead  = 12
)

var errBTF = errors.New("not type information as the kernel writes it")

// parseVmlinux finds where each type is. What it returns lies in raw.
func parseVmlinux(raw []byte) (*vmlinux, error) {
	if len(raw) < btfHeader || binary.LittleEndian.Uint16(raw) != btfMagic || raw[2] != 1 {
		return nil, errBTF
	}
	word := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(raw[at:])) }
	section := func(at int) []byte {
		from := word(4) + word(at)
		to := from + word(at+4)
		if to > uint64(len(raw)) {
			return nil
		}
		return raw[from:to]
	}
	v := &vmlinux{types: section(8), strings: section(16), functions: ids{}, structs: ids{}}
	if len(v.types) == 0 || len(v.strings) == 0 || v.strings[len(v.strings)-1] != 0 {
		return nil, errBTF
	}
	likely := len(v.types) / 24 // a type takes 25 bytes on average; of nine, four are functions and one has a name
	v.at, v.code, v.data = make([]uint32, 0, likely), make([]uint32, 0, likely/2), make([]uint32, 0, likely/8)
	for at := uint64(0); at < uint64(len(v.types)); {
		if uint64(len(v.types))-at < typeHead {
			return nil, errBTF
		}
		kind, members := ofInfo(binary.LittleEndian.Uint32(v.types[at+4:])) // head would take three times as long in all
		if kind == 0 || kind >= kinds {
			return nil, fmt.Errorf("a type of a kind that is unknown: %d", kind)
		}
		v.at = append(v.at, uint32(at))
		switch kind {
		case kindStruct, kindUnion, kindEnum, kindEnum64, kindTypedef:
			v.data = append(v.data, uint32(len(v.at)))
		case kindFunc:
			v.code = append(v.code, uint32(len(v.at)))
		}
		at += typeHead + uint64(tails[kind].own) + uint64(tails[kind].each)*uint64(members)
		if at > uint64(len(v.types)) {
			return nil, errBTF
		}
	}
	return v, nil
}

// head is what every type begins with.
type head struct {
	name    uint32 // where in strings
	kind    uint32
	members uint32
	flag    bool
	size    uint32 // or the id of another type
}

func (v *vmlinux) head(at uint32) head {
	b := v.types[at : at+typeHead]
	info := binary.LittleEndian.Uint32(b[4:])
	kind, members := ofInfo(info)
	return head{binary.LittleEndian.Uint32(b), kind, members, info>>31 != 0, binary.LittleEndian.Uint32(b[8:])}
}

// ofInfo is what a type's second word tells.
func ofInfo(info uint32) (kind, members uint32) { return info >> 24 & 0x1f, info & 0xffff }

// name is the text at a place in strings; "" where there is none.
func (v *vmlinux) name(at uint32) []byte {
	if uint64(at) >= uint64(len(v.strings)) {
		return nil
	}
	text := v.strings[at:]
	return text[:bytes.IndexByte(text, 0)] // the last byte is one
}

// named calls each with those of the ids whose types have one of the names.
func (v *vmlinux) named(ids []uint32, names map[string]bool, each func(id uint32) error) error {
	const bits = 12
	var may [1 << bits]bool // by the first bytes of a name: most are of no name that is looked for
	slot := func(first uint32) uint32 {
		if end := (first - 0x01010101) &^ first & 0x80808080; end != 0 { // in the first of its bytes that are zero
			first &= end&-end>>7 - 1
		}
		return first * 0x9e3779b1 >> (32 - bits)
	}
	for name := range names {
		var first [4]byte
		copy(first[:], name)
		may[slot(binary.LittleEndian.Uint32(first[:]))] = true
	}
	for _, id := range ids {
		at := uint64(binary.LittleEndian.Uint32(v.types[v.at[id-1]:]))
		if at+4 > uint64(len(v.strings)) {
			continue
		}
		if !may[slot(binary.LittleEndian.Uint32(v.strings[at:]))] || !names[string(v.name(uint32(at)))] {
			continue
		}
		if err := each(id); err != nil {
			return err
		}
	}
	return nil
}

// find looks for functions, all in one go: see function.
func (v *vmlinux) find(names map[string]bool) error {
	v.looking.Lock()
	defer v.looking.Unlock()
	maps.DeleteFunc(names, func(name string, _ bool) bool { return v.functions[name] != 0 })
	if len(names) == 0 {
		return nil
	}
	return v.named(v.code, names, func(id uint32) error {
		v.functions.add(string(v.name(v.head(v.at[id-1]).name)), id)
		return nil
	})
}

// function is the id of the only function of that name, which find was asked for.
func (v *vmlinux) function(name string) (uint32, error) {
	v.looking.Lock()
	defer v.looking.Unlock()
	return v.functions.get(name)
}

// structID is the id of the only struct of that name among those that were trimmed.
func (v *vmlinux) structID(name string) (uint32, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.structs.get(name)
}

// ids is ids by name.
type ids map[string]uint32

const severalIDs = math.MaxUint32 // more than there are types

func (i ids) add(name string, id uint32) {
	if old := i[name]; old != 0 && old != id {
		id = severalIDs
	}
	i[name] = id
}

func (i ids) get(name string) (uint32, error) {
	switch id := i[name]; id {
	case 0:
		return 0, fmt.Errorf("no %s: %w", name, btf.ErrNotFound)
	case severalIDs:
		return 0, fmt.Errorf("several of the name %s", name)
	default:
		return id, nil
	}
}
