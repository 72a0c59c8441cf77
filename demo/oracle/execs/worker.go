package main

import (
	"bufio"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed kernel/*.c kernel/*.h
var sources embed.FS

// programs are the helpers and what they are built of.
var programs = map[string][]string{"worker": {"worker.c", "world.c", "file.c", "attempt.c"}, "report": {"report.c"}}

// build compiles the helpers into dir.
func build(dir string) error {
	list, err := sources.ReadDir("kernel")
	if err != nil {
		return err
	}
	for _, file := range list {
		text, err := sources.ReadFile("kernel/" + file.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file.Name()), text, 0o600); err != nil {
			return err
		}
	}
	for name, parts := range programs {
		gcc := exec.Command("gcc", append([]string{"-static", "-O1", "-Wall", "-o", name}, parts...)...)
		gcc.Dir = dir
		if out, err := gcc.CombinedOutput(); err != nil {
			return fmt.Errorf("gcc %s: %w: %s", name, err, out)
		}
	}
	return nil
}

// worker is the helper that makes processes (kernel/worker.c tells what it understands).
type worker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	base   string // the folder its file systems are mounted below, in its own mount namespace
	script strings.Builder
}

func startWorker(helpers string) (*worker, error) {
	base, err := os.MkdirTemp("", "execs")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(base, 0o755); err != nil {
		return nil, err
	}
	w := &worker{base: base, cmd: exec.Command(filepath.Join(helpers, "worker"), base, filepath.Join(helpers, "report"))}
	w.cmd.Stderr = os.Stderr
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewReader(out)
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	_, err = w.answer("ready")
	return w, err
}

func (w *worker) stop() error {
	w.in.Close()
	err := w.cmd.Wait()
	os.Remove(w.base)
	return err
}

// say sends a command; those since the last world are kept, to be shown with a disagreement.
func (w *worker) say(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	w.script.WriteString(line + "\n")
	_, err := io.WriteString(w.in, line+"\n")
	return err
}

// answer reads a line of the given kind, and returns what follows.
func (w *worker) answer(kind string) ([]string, error) {
	line, err := w.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the worker ended: %w", err)
	}
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != kind {
		return nil, fmt.Errorf("the worker answered %q, not %s, to\n%s", strings.TrimSpace(line), kind, w.script.String())
	}
	return words[1:], nil
}

// text reads that many bytes.
func (w *worker) text(length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(w.out, b)
	return string(b), err
}

// happened is what the kernel did: an error's number, or the credentials after.
type happened struct {
	before     status
	errno      int
	after      status
	securebits uint32
	secure     bool
}

// attempt reads the answer to exec or enter.
func (w *worker) attempt() (h happened, err error) {
	words, err := w.answer("before")
	if err != nil {
		return h, err
	}
	if h.before, err = w.status(words[0]); err != nil {
		return h, err
	}
	line, err := w.out.ReadString('\n')
	if err != nil {
		return h, err
	}
	var bits, secure int
	var length string
	switch {
	case strings.HasPrefix(line, "errno "):
		h.errno, err = strconv.Atoi(strings.TrimSpace(line[len("errno "):]))
		return h, err
	default:
		if _, err = fmt.Sscanf(line, "done %d %d %s", &bits, &secure, &length); err != nil {
			return h, fmt.Errorf("%q: %w after\n%s", line, err, w.script.String())
		}
	}
	h.securebits, h.secure = uint32(bits), secure != 0
	h.after, err = w.status(length)
	return h, err
}

func (w *worker) status(length string) (status, error) {
	text, err := w.text(length)
	if err != nil {
		return status{}, err
	}
	return parseStatus(text)
}

// attribute reads the answer to file: the attribute as it is read back; nil for none, and an error's number.
func (w *worker) attribute() (value []byte, errno int, err error) {
	words, err := w.answer("file")
	if err != nil {
		return nil, 0, err
	}
	switch {
	case words[0] == "-":
		return nil, 0, nil
	case words[0][0] == '!':
		errno, err = strconv.Atoi(words[0][1:])
		return nil, errno, err
	}
	value, err = hex.DecodeString(words[0])
	return value, 0, err
}
