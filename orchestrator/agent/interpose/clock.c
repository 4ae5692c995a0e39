/* The clock: what the original run read is read again. Beyond the record real time goes on from where it ended. */

#include "interpose.h"

#include <sys/time.h>

#define OTHER (CLOCKS - 1) /* a CPU clock of another thread or process has a number of its own */

static _Atomic int64_t last_offset[CLOCKS]; /* of any thread */
static _Atomic bool any_read[CLOCKS];

static unsigned index_of(clockid_t clock) { return clock >= 0 && clock < OTHER ? (unsigned)clock : OTHER; }

int64_t real_clock(clockid_t clock)
{
    struct timespec now = {0, 0};
    REAL(clock_gettime)(clock, &now);
    return to_ns(now);
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

static int64_t program_offset(const struct thread *thread, unsigned which)
{
    if (thread->has_read[which])
        return thread->offset[which];
    return atomic_load(&any_read[which]) ? atomic_load(&last_offset[which]) : first_offset(which);
}

int64_t clock_offset(clockid_t clock)
{
    unsigned which = index_of(clock);
    struct thread *thread = self();
    return thread->real[which] ? 0 : program_offset(thread, which);
}

/* A thread's time does not go back, and it has gone on while the thread waited: also where it comes from another line,
 * whose stream has fallen behind because this replay passed it less often. The original's clock kept to this too. */
static int64_t least(const struct thread *thread, unsigned which)
{
    bool coarse = which == CLOCK_REALTIME_COARSE || which == CLOCK_MONOTONIC_COARSE;
    bool is_of_day = which != CLOCK_PROCESS_CPUTIME_ID && which != CLOCK_THREAD_CPUTIME_ID && which != OTHER;
    return thread->has_read[which] && is_of_day ? thread->least[which] - (coarse ? 10 * MS : MS) : INT64_MIN;
}

bool clock_is_programs(clockid_t clock) { return !self()->real[index_of(clock)]; }

void clock_waited(int64_t ns)
{
    struct thread *thread = self();
    for (unsigned which = 0; which < CLOCKS && ns > 0; which++)
        thread->least[which] += ns;
}

static int64_t fed_back(clockid_t clock, uint64_t site, int64_t real)
{
    struct thread *thread = self();
    unsigned which = index_of(clock);
    int64_t value = real, earliest = least(thread, which);
    thread->real[which] = site == NOBODY;
    if (site == NOBODY)
        return real;
    if (!reading_since(site, which, earliest, &value)) { /* may be ahead of the record, which it must not hurry */
        value = real + program_offset(thread, which);
        value = value < earliest ? earliest : value;
    } else if (!thread->has_read[which] || value > thread->least[which])
        thread->least[which] = value;
    thread->has_read[which] = true;
    thread->offset[which] = value - real;
    atomic_store_explicit(&last_offset[which], value - real, memory_order_relaxed);
    atomic_store_explicit(&any_read[which], true, memory_order_relaxed);
    return value;
}

int64_t owned_clock(clockid_t clock, uint64_t site)
{
    int64_t value = real_clock(clock);
    if (replaying())
        return fed_back(clock, site, value);
    if (owns_clock() && site != NOBODY)
        reading(site, index_of(clock), &value);
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
    *result = from_ns(now(clock, CALLER));
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
    *result = from_ns(now(CLOCK_REALTIME, CALLER));
    return base;
}

EXPORT clock_t clock(void) { return now(CLOCK_PROCESS_CPUTIME_ID, CALLER) / (NS / CLOCKS_PER_SEC); }

/* std::chrono: the caller is the program, not the C++ library. */
EXPORT int64_t _ZNSt6chrono3_V212steady_clock3nowEv(void) { return now(CLOCK_MONOTONIC, CALLER); }
EXPORT int64_t _ZNSt6chrono3_V212system_clock3nowEv(void) { return now(CLOCK_REALTIME, CALLER); }
