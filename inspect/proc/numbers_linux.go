package proc

import (
	"encoding/binary"
	"math"

	"golang.org/x/sys/unix"
)

// readDirNumbers appends the entries of a directory of procfs that are numbers, in the kernel's order: ascending.
func readDirNumbers(dir int, name string, buf []byte, numbers []int) ([]int, error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for {
		n, err := retry(func() (int, error) { return unix.Getdents(fd, buf) })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return numbers, nil
		}
		numbers = appendNumbers(numbers, buf[:n])
	}
}

// Where the fields of struct linux_dirent64 lie (getdents64(2)).
const (
	direntLength = 16
	direntName   = 19
)

// appendNumbers appends those of the entries, as the kernel wrote them, whose names are numbers.
func appendNumbers(numbers []int, entries []byte) []int {
	for len(entries) > direntName {
		length := int(binary.NativeEndian.Uint16(entries[direntLength:]))
		if length <= direntName || length > len(entries) {
			break
		}
		if n, rest, ok := number(entries[direntName:length]); ok && n <= math.MaxInt32 && len(rest) > 0 && rest[0] == 0 {
			numbers = append(numbers, int(n))
		}
		entries = entries[length:]
	}
	return numbers
}
