/* Every seccomp filter in force: which ones each thread has, newest first, and the text of each once a scan.
 *
 * A thread holds the newest of its filters, and that holds those before it. So where a thread's newest is the same
 * before and after its chain was walked, all that was read belonged to filters that were in force. */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "mix.h"

char LICENSE[] SEC("license") = "GPL";

#define STACK_MAX 128
#define INSTRUCTIONS_MAX 4096 /* BPF_MAXINSNS */
#define ARENA (1 << 20)
#define LARGEST (INSTRUCTIONS_MAX * 16) /* what the verifier takes a text's size for */

const volatile u64 secret; /* what pointers are mixed with before they leave the kernel */

u32 scan;  /* the number of the scan */
u32 used;  /* bytes of the arena */
u32 full;  /* the arena had no room: read it, empty it, and go on with another pass of the same scan */

struct chain {
	u64 start_boottime;
	u32 pid, tgid;
	u32 count;   /* how many keys follow */
	u32 changed; /* not to be relied on: 1 it changed meanwhile, 2 there are more than STACK_MAX */
};

struct text {
	u64 key;
	u32 length; /* instructions, 8 bytes each, that follow; 0: the kernel does not keep them, or they could not be read */
	u32 holder; /* the thread that held it when it was read */
};

struct stack {
	struct chain head;
	u64 keys[STACK_MAX];
};

struct arena {
	char bytes[ARENA + LARGEST + sizeof(struct text)];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct stack);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct arena);
} arena SEC(".maps");

/* Which filters' texts were read, and in which scan: an address may be another filter's in the next. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u32);
} seen SEC(".maps");

/* Not static: the verifier then looks at it once, and not at each call. */
__noinline int keep_text(u64 filter, u64 key, u32 holder)
{
	struct seccomp_filter *f = (void *)filter;
	u32 zero = 0, at = used, now = scan;
	u32 *last = bpf_map_lookup_elem(&seen, &filter);

	if (last && *last == now)
		return 0;
	struct arena *a = bpf_map_lookup_elem(&arena, &zero);
	if (!a)
		return 0;
	if (at >= ARENA) {
		full = 1;
		return 0;
	}
	struct sock_fprog_kern *program = BPF_CORE_READ(f, prog, orig_prog);
	u32 length = 0;

	if (program)
		length = BPF_CORE_READ(program, len);
	if (length > INSTRUCTIONS_MAX)
		length = 0;
	u32 size = (length & (2 * INSTRUCTIONS_MAX - 1)) * sizeof(struct sock_filter);

	at &= ARENA - 1;
	if (size && bpf_probe_read_kernel(a->bytes + at + sizeof(struct text), size, BPF_CORE_READ(program, filter)))
		length = 0;

	struct text *t = (void *)a->bytes + at;

	t->key = key;
	t->length = length;
	t->holder = holder;
	used = at + sizeof(*t) + length * sizeof(struct sock_filter);
	bpf_map_update_elem(&seen, &filter, &now, BPF_ANY);
	return 0;
}

/* Takes up one filter of a chain, as key n of the stack, and says which is before it. How many there are it leaves in the
 * stack: the verifier need not look at what follows the chain for each length of it. */
__noinline u64 keep(u64 filter, u32 n, u32 holder)
{
	u32 zero = 0;
	struct stack *s = bpf_map_lookup_elem(&scratch, &zero);

	if (!s)
		return 0;
	u64 key = mix(filter ^ secret);

	n &= STACK_MAX - 1;
	s->keys[n] = key;
	s->head.count = n + 1;
	keep_text(filter, key, holder);
	return number(&((struct seccomp_filter *)filter)->prev);
}

/* Takes up as many of a chain as there are in a part of the stack, from key n on. The verifier goes through each turn of a loop: through
 * those of two short ones that are one in the other sooner than through those of a long one. */
#define PART 16
__noinline u64 keep_part(u64 at, u32 n, u32 holder)
{
	for (u32 i = 0; i < PART && at; i++)
		at = keep(at, n + i, holder);
	return at;
}

SEC("iter/task")
int filters(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	u32 zero = 0, n;

	if (!task)
		return 0;

	struct seq_file *out = ctx->meta->seq;
	u64 newest = number(&task->seccomp.filter), at = newest;

	if (!newest)
		return 0;
	struct stack *s = bpf_map_lookup_elem(&scratch, &zero);
	if (!s)
		return 0;
	for (u32 i = 0; i < STACK_MAX && at; i += PART)
		at = keep_part(at, i, task->pid);
	n = s->head.count;
	if (n > STACK_MAX)
		return 0;
	s->head.start_boottime = task->start_boottime;
	s->head.pid = task->pid;
	s->head.tgid = task->tgid;
	s->head.changed = at ? 2 : 0;
	if (number(&task->seccomp.filter) != newest)
		s->head.changed = 1;
	bpf_seq_write(out, s, sizeof(s->head) + n * sizeof(u64));
	return 0;
}
