/* readloop THREADS FILE…: for every process, opens, reads and closes each FILE of its folder in /proc, on
 * THREADS cores; a FILE that ends in "@" is a link, read as such. Nothing is parsed or kept: it is the least
 * that a scan of the same files costs. Prints how many processes and files there were. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int *pids, count;
static char **names;
static atomic_int next;
static atomic_long files;

static void list(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int room = 0;

	if (proc == NULL)
		perror("/proc"), exit(1);
	while ((entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (count == room)
			pids = realloc(pids, (room = room * 2 + 1024) * sizeof *pids);
		pids[count++] = atoi(entry->d_name);
	}
	closedir(proc);
}

static void read_link(const char *path, size_t length)
{
	char target[PATH_MAX], plain[PATH_MAX];

	memcpy(plain, path, length - 1);
	plain[length - 1] = 0;
	if (readlink(plain, target, sizeof target) >= 0)
		files++;
}

static void read_file(const char *path)
{
	char bytes[16384];
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return;
	while (read(file, bytes, sizeof bytes) == sizeof bytes)
		;
	close(file);
	files++;
}

static void *work(void *unused)
{
	char path[PATH_MAX];
	int i;

	while ((i = next++) < count)
		for (char **name = names; *name != NULL; name++) {
			int length = snprintf(path, sizeof path, "/proc/%d/%s", pids[i], *name);

			if (path[length - 1] == '@')
				read_link(path, length);
			else
				read_file(path);
		}
	return unused;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[1]) : 0;
	pthread_t thread[64];

	if (threads < 1 || threads > 64)
		return fprintf(stderr, "usage: readloop THREADS FILE...\n"), 2;
	names = argv + 2;
	list();
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, NULL) != 0)
			return 1;
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("%d processes, %ld files\n", count, (long)files);
}
