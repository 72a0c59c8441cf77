/* What could not be kept, counted by CPU: nothing is dropped in silence. */
#ifndef CAPVIEW_LOST_H
#define CAPVIEW_LOST_H

enum lost {
	LOST_EVENT,  /* the ring was full: a single event is not shown, and counted all the same */
	LOST_KEY,    /* the map of totals was full: counted by capability and verdict alone; of refusals: not counted */
	LOST_UNIQUE, /* the map of what --unique has shown was full: shown again */
	LOST_MEMBER, /* the map of process groups was full: a child is not followed */
	LOST_PAIR,   /* kprobe: the return of a call was not seen */
	LOST_NUMBER, /* record: a system call of a number beyond those that are told apart */
	LOST_KINDS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOST_KINDS);
	__type(key, u32);
	__type(value, u64);
} losses SEC(".maps");

static __always_inline void lost(u32 kind)
{
	u64 *n = bpf_map_lookup_elem(&losses, &kind);

	if (n)
		*n += 1;
}

#endif
