/* What the files of this library share. README.md tells how they work together. */
#ifndef INTERPOSE_H
#define INTERPOSE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define NS 1000000000LL
#define MS 1000000LL

static inline int64_t to_ns(struct timespec time) { return time.tv_sec * NS + time.tv_nsec; }
static inline struct timespec from_ns(int64_t ns) { return (struct timespec){ns / NS, ns % NS}; }

#define EXPORT __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

/* The oldest versions of what newer C libraries have moved: the library loads on glibc 2.28. */
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
__asm__(".symver dlvsym, dlvsym@GLIBC_2.2.5");
__asm__(".symver dladdr, dladdr@GLIBC_2.2.5");
__asm__(".symver dlopen, dlopen@GLIBC_2.2.5");
__asm__(".symver dlclose, dlclose@GLIBC_2.2.5");

/* The function that would have been called without us: found once. */
#define REAL(name)                                                                                                     \
    ({                                                                                                                 \
        static __typeof__(&name) found;                                                                                \
        if (!found)                                                                                                    \
            found = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                        \
        found;                                                                                                         \
    })

/* ---- settings.c: what is owned, from the environment */

struct settings {
    bool ready;
    bool entropy;       /* ORCHESTRATOR_ENTROPY */
    uint64_t seed;      /* its value */
    bool listings;      /* ORCHESTRATOR_LISTINGS */
    unsigned processors; /* ORCHESTRATOR_PROCESSORS; 0: as the machine says */
    bool exact_sqrt;    /* ORCHESTRATOR_SQRT */
};

extern struct settings settings;
void settings_read(void);

/* Every entry point begins here: a constructor of another library may call before ours has run. */
static inline void begin(void)
{
    if (__builtin_expect(!settings.ready, 0))
        settings_read();
}

/* ---- system.c: the kernel, without the C library in between */

long kernel(long number, long a, long b, long c, long d, long e, long f);
long checked(long result); /* -errno -> errno and -1 */
void *far_memory(size_t bytes); /* zeroed; far from the program's own addresses, which must not depend on us */
void give_memory_back(void *memory, size_t bytes);
void *far_file(int descriptor, size_t bytes);
int memory_file(const char *name, const void *bytes, size_t length); /* a descriptor at its start; -1: none */

/* ---- family.c: who this thread is, by its place in the tree of processes and threads */

#define CLOCKS 16

struct thread {
    uint64_t path;    /* the same in every run that makes its processes and threads in the same order */
    uint64_t draws;   /* words of entropy taken */
    bool first;       /* the thread its process began with */
    uint32_t threads; /* made by this one so far */
    uint32_t forks;
    uint32_t programs;
    struct streams *streams;  /* readings.c: of this thread */
    int64_t offset[CLOCKS];   /* what the program's last reading of a clock gave, less what the clock said */
    int64_t least[CLOCKS];    /* replaying: what it must say by now, after what it said and the waits since */
    bool has_read[CLOCKS];    /* so that these two hold */
    bool real[CLOCKS];        /* the last reading was the interpreter's own, of the real clock */
};

struct thread *self(void);
void family_begin(void);
#define HANDED 37 /* "ORCHESTRATOR_STREAM=", 16 digits, an end */
void family_hand_on(char variable[HANDED]); /* for the next program that this thread starts */
uint64_t mix(uint64_t a, uint64_t b);
uint64_t hash_text(uint64_t hash, const char *text);

/* ---- ledger.c: the file that the run's clock is kept in, shared by all processes of the run */

enum mode { COUNT_ONLY = 0, RECORD = 1, REPLAY = 2 };
enum counter {
    READINGS, /* counted by the host */
    BEYOND,
    DROPPED,
    WAITS,
    DRAWS,
    THREAD_DRAWS,
    STATIC_PROGRAMS,
    PROCESSES,
    SHARED_MODELS, /* told by the mends in Python: see files.c */
    SKIPPED,       /* recorded readings that a replay passed over */
    COUNTERS = 16
};

struct ledger {
    char magic[8];
    uint32_t mode;
    uint32_t reserved;
    uint64_t capacity;
    _Atomic uint64_t used;
    int64_t origin[2]; /* CLOCK_REALTIME and CLOCK_MONOTONIC as the original run began, ns */
    _Atomic uint64_t backed; /* bytes that have room on the disk */
    uint64_t padding;
    _Atomic uint64_t counters[COUNTERS];
    _Atomic int64_t begun[2]; /* the same clocks as this execution began */
};

struct chunk {
    uint64_t key;
    uint32_t capacity;
    uint32_t count;
    int64_t values[];
};

struct link { /* chunks of one key */
    const struct chunk *chunk;
    const struct link *next;
};

extern struct ledger *ledger; /* NULL where there is none */

void ledger_open(const char *path);
struct chunk *ledger_reserve(uint64_t key, uint32_t values); /* recording; NULL: full */
const struct link *ledger_find(uint64_t key);                 /* replaying; NULL: not recorded */

static inline void count(enum counter which)
{
    if (ledger)
        atomic_fetch_add_explicit(&ledger->counters[which], 1, memory_order_relaxed);
}

static inline bool owns_clock(void) { return ledger && ledger->mode != COUNT_ONLY; }
static inline bool replaying(void) { return ledger && ledger->mode == REPLAY; }

/* ---- caller.c: from where in the program a call comes */

#define NOBODY 0 /* an interpreter's own waits: they belong to no line of the program */
uint64_t caller_site(void *address);
uint64_t caller_anyhow(void *address); /* never NOBODY: for calls that the interpreter makes without its lock */

/* ---- readings.c: one value that the world gives: kept when recording, fed back when replaying */

bool reading(uint64_t site, uint64_t kind, int64_t *value); /* false: beyond the record, and left as it is */
bool reading_since(uint64_t site, uint64_t kind, int64_t least, int64_t *value); /* replaying: passes over earlier ones */
void readings_forget(struct thread *thread);

/* ---- clock.c */

int64_t real_clock(clockid_t clock);                  /* ns */
int64_t owned_clock(clockid_t clock, uint64_t site);  /* ns */
bool clock_is_programs(clockid_t clock);              /* whether this thread's last reading was the program's */
void clock_waited(int64_t ns);                        /* this thread has waited for so long, in vain */
int64_t clock_offset(clockid_t clock);                /* what the program believes, less what is so; ns */

/* ---- entropy.c */

void entropy_fill(void *bytes, size_t length);
int entropy_file(void); /* a descriptor that stands for /dev/urandom; -1: none */

/* ---- programs.c */

void programs_begin(void);

/* ---- listing.c */

void listing_after_fork(void);

#endif
