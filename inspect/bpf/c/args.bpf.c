/* The command lines of some processes, by their PIDs, in a program that a system call runs: it takes bpf_task_from_pid there
 * (6.10). */
#include "cmdline.h"
#include "kfunc.h"

char LICENSE[] SEC("license") = "GPL";

#define LANES 2      /* runs at a time, each with a text of its own */
#define SIZE 0x10000 /* of a text, in bytes */
#define PIDS 512

struct text {
	u32 pids[PIDS];
	u64 used; /* of bytes. Not in a register: the verifier would go through the loop with each number that it can be */
	char bytes[SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LANES);
	__type(key, u32);
	__type(value, struct text);
} texts SEC(".maps");

/* The id of struct task_struct among the kernel's types. */
const volatile u32 type_id_task_struct;

/* What the system call gives and gets. */
struct batch {
	u32 lane;
	u32 count; /* of pids, PIDS at most */
	u32 done;  /* of them, by now */
};

SEC("syscall")
int args(struct batch *b)
{
	u32 lane = b->lane, done = b->count;
	struct text *t = bpf_map_lookup_elem(&texts, &lane);
	struct bpf_iter_num it;
	int *next;

	if (!t)
		return 0;
	t->used = 0;
	bpf_iter_num_new(&it, 0, done);
	while ((next = bpf_iter_num_next(&it))) {
		u32 i = *next;
		u64 used = t->used;

		if (i >= PIDS || used > SIZE - sizeof(struct cmdline) - CMDLINE_MAX) {
			done = i;
			break;
		}
		struct task_struct *task = bpf_task_from_pid(t->pids[i]);
		if (!task)
			continue;
		struct mm_struct *mm = ((struct task_struct *)bpf_rdonly_cast(task, type_id_task_struct))->mm;
		if (mm && task->pid == task->tgid && !(task->flags & PF_KTHREAD)) {
			struct cmdline *head = (void *)&t->bytes[used];
			u32 length = cmdline(head, (void *)(head + 1), task, mm);

			t->used = used + ((sizeof(*head) + length + 7) & ~7U);
		}
		bpf_task_release(task);
	}
	bpf_iter_num_destroy(&it);
	b->done = done;
	return 0;
}
