/* What the machine is and how busy it is: the number of processors of the plan, and measurements as readings. */

#include "interpose.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <unistd.h>

enum { USAGE = 96, TIMES, SYSINFO, LOAD }; /* kinds of readings */

/* ---- how many processors */

EXPORT long sysconf(int name)
{
    begin();
    if (settings.processors && (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF))
        return settings.processors;
    return REAL(sysconf)(name);
}

EXPORT int get_nprocs(void)
{
    begin();
    return settings.processors ? (int)settings.processors : REAL(get_nprocs)();
}

EXPORT int get_nprocs_conf(void)
{
    begin();
    return settings.processors ? (int)settings.processors : REAL(get_nprocs_conf)();
}

/* Of the processors that a thread may run on no more are told than the plan has. */
static int curtailed(int failed, cpu_set_t *set, size_t bytes)
{
    unsigned left = settings.processors;
    for (size_t cpu = 0; !failed && settings.processors && cpu < 8 * bytes; cpu++)
        if (CPU_ISSET_S(cpu, bytes, set)) {
            if (left)
                left--;
            else
                CPU_CLR_S(cpu, bytes, set);
        }
    return failed;
}

EXPORT int sched_getaffinity(pid_t process, size_t bytes, cpu_set_t *set)
{
    begin();
    return curtailed(REAL(sched_getaffinity)(process, bytes, set), set, bytes);
}

EXPORT int pthread_getaffinity_np(pthread_t thread, size_t bytes, cpu_set_t *set)
{
    begin();
    return curtailed(REAL(pthread_getaffinity_np)(thread, bytes, set), set, bytes);
}

/* ---- how busy it is */

static void own_words(void *words, size_t bytes, uint64_t kind, void *caller)
{
    if (!owns_clock())
        return;
    uint64_t site = caller_anyhow(caller);
    for (size_t at = 0; at + 8 <= bytes; at += 8)
        reading(site, kind, (int64_t *)((char *)words + at));
}

EXPORT int getrusage(__rusage_who_t who, struct rusage *usage)
{
    begin();
    int failed = (int)checked(kernel(SYS_getrusage, (int)who, (long)usage, 0, 0, 0, 0));
    if (!failed)
        own_words(usage, sizeof *usage, USAGE, CALLER);
    return failed;
}

EXPORT clock_t times(struct tms *spent)
{
    struct { struct tms spent; clock_t since; } all;
    begin();
    all.since = REAL(times)(&all.spent);
    own_words(&all, sizeof all, TIMES, CALLER);
    if (spent)
        *spent = all.spent;
    return all.since;
}

EXPORT int sysinfo(struct sysinfo *about)
{
    begin();
    int failed = (int)checked(kernel(SYS_sysinfo, (long)about, 0, 0, 0, 0, 0));
    if (!failed)
        own_words(about, sizeof *about, SYSINFO, CALLER);
    return failed;
}

EXPORT int getloadavg(double *averages, int wanted)
{
    begin();
    int got = REAL(getloadavg)(averages, wanted);
    if (got > 0)
        own_words(averages, (size_t)got * sizeof *averages, LOAD, CALLER);
    return got;
}
