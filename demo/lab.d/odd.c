/* Processes that a scanner of credentials stumbles over; each says "ready" and waits for its end. */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_barrier_t all;

static void check(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static void wait_for_end(void)
{
	if (write(1, "ready\n", 6) != 6)
		exit(1);
	for (;;)
		pause();
}

static void allow_all(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &allow};

	check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

/* The threads change themselves only: the raw calls do not go through libc, which would change all. */
static void *drop_all(void *unused)
{
	struct __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	prctl(PR_SET_NAME, "dropped");
	check(syscall(SYS_capset, &self, none), "capset");
	pthread_barrier_wait(&all);
	for (;;)
		pause();
	return unused;
}

static void *filter_self(void *unused)
{
	prctl(PR_SET_NAME, "filtered");
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	allow_all();
	pthread_barrier_wait(&all);
	for (;;)
		pause();
	return unused;
}

static void *other_user(void *unused)
{
	prctl(PR_SET_NAME, "nobody");
	check(syscall(SYS_setresuid, 65534, 65534, 65534), "setresuid");
	pthread_barrier_wait(&all);
	for (;;)
		pause();
	return unused;
}

static void *same(void *unused)
{
	prctl(PR_SET_NAME, "same");
	pthread_barrier_wait(&all);
	for (;;)
		pause();
	return unused;
}

static void threads(void)
{
	void *(*body[])(void *) = {drop_all, filter_self, other_user, same};
	pthread_t thread;

	pthread_barrier_init(&all, NULL, 5);
	for (int i = 0; i < 4; i++)
		check(-pthread_create(&thread, NULL, body[i], NULL), "pthread_create");
	pthread_barrier_wait(&all);
}

static void strict(void)
{
	int ends[2];
	char byte;

	check(pipe(ends), "pipe");
	check(write(1, "ready\n", 6), "write");
	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), "strict");
	for (;;)
		syscall(SYS_read, ends[0], &byte, 1);
}

static void ids(void)
{
	gid_t groups[] = {7, 8, 1000000};

	check(setgroups(3, groups), "setgroups");
	check(setresgid(11, 12, 13), "setresgid");
	check(setresuid(21, 22, 23), "setresuid");
}

static void zombie(void)
{
	int child = fork();

	check(child, "fork");
	if (child == 0)
		_exit(0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "threads"))
		threads();
	else if (!strcmp(what, "filters"))
		allow_all(), allow_all(), allow_all();
	else if (!strcmp(what, "strict"))
		strict();
	else if (!strcmp(what, "name")) /* ESC, RIGHT-TO-LEFT OVERRIDE, and what ends a name in /proc/PID/stat */
		prctl(PR_SET_NAME, "\033[2J\xe2\x80\xae" "drow) S");
	else if (!strcmp(what, "line")) /* not of the lab itself: it stops lsns 2.38, which then lists nothing */
		prctl(PR_SET_NAME, "two\nlines \\n");
	else if (!strcmp(what, "ids"))
		ids();
	else if (!strcmp(what, "zombie"))
		zombie();
	else if (strcmp(what, "wait"))
		return 2;
	wait_for_end();
}
