/* What the task iterator writes for each thread, little-endian. Go decodes it by this type's twin (bpf2go -type). */
#ifndef CAPVIEW_RECORD_H
#define CAPVIEW_RECORD_H

#define RECORD_GROUPS 32

struct record {
	u64 start_boottime; /* nanoseconds since boot, CLOCK_BOOTTIME */
	u64 caps[5];        /* inheritable, permitted, effective, bounding, ambient */
	u32 pid, tgid;
	u32 uid[4], gid[4]; /* real, effective, saved, fs */
	u32 securebits;
	u32 groups;               /* how many there are */
	u32 group[RECORD_GROUPS]; /* the first of them */
};

#endif
