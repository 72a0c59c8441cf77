//go:build unix

package main

import "syscall"

// noFollow makes open(2) refuse a symbolic link, with the error isLink tells.
const noFollow = syscall.O_NOFOLLOW

var isLink error = syscall.ELOOP
