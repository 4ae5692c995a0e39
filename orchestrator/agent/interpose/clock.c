/* The clock: what the original run read is read again. Beyond the record real time goes on from where it ended. */

#include "interpose.h"

#include <string.h>
#include <sys/time.h>

#define OTHER (CLOCKS - 1) /* a CPU clock of another thread or process has a number of its own */

static _Atomic int64_t last_offset[CLOCKS]; /* of any thread */
static _Atomic bool any_read[CLOCKS];

static unsigned index_of(clockid_t clock) { return clock >= 0 && clock < OTHER ? (unsigned)clock : OTHER; }

int64_t real_clock(clockid_t clock)
{
    struct timespec now = {0, 0};
    REAL(clock_gettime)(clock, &now);
    return now.tv_sec * NS + now.tv_nsec;
}

/* Before anything was read: as far as the original run's beginning lies from this one's. */
static int64_t first_offset(unsigned clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        return ledger->origin[0] - atomic_load(&ledger->begun[0]);
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        return ledger->origin[1] - atomic_load(&ledger->begun[1]);
    default:
        return 0;
    }
}

int64_t clock_offset(clockid_t clock)
{
    unsigned which = index_of(clock);
    struct thread *thread = self();
    if (thread->has_read[which])
        return thread->offset[which];
    return atomic_load(&any_read[which]) ? atomic_load(&last_offset[which]) : first_offset(which);
}

/* The furthest that any thread has come: a stream that ended early would otherwise lag behind a deadline for long. */
static int64_t beyond(struct thread *thread, unsigned which, int64_t real)
{
    int64_t offset = atomic_load(&any_read[which]) ? atomic_load(&last_offset[which]) : first_offset(which);
    if (thread->has_read[which] && thread->offset[which] > offset)
        offset = thread->offset[which];
    return real + offset;
}

int64_t owned_clock(clockid_t clock, uint64_t site)
{
    int64_t real = real_clock(clock), value = real;
    if (!owns_clock())
        return real;
    struct thread *thread = self();
    unsigned which = index_of(clock);
    if (site != NOBODY && !reading(site, which, &value) && replaying())
        value = beyond(thread, which, real);
    if (replaying()) {
        thread->offset[which] = value - real;
        thread->has_read[which] = true;
        if (site != NOBODY) {
            atomic_store_explicit(&last_offset[which], value - real, memory_order_relaxed);
            atomic_store_explicit(&any_read[which], true, memory_order_relaxed);
        }
    }
    return value;
}

/* errno stays as it was: asking for the time does not fail. */
static int64_t now(clockid_t clock, void *caller)
{
    int before = errno;
    begin();
    int64_t value = owned_clock(clock, owns_clock() ? caller_site(caller) : NOBODY);
    errno = before;
    return value;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *result)
{
    begin();
    if (!owns_clock() || index_of(clock) == OTHER) { /* an odd one may not exist */
        int failed = REAL(clock_gettime)(clock, result);
        if (failed || !owns_clock())
            return failed;
    }
    int64_t value = now(clock, CALLER);
    result->tv_sec = value / NS;
    result->tv_nsec = value % NS;
    return 0;
}

EXPORT int gettimeofday(struct timeval *restrict result, void *restrict zone)
{
    (void)zone;
    int64_t value = now(CLOCK_REALTIME, CALLER);
    result->tv_sec = value / NS;
    result->tv_usec = value % NS / 1000;
    return 0;
}

EXPORT time_t time(time_t *result)
{
    time_t value = now(CLOCK_REALTIME, CALLER) / NS;
    if (result)
        *result = value;
    return value;
}

EXPORT int timespec_get(struct timespec *result, int base)
{
    if (base != TIME_UTC)
        return 0;
    int64_t value = now(CLOCK_REALTIME, CALLER);
    result->tv_sec = value / NS;
    result->tv_nsec = value % NS;
    return base;
}

EXPORT clock_t clock(void) { return now(CLOCK_PROCESS_CPUTIME_ID, CALLER) / (NS / CLOCKS_PER_SEC); }

/* std::chrono: the caller is the program, not the C++ library. */
EXPORT int64_t _ZNSt6chrono3_V212steady_clock3nowEv(void) { return now(CLOCK_MONOTONIC, CALLER); }
EXPORT int64_t _ZNSt6chrono3_V212system_clock3nowEv(void) { return now(CLOCK_REALTIME, CALLER); }
