package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/ui/view"
)

// completions tells shells what may follow the flags. Cobra's own "completion" command prints the scripts.
func (a *app) completions(root *cobra.Command) {
	for name, words := range map[string][]string{"engine": engines, "output": outputs, "color": colors, "group": groupings} {
		complete(root, name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	complete(root, "container", a.completeContainers)
	complete(root, "filter", completeFilter)
	for _, file := range []string{"from", "log"} {
		complete(root, file, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		})
	}
	complete(root, "columns", completeColumns)
	complete(root, "sort", completeColumns)
}

// complete registers f for the flag wherever the tree has it.
func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if cmd.Flags().Lookup(flag) != nil || cmd.PersistentFlags().Lookup(flag) != nil {
		// It fails only where the flag does not exist.
		if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
			panic(err)
		}
	}
	for _, sub := range cmd.Commands() {
		complete(sub, flag, f)
	}
}

// completeContainers offers the names and ids of containers, of this node or of the snapshot of --from.
func (a *app) completeContainers(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ix, _, err := a.index(cmd.Context(), false)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for i := range ix.Containers {
		c := &ix.Containers[i]
		if c.Kind != inspect.KindContainer && c.Kind != inspect.KindSandbox {
			continue
		}
		about := view.Clean(strings.TrimSpace(c.Runtime + " " + c.Image.Or("")))
		if name := c.Name.Or(""); name != "" {
			names = append(names, view.Clean(name)+"\t"+about)
		}
		if id := view.Clean(c.ID[:min(len(c.ID), 12)]); id != "" {
			names = append(names, id+"\t"+called(ix, c)+" "+about)
		}
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeColumns completes the last key of a comma-separated list.
func completeColumns(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	done := typed[:strings.LastIndexByte(typed, ',')+1]
	if rest := typed[len(done):]; strings.HasPrefix(rest, "-") {
		done += "-"
	}
	var keys []string
	if on := cmd.Flags().Lookup("containers"); on != nil && on.Value.String() == "true" {
		keys = columnKeys(view.Containers(), done)
	} else {
		keys = columnKeys(view.Processes(), done)
	}
	return keys, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func columnKeys[T any](cols []view.Column[T], before string) []string {
	keys := make([]string, 0, len(cols))
	for _, c := range cols {
		keys = append(keys, before+c.Key+"\t"+c.Doc)
	}
	return keys
}

// completeFilter offers the keys of the filter language for the last word typed, and the values of a key that has few.
func completeFilter(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexAny(typed, " !")+1]
	key, _, valued := strings.Cut(typed[len(before):], ":")
	var words []string
	for _, k := range inspect.FilterKeys() {
		switch {
		case !valued:
			words = append(words, before+k.Key+":\t"+k.Meaning)
		case k.Key == key:
			for _, v := range filterValues(k) {
				words = append(words, before+key+":"+v)
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func filterValues(k inspect.FilterKey) []string {
	if k.Capability {
		return append(slices.Clone(k.Values), capabilityNames()...)
	}
	return k.Values
}
