/* sleepers N: N processes of sleep(1) that end with this one (SIGTERM, SIGINT). Says "ready" when all of them run it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void sleeper(pid_t parent, const sigset_t *mask)
{
	sigprocmask(SIG_SETMASK, mask, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	execl("/bin/sleep", "sleep", "86400", (char *)NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0, executed[2];
	pid_t self = getpid(), *children = calloc(count + 1, sizeof *children);
	sigset_t ends, before;
	char byte;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, &before);

	/* The write ends close at each exec: the read ends when the last has run it. */
	if (pipe2(executed, O_CLOEXEC) < 0)
		return perror("pipe2"), 1;
	for (int i = 0; i < count; i++) {
		children[i] = fork();
		if (children[i] < 0)
			return perror("fork"), 1;
		if (children[i] == 0)
			sleeper(self, &before);
	}
	close(executed[1]);
	if (read(executed[0], &byte, 1) != 0)
		return 1;
	puts("ready");
	fflush(stdout);
	sigwaitinfo(&ends, NULL);
	for (int i = 0; i < count; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}
