package bpf

// The objects are built by Debian 12's clang 14 against its libbpf-dev; CI builds them anew and compares. Each program
// is an object of its own, so that one which a kernel does not take keeps none of the others from loading.
//
//go:generate go tool bpf2go -go-package bpf -tags linux -target amd64,arm64 -type record task c/task.bpf.c -- -I c -Wall -Werror -mcpu=v2
//go:generate go tool bpf2go -go-package bpf -tags linux -target amd64,arm64 -type pass pass c/pass.bpf.c -- -I c -Wall -Werror -mcpu=v2
//go:generate go tool bpf2go -go-package bpf -tags linux -target amd64,arm64 -type batch args c/args.bpf.c -- -I c -Wall -Werror -mcpu=v2
//go:generate go tool bpf2go -go-package bpf -tags linux -target amd64,arm64 cmdline c/cmdline.bpf.c -- -I c -Wall -Werror -mcpu=v2
//go:generate go tool bpf2go -go-package bpf -tags linux -target amd64,arm64 filters c/filters.bpf.c -- -I c -Wall -Werror -mcpu=v2
