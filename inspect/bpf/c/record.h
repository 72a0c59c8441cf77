/* What the task iterator writes for each thread, little-endian. Go decodes it by this type's twin (bpf2go -type). */
#ifndef CAPVIEW_RECORD_H
#define CAPVIEW_RECORD_H

#define RECORD_GROUPS 32
#define RECORD_COMM 96 /* procfs shows 63 bytes; room to write beyond them */

enum record_bits {
	RECORD_NO_NEW_PRIVS = 1,
	RECORD_NOSUID = 2,      /* the executable's mount has MNT_NOSUID */
	RECORD_HAS_FILTERS = 4, /* the kernel counts filters (5.9) */
	RECORD_CHANGED = 8,     /* the thread changed while it was read: what was read may be of both states, or freed memory */
	RECORD_HAS_EXE = 16,
};

struct record {
	u64 start_boottime; /* nanoseconds since boot, CLOCK_BOOTTIME */
	u64 caps[5];        /* inheritable, permitted, effective, bounding, ambient */
	u64 exec_id;        /* self_exec_id: one more with each execve */
	u64 args;           /* changes with where the arguments lie; 0: no memory */
	u64 cgroup_id;      /* of the default hierarchy */
	u64 css_key;        /* tells apart in which cgroups of all hierarchies it is; 0 unknown */
	u64 exe_inode;
	u64 exe_ctime; /* nanoseconds since the epoch */
	u64 exe_key;   /* tells directory entries apart; opaque */
	u32 exe_device; /* as the kernel has it: MKDEV */
	u32 exe_mount;  /* mnt_id */
	u32 pid, tgid, ppid;
	u32 uid[4], gid[4]; /* real, effective, saved, fs */
	u32 securebits;
	u32 seccomp_mode, seccomp_filters;
	u32 bits;
	u32 flags;             /* PF_* */
	u32 state, exit_state; /* TASK_*, EXIT_* */
	u32 threads;
	u32 cgroup_ns, ipc_ns, mnt_ns, net_ns, pid_ns, time_ns, user_ns, uts_ns; /* inodes; 0: none, or given back */
	u32 user_level, user_owner, user_parent; /* of the user namespace; parent's inode, 0 of the initial */
	u32 groups;               /* how many there are */
	u32 group[RECORD_GROUPS]; /* the first of them */
	char comm[RECORD_COMM];   /* as procfs shows it: kernel threads have longer names */
};

#endif
