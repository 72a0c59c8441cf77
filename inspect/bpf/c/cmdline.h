/* What is told of a command line: as far as it is one copy away, for the kernel's program may sleep while the page that holds
 * it is brought in. */
#ifndef CAPVIEW_CMDLINE_H
#define CAPVIEW_CMDLINE_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "mix.h"

#define CMDLINE_MAX 4096

struct cmdline {
	u64 start_boottime;
	u64 exec_id;
	u64 args; /* as in a record */
	u32 pid;
	u32 length; /* of the text that follows; CMDLINE_NOT where it is not here */
};

#define CMDLINE_NOT 0xffffffff

/* Writes down the head, and the text if it is to be had. Returns how long the text is that follows the head. */
static __always_inline u32 cmdline(struct cmdline *head, char *bytes, struct task_struct *task, struct mm_struct *mm)
{
	u64 from = mm->arg_start, to = mm->arg_end, env = mm->env_start;
	u32 length = 0;

	head->start_boottime = task->start_boottime;
	head->exec_id = task->self_exec_id;
	head->args = arguments(from, to, env);
	head->pid = task->pid;
	head->length = 0;
	if (from < to && to - from < CMDLINE_MAX)
		length = (to - from) & (CMDLINE_MAX - 1);
	else if (from < to)
		head->length = CMDLINE_NOT;
	if (bpf_copy_from_user_task(bytes, length, (void *)from, task, 0)) {
		length = 0;
		head->length = CMDLINE_NOT;
	}
	if (length)
		head->length = length;
	if (task->self_exec_id != head->exec_id || number(&task->mm) != (u64)mm)
		head->length = CMDLINE_NOT;
	return length & (CMDLINE_MAX - 1);
}

#endif
