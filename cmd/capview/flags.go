package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// globals are the flags that every command takes.
type globals struct {
	from      string
	engine    choice
	filter    string
	container string
	output    choice
	color     choice
	log       string
}

// The values that flags choose from.
var (
	engines = []string{"auto", "bpf", "procfs"}
	outputs = []string{"table", "wide", "json", "ndjson", "csv"}
	colors  = []string{"auto", "always", "never"}
)

// choice is a flag's value that is one of a few words.
type choice string

// chooser makes a choice a pflag.Value.
type chooser struct {
	*choice
	from []string
}

func (c chooser) String() string { return string(*c.choice) }

func (c chooser) Type() string { return strings.Join(c.from, "|") }

func (c chooser) Set(s string) error {
	if !slices.Contains(c.from, s) {
		return fmt.Errorf("want one of %s", strings.Join(c.from, ", "))
	}
	*c.choice = choice(s)
	return nil
}

// choiceVar adds a flag to cmd, of every command below it too where persistent.
func choiceVar(cmd *cobra.Command, persistent bool, c *choice, name, short string, from []string, doc string) {
	flags := cmd.Flags()
	if persistent {
		flags = cmd.PersistentFlags()
	}
	*c = choice(from[0])
	flags.VarP(chooser{c, from}, name, short, doc)
}

func (g *globals) register(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&g.from, "from", "", "look at the snapshot in `FILE` instead of this node")
	choiceVar(root, true, &g.engine, "engine", "", engines, "how to read this node")
	f.StringVarP(&g.filter, "filter", "F", "", "only processes that `EXPR` matches: words, key:value, !, comma for or, quotes, ~regexp")
	f.StringVarP(&g.container, "container", "c", "", "only processes of the container `NAME` (a name, an id or its beginning, pod namespace/name)")
	choiceVar(root, true, &g.output, "output", "o", outputs, "form of the output")
	choiceVar(root, true, &g.color, "color", "", colors, "colour; auto: on a terminal, unless NO_COLOR is set or TERM is dumb")
	f.StringVar(&g.log, "log", "", "append what capview does to `FILE`")
}

// form is the form of output, which must be one of those that the command can print.
func (a *app) form(cmd *cobra.Command, can ...string) (string, error) {
	form := string(a.flags.output)
	if slices.Contains(can, form) {
		return form, nil
	}
	return "", trouble("its forms: "+strings.Join(can, ", "), "'%s' does not print %s", cmd.CommandPath(), form)
}

// refuse fails where a flag was given that means nothing to the command: it is not silently left out.
func refuse(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			return usage(cmd, fmt.Errorf("'%s' takes no --%s", cmd.CommandPath(), name))
		}
	}
	return nil
}
