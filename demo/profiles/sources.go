package main

// source is one generation of an engine's default profile: the releases that have it, and the module that it is read from.
type source struct {
	engine   string
	versions string // of the engine; of podman and CRI-O, of containers/common
	module   string
	file     string
}

const (
	moby       = "github.com/docker/docker@"
	mobyFile   = "profiles/seccomp/default.json"
	containerd = "github.com/containerd/containerd"
	goFile     = "contrib/seccomp/seccomp_default.go"
	common     = "github.com/containers/common@"
	commonFile = "pkg/seccomp/seccomp.json"
)

// sources is every generation, the newest of each engine first.
var sources = []source{
	{"docker", "29 (moby/profiles 0.2.3)", "github.com/moby/profiles/seccomp@v0.2.3", "default.json"},
	{"docker", "28.5", "github.com/moby/profiles/seccomp@v0.1.0", "default.json"},
	{"docker", "26.0", moby + "v28.0.0+incompatible", mobyFile},
	{"docker", "25.0", moby + "v25.0.0+incompatible", mobyFile},
	{"docker", "24.0.9", moby + "v24.0.9+incompatible", mobyFile},
	{"docker", "23.0.15", moby + "v23.0.15+incompatible", mobyFile},
	{"docker", "23.0", moby + "v23.0.0+incompatible", mobyFile},
	{"docker", "20.10.24", moby + "v20.10.24+incompatible", mobyFile},
	{"docker", "20.10.10", moby + "v20.10.10+incompatible", mobyFile},
	{"docker", "20.10.9", moby + "v20.10.9+incompatible", mobyFile},
	{"docker", "20.10.0", moby + "v20.10.0+incompatible", mobyFile},
	{"containerd", "2.4.2", containerd + "/v2@v2.4.2", goFile},
	{"containerd", "2.4.0", containerd + "/v2@v2.4.0", goFile},
	{"containerd", "2.2", containerd + "/v2@v2.2.0", goFile},
	{"containerd", "2.1", containerd + "/v2@v2.1.0", goFile},
	{"containerd", "2.0", containerd + "/v2@v2.0.0", goFile},
	{"containerd", "1.7.20", containerd + "@v1.7.20", goFile},
	{"containerd", "1.7.10", containerd + "@v1.7.10", goFile},
	{"containerd", "1.7.0", containerd + "@v1.7.0", goFile},
	{"containerd", "1.6.36", containerd + "@v1.6.36", goFile},
	{"containerd", "1.6.20", containerd + "@v1.6.20", goFile},
	{"containerd", "1.6.0", containerd + "@v1.6.0", goFile},
	{"podman", "0.67", "go.podman.io/common@v0.67.0", commonFile},
	{"podman", "0.63", "go.podman.io/common@v0.65.0", commonFile},
	{"podman", "0.60", common + "v0.60.0", commonFile},
	{"podman", "0.58", common + "v0.58.0", commonFile},
	{"podman", "0.50", common + "v0.50.1", commonFile},
	{"podman", "0.47", common + "v0.47.0", commonFile},
	{"crio", "0.65", "go.podman.io/common@v0.65.0", commonFile},
}
