/* Checks that the kernel makes for itself, and how they are told from those that a system call asks for. */
#ifndef CAPVIEW_PROBE_H
#define CAPVIEW_PROBE_H

#include "check.h"
#include "syscall.h"

/* Where the kernel's functions that ask without audit are: from, up to; zero for none. */
#define QUIET 8
const volatile u64 quiet_from[QUIET] = {};
const volatile u64 quiet_to[QUIET] = {};

#define NUMBERS 1024

/* What is known of a system call, as sets of capabilities. */
struct asking {
	u64 itself;  /* it asks for these itself, and the kernel not beside it: no stack is walked for them */
	u64 decides; /* it asks for these without audit, and fails where they are not there: no probe */
	u64 beside;  /* the kernel asks for these beside it: taken for a probe where addresses are hidden */
};

/* By number, the ABIs after each other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ABIS * NUMBERS);
	__type(key, u32);
	__type(value, struct asking);
} asks SEC(".maps");

/* The capabilities that the kernel asks for without audit. */
const volatile u64 probed = 0;

static __always_inline bool quiet_address(u64 address)
{
	for (int i = 0; i < QUIET; i++)
		if (quiet_to[i] && address - quiet_from[i] < quiet_to[i] - quiet_from[i])
			return true;
	return false;
}

/* Whether one of the functions that ask without audit is among the callers. */
static __noinline bool quiet_caller(void *ctx)
{
	u64 frames[10];
	long n = bpf_get_stack(ctx, frames, sizeof(frames), 0);

	for (int i = 1; i < 10; i++)
		if (n >= (long)((i + 1) * sizeof(u64)) && quiet_address(frames[i]))
			return true;
	return false;
}

static __always_inline bool in(u64 set, u8 cap)
{
	return cap < CAPS && set >> cap & 1;
}

/* Whether the kernel asks for itself a check that may be such: the options say so; where they cannot be seen, the stack
 * does. what is the last word of its key. */
static __noinline bool probe(void *ctx, u64 what, bool told)
{
	s32 syscall = what;
	u8 cap = what >> 32, abi = what >> 56;
	u32 slot = abi * NUMBERS + syscall;
	struct asking *asking = NULL;

	if (syscall >= 0 && syscall < NUMBERS)
		asking = bpf_map_lookup_elem(&asks, &slot);
	if (asking && in(told ? asking->decides : asking->itself | asking->decides, cap))
		return false;
	if (told)
		return true;
	if (quiet_to[0])
		return quiet_caller(ctx);
	if (syscall == NO_SYSCALL)
		return true;
	return asking && in(asking->beside, cap);
}

#endif
