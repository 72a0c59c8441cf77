/* Capability checks. Built once for each way to see them (RUNG_*), so that one which a kernel lacks keeps none of the others
 * from loading. */
#define __VMLINUX_H__ /* the kernel's own names of registers in bpf_tracing.h */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "check.h"
#include "lost.h"
#include "probe.h"
#include "syscall.h"
#include "target.h"
#include "totals.h"
#include "turn.h"

#define CAP_OPT_NOAUDIT 2 /* linux/security.h, BIT(1) */

char LICENSE[] SEC("license") = "GPL";

/* Set before loading. */
const volatile bool want_events = false; /* single events, besides the totals */
const volatile bool only_denied = false; /* of these: only denials */
const volatile bool only_first = false;  /* of these: the first of each capability, verdict and container */
const volatile bool want_hidden = false; /* of these: also overridden credentials and probes */
const volatile bool want_stack = false;
const volatile bool first_stack = false; /* also where all are wanted: of the first of each alone */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} events SEC(".maps");

struct first_key {
	u64 cgroup;
	u32 userns;
	u8 cap;
	u8 denied;
	u8 hidden;
	u8 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, struct first_key);
	__type(value, u8);
} shown SEC(".maps");

/* One check, as each of the ways sees it. */
struct check {
	const struct cred *cred;
	struct user_namespace *target;
	const struct user_namespace *granting; /* NULL: unknown */
	u32 options;
	u8 cap;
	u8 denied;
	u8 known; /* CHECK_OPTIONS, CHECK_GRANTING */
};

/* Whether a check may be one that the kernel makes for itself, without audit. */
static __always_inline bool doubtful(const struct check *c)
{
	return c->known & CHECK_OPTIONS ? c->options & CAP_OPT_NOAUDIT : in(probed, c->cap);
}

static __always_inline u64 effective(const struct cred *cred)
{
	u64 set = 0;

	bpf_core_read(&set, sizeof(set), &cred->cap_effective);
	return set;
}

/* kprobes have addresses, of which the kernel does not know what they point to: each field takes a helper. */
#if defined(RUNG_KPROBE)
#define FIELD(pointer, fields...) BPF_CORE_READ(pointer, fields)
#else
#define FIELD_1(p, a) ((p)->a)
#define FIELD_2(p, a, b) ((p)->a->b)
#define FIELD(pointer, fields...) ___apply(FIELD_, ___narg(fields))(pointer, fields)
#endif

static __always_inline u32 userns_inode(const struct user_namespace *ns)
{
	return FIELD(ns, ns.inum);
}

/* What is done for few checks is in functions of its own: the others need fewer registers, and no stack. */

/* Gives a slot to another check; what it counted goes to the totals. */
static __noinline void take(struct hot_slot *slot, const struct turn *turn, const struct cred *cred, u64 of, u64 what)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (slot->value.count)
		add(&slot->key, &slot->value);
	slot->words.cgroup = turn->cgroup;
	slot->words.start = turn->start;
	slot->words.of = of;
	slot->words.what = what;
	slot->value.count = 1;
	slot->value.first = bpf_ktime_get_boot_ns();
	slot->value.caps = effective(cred);
	slot->value.current_userns = FIELD(cred, user_ns, ns.inum);
	slot->value.uid = FIELD(cred, euid.val);
	slot->value.ppid = task->real_parent->tgid;
	bpf_core_read(&slot->value.comm, sizeof(slot->value.comm), &task->comm);
	slot->value.told = 0;
}

/* Whether one alike is known to have been shown: a slot remembers it. */
static __always_inline bool told(const struct cred *cred, const struct hot_slot *slot)
{
	return slot->value.told && slot->value.current_userns == FIELD(cred, user_ns, ns.inum);
}

/* Whether this is the first of its capability, verdict and container. */
static __always_inline bool first(const struct cred *cred, struct hot_slot *slot, struct first_key *f)
{
	f->cgroup = slot->key.cgroup;
	f->userns = FIELD(cred, user_ns, ns.inum);
	f->cap = slot->key.cap;
	f->denied = slot->key.denied;
	f->hidden = slot->key.flags & (CHECK_OVERRIDDEN | CHECK_PROBE);
	if (!bpf_map_lookup_elem(&shown, f))
		return true;
	slot->value.told = slot->value.current_userns == f->userns;
	return false;
}

static __always_inline void fill(struct check_event *e, const struct cred *cred, const struct check_key *key, u64 more)
{
	struct task_struct *task = bpf_get_current_task_btf(), *parent = task->real_parent;

	e->time = bpf_ktime_get_boot_ns();
	e->start = key->start;
	e->cgroup = key->cgroup;
	e->caps = effective(cred);
	e->pid = key->pid;
	e->tid = task->pid;
	e->ppid = parent->tgid;
	e->uid = FIELD(cred, uid.val);
	e->gid = FIELD(cred, gid.val);
	e->euid = FIELD(cred, euid.val);
	e->egid = FIELD(cred, egid.val);
	e->syscall = key->syscall;
	e->current_userns = FIELD(cred, user_ns, ns.inum);
	e->target_userns = key->target_userns;
	e->granting_userns = more >> 32;
	e->mount_ns = task->nsproxy->mnt_ns->ns.inum;
	e->options = more;
	e->cap = key->cap;
	e->denied = key->denied;
	e->flags = key->flags;
	e->abi = key->abi;
	bpf_core_read(&e->comm, sizeof(e->comm), &task->comm);
	bpf_core_read(&e->parent, sizeof(e->parent), &parent->comm);
	e->kernel_frames = e->user_frames = 0;
}

static __always_inline u32 frames(long bytes)
{
	return bytes > 0 ? bytes / sizeof(u64) : 0;
}

/* Whether another CPU was the first meanwhile. What the map has no room for is shown again. */
static __always_inline bool beaten(const struct first_key *f)
{
	u8 yes = 1;
	long error = bpf_map_update_elem(&shown, f, &yes, BPF_NOEXIST);

	if (error && error != -EEXIST)
		lost(LOST_UNIQUE);
	return error == -EEXIST;
}

/* Hands over a single event. Only what there was room for counts as shown. more is the namespace that granted and the
 * options. */
static __noinline void tell(void *ctx, const struct cred *cred, struct hot_slot *slot, u64 more)
{
	const struct check_key *key = &slot->key;
	struct first_key f = {};

	if (only_denied && !key->denied)
		return;
	if (!want_hidden && (key->flags & (CHECK_OVERRIDDEN | CHECK_PROBE)))
		return;
	bool is_first = (only_first || first_stack) && first(cred, slot, &f);
	if (only_first && !is_first)
		return;
	bool stack = want_stack && (!first_stack || is_first);
	struct stack_event *e = stack ? bpf_ringbuf_reserve(&events, sizeof(struct stack_event), 0)
				      : bpf_ringbuf_reserve(&events, sizeof(struct check_event), 0);
	if (!e) {
		lost(LOST_EVENT);
		return;
	}
	if (is_first && beaten(&f) && only_first) {
		bpf_ringbuf_discard(e, 0);
		return;
	}
	fill(&e->check, cred, key, more);
	if (stack) {
		e->check.kernel_frames = frames(bpf_get_stack(ctx, e->kernel, sizeof(e->kernel), 0));
		e->check.user_frames = frames(bpf_get_stack(ctx, e->user, sizeof(e->user), BPF_F_USER_STACK));
	}
	bpf_ringbuf_submit(e, 0);
}

static __always_inline int checked(void *ctx, const struct check *c)
{
	struct hot_table *table = hot_table();
	u32 abi;

	if (!table) {
		overflowed(c->cap, c->denied, 1);
		return 0;
	}
	struct turn *turn = &table->turn;
	struct task_struct *task = current(turn);
	if (!turn->watched)
		return 0;
	s32 syscall = current_syscall(turn, task, &abi);
	u32 flags = c->known;
	const struct cred *acting = task->cred;
	if (acting != task->real_cred)
		flags |= CHECK_OVERRIDDEN;
	if (c->cred != acting)
		flags |= CHECK_FOREIGN;
	u64 of = turn->pid | (u64)userns_inode(c->target) << 32;
	u64 what = (u32)syscall | (u64)(c->cap | c->denied << 8 | flags << 16 | abi << 24) << 32;
	if (doubtful(c) && probe(ctx, what, c->known & CHECK_OPTIONS))
		what |= (u64)CHECK_PROBE << 48;
	/* No other program runs on this CPU meanwhile: where the kernel would let it, it leaves it out, and counts that
	 * (recursion misses). */
	struct hot_slot *slot = slot_of(table, of, what);
	/* An empty slot is of no control group. */
	if (slot->words.of == of && slot->words.what == what && slot->words.start == turn->start &&
	    slot->words.cgroup == turn->cgroup)
		slot->value.count++;
	else
		take(slot, turn, c->cred, of, what);
	if (want_events && !(only_first && told(c->cred, slot))) {
		u64 granting = c->granting ? userns_inode(c->granting) : 0;

		tell(ctx, c->cred, slot, granting << 32 | c->options);
	}
	return 0;
}

#if defined(RUNG_FEXIT)

SEC("fexit/cap_capable")
int BPF_PROG(cap_capable, const struct cred *cred, struct user_namespace *target, int cap, unsigned int options, int answer)
{
	struct check c = {.cred = cred, .target = target, .options = options, .cap = cap, .denied = answer != 0, .known = CHECK_OPTIONS};

	return checked(ctx, &c);
}

#elif defined(RUNG_TRACEPOINT)

SEC("tp_btf/cap_capable")
int BPF_PROG(cap_capable, const struct cred *cred, struct user_namespace *target, const struct user_namespace *granting,
	     int cap, int answer)
{
	struct check c = {.cred = cred, .target = target, .cap = cap, .denied = answer != 0, .known = CHECK_GRANTING};

	if (!answer)
		c.granting = granting;
	return checked(ctx, &c);
}

#elif defined(RUNG_KPROBE)

/* What a call was given, until it returns. A thread is in one call at a time. */
struct call {
	u64 cred, target; /* addresses */
	u32 cap, options;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct call);
} calls SEC(".maps");

/* The thread; the idle threads, which only interrupts can make ask, share PID 0. */
static __always_inline u64 caller(void)
{
	u64 id = bpf_get_current_pid_tgid();

	return id ? id : 1ULL << 63 | bpf_get_smp_processor_id();
}

SEC("kprobe/cap_capable")
int BPF_KPROBE(cap_capable_enter, const struct cred *cred, struct user_namespace *target, int cap, unsigned int options)
{
	u64 id = caller();
	struct call call = {(u64)cred, (u64)target, cap, options};

	if (bpf_map_update_elem(&calls, &id, &call, BPF_NOEXIST)) {
		lost(LOST_PAIR);
		bpf_map_update_elem(&calls, &id, &call, BPF_ANY);
	}
	return 0;
}

SEC("kretprobe/cap_capable")
int BPF_KRETPROBE(cap_capable_return, int answer)
{
	u64 id = caller();
	struct call *call = bpf_map_lookup_elem(&calls, &id);

	if (!call)
		return 0; /* it was under way when the programs came */
	struct check c = {.cred = (void *)call->cred, .target = (void *)call->target, .options = call->options,
			  .cap = call->cap, .denied = answer != 0, .known = CHECK_OPTIONS};
	bpf_map_delete_elem(&calls, &id);
	return checked(ctx, &c);
}

#endif
