// Package rules restates decisions of the Linux kernel about capabilities as pure functions: facts in, an answer with
// its derivation out. It does no I/O and knows no clock; an oracle holds it to the running kernel.
//
// All ids are numbered as the reader of the facts sees them (its user namespace's numbers), namespaces are named by
// the inode of their nsfs file. What is not known stays unknown: an answer is given only where every state of what is
// unknown would lead to it.
package rules
