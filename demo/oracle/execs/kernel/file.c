// The files that are executed.
#include "worker.h"

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

void file(void)
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
