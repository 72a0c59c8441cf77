/* Which system calls a target makes, as sets of numbers: nothing is lost at any rate. */
#ifndef CAPVIEW_RECORD_H
#define CAPVIEW_RECORD_H

#define NUMBERS 1024
#define WORDS (NUMBERS / 64)

struct record {
	u64 entered[3 * WORDS]; /* those that reached the kernel, the ABIs after each other */
	u64 failed[3 * WORDS];  /* those that returned an error: also what a seccomp filter refused, which does not reach it */
};

/* A control group's, where every one is recorded. */
struct group {
	struct record record;
	u64 begun; /* a program has been executed in it that is not the runtime's own */
};

/* Calls that were refused: EPERM, EACCES or ENOSYS. */
struct refused_key {
	u64 target; /* or the id of the control group */
	s32 number;
	u16 error;
	u8 abi;
	u8 pad;
};

#endif
