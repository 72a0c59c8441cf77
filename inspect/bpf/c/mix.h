/* How facts are made into keys. */
#ifndef CAPVIEW_MIX_H
#define CAPVIEW_MIX_H

/* The finalizer of splitmix64: every bit of what goes in decides over every bit that comes out. */
static __always_inline u64 mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* The verifier forbids sums with pointers that it knows; what is read as bytes is a number to it. */
static __always_inline u64 number(const void *pointer)
{
	u64 n = 0;

	bpf_probe_read_kernel(&n, sizeof(n), pointer);
	return n;
}

/* Changes with an execve and with prctl(PR_SET_MM_ARG_START and the like); never 0. */
static __always_inline u64 arguments(u64 start, u64 end, u64 env)
{
	return mix(start) + mix(end + 1) + mix(env + 2) | 1;
}

#endif
