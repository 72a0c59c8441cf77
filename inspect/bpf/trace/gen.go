package trace

// As in capview/inspect/bpf; one source gives an object for each way to see a check.
//
//go:generate go tool bpf2go -go-package trace -tags linux -target amd64,arm64 checkFexit c/check.bpf.c -- -I ../c -DRUNG_FEXIT -Wall -Werror -mcpu=v3
//go:generate go tool bpf2go -go-package trace -tags linux -target amd64,arm64 checkTracepoint c/check.bpf.c -- -I ../c -DRUNG_TRACEPOINT -Wall -Werror -mcpu=v3
//go:generate go tool bpf2go -go-package trace -tags linux -target amd64,arm64 checkKprobe c/check.bpf.c -- -I ../c -DRUNG_KPROBE -Wall -Werror -mcpu=v3
//go:generate go tool bpf2go -go-package trace -tags linux -target amd64,arm64 record c/record.bpf.c -- -I ../c -Wall -Werror -mcpu=v3
