/* A record for every thread, by a walk over the kernel's list of them: no call for each from the kernel to the program, no
 * copy, and none of the locks that the task iterator takes and gives back from one thread to the next. It takes bpf_iter_task_new
 * (6.7) in a program that a system call runs (6.10).
 *
 * RCU keeps the list whole during a walk; a walk ends when there is no more room, so that it does not keep a processor
 * for long, and the next one goes on behind the last thread of it. */
#define CAST
#include "thread.h"

char LICENSE[] SEC("license") = "GPL";

#define ROOM 1024 /* at least: there is more on a node of many threads */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ROOM);
	__type(key, u32);
	__type(value, struct record);
} records SEC(".maps");

/* What the system call gives and gets. */
struct pass {
	u64 session;     /* tells passes apart; 0: none is wanted, only to know whether one can be had */
	u64 after_start; /* behind which thread to go on */
	u32 after;       /* 0: from the beginning */
	u32 count;       /* how many records there are now */
	u32 found;       /* 0: the thread to go on behind is not there any more */
	u32 more;        /* there was no room for all */
};

/* Not static: the verifier looks at such functions once, and not at each turn of the loop. */
__noinline int write_down(u64 pointer, u64 session, struct record *r)
{
	if (r)
		record(r, bpf_rdonly_cast((void *)pointer, type_id_task_struct), session);
	return 0;
}

SEC("syscall")
int threads(struct pass *p)
{
	struct bpf_iter_task it;
	struct task_struct *task;
	u32 n = 0, after = p->after, more = 0;
	u64 start = p->after_start, session = p->session;
	bool on = !after;

	if (!session)
		return 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_THREADS);
	while ((task = bpf_iter_task_next(&it))) {
		if (!on) {
			on = task->pid == after && task->start_boottime == start;
			continue;
		}
		if (!task->pid) /* the idle ones */
			continue;
		struct record *r = bpf_map_lookup_elem(&records, &n);
		if (!r) {
			more = 1;
			break;
		}
		write_down(NUMBER(r->exec_id, task), session, r);
		n++;
	}
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	p->count = n;
	p->found = on;
	p->more = more;
	return 0;
}
