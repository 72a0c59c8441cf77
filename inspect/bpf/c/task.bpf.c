/* A record for every thread, by the kernel's task iterator: where there is nothing better (pass.bpf.c). */
#include "thread.h"

char LICENSE[] SEC("license") = "GPL";

/* The record under construction is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct record);
} scratch SEC(".maps");

SEC("iter/task")
int task_records(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *out = ctx->meta->seq;
	u32 zero = 0;

	if (!task)
		return 0;
	struct record *r = bpf_map_lookup_elem(&scratch, &zero);
	if (!r)
		return 0;
	record(r, task, ctx->meta->session_id);
	bpf_seq_write(out, r, sizeof(*r));
	return 0;
}
