// Package actionoracle holds the answers of rules.May to the running kernel: its test makes threads in random states, in
// user namespaces up to four deep, lets them try each action and compares. Everything happens in namespaces of the
// test's own; what is tried there is harmless even where it is allowed.
package actionoracle
