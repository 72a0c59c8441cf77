/* The system call a task is in. */
#ifndef CAPVIEW_SYSCALL_H
#define CAPVIEW_SYSCALL_H

/* The ABIs, as the kernel's records number them. */
enum abi { ABI_NATIVE, ABI_COMPAT, ABI_X32, ABIS };

#define NO_SYSCALL -1

#define PF_IO_WORKER 0x00000010
#define PF_USER_WORKER 0x00004000 /* since 6.4; before, PF_USED_ASYNC, which is gone since 5.18 */

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

#endif
