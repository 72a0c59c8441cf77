package tty

import (
	"reflect"

	tea "github.com/charmbracelet/bubbletea"
)

// guarded is a model whose methods and commands end the program when they panic, instead of the process.
type guarded struct {
	model tea.Model
	guard *guard
}

func (m guarded) Init() (cmd tea.Cmd) {
	defer m.guard.recover()
	return m.command(m.model.Init())
}

// Update does nothing after a panic: the model may be half changed.
func (m guarded) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	next = m
	if m.guard.panicked() != nil {
		return m, nil
	}
	defer m.guard.recover()
	model, cmd := m.model.Update(msg)
	return guarded{model, m.guard}, m.command(cmd)
}

// View is empty once anything panicked: the model may no longer hold together.
func (m guarded) View() (frame string) {
	if m.guard.panicked() != nil {
		return ""
	}
	defer m.guard.recover()
	return m.model.View()
}

// command guards cmd, which runs in a goroutine of its own. Nil stays nil: bubbletea tells it apart.
func (m guarded) command(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer m.guard.recover()
		return m.message(cmd())
	}
}

var commandType = reflect.TypeFor[tea.Cmd]()

// message guards the commands inside tea.BatchMsg and the message of tea.Sequence, whose type is not exported: both are
// slices of commands.
func (m guarded) message(msg tea.Msg) tea.Msg {
	list := reflect.ValueOf(msg)
	if !list.IsValid() || list.Kind() != reflect.Slice || list.Type().Elem() != commandType {
		return msg
	}
	safe := reflect.MakeSlice(list.Type(), list.Len(), list.Len())
	for i := range list.Len() {
		cmd, _ := list.Index(i).Interface().(tea.Cmd)
		safe.Index(i).Set(reflect.ValueOf(m.command(cmd)))
	}
	return safe.Interface()
}
