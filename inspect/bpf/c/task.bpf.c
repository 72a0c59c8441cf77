/* A record for every thread: everything about it that has a fixed size. */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "mix.h"
#include "record.h"

char LICENSE[] SEC("license") = "GPL";

#define PF_WQ_WORKER 0x00000020
#define PF_KTHREAD 0x00200000
#define PFA_NO_NEW_PRIVS 0
#define MNT_NOSUID 1
#define NSEC_PER_SEC 1000000000ULL
#define CTIME_QUERIED (1U << 31) /* I_CTIME_QUERIED, since 6.13: a mark in the nanoseconds */
#define MAX_HIERARCHIES 32

/* What pointers are mixed with before they leave the kernel. */
const volatile u64 secret;

/* The record under construction is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct record);
} scratch SEC(".maps");

/* The keys of the css_sets that this pass came by. */
#define SEEN 64
struct {
	u64 session, set, key;
} seen[SEEN];

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

	struct user_namespace *user = cred->user_ns;

	r->user_ns = user->ns.inum;
	r->user_level = user->level;
	r->user_owner = user->owner.val;
	r->user_parent = user->parent ? user->parent->ns.inum : 0;
}

static __always_inline void namespaces(struct record *r, struct task_struct *task, struct nsproxy *ns)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);

	r->cgroup_ns = r->ipc_ns = r->mnt_ns = r->net_ns = r->time_ns = r->uts_ns = r->pid_ns = 0;
	if (pid) {
		/* The innermost, as task_active_pid_ns has it. */
		struct upid *numbers = (struct upid *)&pid->numbers;
		struct pid_namespace *pid_ns = NULL;
		u32 level = BPF_CORE_READ(pid, level);

		bpf_core_read(&pid_ns, sizeof(pid_ns),
			      (void *)numbers + level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
		if (pid_ns)
			r->pid_ns = BPF_CORE_READ(pid_ns, ns.inum);
	}
	if (!ns)
		return;
	if (ns->cgroup_ns)
		r->cgroup_ns = ns->cgroup_ns->ns.inum;
	if (ns->ipc_ns)
		r->ipc_ns = ns->ipc_ns->ns.inum;
	if (ns->mnt_ns)
		r->mnt_ns = ns->mnt_ns->ns.inum;
	if (ns->net_ns)
		r->net_ns = ns->net_ns->ns.inum;
	if (bpf_core_field_exists(ns->time_ns) && ns->time_ns)
		r->time_ns = ns->time_ns->ns.inum;
	if (ns->uts_ns)
		r->uts_ns = ns->uts_ns->ns.inum;
}

static __always_inline u64 changed_at(struct inode *inode)
{
	if (bpf_core_field_exists(inode->i_ctime_sec))
		return inode->i_ctime_sec * NSEC_PER_SEC + (inode->i_ctime_nsec & ~CTIME_QUERIED);

	struct inode___66 *newer = (void *)inode;

	if (bpf_core_field_exists(newer->__i_ctime))
		return newer->__i_ctime.tv_sec * NSEC_PER_SEC + newer->__i_ctime.tv_nsec;

	struct inode___older *older = (void *)inode;

	return older->i_ctime.tv_sec * NSEC_PER_SEC + older->i_ctime.tv_nsec;
}

static __always_inline void executable(struct record *r, struct mm_struct *mm)
{
	r->exe_inode = r->exe_ctime = r->exe_key = r->args = 0;
	r->exe_device = r->exe_mount = 0;
	if (!mm)
		return;
	r->args = arguments(mm->arg_start, mm->arg_end, mm->env_start);

	struct file *file = mm->exe_file;

	if (!file)
		return;
	struct inode *inode = file->f_inode;
	struct vfsmount *mnt = file->f_path.mnt;

	r->bits |= RECORD_HAS_EXE;
	r->exe_inode = inode->i_ino;
	r->exe_device = inode->i_sb->s_dev;
	r->exe_ctime = changed_at(inode);
	r->exe_key = mix(number(&file->f_path.dentry) ^ secret);
	if (mnt->mnt_flags & MNT_NOSUID)
		r->bits |= RECORD_NOSUID;
	/* struct mount is around it. */
	bpf_probe_read_kernel(&r->exe_mount, sizeof(r->exe_mount),
			      (void *)mnt - bpf_core_field_offset(struct mount, mnt) + bpf_core_field_offset(struct mount, mnt_id));
}

/* Adds up the cgroups of all hierarchies: ids of a hierarchy are not used again. Not static: the verifier looks at such
 * functions once, and not at each call. */
__noinline u64 css_set_key(u64 pointer)
{
	void *set = (void *)pointer;
	struct list_head *head, *at;
	u64 key = 0;

	head = set + bpf_core_field_offset(struct css_set, cgrp_links);
	if (bpf_core_read(&at, sizeof(at), &head->next))
		return 0;
	for (int i = 0; i < MAX_HIERARCHIES; i++) {
		if (at == head)
			return key ? key : 1;
		struct cgrp_cset_link *link = (void *)at - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link);
		struct cgroup *cgroup = BPF_CORE_READ(link, cgrp);

		key += mix(BPF_CORE_READ(cgroup, kn, id) + mix(BPF_CORE_READ(cgroup, root, hierarchy_id) + 1));
		if (bpf_core_read(&at, sizeof(at), &at->next))
			return 0;
	}
	return 0;
}

static __always_inline void control_groups(struct record *r, struct task_struct *task, u64 session)
{
	u64 pointer = number(&task->cgroups);
	struct css_set *set = (void *)pointer;
	u32 at = mix(pointer) & (SEEN - 1);

	r->cgroup_id = r->css_key = 0;
	if (!pointer)
		return;
	r->cgroup_id = BPF_CORE_READ(set, dfl_cgrp, kn, id);

	if (seen[at].set != pointer || seen[at].session != session) {
		seen[at].key = css_set_key(pointer);
		seen[at].set = pointer;
		seen[at].session = session;
	}
	r->css_key = seen[at].key;
}

/* The name of a kernel thread as procfs shows it (fs/proc/array.c proc_task_name): what the work queue's is at, or the
 * whole of one that is too long for a task. */
__noinline int kernel_name(u64 pointer)
{
	struct task_struct *task = (void *)pointer;
	struct kthread *kthread;
	struct worker *worker;
	u32 zero = 0;
	long n;

	struct record *r = bpf_map_lookup_elem(&scratch, &zero);
	if (!r)
		return 0;
	if (bpf_core_field_exists(task->worker_private))
		kthread = BPF_CORE_READ(task, worker_private);
	else
		kthread = (void *)BPF_CORE_READ(task, set_child_tid);
	if (!kthread)
		return 0;
	if (!(BPF_CORE_READ(task, flags) & PF_WQ_WORKER)) {
		if (bpf_core_field_exists(kthread->full_name)) {
			char *name = BPF_CORE_READ(kthread, full_name);
			if (name)
				bpf_probe_read_kernel_str(r->comm, 64, name);
		}
		return 0;
	}
	worker = BPF_CORE_READ(kthread, data);
	if (!worker)
		return 0;
	n = bpf_probe_read_kernel_str(r->comm, 16, (void *)task + bpf_core_field_offset(struct task_struct, comm));
	if (n < 1 || n > 16)
		return 0;
	/* Where rescuers are called so (6.9), the whole name of the queue follows (kernel/workqueue.c format_worker_id). */
	struct workqueue_struct *rescued = BPF_CORE_READ(worker, rescue_wq);

	if (rescued && r->comm[7] == '/' && r->comm[8] == 'R' && r->comm[9] == '-') {
		n = bpf_probe_read_kernel_str(&r->comm[10], 32, &rescued->name);
		if (n < 1 || n > 32)
			return 0;
		n += 10;
	}
	if (!BPF_CORE_READ(worker, pool))
		return 0;
	u32 end = (n - 1) & 63;

	if (bpf_probe_read_kernel_str(&r->comm[end + 1], 32, &worker->desc) > 1)
		r->comm[end] = BPF_CORE_READ(worker, current_work) ? '+' : '-';
	return 0;
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

	/* For each of these, and on every way to it, the verifier looks through all types of the kernel: so they are few, at
	 * the top, and what the task points to besides is read as bytes. */
	struct seq_file *out = ctx->meta->seq;
	const struct cred *cred = task->real_cred;
	struct nsproxy *ns = task->nsproxy;
	struct mm_struct *mm = task->mm;
	u64 exec_id = task->self_exec_id;

	r->bits = 0;
	r->pid = task->pid;
	r->tgid = task->tgid;
	r->ppid = BPF_CORE_READ(task, real_parent, tgid);
	r->start_boottime = task->start_boottime;
	r->exec_id = exec_id;
	r->flags = task->flags;
	r->exit_state = task->exit_state;
	if (bpf_core_field_exists(task->__state))
		r->state = task->__state;
	else
		r->state = ((struct task_struct___older *)task)->state;
	r->threads = BPF_CORE_READ(task, signal, nr_threads);
	if (task->atomic_flags & 1UL << PFA_NO_NEW_PRIVS)
		r->bits |= RECORD_NO_NEW_PRIVS;
	r->seccomp_mode = task->seccomp.mode;
	if (bpf_core_field_exists(task->seccomp.filter_count)) {
		r->seccomp_filters = task->seccomp.filter_count.counter;
		r->bits |= RECORD_HAS_FILTERS;
	}
	credentials(r, cred);
	namespaces(r, task, ns);
	control_groups(r, task, ctx->meta->session_id);
	executable(r, mm);
	__builtin_memset(r->comm, 0, sizeof(r->comm));
	bpf_probe_read_kernel(r->comm, sizeof(task->comm), &task->comm);
	if (r->flags & PF_KTHREAD)
		kernel_name(number(&task->group_leader)); /* that is itself */
	if (number(&task->real_cred) != (u64)cred || number(&task->nsproxy) != (u64)ns || number(&task->mm) != (u64)mm ||
	    task->self_exec_id != exec_id)
		r->bits |= RECORD_CHANGED;
	bpf_seq_write(out, r, sizeof(*r));
	return 0;
}
