/* Whom a program is to look at: the whole node, or some process groups, control groups and user namespaces, with all that
 * descends from them. */
#ifndef CAPVIEW_TARGET_H
#define CAPVIEW_TARGET_H

/* Set before loading: by what there is something to look at. 0: the whole node. */
#define BY_PROCESS 1
#define BY_CGROUP 2
#define BY_USERNS 4
const volatile u32 targets = 0;
/* capview's own process group, which is never looked at. */
const volatile u32 self_pid = 0;
/* The control group hierarchy that tells containers apart: the index of a controller (enum cgroup_subsys_id of this
 * kernel), or -1 for the unified one. */
const volatile s32 cgroup_controller = -1;

/* Process groups by PID. A PID alone may be another's later, so the start time goes with it. */
struct member {
	u64 start; /* of the leader, clock ticks since boot, as proc_pid_stat(5) has it */
	u64 key;   /* which of the targets it belongs to */
};

#define TICK 10000000 /* ns: USER_HZ is 100 on the machines capview is built for */

static __always_inline u64 ticks(u64 ns)
{
	return ns / TICK;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, struct member);
} members SEC(".maps");

/* Control groups by id, user namespaces by inode; the value is the target's key. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u64);
} users SEC(".maps");

#define MAX_DEPTH 33 /* of user namespaces (user_namespaces(7)); control groups beyond it are not looked up */

static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = task->cgroups;

	if (cgroup_controller < 0)
		return set->dfl_cgrp;
	struct cgroup_subsys_state **controllers = &set->subsys[0];
	return controllers[cgroup_controller]->cgroup;
}

static __always_inline u64 cgroup_id(struct cgroup *cgroup)
{
	return cgroup->kn->id;
}

static __always_inline u64 *target_of_cgroup(struct task_struct *task)
{
	struct cgroup *cgroup = cgroup_of(task);

	for (int i = 0; i < MAX_DEPTH && cgroup; i++) {
		u64 id = cgroup_id(cgroup);
		u64 *key = bpf_map_lookup_elem(&cgroups, &id);

		if (key)
			return key;
		struct cgroup_subsys_state *parent = cgroup->self.parent;
		if (!parent)
			break;
		cgroup = parent->cgroup;
	}
	return NULL;
}

static __always_inline u64 *target_of_userns(struct task_struct *task)
{
	struct user_namespace *ns = task->real_cred->user_ns;

	for (int i = 0; i < MAX_DEPTH && ns; i++) {
		u32 inode = ns->ns.inum;
		u64 *key = bpf_map_lookup_elem(&users, &inode);

		if (key)
			return key;
		ns = ns->parent;
	}
	return NULL;
}

static __always_inline u64 *target_of_process(struct task_struct *task)
{
	u32 pid = task->tgid;
	struct member *member = bpf_map_lookup_elem(&members, &pid);

	if (member && member->start == ticks(task->group_leader->start_boottime))
		return &member->key;
	return NULL;
}

/* Looks the target of a task up. */
static __always_inline u64 *find_target(struct task_struct *task)
{
	u64 *key = NULL;

	if (targets & BY_PROCESS)
		key = target_of_process(task);
	if (!key && targets & BY_CGROUP)
		key = target_of_cgroup(task);
	if (!key && targets & BY_USERNS)
		key = target_of_userns(task);
	return key;
}

/* Counted up when targets are added. */
volatile u32 generation = 0;

/* What was found of the tasks that a CPU ran last, and by what: a task's control groups and credentials may change. */
#define RECENT 32

struct recent {
	u64 task, start, cgroups, cred; /* addresses, and the task's start time, which no other task at its address has */
	u64 key;
	u32 generation;
	bool is; /* of a target */
};

struct recents {
	struct recent slots[RECENT];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct recents);
} recent SEC(".maps");

/* The key of the target that task is of; NULL where it is of none. */
static __always_inline u64 *target_of(struct task_struct *task)
{
	u32 zero = 0;
	struct recents *recents = bpf_map_lookup_elem(&recent, &zero);

	if (!recents)
		return find_target(task);
	struct recent *r = &recents->slots[(u32)task->pid & (RECENT - 1)];
	u64 start = task->start_boottime, cgroups = (u64)task->cgroups, cred = (u64)task->real_cred;
	u32 now = generation;
	if (r->task != (u64)task || r->start != start || r->cgroups != cgroups || r->cred != cred || r->generation != now + 1) {
		u64 *key = find_target(task);

		r->task = (u64)task;
		r->start = start;
		r->cgroups = cgroups;
		r->cred = cred;
		r->generation = now + 1; /* 0: an empty slot */
		r->is = key != NULL;
		r->key = key ? *key : 0;
	}
	return r->is ? &r->key : NULL;
}

/* What a member forks is a member. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 pid = child->tgid;

	if (child->pid != child->tgid)
		return 0; /* a thread */
	u64 *key = target_of_process(parent);
	if (!key)
		return 0;
	struct member member = {.start = ticks(child->start_boottime), .key = *key};
	if (bpf_map_update_elem(&members, &pid, &member, BPF_ANY))
		lost(LOST_MEMBER);
	return 0;
}

/* A leader's task is freed when nothing of its process group is left. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(forget_process, struct task_struct *task)
{
	u32 pid = task->tgid;

	if (task->pid != task->tgid)
		return 0;
	struct member *member = bpf_map_lookup_elem(&members, &pid);
	if (member && member->start == ticks(task->start_boottime))
		bpf_map_delete_elem(&members, &pid);
	return 0;
}

#endif
