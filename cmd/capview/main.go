// Command capview shows what each process of a Linux node may do, and why: its capabilities, its container, its user
// namespace, its seccomp state and the file capabilities of its executable.
package main

import (
	"context"
	"os"
	"strings"

	_ "capview/cmd/capview/background" // before bubbletea: see its documentation
	"capview/cmd/lean"
)

func main() {
	shed = lean.Keep
	os.Exit(run(context.Background(), os.Args[1:], environ(os.Environ()), os.Stdin, os.Stdout, os.Stderr))
}

// environ turns os.Environ's form into a map; of a name given twice the first counts, as for getenv(3).
func environ(pairs []string) map[string]string {
	env := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if _, twice := env[name]; !twice {
			env[name] = value
		}
	}
	return env
}
