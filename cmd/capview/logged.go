package main

import (
	"fmt"
	"log/slog"

	tea "github.com/charmbracelet/bubbletea"
)

// logged writes each message that a model gets to the log.
type logged struct {
	tea.Model
	log *slog.Logger
}

func (m logged) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		m.log.Debug("key", "key", msg.String())
	case tea.WindowSizeMsg:
		m.log.Debug("size", "width", msg.Width, "height", msg.Height)
	default:
		m.log.Debug("message", "type", fmt.Sprintf("%T", msg))
	}
	next, cmd := m.Model.Update(msg)
	return logged{next, m.log}, cmd
}
