// Package inspect is the model of a node: its processes with their capabilities, filters, namespaces and
// containers, as plain data, and what can be asked of it: filter, group, diff.
package inspect
