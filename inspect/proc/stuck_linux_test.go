package proc

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"capview/inspect"
)

// hangingFile is /bin/sleep on a file system that, once told to, gives no answer to what execve never asks again.
type hangingFile struct {
	fs.MemRegularFile
	once sync.Once
	hung chan struct{} // closed when a reader hangs
	hang chan struct{} // closed to make readers hang
	end  chan struct{} // closed to let them go
}

func (f *hangingFile) answer() syscall.Errno {
	select {
	case <-f.hang:
		f.once.Do(func() { close(f.hung) })
		<-f.end
	default:
	}
	return syscall.ENODATA
}

func (f *hangingFile) Getxattr(context.Context, string, []byte) (uint32, syscall.Errno) {
	return 0, f.answer()
}

// A process whose executable's file system does not answer keeps no scan from ending, and no other process from being
// read; once the file system answers, it is read in full.
func TestStuckFileSystem(t *testing.T) {
	needRoot(t)
	data, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	file := &hangingFile{hung: make(chan struct{}), hang: make(chan struct{}), end: make(chan struct{})}
	file.Data, file.Attr.Mode = data, 0o755
	root := &fs.Inode{}
	dir := t.TempDir()
	server, err := fs.Mount(dir, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, AllowOther: true},
		OnAdd: func(ctx context.Context) {
			root.AddChild("sleep", root.NewPersistentInode(ctx, file, fs.StableAttr{}), false)
		},
	})
	if err != nil {
		t.Fatalf("mount fuse (/dev/fuse, CAP_SYS_ADMIN): %v", err)
	}
	t.Cleanup(func() { server.Unmount() })
	path := filepath.Join(dir, "sleep")
	pid := start(t, script(`echo ready; exec "$1" 600`, path))
	waitComm(t, pid, "sleep")

	var beside []int // that the worker was to read after it
	for range together {
		beside = append(beside, start(t, script("echo ready; exec sleep 600")))
	}

	close(file.hang)
	s := newSource(t, Options{Workers: 1})
	first := snapshot(t, s)
	p := process(t, first, pid)
	<-file.hung
	for _, other := range beside {
		if p := process(t, first, other); !p.FileCaps.Known() || !p.Caps.Known() {
			t.Errorf("beside it: %+v", p)
		}
	}
	if !p.Caps.Known() || p.FileCaps.Known() || !hasGap(p.Gaps, "file_caps") {
		t.Errorf("while it hangs: %+v", p)
	}
	for range 3 {
		ix := snapshot(t, s)
		if process(t, ix, pid).FileCaps.Known() || !process(t, ix, os.Getpid()).FileCaps.Known() {
			t.Error("a refresh waits for, or takes others for, what hangs")
		}
	}
	if n := s.stuck.n.Load(); n != 1 {
		t.Errorf("%d workers are left behind, want 1", n)
	}
	if p, err := s.Process(context.Background(), pid, 0); err != nil || p.FileCaps.Known() || p.Status == "" {
		t.Errorf("asked for alone: %+v, %v", p, err)
	}
	close(file.end)
	for range 10000 {
		if process(t, snapshot(t, s), pid).Exe == inspect.Some(path) {
			return
		}
	}
	t.Error("never read after it has answered")
}

func waitComm(t *testing.T, pid int, comm string) {
	t.Helper()
	for range 10000 {
		if data, err := os.ReadFile("/proc/" + itoa(pid) + "/comm"); err == nil && string(data) == comm+"\n" {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("process %d never became %s", pid, comm)
}
