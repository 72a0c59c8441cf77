/* Which system calls a target makes, as sets of numbers: nothing is lost at any rate. */
#ifndef CAPVIEW_RECORD_H
#define CAPVIEW_RECORD_H

#define NUMBERS 1024
#define WORDS (NUMBERS / 64)

struct record {
	u64 entered[3 * WORDS]; /* those that reached the kernel, the ABIs after each other */
	u64 failed[3 * WORDS];  /* those that returned an error: also what a seccomp filter refused, which does not reach it */
};

/* Calls that were refused: EPERM, EACCES or ENOSYS. */
struct refused_key {
	u64 target;
	s32 number;
	u16 error;
	u8 abi;
	u8 pad;
};

#endif
