/* The command line of every process, as far as it is one copy away: the kernel's program may sleep while the page that
 * holds it is brought in. */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "mix.h"

char LICENSE[] SEC("license") = "GPL";

#define PF_KTHREAD 0x00200000
#define CMDLINE_MAX 4096

struct cmdline {
	u64 start_boottime;
	u64 exec_id;
	u64 args; /* as in a record */
	u32 pid;
	u32 length; /* of the text that follows; CMDLINE_NOT where it is not here */
};

#define CMDLINE_NOT 0xffffffff

struct text {
	struct cmdline head;
	char bytes[CMDLINE_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct text);
} scratch SEC(".maps");

SEC("iter.s/task")
int cmdlines(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	u32 zero = 0;

	if (!task || task->pid != task->tgid || task->flags & PF_KTHREAD)
		return 0;
	struct seq_file *out = ctx->meta->seq;
	struct mm_struct *mm = task->mm;
	if (!mm)
		return 0;
	struct text *t = bpf_map_lookup_elem(&scratch, &zero);
	if (!t)
		return 0;

	u64 from = mm->arg_start, to = mm->arg_end, env = mm->env_start;

	t->head.start_boottime = task->start_boottime;
	t->head.exec_id = task->self_exec_id;
	t->head.args = arguments(from, to, env);
	t->head.pid = task->pid;
	t->head.length = CMDLINE_NOT;

	u64 size = to - from;
	u32 length = 0;

	if (from >= to) {
		t->head.length = 0;
	} else if (size < CMDLINE_MAX) {
		length = size & (CMDLINE_MAX - 1);
		if (!bpf_copy_from_user_task(t->bytes, length, (void *)from, task, 0))
			t->head.length = length;
		else
			length = 0;
	}
	if (task->self_exec_id != t->head.exec_id || number(&task->mm) != (u64)mm)
		t->head.length = CMDLINE_NOT;
	bpf_seq_write(out, t, sizeof(t->head) + (length & (CMDLINE_MAX - 1)));
	return 0;
}
