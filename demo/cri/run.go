package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// exited is a container's exit status that is not 0.
type exited int

func (e exited) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run starts a pod of a name with one container of that name. Unless it is to be left alone, it waits for its end, and prints
// what it printed.
func (n *node) run(ctx context.Context, name string, command []string) error {
	security, err := readSecurity(n.security)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(name))
	pod := n.pod(name, fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
	sandbox, err := n.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: pod})
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	id, err := n.start(ctx, pod, sandbox.PodSandboxId, name, security, command...)
	if err != nil {
		return fmt.Errorf("container %s: %w", name, err)
	}
	if n.detach {
		fmt.Println(id)
		return nil
	}
	status, err := n.wait(ctx, id)
	if err != nil {
		return err
	}
	if err := printLog(filepath.Join(n.logs, name+".log")); err != nil {
		return err
	}
	if status != 0 {
		return exited(status)
	}
	return nil
}

func (n *node) wait(ctx context.Context, id string) (int32, error) {
	for {
		s, err := n.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
		if err != nil {
			return 0, err
		}
		if s.Status.State == cri.ContainerState_CONTAINER_EXITED {
			return s.Status.ExitCode, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// printLog prints a container's log, whose lines are "time stream tag text" (the kubelet's, "CRI logging format").
func printLog(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(line, " ", 4)
		if len(fields) < 4 {
			return fmt.Errorf("%s: no line of a log: %q", path, line)
		}
		if fields[2] == "P" { // a part of a line
			fields[3] = strings.TrimSuffix(fields[3], "\n")
		}
		out := os.Stdout
		if fields[1] == "stderr" {
			out = os.Stderr
		}
		fmt.Fprint(out, fields[3])
	}
	return nil
}

// manifest is a container's securityContext (Kubernetes' core/v1 SecurityContext), or that of the one container that is listed;
// a field that is not known here is an error, so that nothing which was asked for is left out.
type manifest struct {
	SecurityContext *securityContext `yaml:"securityContext"`
	Containers      []struct {
		Name            string           `yaml:"name"`
		SecurityContext *securityContext `yaml:"securityContext"`
	} `yaml:"containers"`
}

type securityContext struct {
	AllowPrivilegeEscalation *bool  `yaml:"allowPrivilegeEscalation"`
	RunAsUser                *int64 `yaml:"runAsUser"`
	Capabilities             struct {
		Drop []string `yaml:"drop"`
		Add  []string `yaml:"add"`
	} `yaml:"capabilities"`
}

func (m *manifest) only() (*securityContext, error) {
	s := m.SecurityContext
	if len(m.Containers) == 1 && s == nil {
		s = m.Containers[0].SecurityContext
	}
	if s == nil || len(m.Containers) > 1 {
		return nil, errors.New("want the securityContext of one container")
	}
	return s, nil
}

// readSecurity turns a securityContext into what the kubelet asks a runtime for (pkg/kubelet/kuberuntime/security_context.go).
func readSecurity(path string) (*cri.LinuxContainerSecurityContext, error) {
	to := &cri.LinuxContainerSecurityContext{NamespaceOptions: hostNetwork(), Seccomp: &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault}}
	if path == "" {
		return to, nil
	}
	text, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	var from manifest
	in := yaml.NewDecoder(text)
	in.KnownFields(true)
	if err := in.Decode(&from); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s, err := from.only()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	to.Capabilities = &cri.Capability{AddCapabilities: s.Capabilities.Add, DropCapabilities: s.Capabilities.Drop}
	to.NoNewPrivs = s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation
	if s.RunAsUser != nil {
		to.RunAsUser = &cri.Int64Value{Value: *s.RunAsUser}
	}
	return to, nil
}
