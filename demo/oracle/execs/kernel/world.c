// Chains of user namespaces, and the files in each.
#include "worker.h"

int depth, userns[LEVELS], mntns[LEVELS], program[LEVELS], script[LEVELS][2];
char *base;
int template;

static struct level levels[LEVELS];

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

char *at(int level, const char *suffix)
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
void furnish(int level)
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
		tell(3, 'D', n, 0);
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
		tell(3, 'P', n + 1, getpid());
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
int hold(int level, int pid)
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

void world(void)
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
