/* threads N: N threads that wait, a thousand a process, and end with this process (SIGTERM, SIGINT). Says "ready" when there
 * are all of them. Made by clone(2) itself: 50,000 stacks of a C library's would be more mappings than a process may have. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EACH 1000
#define STACK 4096

static __attribute__((noreturn)) int waits(void *unused)
{
	for (;;)
		pause();
}

/* Becomes a process of n threads, its first one included. */
static void crowd(pid_t parent, int n, int ready)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	char *stacks = mmap(NULL, (size_t)n * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || stacks == MAP_FAILED)
		_exit(1);
	for (int i = 1; i < n; i++)
		if (clone(waits, stacks + (size_t)(i + 1) * STACK, flags, NULL) < 0)
			_exit(1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	waits(NULL);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0, ready[2], crowds = 0;
	pid_t self = getpid(), *children = calloc(count / EACH + 1, sizeof *children);
	char byte;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (pipe(ready) < 0)
		return perror("pipe"), 1;
	for (int left = count; left > 0; left -= EACH, crowds++) {
		children[crowds] = fork();
		if (children[crowds] < 0)
			return perror("fork"), 1;
		if (children[crowds] == 0) {
			close(ready[0]);
			crowd(self, left < EACH ? left : EACH, ready[1]);
		}
	}
	close(ready[1]);
	for (int i = 0; i < crowds; i++)
		if (read(ready[0], &byte, 1) != 1) {
			fputs("threads: they could not all be made\n", stderr);
			return 1;
		}
	puts("ready");
	fflush(stdout);
	sigwaitinfo(&ends, NULL);
	for (int i = 0; i < crowds; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}
