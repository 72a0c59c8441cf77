package bpf

import (
	"io"
	"os"
	"testing"
	"unsafe"
)

func TestRecords(t *testing.T) {
	r, err := NewRecords()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	in, err := r.it.open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	all, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	const size = int(unsafe.Sizeof(taskRecord{}))
	if len(all) == 0 || len(all)%size != 0 {
		t.Fatalf("%d bytes are no records of %d", len(all), size)
	}
	for ; len(all) > 0; all = all[size:] {
		rec := (*taskRecord)(unsafe.Pointer(&all[0]))
		if int(rec.Pid) == os.Getpid() {
			if int(rec.Uid[0]) != os.Getuid() {
				t.Errorf("uid %d", rec.Uid[0])
			}
			return
		}
	}
	t.Error("the iterator did not show this process")
}
