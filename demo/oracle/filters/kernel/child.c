// The process whose calls are filtered. Its first thread has no filters: it starts the thread that does, answers for the
// listener, and sees the thread die. The other makes no calls but those that are asked for.
#include "worker.h"

static char stack[1 << 18] __attribute__((aligned(64)));
static volatile int32_t alive; // cleared by the kernel when the thread ends
static void *back[5];

static void trapped(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	struct result *r = &shared->results[shared->next];
	r->data = info->si_errno;
	r->seen.nr = info->si_syscall;
	r->seen.arch = info->si_arch;
	r->seen.instruction_pointer = (uint64_t)info->si_call_addr;
	r->kind = TRAPPED;
	__builtin_longjmp(back, 1); // rt_sigreturn would be a call
}

// load attaches one filter to the calling thread.
static int load(uint32_t i)
{
	uint64_t flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (job.listener == (int32_t)i)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	struct call c = {ABI64, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, LOADING << 32 | flags, (uint64_t)&filters[i]}};
	int64_t got = make_call(&c);
	if (got < 0)
		return -got;
	if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		shared->listener = got;
	return 0;
}

static _Noreturn int thread(void *unused)
{
	(void)unused;
	while (shared->released != shared->thread || !shared->thread)
		sched_yield();
	for (uint32_t i = 0; i < job.filters; i++)
		shared->loaded[i] = load(i);
	if (job.mode & UNGUARDED || shared->loaded[0] == 0) {
		while (shared->next < job.calls) {
			struct result *r = &shared->results[shared->next];
			if (__builtin_setjmp(back) == 0) {
				r->value = make_call(&calls[shared->next]);
				if (r->kind == NOTHING)
					r->kind = RETURNED;
			}
			shared->next++;
		}
	}
	shared->finished = 1;
	for (;;)
		__asm__ volatile("pause");
}

static void start_thread(void)
{
	alive = 1;
	shared->listener = -1;
	shared->thread = shared->released = 0;
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
	int tid = clone(thread, stack + sizeof stack, flags, NULL, NULL, NULL, &alive);
	if (tid < 0)
		_exit(3);
	if (!(job.mode & WITH_TRACER))
		shared->released = tid;
	shared->thread = tid;
}

// listen answers a notification, if there is one.
static void listen(void)
{
	struct pollfd p = {shared->listener, POLLIN, 0};
	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLIN))
		return;
	struct seccomp_notif n = {0};
	if (ioctl(p.fd, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return;
	struct result *r = &shared->results[shared->next];
	r->seen = n.data;
	r->kind = NOTIFIED;
	struct seccomp_notif_resp answer = {.id = n.id, .error = LISTENER_SAYS};
	ioctl(p.fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

// wait_a_little leaves the processor to the other thread.
static void wait_a_little(uint32_t turn)
{
	if (turn < 200)
		sched_yield();
	else
		usleep(50);
}

void child(void)
{
	const struct rlimit none = {0, 0};
	struct sigaction act = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER};
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	sigaction(SIGSYS, &act, NULL);
	if (job.mode & UNGUARDED)
		for (uint32_t i = shared->next; i < job.calls; i++)
			shared->results[i].baseline = make_call(&calls[i]);
	start_thread();
	for (uint32_t turn = 0, last = shared->next; !shared->finished; turn++) {
		if (!alive) { // the thread alone was killed
			shared->results[shared->next++].kind = KILLED_THREAD;
			if (shared->next == job.calls)
				break;
			start_thread();
		}
		if (shared->listener >= 0)
			listen();
		if (last != shared->next)
			turn = 0, last = shared->next;
		wait_a_little(turn);
	}
	_exit(0);
}
