// Writes a filter with every comparison and action of libseccomp to standard output: cc ops.c -lseccomp.
#include <errno.h>
#include <seccomp.h>
#include <unistd.h>

#define RULE(action, name, ...) seccomp_rule_add(ctx, action, SCMP_SYS(name), __VA_ARGS__)

int main(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	RULE(SCMP_ACT_ERRNO(EPERM), ioctl, 1, SCMP_A1_32(SCMP_CMP_EQ, 0x5412));
	RULE(SCMP_ACT_ERRNO(EPERM), ioctl, 1, SCMP_A1(SCMP_CMP_EQ, 0x541c));
	RULE(SCMP_ACT_ERRNO(EINVAL), socket, 1, SCMP_A0(SCMP_CMP_EQ, 40));
	RULE(SCMP_ACT_ERRNO(EAFNOSUPPORT), socket, 3, SCMP_A0(SCMP_CMP_EQ, 16),
	     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, 3), SCMP_A2(SCMP_CMP_GT, 21));
	RULE(SCMP_ACT_ERRNO(EPERM), clone, 1, SCMP_A0(SCMP_CMP_MASKED_EQ, 0x10000000, 0x10000000));
	RULE(SCMP_ACT_KILL_PROCESS, mmap, 2, SCMP_A2(SCMP_CMP_MASKED_EQ, 6, 6),
	     SCMP_A1(SCMP_CMP_GT, 0x100001000ULL));
	RULE(SCMP_ACT_TRAP, mprotect, 1, SCMP_A1(SCMP_CMP_GE, 0x200000003ULL));
	RULE(SCMP_ACT_LOG, read, 1, SCMP_A2(SCMP_CMP_LT, 0x100000002ULL));
	RULE(SCMP_ACT_TRACE(7), write, 1, SCMP_A2(SCMP_CMP_LE, 0x100000002ULL));
	RULE(SCMP_ACT_NOTIFY, personality, 1, SCMP_A0(SCMP_CMP_NE, 0));
	RULE(SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
	RULE(SCMP_ACT_KILL, kexec_load, 0);
	return seccomp_export_bpf(ctx, STDOUT_FILENO);
}
