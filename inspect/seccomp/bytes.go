package seccomp

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// MaxInstructions is how long a filter may be (BPF_MAXINSNS, linux/bpf_common.h).
const MaxInstructions = 4096

// instructionSize is sizeof(struct sock_filter).
const instructionSize = 8

// Decode reads an array of struct sock_filter in little-endian order, the order of every machine whose system calls
// the package names. It takes 1 to 4,096 whole instructions and looks into none: Check does.
func Decode(raw []byte) (Program, error) {
	if len(raw)%instructionSize != 0 {
		return nil, fmt.Errorf("filter: %d bytes are no whole number of %d-byte instructions", len(raw), instructionSize)
	}
	length := len(raw) / instructionSize
	if length == 0 || length > MaxInstructions {
		return nil, fmt.Errorf("filter: %d instructions, a filter has 1 to %d", length, MaxInstructions)
	}
	program := make(Program, length)
	for i := range program {
		at := raw[i*instructionSize:]
		program[i] = Instruction{
			Code: binary.LittleEndian.Uint16(at),
			JT:   at[2],
			JF:   at[3],
			K:    binary.LittleEndian.Uint32(at[4:]),
		}
	}
	return program, nil
}

// Bytes is the program as Decode reads it and the kernel hands it out.
func (p Program) Bytes() []byte {
	raw := make([]byte, 0, len(p)*instructionSize)
	for _, in := range p {
		raw = binary.LittleEndian.AppendUint16(raw, in.Code)
		raw = append(raw, in.JT, in.JF)
		raw = binary.LittleEndian.AppendUint32(raw, in.K)
	}
	return raw
}

// Hash is the SHA-256 of Bytes in hexadecimal: programs that have it in common are the same.
func (p Program) Hash() string {
	sum := sha256.Sum256(p.Bytes())
	return hex.EncodeToString(sum[:])
}
