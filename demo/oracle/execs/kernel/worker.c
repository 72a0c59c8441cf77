// The worker makes processes in states it is told, and lets the kernel decide. It reads a command a line and answers
// each with lines; what goes wrong on the way to a state is answered "failed STEP ERRNO".
//
//   world DEPTH {NU {IN OUT COUNT} NG {IN OUT COUNT} OWNER GROUP UID GID}...
//       nests user namespaces, each with a mount namespace of its own: maps in the parent's numbers, the ids of who
//       makes it, the ids in it that its files are made with. Answers "world" and the inodes user and mount from level 0.
//   file LEVEL NAME UID GID MODE XATTR [INTERPRETER]
//       sets the file up (r: the program, s and t: scripts), in the initial user namespace's numbers; XATTR is hex or -.
//       Answers "file" and the attribute as read back: hex, - for none, !ERRNO.
//   exec STATE FD PATH       executes PATH, or the file behind level FD's program where that is not -1
//   enter STATE LEVEL        joins the user namespace of a level
//   STATE is USER MOUNT (levels) RUID EUID SUID FSUID RGID EGID SGID FSGID (-1 keeps) N {GROUP} SECUREBITS
//       INHERITABLE PERMITTED EFFECTIVE BOUNDING AMBIENT (hex) NNP SHARED TRACED (0 no, 1 by one with all capabilities,
//       2 by one with the same).
//   Both answer "before LENGTH" and that much of /proc/PID/status, then "errno N", or "done SECUREBITS SECURE LENGTH" and
//   the status after.
#include "worker.h"

char *words;

char *word(void)
{
	char *w = strsep(&words, " \n");
	return w && *w ? w : "0";
}

long long number(void) { return strtoll(word(), NULL, 10); }
uint64_t hex(void) { return strtoull(word(), NULL, 16); }

// fail answers that something on the way did not work.
void fail(const char *step)
{
	printf("failed %s %d\n", step, errno);
	fflush(stdout);
}

// tell sends the worker a message.
void tell(int fd, int kind, int a, int b)
{
	struct message m = {kind, a, b};
	if (write(fd, &m, sizeof m) != sizeof m)
		_exit(2);
}

// start makes the mount namespace that all happens in, and the files of the initial user namespace.
static int start(void)
{
	if (template < 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		fail("start");
		return -1;
	}
	if (mount("oracle", base, "tmpfs", 0, "mode=0755,size=64m") < 0) {
		fail("base");
		return -1;
	}
	const char *suffixes[] = {"", "n", "x"};
	umask(0);
	for (int i = 0; i < LEVELS; i++)
		for (int j = 0; j < 3; j++)
			if (mkdir(at(i, suffixes[j]), 0755) < 0) {
				fail("directories");
				return -1;
			}
	furnish(0);
	if (hold(0, getpid()) < 0) {
		fail("hold");
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	base = argv[1];
	// Descriptors 3 and 4 are the processes' own.
	while ((template = open(argv[2], O_RDONLY | O_CLOEXEC)) >= 0 && template < 10)
		fcntl(template, F_SETFD, 0);
	if (start() < 0)
		return 1;
	printf("ready\n");
	fflush(stdout);
	char *line = NULL;
	size_t size = 0;
	while (getline(&line, &size, stdin) > 0) {
		words = line;
		char *command = word();
		if (!strcmp(command, "world"))
			world();
		else if (!strcmp(command, "file"))
			file();
		else if (!strcmp(command, "exec"))
			execute();
		else if (!strcmp(command, "enter"))
			enter();
		else
			printf("failed command 0\n");
		fflush(stdout);
	}
	return 0;
}
