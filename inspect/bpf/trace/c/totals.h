/* The counts of checks: a table of each CPU for those that are made again and again, behind it a map of all. */
#ifndef CAPVIEW_TOTALS_H
#define CAPVIEW_TOTALS_H

#include "check.h"
#include "lost.h"
#include "turn.h"

/* The totals, in a map that capview swaps for an empty one to read it: once the swap returns no program uses the old. */
struct totals {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__uint(key_size, sizeof(struct check_key));
	__uint(value_size, sizeof(struct check_count));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct totals);
} current_totals SEC(".maps");

/* The last checks of each CPU, which are most often made again at once: a count here costs no lookup in the map of all. A
 * slot goes there when another check takes it. */
#define HOT 64

struct hot_slot {
	union {
		struct check_key key;
		struct {
			u64 cgroup, start, of, what;
		} words; /* the same */
	};
	struct check_count value; /* count 0: empty */
};

struct hot_table {
	struct hot_slot slots[HOT];
	struct turn turn; /* here, so that one lookup finds both */
};

/* Two tables: capview reads the one that is not in use. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct hot_table));
} hot SEC(".maps");

volatile u32 current_hot = 0; /* 0 or 1 */

/* What did not fit there, by capability and verdict. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * CAPS);
	__type(key, u32);
	__type(value, u64);
} overflow SEC(".maps");

static __always_inline void overflowed(u8 cap, u8 denied, u64 count)
{
	u32 slot = (cap & (CAPS - 1)) * 2 + (denied & 1);
	u64 *n = bpf_map_lookup_elem(&overflow, &slot);

	if (n)
		*n += count;
	lost(LOST_KEY);
}

/* Adds what a slot counted to the totals. */
static __always_inline void add(const struct check_key *key, const struct check_count *value)
{
	u32 zero = 0;
	void *totals = bpf_map_lookup_elem(&current_totals, &zero);

	if (!totals) {
		overflowed(key->cap, key->denied, value->count);
		return;
	}
	struct check_count *known = bpf_map_lookup_elem(totals, key);
	if (!known) {
		if (!bpf_map_update_elem(totals, key, value, BPF_NOEXIST))
			return;
		/* Another CPU was faster, or there is no room. */
		known = bpf_map_lookup_elem(totals, key);
	}
	if (known)
		__sync_fetch_and_add(&known->count, value->count);
	else
		overflowed(key->cap, key->denied, value->count);
}

/* This CPU's table. */
static __always_inline struct hot_table *hot_table(void)
{
	u32 which = current_hot;

	return bpf_map_lookup_elem(&hot, &which);
}

/* The slot that a check has. */
static __always_inline struct hot_slot *slot_of(struct hot_table *table, u64 of, u64 what)
{
	u32 n = (u32)of ^ (u32)(of >> 32) ^ (u32)what * 7 ^ (u32)(what >> 32) * 13;

	return &table->slots[n & (HOT - 1)];
}

#endif
