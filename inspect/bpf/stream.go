//go:build linux && (amd64 || arm64)

package bpf

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// parts reads what an iterator writes and hands it out in whole parts: size tells how long the part is that b begins
// with, 0 where b is too short to tell. The part is each's until it returns.
func parts(ctx context.Context, in io.Reader, buf []byte, size func(b []byte) (int, error), each func(part []byte)) error {
	held := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := in.Read(buf[held:])
		held += n
		at := 0
		for {
			want, bad := size(buf[at:held])
			if bad != nil {
				return bad
			}
			if want == 0 || held-at < want {
				break
			}
			each(buf[at : at+want])
			at += want
		}
		copy(buf, buf[at:held])
		held -= at
		switch {
		case errors.Is(err, io.EOF) && held > 0:
			return fmt.Errorf("the iterator ended within a record")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case held == len(buf):
			return fmt.Errorf("the iterator wrote a record of more than %d bytes", len(buf))
		}
	}
}
