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
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <grp.h>
#include <unistd.h>

enum { LEVELS = 5, RANGES = 8, GROUPS = 16, LAST_CAP = 63 };

struct range { uint32_t in, out, count; };
struct level {
	int uids, gids;
	struct range uid[RANGES], gid[RANGES];
	uint32_t owner, group, fsuid, fsgid;
};
struct message { int kind, a, b; };

static struct level levels[LEVELS];
static int depth;
static int userns[LEVELS], mntns[LEVELS], program[LEVELS], script[LEVELS][2];
static char *base; // where the file systems are mounted
static int template; // the program to be executed

static char *words;

static char *word(void)
{
	char *w = strsep(&words, " \n");
	return w && *w ? w : "0";
}

static long long number(void) { return strtoll(word(), NULL, 10); }
static uint64_t hex(void) { return strtoull(word(), NULL, 16); }

static void fail(const char *step)
{
	printf("failed %s %d\n", step, errno);
	fflush(stdout);
}

// send tells the worker, and leaves.
static void send(int fd, int kind, int a, int b)
{
	struct message m = {kind, a, b};
	if (write(fd, &m, sizeof m) != sizeof m)
		_exit(2);
}

#define must(call) do { if ((call) < 0) { send(3, 'S', __LINE__, errno); _exit(1); } } while (0)

static void put(const char *path, const struct range *r, int n)
{
	char text[RANGES * 40], *p = text;
	for (int i = 0; i < n; i++)
		p += sprintf(p, "%u %u %u\n", r[i].in, r[i].out, r[i].count);
	int fd;
	must(fd = open(path, O_WRONLY));
	must(write(fd, text, p - text));
	must(close(fd));
}

static char *at(int level, const char *suffix)
{
	static char paths[4][256];
	static int next;
	char *p = paths[next++ % 4];
	snprintf(p, sizeof paths[0], "%s/L%d%s", base, level, suffix);
	return p;
}

// again mounts a level's file system a second time, with one more flag.
static void again(int level, const char *suffix, unsigned long flag)
{
	must(mount(at(level, ""), at(level, suffix), NULL, MS_BIND, NULL));
	must(mount(NULL, at(level, suffix), NULL, MS_REMOUNT | MS_BIND | flag, NULL));
}

// furnish mounts a level's file system, and makes its files.
static void furnish(int level)
{
	static char block[65536];
	must(mount("oracle", at(level, ""), "tmpfs", 0, "mode=0755,size=8m"));
	again(level, "n", MS_NOSUID);
	again(level, "x", MS_NOEXEC);
	int out;
	must(out = open(at(level, "/r"), O_WRONLY | O_CREAT | O_EXCL, 0755));
	off_t offset = 0;
	for (ssize_t n; (n = pread(template, block, sizeof block, offset)) > 0; offset += n)
		must(write(out, block, n) == n ? 0 : -1);
	must(close(out));
	must(out = open(at(level, "/s"), O_WRONLY | O_CREAT | O_EXCL, 0755));
	must(close(out));
	must(out = open(at(level, "/t"), O_WRONLY | O_CREAT | O_EXCL, 0755));
	must(close(out));
}

// nest is a process of level n: it makes the next, writes its maps, and stays until descriptor 4 ends.
static void nest(int n)
{
	if (n == depth) {
		send(3, 'D', n, 0);
		pause();
	}
	struct level *l = &levels[n + 1];
	int up[2], down[2];
	must(pipe(up));
	must(pipe(down));
	char c = 0;
	int pid;
	must(pid = fork());
	if (pid == 0) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		must(setgroups(0, NULL));
		must(setresgid(l->group, l->group, l->group));
		must(setresuid(l->owner, l->owner, l->owner));
		must(unshare(CLONE_NEWUSER | CLONE_NEWNS));
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		must(prctl(PR_SET_DUMPABLE, 1));
		must(write(up[1], &c, 1));
		must(read(down[0], &c, 1));
		must(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
		must(setresgid(l->fsgid, l->fsgid, l->fsgid));
		must(setresuid(l->fsuid, l->fsuid, l->fsuid));
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		furnish(n + 1);
		send(3, 'P', n + 1, getpid());
		nest(n + 1);
	}
	must(read(up[0], &c, 1));
	char path[64];
	sprintf(path, "/proc/%d/uid_map", pid);
	put(path, l->uid, l->uids);
	sprintf(path, "/proc/%d/gid_map", pid);
	put(path, l->gid, l->gids);
	must(write(down[1], &c, 1));
	pause();
}

static int readLevel(struct level *l)
{
	l->uids = number();
	if (l->uids < 0 || l->uids > RANGES)
		return -1;
	for (int i = 0; i < l->uids; i++)
		l->uid[i] = (struct range){number(), number(), number()};
	l->gids = number();
	if (l->gids < 0 || l->gids > RANGES)
		return -1;
	for (int i = 0; i < l->gids; i++)
		l->gid[i] = (struct range){number(), number(), number()};
	l->owner = number();
	l->group = number();
	l->fsuid = number();
	l->fsgid = number();
	return 0;
}

// hold opens what is kept of a level: its namespaces and files, through a process in it.
static int hold(int level, int pid)
{
	char path[300];
	snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
	if ((userns[level] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
	if ((mntns[level] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	const char *names[] = {"/r", "/s", "/t"};
	int *fds[] = {&program[level], &script[level][0], &script[level][1]};
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/proc/%d/root%s", pid, at(level, names[i]));
		if ((*fds[i] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			return -1;
	}
	return 0;
}

static void drop(int from)
{
	for (int i = from; i <= depth; i++) {
		close(userns[i]);
		close(mntns[i]);
		close(program[i]);
		close(script[i][0]);
		close(script[i][1]);
	}
}

static void world(void)
{
	drop(1);
	depth = 0;
	int want = number();
	if (want < 0 || want >= LEVELS) {
		errno = EINVAL;
		return fail("depth");
	}
	for (int i = 1; i <= want; i++)
		if (readLevel(&levels[i]) < 0) {
			errno = EINVAL;
			return fail("level");
		}
	depth = want;
	int report[2];
	if (pipe(report) < 0)
		return fail("pipe");
	int pid = fork();
	if (pid == 0) {
		if (report[1] != 3)
			dup2(report[1], 3);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		nest(0);
	}
	close(report[1]);
	struct message m;
	int err = 0, step = 0;
	while (read(report[0], &m, sizeof m) == sizeof m && m.kind != 'D') {
		if (m.kind == 'S') {
			step = m.a, err = m.b;
			break;
		}
		if (hold(m.a, m.b) < 0) {
			step = -m.a, err = errno;
			break;
		}
	}
	close(report[0]);
	kill(pid, SIGKILL); // and with it, its children
	waitpid(pid, NULL, 0);
	if (step) {
		depth = 0;
		printf("failed world:%d %d\n", step, err);
		return;
	}
	printf("world");
	for (int i = 0; i <= depth; i++) {
		struct stat u, m;
		fstat(userns[i], &u);
		fstat(mntns[i], &m);
		printf(" %llu %llu", (unsigned long long)u.st_ino, (unsigned long long)m.st_ino);
	}
	printf("\n");
}

static int fileOf(int level, char name)
{
	if (level < 0 || level > depth)
		return -1;
	return name == 'r' ? program[level] : script[level][name == 't'];
}

static void showAttribute(int fd)
{
	unsigned char value[64];
	ssize_t n = fgetxattr(fd, "security.capability", value, sizeof value);
	if (n < 0 && errno == ENODATA) {
		printf("file -\n");
		return;
	}
	if (n < 0) {
		printf("file !%d\n", errno);
		return;
	}
	printf("file ");
	for (ssize_t i = 0; i < n; i++)
		printf("%02x", value[i]);
	printf("\n");
}

static int setAttribute(int fd, const char *text)
{
	unsigned char value[64];
	if (fremovexattr(fd, "security.capability") < 0 && errno != ENODATA)
		return -1;
	if (text[0] == '-')
		return 0;
	size_t n = strlen(text) / 2;
	for (size_t i = 0; i < n && i < sizeof value; i++) {
		unsigned int byte;
		sscanf(text + 2 * i, "%2x", &byte);
		value[i] = byte;
	}
	return fsetxattr(fd, "security.capability", value, n, 0);
}

static int writeScript(int fd, const char *interpreter)
{
	char path[64];
	sprintf(path, "/proc/self/fd/%d", fd);
	int out = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (out < 0)
		return -1;
	int n = dprintf(out, "#!%s\n", interpreter);
	return close(out) < 0 || n < 0 ? -1 : 0;
}

static void file(void)
{
	int level = number();
	char name = word()[0];
	int fd = fileOf(level, name);
	uid_t uid = number();
	gid_t gid = number();
	mode_t mode = strtoul(word(), NULL, 8);
	char *xattr = word();
	if (name != 'r' && writeScript(fd, word()) < 0)
		return fail("script");
	if (fchown(fd, uid, gid) < 0)
		return fail("chown");
	if (fchmod(fd, mode) < 0)
		return fail("chmod");
	if (setAttribute(fd, xattr) < 0)
		return fail("setxattr");
	showAttribute(fd);
}

struct state {
	int user, mount;
	int64_t ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid;
	int groups;
	gid_t group[GROUPS];
	uint32_t securebits;
	uint64_t inheritable, permitted, effective, bounding, ambient;
	int nnp, shared, traced;
};

static void readState(struct state *s)
{
	s->user = number(), s->mount = number();
	s->ruid = number(), s->euid = number(), s->suid = number(), s->fsuid = number();
	s->rgid = number(), s->egid = number(), s->sgid = number(), s->fsgid = number();
	s->groups = number();
	for (int i = 0; i < s->groups && i < GROUPS; i++)
		s->group[i] = number();
	s->securebits = hex();
	s->inheritable = hex(), s->permitted = hex(), s->effective = hex(), s->bounding = hex(), s->ambient = hex();
	s->nnp = number(), s->shared = number(), s->traced = number();
}

static int setCaps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){effective >> 32 * i, permitted >> 32 * i, inheritable >> 32 * i};
	return syscall(SYS_capset, &header, data);
}

// heldNow is the permitted set as it is.
static uint64_t heldNow(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	must(syscall(SYS_capget, &header, data));
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

static void become(struct state *s, int *sibling)
{
	if (s->mount > 0)
		must(setns(mntns[s->mount], CLONE_NEWNS));
	if (s->user > 0)
		must(setns(userns[s->user], CLONE_NEWUSER));
	must(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
	must(setgroups(s->groups, s->group));
	must(setresgid(s->rgid, s->egid, s->sgid));
	must(setresuid(s->ruid, s->euid, s->suid));
	if (s->fsgid >= 0)
		setfsgid(s->fsgid);
	if (s->fsuid >= 0)
		setfsuid(s->fsuid);
	uint64_t held = heldNow();
	must(setCaps(held, held, s->inheritable));
	for (int c = 0; c <= LAST_CAP && prctl(PR_CAPBSET_READ, c) >= 0; c++) {
		if (!(s->bounding >> c & 1))
			must(prctl(PR_CAPBSET_DROP, c));
		if (s->ambient >> c & 1)
			must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0));
	}
	must(prctl(PR_SET_SECUREBITS, s->securebits));
	if (s->traced == 1)
		must(ptrace(PTRACE_TRACEME));
	must(setCaps(s->effective, s->permitted, s->inheritable));
	if (s->traced == 2)
		must(ptrace(PTRACE_TRACEME));
	if (s->nnp)
		must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (s->shared) {
		must(*sibling = syscall(SYS_clone, CLONE_FS | CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
		if (*sibling == 0) {
			close(3);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
	}
}

// showStatus answers with a process's status.
static void showStatus(const char *before, int pid)
{
	char path[64], text[8192];
	sprintf(path, "/proc/%d/status", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
	if (n < 0)
		n = 0;
	close(fd);
	printf("%s %zd\n", before, n);
	fwrite(text, 1, n, stdout);
}

// follow lets a process that is ready go on, and answers with what comes of it.
static void follow(int pid, int report, int go, int traced)
{
	struct message m;
	showStatus("before", pid);
	if (write(go, "g", 1) != 1)
		return fail("go");
	int status;
	if (traced && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, 0, 0);
	if (read(report, &m, sizeof m) != sizeof m) {
		errno = EPIPE;
		return fail("report");
	}
	if (m.kind == 'X') {
		printf("errno %d\n", m.a);
		return;
	}
	char line[64];
	sprintf(line, "done %d %d", m.a, m.b);
	showStatus(line, pid);
}

// attempt makes a process in a state, and has it try.
static void attempt(struct state *s, void (*try)(void *), void *what)
{
	int report[2], go[2], sibling = 0;
	if (pipe2(report, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		return fail("pipe");
	int pid = fork();
	if (pid == 0) {
		int r = fcntl(report[1], F_DUPFD, 10), g = fcntl(go[0], F_DUPFD, 10);
		close(report[1]), close(go[0]), close(report[0]), close(go[1]);
		dup2(r, 3), dup2(g, 4);
		close(r), close(g);
		become(s, &sibling);
		send(3, 'R', sibling, 0);
		char c;
		must(read(4, &c, 1));
		try(what);
		send(3, 'X', errno, 0);
		_exit(0);
	}
	close(report[1]);
	close(go[0]);
	struct message m = {0};
	if (read(report[0], &m, sizeof m) == sizeof m && m.kind == 'R') {
		follow(pid, report[0], go[1], s->traced);
		if (m.a > 0)
			kill(m.a, SIGKILL);
	} else
		printf("failed become:%d %d\n", m.a, m.b);
	close(report[0]);
	close(go[1]);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

struct target { int fd; char *path; };

static void tryExec(void *what)
{
	struct target *t = what;
	char *argv[] = {"report", NULL}, *envp[] = {NULL};
	if (t->fd >= 0)
		syscall(SYS_execveat, program[t->fd], "", argv, envp, AT_EMPTY_PATH);
	else
		execve(t->path, argv, envp);
}

static void tryEnter(void *what)
{
	errno = 0;
	setns(userns[*(int *)what], CLONE_NEWUSER);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	base = argv[1];
	// Descriptors 3 and 4 are the processes' own.
	while ((template = open(argv[2], O_RDONLY | O_CLOEXEC)) >= 0 && template < 10)
		fcntl(template, F_SETFD, 0);
	if (template < 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		fail("start");
		return 1;
	}
	if (mount("oracle", base, "tmpfs", 0, "mode=0755,size=64m") < 0) {
		fail("base");
		return 1;
	}
	const char *suffixes[] = {"", "n", "x"};
	umask(0);
	for (int i = 0; i < LEVELS; i++)
		for (int j = 0; j < 3; j++)
			if (mkdir(at(i, suffixes[j]), 0755) < 0) {
				fail("directories");
				return 1;
			}
	furnish(0);
	if (hold(0, getpid()) < 0) {
		fail("hold");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	char *line = NULL;
	size_t size = 0;
	while (getline(&line, &size, stdin) > 0) {
		words = line;
		char *command = word();
		struct state s;
		if (!strcmp(command, "world"))
			world();
		else if (!strcmp(command, "file"))
			file();
		else if (!strcmp(command, "exec")) {
			readState(&s);
			int fd = number();
			struct target t = {fd, word()};
			attempt(&s, tryExec, &t);
		} else if (!strcmp(command, "enter")) {
			readState(&s);
			int level = number();
			attempt(&s, tryEnter, &level);
		} else
			printf("failed command 0\n");
		fflush(stdout);
	}
	return 0;
}
