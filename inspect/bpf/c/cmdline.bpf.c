/* The command line of every process, by the kernel's task iterator: where there is nothing better (args.bpf.c). */
#include "cmdline.h"

char LICENSE[] SEC("license") = "GPL";

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
	u32 length = cmdline(&t->head, t->bytes, task, mm);

	bpf_seq_write(out, t, sizeof(t->head) + length);
	return 0;
}
