/* The system calls of targets. */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "lost.h"
#include "record.h"
#include "syscall.h"
#include "target.h"

char LICENSE[] SEC("license") = "GPL";

#define EPERM 1
#define EACCES 13
#define ENOSYS 38
#define MAX_ERRNO 4095

/* One of each target, by its index. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* as many as there are targets */
	__type(key, u32);
	__type(value, struct record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct refused_key);
	__type(value, u64);
} refusals SEC(".maps");

static __always_inline void note(u64 *set, u32 abi, s32 number)
{
	if (number < 0 || number >= NUMBERS || abi >= ABIS) {
		lost(LOST_NUMBER);
		return;
	}
	u32 word = abi * WORDS + ((u32)number >> 6);
	u64 bit = 1ULL << (number & 63);

	if (word < ABIS * WORDS && !(set[word] & bit))
		__sync_fetch_and_or(&set[word], bit);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(entered, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 *target = target_of(task);
	s32 number = id;

	if (!target || number == NO_SYSCALL)
		return 0;
	u32 index = *target;
	struct record *record = bpf_map_lookup_elem(&records, &index);
	if (record)
		note(record->entered, abi_of(task, &number), number);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(left, struct pt_regs *regs, long answer)
{
	u64 one = 1;

	if (answer >= 0 || answer < -MAX_ERRNO)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	u64 *target = target_of(task);
	if (!target)
		return 0;
	s32 number = syscall_number(regs);
	if (number == NO_SYSCALL)
		return 0;
	u32 abi = abi_of(task, &number);
	u32 index = *target;
	struct record *record = bpf_map_lookup_elem(&records, &index);
	if (!record)
		return 0;
	note(record->failed, abi, number);
	if (answer != -EPERM && answer != -EACCES && answer != -ENOSYS)
		return 0;
	struct refused_key key = {.target = *target, .number = number, .error = -answer, .abi = abi};
	u64 *n = bpf_map_lookup_elem(&refusals, &key);
	if (!n && bpf_map_update_elem(&refusals, &key, &one, BPF_NOEXIST) == 0)
		return 0;
	if (!n)
		n = bpf_map_lookup_elem(&refusals, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		lost(LOST_KEY);
	return 0;
}
