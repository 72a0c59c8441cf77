// Package agree holds the two ways of reading a node to each other: the kernel's task iterator and procfs must say the
// same of processes that fork, execute and change their credentials meanwhile. It has nothing but tests; it is the one
// place besides cmd that knows both.
package agree
