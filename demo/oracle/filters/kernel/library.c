// Library makes filters with libseccomp. It reads lines of numbers: "filter ACTION BADARCH OPTIMIZE I386 X32" begins one,
// "rule ACTION NR N (ARGUMENT OP A B)..." adds to it, "end" writes its length in bytes, how many rules libseccomp did not
// take, and it. Where libseccomp does not come to an end, which some rules lead to, the length is 0.
#define _GNU_SOURCE
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static scmp_filter_ctx filter;
static uint32_t refused;

static void must(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "library: %s: %s\n", what, strerror(-result));
		exit(1);
	}
}

static void begin(const char *line)
{
	uint32_t action, bad, optimize;
	int i386, x32;
	if (sscanf(line, "filter %u %u %u %d %d", &action, &bad, &optimize, &i386, &x32) != 5)
		exit(1);
	filter = seccomp_init(action);
	if (!filter)
		must(-EINVAL, "seccomp_init");
	must(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, bad), "bad architecture");
	must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, optimize), "optimize");
	if (i386)
		must(seccomp_arch_add(filter, SCMP_ARCH_X86), "i386");
	if (x32)
		must(seccomp_arch_add(filter, SCMP_ARCH_X32), "x32");
}

static uint64_t number(void)
{
	char *text = strtok(NULL, " \n");
	if (!text)
		exit(1);
	return strtoull(text, NULL, 10);
}

static void add(char *line)
{
	struct scmp_arg_cmp tests[6];
	strtok(line, " ");
	uint32_t action = number();
	int nr = number();
	unsigned int n = number();
	if (n > 6)
		exit(1);
	for (unsigned int i = 0; i < n; i++) {
		tests[i].arg = number();
		tests[i].op = number();
		tests[i].datum_a = number();
		tests[i].datum_b = number();
	}
	if (seccomp_rule_add_array(filter, action, nr, n, tests) < 0)
		refused++;
}

static void end(void)
{
	int fd = memfd_create("filter", 0);
	must(fd, "memfd");
	must(seccomp_export_bpf(filter, fd), "export");
	uint32_t head[] = {lseek(fd, 0, SEEK_END), refused};
	void *bytes = malloc(head[0] + 1);
	if (pread(fd, bytes, head[0], 0) != head[0])
		exit(1);
	fwrite(head, sizeof head, 1, stdout);
	fwrite(bytes, head[0], 1, stdout);
	fflush(stdout);
}

// make does all that was said of one filter, in a process of its own.
static void make(char **lines, int n)
{
	pid_t pid = fork();
	if (pid == 0) {
		const struct rlimit seconds = {2, 2};
		setrlimit(RLIMIT_CPU, &seconds);
		for (int i = 0; i < n; i++)
			if (lines[i][0] == 'f')
				begin(lines[i]);
			else
				add(lines[i]);
		end();
		_exit(0);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(1);
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU)) {
		const uint32_t none[] = {0, 0};
		fwrite(none, sizeof none, 1, stdout);
		fflush(stdout);
	} else if (status)
		exit(1);
}

int main(void)
{
	static char *lines[4096];
	int n = 0;
	size_t size = 0;
	while (n < 4096 && getline(&lines[n], &size, stdin) > 0) {
		if (lines[n][0] == 'e') {
			make(lines, n);
			while (n >= 0)
				free(lines[n]), lines[n--] = NULL;
		}
		n++;
		size = 0;
	}
	return 0;
}
