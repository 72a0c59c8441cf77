/* The system call a task is in. */
#ifndef CAPVIEW_SYSCALL_H
#define CAPVIEW_SYSCALL_H

#include "mix.h"

/* The ABIs, as the kernel's records number them. */
enum abi { ABI_NATIVE, ABI_COMPAT, ABI_X32, ABIS };

#define NO_SYSCALL -1

#define PF_IO_WORKER 0x00000010
#define PF_USER_WORKER 0x00004000 /* since 6.4; before, PF_USED_ASYNC, which is gone since 5.18 */
#define PF_KTHREAD 0x00200000

#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 0x0002      /* arch/x86/include/asm/thread_info.h */
#define X32_BIT 0x40000000    /* __X32_SYSCALL_BIT */

static __always_inline s32 syscall_number(struct pt_regs *regs)
{
	/* Exceptions and interrupts from user mode leave -1 there. */
	return (s32)regs->orig_ax;
}

static __always_inline u32 abi_of(struct task_struct *task, s32 *number)
{
	if (task->thread_info.status & TS_COMPAT)
		return ABI_COMPAT;
	if (*number != NO_SYSCALL && *number & X32_BIT) {
		*number &= ~X32_BIT;
		return ABI_X32;
	}
	return ABI_NATIVE;
}

#elif defined(__TARGET_ARCH_arm64)

#define TIF_32BIT 22 /* arch/arm64/include/asm/thread_info.h */

static __always_inline s32 syscall_number(struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline u32 abi_of(struct task_struct *task, s32 *number)
{
	return task->thread_info.flags >> TIF_32BIT & 1 ? ABI_COMPAT : ABI_NATIVE;
}

#endif

/* Reads an address as what a kernel type says (Linux 6.2): a load, where the helper for it is a call. */
extern void *bpf_rdonly_cast(const void *address, u32 type) __ksym __weak;

struct task_struct___stack {
	void *stack;
} __attribute__((preserve_access_index));

/* Where on its stack a task keeps the registers it entered the kernel with: the same for all. 0: not yet learnt. */
volatile u64 registers_at = 0;

/* The number in the registers of task, the current one. The helper that finds them takes longer than all else together. */
static __always_inline s32 entered_with(struct task_struct *task)
{
	u64 stack = (u64)((struct task_struct___stack *)task)->stack, at = registers_at;
	s32 n;

	if (bpf_rdonly_cast && at)
		return syscall_number(bpf_rdonly_cast((void *)(stack + at), bpf_core_type_id_kernel(struct pt_regs)));
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	n = syscall_number(regs);
	barrier_var(n); /* each way has a load of its own: to the verifier the pointers differ */
	if (bpf_rdonly_cast)
		registers_at = number(&regs) - stack;
	return n;
}

/* The number of the system call that task, the current one, is in; NO_SYSCALL outside any: the kernel's own threads, page
 * faults, interrupts. */
static __always_inline s32 current_syscall(struct task_struct *task, u32 *abi)
{
	s32 number;

	*abi = ABI_NATIVE;
	if (task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER))
		return NO_SYSCALL;
	number = entered_with(task);
	if (number != NO_SYSCALL)
		*abi = abi_of(task, &number);
	return number;
}

#endif
