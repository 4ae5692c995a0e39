/* Who this thread is: its place in the tree of processes and threads.
 *
 * A path is a hash of the way from the run's first thread to this one: "the second thread of the first fork of ...".
 * It is handed on at pthread_create, fork and exec. Entropy and clock are kept per path, so that what one process or
 * thread does cannot move what another one gets.
 */

#include "interpose.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { THREAD = 1, FORK = 2, PROGRAM = 3, STRAY = 4 };

static __thread struct thread me __attribute__((tls_model("initial-exec")));
static uint64_t first_path; /* of the thread that this program began with */

/* SplitMix64's finaliser: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t scramble(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

uint64_t mix(uint64_t a, uint64_t b)
{
    return scramble(a + 0x9E3779B97F4A7C15ULL * (scramble(b + 0x9E3779B97F4A7C15ULL) | 1));
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++) /* FNV-1a */
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3ULL;
    return hash;
}

struct thread *self(void)
{
    if (__builtin_expect(!me.path, 0)) { /* made by something else than pthread_create */
        begin();
        if (!me.path)
            me.path = mix(first_path, STRAY);
    }
    return &me;
}

/* ---- fork */

static void before_fork(void) { self()->forks++; }

static void in_child(void)
{
    struct thread *thread = self();
    thread->path = mix(thread->path, (uint64_t)thread->forks << 8 | FORK);
    thread->first = true;
    thread->draws = 0;
    thread->threads = thread->forks = thread->programs = 0;
    first_path = thread->path;
    readings_forget(thread);
    listing_after_fork();
    count(PROCESSES);
}

extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);
extern void *__dso_handle __attribute__((visibility("hidden")));

/* ---- threads */

struct start {
    void *(*function)(void *);
    void *argument;
    uint64_t path;
};

static void *run(void *given)
{
    struct start start = *(struct start *)given;
    free(given);
    me.path = start.path;
    void *result = start.function(start.argument);
    readings_forget(&me);
    return result;
}

EXPORT int pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*function)(void *), void *argument)
{
    begin();
    if (!settings.entropy && !ledger)
        return REAL(pthread_create)(id, attributes, function, argument);
    struct start *start = malloc(sizeof *start);
    if (!start)
        return EAGAIN;
    struct thread *maker = self();
    uint64_t path = mix(maker->path, (uint64_t)++maker->threads << 8 | THREAD);
    *start = (struct start){function, argument, path};
    int failed = REAL(pthread_create)(id, attributes, run, start);
    if (failed)
        free(start);
    return failed;
}

/* ---- programs: the path travels in the environment */

#define VARIABLE "ORCHESTRATOR_STREAM="
_Static_assert(HANDED == sizeof VARIABLE + 16, "a variable and its end");

static char handed[] = VARIABLE "0000000000000000"; /* stands in our own environ */

static uint64_t from_hex(const char *text)
{
    uint64_t value = 0;
    for (int i = 0; i < 16 && text[i]; i++)
        value = value << 4 | (uint64_t)(text[i] <= '9' ? text[i] - '0' : (text[i] | 32) - 'a' + 10);
    return value;
}

void family_hand_on(char variable[HANDED])
{
    struct thread *maker = self();
    uint64_t path = mix(maker->path, (uint64_t)++maker->programs << 8 | PROGRAM);
    memcpy(variable, handed, HANDED);
    for (int i = 15; i >= 0; i--, path >>= 4)
        variable[sizeof VARIABLE - 1 + (unsigned)i] = "0123456789abcdef"[path & 15];
}

void family_begin(void)
{
    const char *given = getenv("ORCHESTRATOR_STREAM");
    first_path = mix(settings.seed, given ? from_hex(given) : 0) | 1;
    me.path = first_path;
    me.first = true;
    if (given)
        memcpy(handed + sizeof VARIABLE - 1, given, strnlen(given, 16));
    putenv(handed);
    __register_atfork(before_fork, NULL, in_child, __dso_handle);
}
