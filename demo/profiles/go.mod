module capview/demo/profiles

go 1.26.0

require (
	capview v0.0.0
	github.com/moby/profiles/seccomp v0.2.3
	github.com/opencontainers/runtime-spec v1.3.0
	go.podman.io/common v0.65.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/elastic/go-seccomp-bpf v1.6.0 // indirect
	github.com/seccomp/libseccomp-golang v0.11.1 // indirect
)

replace capview => ../..
