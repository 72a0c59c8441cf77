package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/ui/view"
)

// Lines indented by four are code to the manual page's maker, which keeps them as they are.
const filterIntro = `A filter is words and key:value terms apart by spaces; all of them must hold.

    nginx                  a word: in the command's name, its arguments or its container's name
    has:sys_admin,bpf      "," is or
    !userns:host           "!" negates
    ~^kube                 "~" begins a regular expression
    name:"my app"          quotes keep spaces, commas and colons

A process of which a filter cannot tell, because a fact could not be read, is not shown, but it is counted.

The keys:

`

const columnsIntro = `The columns that --columns and --sort name, and that json has as keys.

`

// topics are the help pages that are not of a command: "capview help filter".
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "filter", Short: "The filter language of --filter", Long: filterIntro + filterHelp()},
		{Use: "columns", Short: "The columns of list", Long: columnsIntro +
			"Of a process:\n\n" + columnsHelp(view.Processes()) + "\nOf a container or group (--containers):\n\n" + columnsHelp(view.Containers())},
	}
}

func filterHelp() string {
	var b strings.Builder
	for _, k := range inspect.FilterKeys() {
		fmt.Fprintf(&b, "    %-11s %s\n", k.Key, k.Meaning)
		values := strings.Join(k.Values, " ")
		if k.Capability {
			values = strings.TrimSpace("a capability " + values)
		}
		if values != "" {
			fmt.Fprintf(&b, "    %-11s   values: %s\n", "", values)
		}
		if k.Example != "" {
			fmt.Fprintf(&b, "    %-11s   as in %s\n", "", k.Example)
		}
	}
	return b.String()
}

func columnsHelp[T any](cols []view.Column[T]) string {
	var b strings.Builder
	for _, c := range cols {
		fmt.Fprintf(&b, "    %-12s %s\n", c.Key, c.Doc)
	}
	return b.String()
}
