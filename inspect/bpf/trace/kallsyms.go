package trace

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
)

// symbol is a function by its address, or its offset in a file.
type symbol struct {
	address uint64
	name    string
	size    uint64 // 0: up to the next
}

// parseKallsyms reads /proc/kallsyms (lines of address, type, name and perhaps module): the functions, by address. Where
// the kernel hides the addresses all are 0, and the list is empty.
func parseKallsyms(r io.Reader) ([]symbol, error) {
	var list []symbol
	in := bufio.NewScanner(r)
	for in.Scan() {
		address, rest, _ := strings.Cut(in.Text(), " ")
		kind, name, ok := strings.Cut(rest, " ")
		if !ok || len(kind) != 1 || !strings.Contains("tTwW", kind) {
			continue
		}
		n, err := strconv.ParseUint(address, 16, 64)
		if err != nil || n == 0 {
			continue
		}
		name, _, _ = strings.Cut(name, "\t")
		list = append(list, symbol{address: n, name: strings.Clone(name)})
	}
	slices.SortStableFunc(list, func(a, b symbol) int {
		switch {
		case a.address < b.address:
			return -1
		case a.address > b.address:
			return 1
		}
		return 0
	})
	return list, in.Err()
}

// addressRange is a function's: from, up to and without to.
type addressRange struct{ from, to uint64 }

// quietRoom is how many ranges the programs take (c/probe.h QUIET).
const quietRoom = 8

// rangesOf is where the named functions are, as many as there is room for: each ends where the next begins.
func rangesOf(list []symbol, names []string) (rs []addressRange) {
	for _, name := range names {
		for i, s := range list {
			if s.name != name || len(rs) == quietRoom {
				continue
			}
			for _, next := range list[i+1:] {
				if next.address > s.address {
					rs = append(rs, addressRange{s.address, next.address})
					break
				}
			}
		}
	}
	return rs
}

// nameOf is the function an address is in, and how far; "" where it is in none.
func nameOf(list []symbol, address uint64) (string, uint64) {
	i, found := slices.BinarySearchFunc(list, address, func(s symbol, a uint64) int {
		switch {
		case s.address < a:
			return -1
		case s.address > a:
			return 1
		}
		return 0
	})
	if !found {
		i--
	}
	if i < 0 || address == 0 || list[i].address > address {
		return "", 0
	}
	offset := address - list[i].address
	if list[i].size != 0 && offset >= list[i].size {
		return "", 0
	}
	return list[i].name, offset
}
