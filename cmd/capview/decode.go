package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect/caps"
	"capview/ui/view"
)

const decodeLong = `Decode turns a capability mask into names, as 'capsh --decode' prints them, and names into the mask of /proc/PID/status.

A VALUE is a mask (a80425fb, 0x400, 00000000a80425fb), names separated by commas (net_raw,cap_sys_admin), "all", "none", a
runtime whose default set is meant (docker, containerd, podman, cri-o), such a set with changes ("docker +net_admin -mknod"), or a
line of /proc/PID/status (CapEff: 0000000000000400). "-" reads values from standard input, one a line.`

// decoded is one value, both ways.
type decoded struct {
	label   string // "CapEff:" where the value had one
	toMask  bool   // names were given, the mask is asked for
	set     caps.Set
	Value   string      `json:"value"`
	Mask    string      `json:"mask"`
	Names   []string    `json:"names"`
	Summary string      `json:"summary"` // as capview's cells show it
	Explain []explained `json:"explain,omitempty"`
}

// explained is what one capability is for.
type explained struct {
	Name   string   `json:"name"`
	Number int      `json:"number"`
	Allows string   `json:"allows"`
	Detail []string `json:"detail"`
}

func (a *app) decodeCommand() *cobra.Command {
	var explain bool
	cmd := &cobra.Command{
		Use:   "decode VALUE...",
		Short: "Capability masks to names, and names to masks",
		Long:  decodeLong,
		Example: "  capview decode 00000000a80425fb\n" +
			"  capview decode net_raw,sys_admin\n" +
			"  grep Cap /proc/self/status | capview decode -",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, fmt.Errorf("decode what? a mask or names"))
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return capabilityNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDecode(cmd, args, explain) },
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "say what each capability is for")
	return cmd
}

func (a *app) runDecode(cmd *cobra.Command, args []string, explain bool) error {
	if err := refuse(cmd, "from", "filter", "container", "engine"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json", "ndjson")
	if err != nil {
		return err
	}
	lines, err := a.decodeLines(args)
	if err != nil {
		return err
	}
	all := make([]decoded, 0, len(lines))
	for _, line := range lines {
		d, err := decode(line)
		if err != nil {
			return trouble("a mask is 1 to 16 hexadecimal digits; names: "+nearNames(line), "%w", err)
		}
		if explain {
			d.explain()
		}
		all = append(all, d)
	}
	return a.writeDecoded(form, all)
}

// decodeLines is the values to decode: the arguments, with "CapEff: MASK" given as two words put together,
// and standard input's lines for "-".
func (a *app) decodeLines(args []string) ([]string, error) {
	var lines []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-":
			read, err := readLines(a.stdin)
			if err != nil {
				return nil, err
			}
			lines = append(lines, read...)
		case strings.HasSuffix(args[i], ":") && i+1 < len(args):
			lines = append(lines, args[i]+"\t"+args[i+1])
			i++
		default:
			lines = append(lines, args[i])
		}
	}
	return lines, nil
}

func readLines(r io.Reader) ([]string, error) {
	var lines []string
	scan := bufio.NewScanner(r)
	for scan.Scan() {
		if line := strings.TrimSpace(scan.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	if err := scan.Err(); err != nil {
		return nil, trouble("", "cannot read standard input: %w", cause(err))
	}
	return lines, nil
}

// decode reads one value.
func decode(line string) (decoded, error) {
	d := decoded{Value: line}
	value := strings.TrimSpace(line)
	if label, rest, ok := strings.Cut(value, ":"); ok && strings.HasPrefix(label, "Cap") {
		d.label, value = label+":", strings.TrimSpace(rest)
	}
	set, err := caps.ParseHex(value)
	if err != nil {
		d.toMask = true
		set, err = caps.ParseSet(value)
	}
	if err != nil {
		return d, err
	}
	d.set, d.Mask, d.Names, d.Summary = set, set.Hex(), []string{}, set.Cell(caps.Full(caps.Last))
	set.Each(func(c caps.Cap) { d.Names = append(d.Names, c.String()) })
	return d, nil
}

func (d *decoded) explain() {
	d.set.Each(func(c caps.Cap) {
		d.Explain = append(d.Explain, explained{c.String(), int(c), c.Allows(), c.Explain()})
	})
}

func (a *app) writeDecoded(form string, all []decoded) error {
	switch form {
	case "json":
		return writeJSON(a.out, all)
	case "ndjson":
		return writeLines(a.out, all)
	}
	for _, d := range all {
		if d.label != "" {
			fmt.Fprintf(a.out, "%s\t", view.Clean(d.label))
		}
		fmt.Fprintln(a.out, d.text())
		for _, e := range d.Explain {
			fmt.Fprintf(a.out, "\n  %s (%d): %s\n", e.Name, e.Number, e.Allows)
			for _, line := range e.Detail {
				fmt.Fprintf(a.out, "    %s\n", line)
			}
		}
	}
	return nil
}

// text is the line that capsh --decode prints for a mask; for names, their mask.
func (d decoded) text() string {
	if d.toMask {
		return d.Mask
	}
	return "0x" + d.Mask + "=" + strings.Join(d.Names, ",")
}

// capabilityNames is every capability's name without its "cap_".
func capabilityNames() []string {
	var names []string
	for c := caps.Cap(0); c <= caps.Last; c++ {
		names = append(names, c.Short())
	}
	return names
}

// nearNames is a few capabilities' names that have a word in common with what was typed; else the first ones.
func nearNames(typed string) string {
	var near []string
	for _, name := range capabilityNames() {
		for word := range strings.FieldsFuncSeq(strings.ToLower(typed), func(r rune) bool { return r == '_' || r == ',' }) {
			if word != "cap" && len(word) > 2 && strings.Contains(name, word) {
				near = append(near, name)
				break
			}
		}
	}
	if len(near) == 0 {
		near = capabilityNames()
	}
	if len(near) > 6 {
		near = append(near[:6:6], "...")
	}
	return strings.Join(near, " ")
}
