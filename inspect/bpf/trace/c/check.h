/* What the tracer hands to capview: one capability check, or how many there were alike. */
#ifndef CAPVIEW_CHECK_H
#define CAPVIEW_CHECK_H

#define FRAMES 32
#define CAPS 64

/* flags */
#define CHECK_OVERRIDDEN 1 /* the task acts with other credentials than its own (cred is not real_cred) */
#define CHECK_FOREIGN 2    /* the credentials asked about are not those the task acts with: a file's opener's, another task's */
#define CHECK_PROBE 4      /* the kernel asks for itself, without audit: see probe() */
#define CHECK_OPTIONS 8    /* options is known */
#define CHECK_GRANTING 16  /* granting_userns is known */

/* Checks that are alike are counted together. */
struct check_key {
	u64 cgroup;
	u64 start; /* of the process, ns since boot */
	u32 pid;
	u32 target_userns;
	s32 syscall;
	u8 cap;
	u8 denied;
	u8 flags;
	u8 abi;
};

/* All but count is what the first of them had. */
struct check_count {
	u64 count;
	u64 first; /* ns since boot */
	u64 caps;
	u32 current_userns;
	u32 uid, ppid;
	char comm[16];
	u32 told; /* of a CPU's slot: --unique has shown one alike */
};

struct check_event {
	u64 time; /* ns since boot */
	u64 start;
	u64 cgroup;
	u64 caps; /* effective */
	u32 pid, tid, ppid;
	u32 uid, gid, euid, egid;
	s32 syscall;
	u32 current_userns, target_userns, granting_userns;
	u32 mount_ns;
	u32 options; /* CAP_OPT_* of linux/security.h */
	u8 cap;
	u8 denied;
	u8 flags;
	u8 abi;
	char comm[16];
	char parent[16];
	u32 kernel_frames, user_frames; /* how many follow */
};

struct stack_event {
	struct check_event check;
	u64 kernel[FRAMES];
	u64 user[FRAMES];
};

#endif
