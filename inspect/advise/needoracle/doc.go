// Package needoracle holds what advise reads from capability checks to the kernel: processes without any capability make
// system calls, and where the kernel asked for a capability, was refused and went on all the same, that was no need.
package needoracle
