// System calls with chosen registers, and which of them do nothing whatever their arguments.
#include "worker.h"

// make64 and make80 load every argument register from a struct call.
__asm__(".text\n"
	"make64:\n"
	"	mov %rdi, %rcx\n"
	"	mov 4(%rcx), %eax\n"
	"	mov 8(%rcx), %rdi\n"
	"	mov 16(%rcx), %rsi\n"
	"	mov 24(%rcx), %rdx\n"
	"	mov 32(%rcx), %r10\n"
	"	mov 40(%rcx), %r8\n"
	"	mov 48(%rcx), %r9\n"
	"	syscall\n"
	".globl after_syscall\n"
	"after_syscall:\n"
	"	ret\n"
	"make80:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	mov %rdi, %r11\n"
	"	mov 4(%r11), %eax\n"
	"	mov 8(%r11), %rbx\n"
	"	mov 16(%r11), %rcx\n"
	"	mov 24(%r11), %rdx\n"
	"	mov 32(%r11), %rsi\n"
	"	mov 40(%r11), %rdi\n"
	"	mov 48(%r11), %rbp\n"
	"	int $0x80\n"
	".globl after_int80\n"
	"after_int80:\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n");
int64_t make64(const struct call *call);
int64_t make80(const struct call *call);

int64_t make_call(const struct call *call)
{
	return call->abi == ABI32 ? (int32_t)make80(call) : make64(call);
}

// harmless tells the numbers that only ask for an id, and those that no kernel has yet.
int harmless(const struct call *call)
{
	static const uint32_t of64[] = {SYS_getpid, SYS_getuid, SYS_getgid, SYS_geteuid, SYS_getegid, SYS_getppid, 0};
	static const uint32_t of32[] = {20, 24, 47, 49, 50, 64, 199, 200, 201, 202, 0};
	uint32_t nr = call->nr;
	if (call->abi == ABI64)
		nr &= ~0x40000000u;
	for (const uint32_t *known = call->abi == ABI64 ? of64 : of32; *known; known++)
		if (nr == *known)
			return 1;
	// x32 has numbers of its own from 512 to 547.
	return nr >= 900 && nr < 1000;
}

// guarded tells whether the oldest filter, behind the exemption for loading, only refuses.
int guarded(void)
{
	const struct sock_filter exemption[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)LOADING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_IMM, 0),
	};
	const int length = sizeof exemption / sizeof *exemption;
	if (!job.filters || filters[0].len != length + 1 || memcmp(filters[0].filter, exemption, sizeof exemption))
		return 0;
	struct sock_filter last = filters[0].filter[length];
	uint32_t action = last.k & SECCOMP_RET_ACTION_FULL;
	// An errno of 0 is none: the call would seem to have succeeded, but nothing was done either.
	return last.code == (BPF_RET | BPF_K) && (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE);
}
