/* A record for every thread: everything about it that has a fixed size. */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "record.h"

char LICENSE[] SEC("license") = "GPL";

#define PF_WQ_WORKER 0x00000020
#define PF_KTHREAD 0x00200000

/* The record under construction is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct record);
} scratch SEC(".maps");

static __always_inline u64 whole(const kernel_cap_t *set)
{
	return *(const u64 *)set;
}

static __always_inline void credentials(struct record *r, const struct cred *cred)
{
	r->uid[0] = cred->uid.val;
	r->uid[1] = cred->euid.val;
	r->uid[2] = cred->suid.val;
	r->uid[3] = cred->fsuid.val;
	r->gid[0] = cred->gid.val;
	r->gid[1] = cred->egid.val;
	r->gid[2] = cred->sgid.val;
	r->gid[3] = cred->fsgid.val;
	r->caps[0] = whole(&cred->cap_inheritable);
	r->caps[1] = whole(&cred->cap_permitted);
	r->caps[2] = whole(&cred->cap_effective);
	r->caps[3] = whole(&cred->cap_bset);
	r->caps[4] = whole(&cred->cap_ambient);
	r->securebits = cred->securebits;

	struct group_info *groups = cred->group_info;
	u32 n = groups->ngroups;

	r->groups = n;
	/* Two reads, each of a size that the verifier can bound. */
	if (n >= RECORD_GROUPS)
		bpf_probe_read_kernel(r->group, sizeof(r->group), &groups->gid);
	else
		bpf_probe_read_kernel(r->group, (n & (RECORD_GROUPS - 1)) * sizeof(u32), &groups->gid);
}

SEC("iter/task")
int task_records(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	u32 zero = 0;

	if (!task)
		return 0;
	struct record *r = bpf_map_lookup_elem(&scratch, &zero);
	if (!r)
		return 0;
	r->pid = task->pid;
	r->tgid = task->tgid;
	r->start_boottime = task->start_boottime;
	credentials(r, task->real_cred);
	bpf_seq_write(ctx->meta->seq, r, sizeof(*r));
	return 0;
}
