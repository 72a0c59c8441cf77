/* Everything about a thread that has a fixed size. Two programs write it down. Where the kernel has bpf_rdonly_cast (6.2),
 * what a task points to is reached by loads, one each, of which the verifier has nothing to look up: CAST. Elsewhere it is
 * read as bytes, by a call each, for on every other way to a pointer the verifier looks through all types of the kernel. */
#ifndef CAPVIEW_THREAD_H
#define CAPVIEW_THREAD_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "kfunc.h"
#include "mix.h"
#include "record.h"

#define PF_WQ_WORKER 0x00000020
#define PFA_NO_NEW_PRIVS 0
#define MNT_NOSUID 1
#define NSEC_PER_SEC 1000000000ULL
#define CTIME_QUERIED (1U << 31) /* I_CTIME_QUERIED, since 6.13: a mark in the nanoseconds */
#define MAX_HIERARCHIES 32

/* FOLLOW(a, b, c) is a->b->c. */
#ifdef CAST
#define FOLLOW(from, ...) ___arrow(from, ##__VA_ARGS__)
#else
#define FOLLOW(from, ...) BPF_CORE_READ(from, ##__VA_ARGS__)
#endif

/* NUMBER(place, field) is the pointer in the field as a number. The verifier forbids sums with pointers that it knows: one
 * that was written into a map and is read again it does not know any more. */
#ifdef CAST
#define NUMBER(place, field) (*(volatile u64 *)&(place) = (u64)(field), *(volatile u64 *)&(place))
#else
#define NUMBER(place, field) number(&(field))
#endif

/* TIMES(n) is a loop that often at most, TIMES_END is behind it. The verifier goes through a loop with each turn that it can be,
 * but for those that bpf_iter_num counts. */
#ifdef CAST
#define TIMES(n)                         \
	struct bpf_iter_num turns;       \
	bpf_iter_num_new(&turns, 0, n);  \
	while (bpf_iter_num_next(&turns))
#define TIMES_END bpf_iter_num_destroy(&turns)
#else
#define TIMES(n) for (int turn = 0; turn < n; turn++)
#define TIMES_END
#endif

/* Whether the field still is as it was. */
#ifdef CAST
#define SAME(was, field) ((was) == *(volatile typeof(field) *)&(field))
#else
#define SAME(was, field) (number(&(field)) == (u64)(was))
#endif

#ifdef CAST
/* The ids of structs among the kernel's types. */
const volatile u32 type_id_task_struct, type_id_mount;
#endif

/* What pointers are mixed with before they leave the kernel. */
const volatile u64 secret;

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
	else if (n)
		bpf_probe_read_kernel(r->group, (n & (RECORD_GROUPS - 1)) * sizeof(u32), &groups->gid);

	struct user_namespace *user = cred->user_ns;

	r->user_ns = user->ns.inum;
	r->user_level = user->level;
	r->user_owner = user->owner.val;
	r->user_parent = user->parent ? user->parent->ns.inum : 0;
}

static __always_inline void namespaces(struct record *r, struct task_struct *task, struct nsproxy *ns)
{
	struct pid *pid = FOLLOW(task, thread_pid);

	r->cgroup_ns = r->ipc_ns = r->mnt_ns = r->net_ns = r->time_ns = r->uts_ns = r->pid_ns = 0;
	if (pid) {
		/* The innermost, as task_active_pid_ns has it. */
		struct upid *numbers = (struct upid *)&pid->numbers;
		struct pid_namespace *pid_ns = NULL;
		u32 level = FOLLOW(pid, level);

		if (level)
			bpf_core_read(&pid_ns, sizeof(pid_ns),
				      (void *)numbers + level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
		if (level && pid_ns)
			r->pid_ns = BPF_CORE_READ(pid_ns, ns.inum);
		if (!level)
			r->pid_ns = FOLLOW(pid, numbers[0].ns, ns.inum);
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
	r->exe_key = mix(NUMBER(r->exe_key, file->f_path.dentry) ^ secret);
	if (mnt->mnt_flags & MNT_NOSUID)
		r->bits |= RECORD_NOSUID;
	/* struct mount is around it. */
#ifdef CAST
	r->exe_mount = ((struct mount *)bpf_rdonly_cast((void *)mnt - bpf_core_field_offset(struct mount, mnt), type_id_mount))->mnt_id;
#else
	bpf_probe_read_kernel(&r->exe_mount, sizeof(r->exe_mount),
			      (void *)mnt - bpf_core_field_offset(struct mount, mnt) + bpf_core_field_offset(struct mount, mnt_id));
#endif
}

/* Adds up the cgroups of all hierarchies: ids of a hierarchy are not used again. Not static: the verifier looks at such
 * functions once, and not at each call. */
__noinline u64 css_set_key(u64 pointer)
{
	void *set = (void *)pointer;
	struct list_head *head, *at;
	u64 key = 0;
	bool whole = false;

	head = set + bpf_core_field_offset(struct css_set, cgrp_links);
	if (bpf_core_read(&at, sizeof(at), &head->next))
		return 0;
	TIMES(MAX_HIERARCHIES) {
		if (at == head) {
			whole = true;
			break;
		}
		struct cgrp_cset_link *link = (void *)at - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link);
		struct cgroup *cgroup = BPF_CORE_READ(link, cgrp);

		key += mix(BPF_CORE_READ(cgroup, kn, id) + mix(BPF_CORE_READ(cgroup, root, hierarchy_id) + 1));
		if (bpf_core_read(&at, sizeof(at), &at->next))
			break;
	}
	TIMES_END;
	if (!whole)
		return 0;
	return key ? key : 1;
}

static __always_inline void control_groups(struct record *r, struct task_struct *task, u64 session)
{
	u64 pointer = NUMBER(r->css_key, task->cgroups);
	u32 at = mix(pointer) & (SEEN - 1);

	r->cgroup_id = r->css_key = 0;
	if (!pointer)
		return;
	r->cgroup_id = FOLLOW(task, cgroups, dfl_cgrp, kn, id);

	if (seen[at].set != pointer || seen[at].session != session) {
		seen[at].key = css_set_key(pointer);
		seen[at].set = pointer;
		seen[at].session = session;
	}
	r->css_key = seen[at].key;
}

/* The name of a kernel thread as procfs shows it (fs/proc/array.c proc_task_name): what the work queue's is at, or the
 * whole of one that is too long for a task. */
__noinline int kernel_name(u64 pointer, struct record *r)
{
	struct task_struct *task = (void *)pointer;
	struct kthread *kthread;
	struct worker *worker;
	long n;

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

/* Writes down all of a thread, and whether it became another meanwhile. */
static __always_inline void record(struct record *r, struct task_struct *task, u64 session)
{
	/* On every way to a pointer that is no cast's the verifier looks through all types of the kernel: so they are few, and at
	 * the top. */
	const struct cred *cred = task->real_cred;
	struct nsproxy *ns = task->nsproxy;
	struct mm_struct *mm = task->mm;
	u64 exec_id = task->self_exec_id;

	r->bits = 0;
	r->pid = task->pid;
	r->tgid = task->tgid;
	r->ppid = FOLLOW(task, real_parent, tgid);
	r->start_boottime = task->start_boottime;
	r->exec_id = exec_id;
	r->flags = task->flags;
	r->exit_state = task->exit_state;
	if (bpf_core_field_exists(task->__state))
		r->state = task->__state;
	else
		r->state = ((struct task_struct___older *)task)->state;
	r->threads = FOLLOW(task, signal, nr_threads);
	if (task->atomic_flags & 1UL << PFA_NO_NEW_PRIVS)
		r->bits |= RECORD_NO_NEW_PRIVS;
	r->seccomp_mode = task->seccomp.mode;
	if (bpf_core_field_exists(task->seccomp.filter_count)) {
		r->seccomp_filters = task->seccomp.filter_count.counter;
		r->bits |= RECORD_HAS_FILTERS;
	}
	credentials(r, cred);
	namespaces(r, task, ns);
	control_groups(r, task, session);
	executable(r, mm);
	__builtin_memset(r->comm, 0, sizeof(r->comm));
#ifdef CAST
	*(u64 *)&r->comm[0] = *(u64 *)&task->comm[0];
	*(u64 *)&r->comm[8] = *(u64 *)&task->comm[8];
#else
	bpf_probe_read_kernel(r->comm, sizeof(task->comm), &task->comm);
#endif
	if (r->flags & PF_KTHREAD)
		kernel_name(number(&task->group_leader), r); /* that is itself */
	if (!SAME(cred, task->real_cred) || !SAME(ns, task->nsproxy) || !SAME(mm, task->mm) || task->self_exec_id != exec_id)
		r->bits |= RECORD_CHANGED;
}

#endif
