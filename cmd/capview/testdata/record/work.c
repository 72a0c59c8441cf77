// Makes a known set of system calls and no other: read until the end of its input, setpriority, getpgid, of i386 getpid,
// write, exit_group. Its exit status is which of them failed, 0 for none. Built without a C library, which would call more.
static long call(long nr, long a, long b, long c)
{
	long answer;

	__asm__ volatile("syscall" : "=a"(answer) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return answer;
}

static long compat(long nr)
{
	long answer;

	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(nr) : "r8", "r9", "r10", "r11", "memory");
	return (int)answer;
}

void _start(void)
{
	char byte;
	int status = 0;

	while (call(0, 0, (long)&byte, 1) > 0)
		;
	if (call(141, 0, 0, 19) < 0)
		status = 1;
	if (call(121, 0, 0, 0) < 0)
		status = 2;
	if (compat(20) < 0)
		status = 3;
	if (call(1, 1, (long)"done\n", 5) != 5)
		status = 4;
	call(231, status, 0, 0);
	__builtin_unreachable();
}
