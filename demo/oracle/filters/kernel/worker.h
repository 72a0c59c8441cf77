// What the parts of the worker share. All that goes over its pipes is these structs, in the machine's byte order.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILTERS = 64, CALLS = 4096 };

// What a call is made with: syscall, or int $0x80.
enum { ABI64, ABI32 };

struct call {
	uint32_t abi, nr;
	uint64_t args[6];
};

// How a call ended.
enum { NOTHING, RETURNED, TRAPPED, TRACED, NOTIFIED, KILLED_THREAD, KILLED_PROCESS };

struct result {
	uint32_t kind;
	uint32_t data;            // of a trap or a trace: the action's data
	int64_t value;            // what the call returned
	int64_t baseline;         // what it returns without filters
	struct seccomp_data seen; // what a tracer, a listener or a handler was told
};

// What the tracer and the listener have a call return.
enum { TRACER_SAYS = -3001, LISTENER_SAYS = -3002 };

// A job is filters, the oldest first, and calls to make under them. Unless the oldest lets nothing pass, only calls
// that do nothing are made.
enum { WITH_TRACER = 1, UNGUARDED = 2 };
struct job {
	uint32_t mode;
	int32_t listener; // the filter that is loaded with SECCOMP_FILTER_FLAG_NEW_LISTENER, or -1
	uint32_t filters, calls;
};

// The second argument of seccomp(2) as it is called here has this upper half, which the kernel ignores and filters let
// pass (struct sock_filter only of the test's making), so that one filter does not stop the next from being loaded.
#define LOADING 0xc0ffee5eull

// The memory that the worker and its processes share.
struct shared {
	volatile uint32_t next;     // the call that is made, or to be made next
	volatile uint32_t finished; // all were made
	volatile int32_t thread;    // the thread that makes them
	volatile int32_t released;  // the thread that may go on: the tracer has it
	volatile int32_t listener;  // descriptor, or -1
	int32_t loaded[FILTERS];    // an errno for each filter
	struct result results[CALLS];
};

extern struct job job;
extern struct sock_fprog filters[FILTERS];
extern struct call calls[CALLS];
extern struct shared *shared;

// make_call does one; the addresses are those that the kernel takes for the callers'.
int64_t make_call(const struct call *call);
extern const char after_syscall[], after_int80[];

int harmless(const struct call *call);
int guarded(void);
void child(void);
