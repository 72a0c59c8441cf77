package tty

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/cmd/tty/ttytest"
	"capview/inspect/crash"
)

// childEnv makes the test binary a program on a terminal, for the tests that need a real process: "run" is a bubbletea
// program under Run, "quiet" a command that only leaves.
const childEnv = "CAPVIEW_TTY_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "":
		os.Exit(m.Run())
	case "quiet":
		os.Exit(0)
	}
	os.Exit(child())
}

// child runs the probe; what Run logs goes to descriptor 3, where the test reads it.
func child() int {
	log := slog.New(slog.NewTextHandler(os.NewFile(3, "log"), nil))
	err := Run(context.Background(), probe{log: log}, Options{
		In: os.Stdin, Out: os.Stdout, Term: os.Getenv("TERM"), FPS: 60, Log: log,
	})
	var unusable *TerminalError
	if errors.As(err, &unusable) {
		fmt.Fprintf(os.Stderr, "%v\n  %s\n", unusable, unusable.Hint())
	}
	return ExitCode(err)
}

// start runs the child on the terminal, through wrapper if there is one.
func start(term *ttytest.Terminal, wrapper ...string) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	argv := append(wrapper, self)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"=run", "TERM=xterm-256color")
	term.Start(cmd)
}

// probe shows the keys it got, and does what they name.
type probe struct {
	log           *slog.Logger
	width, height int
	shown         string
	flood         int // frames of noise
	broken        bool
}

type noise struct{}

func (p probe) Init() tea.Cmd { return nil }

func (p probe) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		p.width, p.height = msg.Width, msg.Height
	case tea.ResumeMsg:
		p.shown += " resumed"
	case CannotSuspendMsg:
		p.shown += " cannot-suspend"
	case noise:
		p.flood++
		return p, tea.Tick(5*time.Millisecond, func(time.Time) tea.Msg { return noise{} })
	case tea.KeyMsg:
		p.shown += " <" + msg.String() + ">"
		return p.act(msg.String())
	}
	return p, nil
}

func (p probe) act(key string) (tea.Model, tea.Cmd) {
	p.log.Info("key " + key)
	explode := func() tea.Msg { panic("in a command \x1b[31m") }
	switch key {
	case "q":
		return p, tea.Quit
	case "u":
		panic("in Update")
	case "v":
		p.broken = true
	case "c":
		return p, explode
	case "b":
		return p, tea.Sequence(func() tea.Msg { return nil }, tea.Batch(explode, explode))
	case "g":
		go func() {
			defer crash.Recover()
			panic("in a goroutine")
		}()
	case "l":
		select {}
	case "f":
		p.flood = 1
		return p, func() tea.Msg { return noise{} }
	case "z":
		return p, tea.Suspend
	case "m":
		return p, tea.EnableMouseCellMotion
	}
	return p, nil
}

func (p probe) View() string {
	if p.broken {
		panic("in View")
	}
	lines := []string{fmt.Sprintf("READY %dx%d%s", p.width, p.height, p.shown)}
	if p.flood > 0 {
		for i := range p.height - 1 {
			lines = append(lines, strings.Repeat(fmt.Sprint((p.flood+i)%10), p.width))
		}
	}
	return strings.Join(lines, "\n")
}
