// Processes in a state, and what they try.
#include "worker.h"

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
		tell(3, 'R', sibling, 0);
		char c;
		must(read(4, &c, 1));
		try(what);
		tell(3, 'X', errno, 0);
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

void execute(void)
{
	struct state s;
	readState(&s);
	int fd = number();
	struct target t = {fd, word()};
	attempt(&s, tryExec, &t);
}

void enter(void)
{
	struct state s;
	readState(&s);
	int level = number();
	attempt(&s, tryEnter, &level);
}
