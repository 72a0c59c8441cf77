// Has libseccomp make filters of profiles, as runtimes do. Reads from standard input, one a line:
//   profile DEFAULT        begins one; actions are numbers
//   arch TOKEN             x86, x86_64, x32, ...
//   rule NAME ACTION [INDEX OP VALUE VALUETWO]...
//   end                    writes the filter's length in bytes as an int32_t and the filter, or an error below 0
//   name TOKEN NAME        writes a system call's number as an int32_t, below 0 where the architecture has none, -1 where
//                          the library does not know it
#define _GNU_SOURCE
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static scmp_filter_ctx ctx;
static int error;
static uint32_t fallback;

static void put(int32_t n) { fwrite(&n, sizeof n, 1, stdout); }

static void rule(void)
{
	char *name = strtok(NULL, " ");
	uint32_t action = strtoul(strtok(NULL, " "), NULL, 0);
	struct scmp_arg_cmp cond[64];
	int seen[6] = { 0 }, twice = 0, n = 0, nr;
	char *word;

	while ((word = strtok(NULL, " "))) {
		unsigned int arg = atoi(word);
		int op = atoi(strtok(NULL, " "));
		uint64_t a = strtoull(strtok(NULL, " "), NULL, 0);
		uint64_t b = strtoull(strtok(NULL, " "), NULL, 0);
		cond[n++] = (struct scmp_arg_cmp){ arg, op, a, b };
		twice |= seen[arg]++;
	}
	nr = seccomp_syscall_resolve_name(name);
	if (error || action == fallback || nr == __NR_SCMP_ERROR)
		return;
	if (!twice)
		error = seccomp_rule_add_array(ctx, action, nr, n, cond);
	for (int i = 0; twice && i < n && !error; i++)
		error = seccomp_rule_add_array(ctx, action, nr, 1, &cond[i]);
}

static void end(void)
{
	int fd = memfd_create("filter", 0);
	off_t size;
	char *text;

	if (!error)
		error = seccomp_export_bpf(ctx, fd);
	seccomp_release(ctx);
	if (error) {
		put(error);
		close(fd);
		return;
	}
	size = lseek(fd, 0, SEEK_END);
	text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	put(size);
	fwrite(text, size, 1, stdout);
	munmap(text, size);
	close(fd);
}

int main(void)
{
	static char line[65536];
	while (fgets(line, sizeof line, stdin)) {
		char *word;

		line[strcspn(line, "\n")] = 0;
		word = strtok(line, " ");
		if (!strcmp(word, "profile")) {
			fallback = strtoul(strtok(NULL, " "), NULL, 0);
			ctx = seccomp_init(fallback);
			error = 0;
		} else if (!strcmp(word, "arch")) {
			int e = seccomp_arch_add(ctx, seccomp_arch_resolve_name(strtok(NULL, " ")));
			if (e && e != -17) // EEXIST: the native one
				error = e;
		} else if (!strcmp(word, "rule")) {
			rule();
		} else if (!strcmp(word, "name")) {
			uint32_t arch = seccomp_arch_resolve_name(strtok(NULL, " "));

			put(seccomp_syscall_resolve_name_arch(arch, strtok(NULL, " ")));
		} else {
			end();
		}
	}
	return 0;
}
