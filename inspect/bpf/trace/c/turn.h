/* The task that a CPU runs, and what stays as it is while it does. To ask for the task is a call, and where the processor
 * takes a return for what it is not (spec_rstack_overflow in /sys/devices/system/cpu/vulnerabilities) each call takes as long
 * as all else here. So it is asked for once a turn on the CPU. */
#ifndef CAPVIEW_TURN_H
#define CAPVIEW_TURN_H

#include "syscall.h"
#include "target.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rq {
	struct task_struct *curr;
	u64 nr_switches;
};

struct cfs_rq {
	struct rq *rq; /* where groups are scheduled (CONFIG_FAIR_GROUP_SCHED) */
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
};

struct task_struct___scheduled {
	struct sched_entity se;
};

#pragma clang attribute pop

struct turn {
	u64 queue;     /* address of the CPU's run queue, always the same; 0: not known, and no turn is told from the next */
	u64 switches;  /* how many turns the CPU had begun */
	u64 task;      /* address */
	u64 registers; /* address of those it entered the kernel with */
	u64 start;     /* of its process, ns since boot */
	u32 pid;       /* of its process */
	bool kernel;   /* never in a system call */
	bool watched;
	/* Where these change, what was found by them holds no more. */
	u32 generation;
	u64 cgroup; /* id */
	u64 cred;   /* address */
};

/* Reads an address as what a kernel type says (Linux 6.2), by loads. */
extern void *bpf_rdonly_cast(const void *address, u32 type) __ksym __weak;

#define AS(type, address) ((type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)))

/* Asks for the task. */
static __noinline struct task_struct *begin(struct turn *t)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (bpf_rdonly_cast && bpf_core_field_exists(struct cfs_rq, rq)) {
		struct rq *rq = ((struct task_struct___scheduled *)task)->se.cfs_rq->rq;

		t->queue = rq->curr == task ? (u64)rq : 0;
		t->switches = rq->nr_switches;
	}
	t->task = (u64)task;
	if (bpf_rdonly_cast)
		t->registers = (u64)bpf_task_pt_regs(task);
	t->start = task->group_leader->start_boottime;
	t->pid = task->tgid;
	t->kernel = task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER);
	t->generation = generation;
	t->cgroup = cgroup_id(cgroup_of(task));
	t->cred = (u64)task->real_cred;
	t->watched = t->pid != self_pid && (!targets || target_of(task));
	return task;
}

static __always_inline bool over(const struct turn *t)
{
	if (!t->queue || AS(struct rq, t->queue)->nr_switches != t->switches)
		return true;
	struct task_struct *task = AS(struct task_struct, t->task);
	/* By id: the address of its css_set may be another's by now. */
	if (cgroup_id(cgroup_of(task)) != t->cgroup)
		return true;
	return targets && ((u64)task->real_cred != t->cred || generation != t->generation);
}

/* The current task. */
static __always_inline struct task_struct *current(struct turn *t)
{
	if (!bpf_rdonly_cast)
		return begin(t);
	if (over(t))
		begin(t);
	return AS(struct task_struct, t->task);
}

/* The number of the system call that task, the current one, is in; NO_SYSCALL outside any: the kernel's own threads, page
 * faults, interrupts. */
static __always_inline s32 current_syscall(const struct turn *t, struct task_struct *task, u32 *abi)
{
	s32 n;

	*abi = ABI_NATIVE;
	if (t->kernel)
		return NO_SYSCALL;
	if (bpf_rdonly_cast)
		n = syscall_number(AS(struct pt_regs, t->registers));
	else
		n = syscall_number((struct pt_regs *)bpf_task_pt_regs(task));
	if (n != NO_SYSCALL)
		*abi = abi_of(task, &n);
	return n;
}

#endif
