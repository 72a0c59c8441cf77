/* Functions of the kernel's that programs call (kernel/bpf/helpers.c, kernel/bpf/task_iter.c). */
#ifndef CAPVIEW_KFUNC_H
#define CAPVIEW_KFUNC_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	u64 opaque[1];
};

struct bpf_iter_task {
	u64 opaque[3];
};

enum { BPF_TASK_ITER_ALL_THREADS = 1 };

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

extern void *bpf_rdonly_cast(const void *pointer, u32 type) __ksym;

#endif
