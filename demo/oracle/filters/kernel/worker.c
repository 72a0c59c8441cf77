// Worker loads seccomp filters into processes of its own, has them make system calls, and tells how each ended. It reads
// jobs from its standard input (struct job, then for each filter its length and instructions, then the calls), and
// answers to standard output (an errno for each filter, a struct result for each call).
#include "worker.h"

struct job job;
struct sock_fprog filters[FILTERS];
struct call calls[CALLS];
struct shared *shared;

static void must_read(void *to, size_t n)
{
	if (n && fread(to, n, 1, stdin) != 1)
		exit(1);
}

static int read_job(void)
{
	if (fread(&job, sizeof job, 1, stdin) != 1)
		return 0;
	if (job.filters > FILTERS || job.calls > CALLS)
		exit(1);
	for (uint32_t i = 0; i < job.filters; i++) {
		uint32_t length;
		must_read(&length, sizeof length);
		if (length > 0xffff)
			exit(1);
		free(filters[i].filter);
		// Never null: a program without instructions is to be refused for that.
		filters[i] = (struct sock_fprog){length, malloc(length * sizeof(struct sock_filter) + 1)};
		must_read(filters[i].filter, length * sizeof(struct sock_filter));
	}
	must_read(calls, job.calls * sizeof *calls);
	return 1;
}

// traced handles one stop of the thread: a call that a filter hands to the tracer is not made.
static void traced(pid_t tid, int status)
{
	if (!WIFSTOPPED(status))
		return;
	if (status >> 16 == PTRACE_EVENT_STOP) {
		ptrace(PTRACE_CONT, tid, 0, 0);
		return;
	}
	if (status >> 16 != PTRACE_EVENT_SECCOMP) {
		ptrace(PTRACE_CONT, tid, 0, WSTOPSIG(status));
		return;
	}
	struct __ptrace_syscall_info info = {0};
	unsigned long data = 0;
	struct result *r = &shared->results[shared->next];
	ptrace(PTRACE_GETEVENTMSG, tid, 0, &data);
	ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info);
	r->seen.nr = info.seccomp.nr;
	r->seen.arch = info.arch;
	r->seen.instruction_pointer = info.instruction_pointer;
	for (int i = 0; i < 6; i++)
		r->seen.args[i] = info.seccomp.args[i];
	r->data = data;
	r->kind = TRACED;
	ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.orig_rax), -1L);
	ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.rax), (long)TRACER_SAYS);
	ptrace(PTRACE_CONT, tid, 0, 0);
}

// watch waits for the process's end, and traces its thread meanwhile.
static int watch(pid_t pid)
{
	int status, held = 0;
	if (!(job.mode & WITH_TRACER)) {
		while (waitpid(pid, &status, 0) < 0)
			;
		return status;
	}
	for (uint32_t turn = 0;; turn++) {
		int tid = shared->thread;
		if (tid && tid != held && ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) == 0)
			shared->released = held = tid;
		pid_t got = waitpid(-1, &status, WNOHANG | __WALL);
		if (got == pid)
			return status;
		if (got > 0) {
			traced(got, status);
			turn = 0;
		} else if (turn < 200)
			sched_yield();
		else
			usleep(50);
	}
}

// run makes processes until every call was made.
static void run(void)
{
	int ok = 1;
	if (job.mode & UNGUARDED)
		for (uint32_t i = 0; i < job.calls; i++)
			ok &= harmless(&calls[i]);
	else
		ok = guarded();
	if (!ok) {
		fprintf(stderr, "worker: a job that could do harm\n");
		exit(1);
	}
	memset(shared, 0, sizeof *shared);
	do {
		shared->thread = shared->released = 0;
		pid_t pid = fork();
		if (pid == 0)
			child();
		int status = pid < 0 ? -1 : watch(pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return;
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
			fprintf(stderr, "worker: the process ended with %#x at call %u\n", status, shared->next);
			exit(1);
		}
		shared->results[shared->next++].kind = KILLED_PROCESS;
	} while (shared->next < job.calls);
}

// works tells whether a call of another ABI reaches the kernel and does what it should.
static int works(struct call c)
{
	pid_t pid = fork();
	int status;
	if (pid == 0)
		_exit(make_call(&c) != getpid());
	waitpid(pid, &status, 0);
	return status == 0;
}

int main(void)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	uint64_t hello[] = {(uint64_t)after_syscall, (uint64_t)after_int80, works((struct call){ABI32, 20, {0}}),
			    works((struct call){ABI64, 0x40000000 | SYS_getpid, {0}})};
	fwrite(hello, sizeof hello, 1, stdout);
	fflush(stdout);
	while (read_job()) {
		run();
		fwrite(shared->loaded, sizeof *shared->loaded, job.filters, stdout);
		fwrite(shared->results, sizeof *shared->results, job.calls, stdout);
		fflush(stdout);
	}
	return 0;
}
