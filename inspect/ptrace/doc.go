// Package ptrace reads the seccomp filters of one thread by PTRACE_SECCOMP_GET_FILTER, for where no BPF program can be
// loaded. It is used only when asked for by name, because it disturbs: the thread is stopped for as long as its filters
// are read, some tens of microseconds. A system call it was blocked in goes on afterwards as after SIGSTOP and SIGCONT
// (signal(7)): most as if nothing had been; sleeps through restart_syscall(2), which the filter must allow; epoll_wait(2)
// and its few kin return EINTR. A thread that is stopped stays stopped.
//
// The kernel demands of the caller (kernel/seccomp.c, seccomp_get_filter): CAP_SYS_ADMIN in the initial user namespace,
// no seccomp of its own, and a kernel with CONFIG_CHECKPOINT_RESTORE; and all that PTRACE_SEIZE demands (ptrace(2)).
// Credentials and filters are of threads: the thread that is named is the one that is read.
package ptrace
