//go:build !unix

package main

import "errors"

// noFollow: there is no such flag here.
const noFollow = 0

var isLink = errors.New("symbolic link")
