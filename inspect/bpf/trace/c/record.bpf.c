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

struct linux_binprm {
	const char *filename;
} __attribute__((preserve_access_index));

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

/* Set before loading: record every control group of the node for itself, and no targets. */
const volatile bool every_group = false;

/* By id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct group);
} groups SEC(".maps");

static const volatile struct group empty = {};
static const volatile struct group begun = {.begun = 1};

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

/* Where what task calls is recorded, and whose it is; NULL where it is not. */
static __always_inline struct record *record_of(struct task_struct *task, u64 *whose)
{
	if (!every_group) {
		u64 *target = target_of(task);

		if (!target)
			return NULL;
		u32 index = *target;
		*whose = *target;
		return bpf_map_lookup_elem(&records, &index);
	}
	*whose = cgroup_id(cgroup_of(task));
	struct group *group = bpf_map_lookup_elem(&groups, whose);
	if (!group) {
		bpf_map_update_elem(&groups, whose, (const void *)&empty, BPF_NOEXIST);
		group = bpf_map_lookup_elem(&groups, whose);
	}
	if (!group) {
		lost(LOST_MEMBER);
		return NULL;
	}
	return &group->record;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(entered, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	s32 number = id;
	u64 whose;

	if (number == NO_SYSCALL)
		return 0;
	struct record *record = record_of(task, &whose);
	if (record)
		note(record->entered, abi_of(task, &number), number);
	return 0;
}

/* How paths begin, as a little-endian number. */
#define PROC_SE 0x65732f636f72702fULL /* "/proc/se", of /proc/self/ */
#define DEV_FD 0x2f64662f7665642fULL /* "/dev/fd/" */

/* What a runtime calls in a container's control group is not the container's: it begins with the first program that is
 * executed there. runc executes itself there, too: by a path in /proc/self, or a descriptor (execveat(2)), which the kernel
 * calls /dev/fd/N. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(executed, struct task_struct *task, s32 old_pid, struct linux_binprm *program)
{
	u64 path[2] = {};

	if (!every_group)
		return 0;
	u64 id = cgroup_id(cgroup_of(task));
	struct group *group = bpf_map_lookup_elem(&groups, &id);
	if (group && group->begun)
		return 0;
	bpf_probe_read_kernel_str(path, sizeof(path), program->filename);
	if (path[0] != PROC_SE && path[0] != DEV_FD)
		bpf_map_update_elem(&groups, &id, (const void *)&begun, BPF_ANY);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(left, struct pt_regs *regs, long answer)
{
	u64 one = 1;

	if (answer >= 0 || answer < -MAX_ERRNO)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	s32 number = syscall_number(regs);
	u64 whose;

	if (number == NO_SYSCALL)
		return 0;
	struct record *record = record_of(task, &whose);
	if (!record)
		return 0;
	u32 abi = abi_of(task, &number);
	note(record->failed, abi, number);
	if (every_group && !((struct group *)record)->begun)
		return 0; /* the runtime's */
	if (answer != -EPERM && answer != -EACCES && answer != -ENOSYS)
		return 0;
	struct refused_key key = {.target = whose, .number = number, .error = -answer, .abi = abi};
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
