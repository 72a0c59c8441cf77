// Command cri asks a runtime of the Kubernetes Container Runtime Interface for one pod of the lab,
// as a kubelet does: a sandbox, then containers with the security contexts that pods ask for.
// It is a module of its own so that gRPC does not weigh on capview's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	socket := flag.String("socket", "", "the runtime's socket `file`")
	image := flag.String("image", "", "a local `image` that has /bin/sleep")
	logs := flag.String("logs", "", "`folder` for the pod's logs")
	security := flag.String("security", "", "of run: `file` with a pod's securityContext, as Kubernetes has it; default none")
	detach := flag.Bool("detach", false, "of run: do not wait for its end")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	err := run(ctx, *socket, node{image: *image, logs: *logs, security: *security, detach: *detach}, flag.Args())
	var ended exited
	switch {
	case errors.As(err, &ended):
		os.Exit(int(ended))
	case err != nil:
		fmt.Fprintln(os.Stderr, "cri:", err)
		os.Exit(125) // as docker's own failures
	}
}

// node is a runtime, and what is asked of it.
type node struct {
	cri.RuntimeServiceClient
	image, logs, security string
	detach                bool
}

func run(ctx context.Context, socket string, n node, args []string) error {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	n.RuntimeServiceClient = cri.NewRuntimeServiceClient(conn)
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch {
	case command == "ready":
		_, err := n.Version(ctx, &cri.VersionRequest{}, grpc.WaitForReady(true))
		return err
	case command == "up":
		return n.up(ctx)
	case command == "run" && len(args) > 2:
		return n.run(ctx, args[1], args[2:])
	case command == "remove" && len(args) == 2:
		return n.remove(ctx, args[1])
	case command == "down":
		return n.remove(ctx, "")
	}
	return fmt.Errorf("%q: not ready, up, run NAME COMMAND..., remove NAME or down", args)
}

// up starts one pod in the host's network (no CNI plugin is needed) with a container for each context.
func (n *node) up(ctx context.Context) error {
	pod := n.pod("shop", "7f3c2a10-5b1e-4c57-9a53-0d6f7a1c0b11")
	sandbox, err := n.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: pod})
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	for name, security := range contexts() {
		if _, err := n.start(ctx, pod, sandbox.PodSandboxId, name, security, "/bin/sleep", "86400"); err != nil {
			return fmt.Errorf("container %s: %w", name, err)
		}
	}
	return nil
}

// pod is one of the lab's namespace.
func (n *node) pod(name, uid string) *cri.PodSandboxConfig {
	return &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Uid: uid, Namespace: "lab"},
		LogDirectory: n.logs,
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent:    "/kubepods/besteffort/pod" + uid,
			SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: hostNetwork()},
		},
	}
}

// start starts a container and gives its id.
func (n *node) start(ctx context.Context, pod *cri.PodSandboxConfig, sandbox, name string, security *cri.LinuxContainerSecurityContext, command ...string) (string, error) {
	created, err := n.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  sandbox,
		SandboxConfig: pod,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: name},
			Image:    &cri.ImageSpec{Image: n.image},
			Command:  command,
			LogPath:  name + ".log",
			Linux:    &cri.LinuxContainerConfig{SecurityContext: security},
		},
	})
	if err != nil {
		return "", err
	}
	_, err = n.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: created.ContainerId})
	return created.ContainerId, err
}

// contexts are what pods ask for: nothing, the restricted profile with one capability that a user other
// than root cannot use, and more than the default.
func contexts() map[string]*cri.LinuxContainerSecurityContext {
	return map[string]*cri.LinuxContainerSecurityContext{
		"cart": {NamespaceOptions: hostNetwork()},
		"front": {
			NamespaceOptions: hostNetwork(),
			RunAsUser:        &cri.Int64Value{Value: 1000},
			NoNewPrivs:       true,
			Seccomp:          &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault},
			Capabilities:     &cri.Capability{DropCapabilities: []string{"ALL"}, AddCapabilities: []string{"NET_BIND_SERVICE"}},
		},
		"mesh": {
			NamespaceOptions: hostNetwork(),
			Seccomp:          &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault},
			Capabilities:     &cri.Capability{AddCapabilities: []string{"NET_ADMIN"}, DropCapabilities: []string{"MKNOD"}},
		},
	}
}

func hostNetwork() *cri.NamespaceOption {
	return &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: cri.NamespaceMode_CONTAINER}
}

// remove stops and removes the pods of a name, or every pod of the runtime: it is the lab's own.
func (n *node) remove(ctx context.Context, name string) error {
	pods, err := n.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		if name != "" && pod.Metadata.Name != name {
			continue
		}
		if _, err := n.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
			return err
		}
		if _, err := n.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
			return err
		}
	}
	return nil
}
