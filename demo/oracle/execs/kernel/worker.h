// What the parts of the worker share.
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

// Of each level: its namespaces, and its files.
extern int depth, userns[LEVELS], mntns[LEVELS], program[LEVELS], script[LEVELS][2];
extern char *base;   // where the file systems are mounted
extern int template; // the program to be executed

// The words of the command, one after the other.
extern char *words;
char *word(void);
long long number(void);
uint64_t hex(void);

void fail(const char *step);
void tell(int fd, int kind, int a, int b);

// must ends a process that cannot be made as it is to be, and tells the worker where.
#define must(call) do { if ((call) < 0) { tell(3, 'S', __LINE__, errno); _exit(1); } } while (0)

char *at(int level, const char *suffix);
void furnish(int level);
int hold(int level, int pid);
void world(void);
void file(void);
void enter(void);
void execute(void);
