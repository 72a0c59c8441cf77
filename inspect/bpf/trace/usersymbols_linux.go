package trace

import (
	"cmp"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"capview/inspect"
)

// Bounds of what is read of programs: their files are others'.
const (
	mostMaps   = 1 << 20  // bytes of /proc/PID/maps
	mostTable  = 32 << 20 // bytes of a symbol table, and of its strings
	mostFiles  = 256      // symbol tables that are kept
	mostSpaces = 1024     // processes whose mappings are kept
)

// userSymbols names the functions of programs: by /proc/PID/maps and the symbol tables of the files that are mapped. A file
// is read through /proc/PID/map_files, which leads to the very file; nothing else of the process's paths is followed.
type userSymbols struct {
	root   string
	spaces map[inspect.ProcessID][]mapping
	files  map[fileID][]symbol
}

// fileID tells a mapped file from others.
type fileID struct {
	device string
	inode  uint64
}

func newUserSymbols(root string) *userSymbols {
	return &userSymbols{root, map[inspect.ProcessID][]mapping{}, map[fileID][]symbol{}}
}

// name names what can be named. A process that has ended has no mappings any more: its addresses stay as they are.
func (u *userSymbols) name(id inspect.ProcessID, frames []inspect.Frame) {
	for i := range frames {
		f := &frames[i]
		m, ok := u.mapping(id, f.Address)
		if !ok || m.path == "" {
			continue
		}
		f.Object = filepath.Base(m.path)
		at := f.Address - m.from + m.offset
		f.Offset = at
		if name, offset := nameOf(u.table(id.PID, m), at); name != "" {
			f.Symbol, f.Offset = name, offset
		}
	}
}

// mapping finds the one an address is in; mappings are read again where it is in none.
func (u *userSymbols) mapping(id inspect.ProcessID, address uint64) (mapping, bool) {
	for range 2 {
		for _, m := range u.spaces[id] {
			if address >= m.from && address < m.to {
				return m, true
			}
		}
		if len(u.spaces) >= mostSpaces {
			clear(u.spaces)
		}
		text, err := readAtMost(filepath.Join(u.root, fmt.Sprint(id.PID), "maps"), mostMaps)
		if err != nil {
			return mapping{}, false
		}
		u.spaces[id] = parseMaps(string(text))
	}
	return mapping{}, false
}

func readAtMost(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, most)
	n := 0
	for n < most {
		k, err := f.Read(b[n:])
		n += k
		if err != nil || k == 0 {
			break
		}
	}
	return b[:n], nil
}

// table is the functions of a mapped file, by their offset in it.
func (u *userSymbols) table(pid int, m mapping) []symbol {
	id := fileID{m.device, m.inode}
	if list, known := u.files[id]; known {
		return list
	}
	if len(u.files) >= mostFiles {
		clear(u.files)
	}
	list := u.read(pid, m)
	u.files[id] = list
	return list
}

// read opens the file only where it is a regular one: to open a device does things.
func (u *userSymbols) read(pid int, m mapping) []symbol {
	link := filepath.Join(u.root, fmt.Sprint(pid), "map_files", fmt.Sprintf("%x-%x", m.from, m.to))
	fd, err := unix.Open(link, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	f, err := os.Open(filepath.Join(u.root, "self/fd", fmt.Sprint(fd)))
	if err != nil {
		return nil
	}
	defer f.Close()
	program, err := elf.NewFile(f)
	if err != nil {
		return nil
	}
	return functions(program)
}

// functions is an ELF file's functions by their offset in the file; none where it has no table of a size that can be.
func functions(program *elf.File) (list []symbol) {
	for _, kind := range []elf.SectionType{elf.SHT_SYMTAB, elf.SHT_DYNSYM} {
		section := program.SectionByType(kind)
		if section == nil || section.Size > mostTable || int(section.Link) >= len(program.Sections) ||
			program.Sections[section.Link].Size > mostTable {
			continue
		}
		read := program.Symbols
		if kind == elf.SHT_DYNSYM {
			read = program.DynamicSymbols
		}
		symbols, err := read()
		if err != nil {
			continue
		}
		for _, s := range symbols {
			if elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Value == 0 {
				continue
			}
			if at, ok := fileOffset(program, s.Value); ok {
				list = append(list, symbol{at, s.Name, max(s.Size, 1)})
			}
		}
		if len(list) > 0 {
			break
		}
	}
	slices.SortStableFunc(list, func(a, b symbol) int { return cmp.Compare(a.address, b.address) })
	return list
}

// fileOffset is where in its file an address of a program is.
func fileOffset(program *elf.File, address uint64) (uint64, bool) {
	for _, p := range program.Progs {
		if p.Type == elf.PT_LOAD && address >= p.Vaddr && address-p.Vaddr < p.Filesz {
			return address - p.Vaddr + p.Off, true
		}
	}
	return 0, false
}
