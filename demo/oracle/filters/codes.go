package main

// The codes of instructions that filters are made of here (linux/bpf_common.h).
const (
	ldAbs  = 0x20
	ldImm  = 0x00
	ldLen  = 0x80
	ldMem  = 0x60
	ldxImm = 0x01
	ldxLen = 0x81
	ldxMem = 0x61
	st     = 0x02
	stx    = 0x03
	tax    = 0x07
	txa    = 0x87
	ja     = 0x05
	jeq    = 0x15
	jgt    = 0x25
	jge    = 0x35
	jset   = 0x45
	byX    = 0x08 // instead of a constant, for jumps and arithmetic
	add    = 0x04
	sub    = 0x14
	mul    = 0x24
	div    = 0x34
	or     = 0x44
	and    = 0x54
	lsh    = 0x64
	rsh    = 0x74
	neg    = 0x84
	mod    = 0x94 // not for seccomp
	xor    = 0xa4
	ret    = 0x06
	retA   = 0x16
)

// The offsets in struct seccomp_data.
const (
	offNr   = 0
	offArch = 4
	offIP   = 8
	offArgs = 16
)
