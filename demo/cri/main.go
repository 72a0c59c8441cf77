// Command cri asks a runtime of the Kubernetes Container Runtime Interface for one pod of the lab,
// as a kubelet does: a sandbox, then containers with the security contexts that pods ask for.
// It is a module of its own so that gRPC does not weigh on capview's.
package main

import (
	"context"
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
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := run(ctx, *socket, *image, *logs, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "cri:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, socket, image, logs, command string) error {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	runtime := cri.NewRuntimeServiceClient(conn)
	switch command {
	case "ready":
		_, err := runtime.Version(ctx, &cri.VersionRequest{}, grpc.WaitForReady(true))
		return err
	case "up":
		return up(ctx, runtime, image, logs)
	case "down":
		return down(ctx, runtime)
	}
	return fmt.Errorf("%q: not ready, up or down", command)
}

// up starts one pod in the host's network (no CNI plugin is needed) with a container for each context.
func up(ctx context.Context, runtime cri.RuntimeServiceClient, image, logs string) error {
	pod := &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: "shop", Uid: "7f3c2a10-5b1e-4c57-9a53-0d6f7a1c0b11", Namespace: "lab"},
		LogDirectory: logs,
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent:    "/kubepods/besteffort/pod7f3c2a10-5b1e-4c57-9a53-0d6f7a1c0b11",
			SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: hostNetwork()},
		},
	}
	sandbox, err := runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: pod})
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	for name, security := range contexts() {
		if err := start(ctx, runtime, pod, sandbox.PodSandboxId, name, image, security); err != nil {
			return fmt.Errorf("container %s: %w", name, err)
		}
	}
	return nil
}

func start(ctx context.Context, runtime cri.RuntimeServiceClient, pod *cri.PodSandboxConfig, sandbox, name, image string, security *cri.LinuxContainerSecurityContext) error {
	created, err := runtime.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  sandbox,
		SandboxConfig: pod,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: name},
			Image:    &cri.ImageSpec{Image: image},
			Command:  []string{"/bin/sleep", "86400"},
			LogPath:  name + ".log",
			Linux:    &cri.LinuxContainerConfig{SecurityContext: security},
		},
	})
	if err != nil {
		return err
	}
	_, err = runtime.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: created.ContainerId})
	return err
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

// down stops and removes every pod of the runtime: it is the lab's own.
func down(ctx context.Context, runtime cri.RuntimeServiceClient) error {
	pods, err := runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		if _, err := runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
			return err
		}
		if _, err := runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
			return err
		}
	}
	return nil
}
