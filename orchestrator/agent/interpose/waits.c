/* Waits until a moment, while replaying: the program's moment is made a real one.
 *
 * The program has worked it out from a reading of the clock, its thread's last one as a rule. As far as that reading
 * was from the real clock, so far the moment is moved.
 */

#include "interpose.h"

#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/syscall.h>

#define SUSPICIOUS (3600 * NS)

static struct timespec moment(int64_t ns)
{
    if (ns < 0)
        ns = 0;
    return (struct timespec){ns / NS, ns % NS};
}

/* The real moment; where that is far away and the program's own is sooner, it was a real one all along. */
static struct timespec real_moment(clockid_t clock, const struct timespec *wanted)
{
    int64_t asked = wanted->tv_sec * NS + wanted->tv_nsec, real = real_clock(clock);
    int64_t moved = asked - clock_offset(clock);
    if (moved - real > SUSPICIOUS && asked >= real && asked < moved) {
        count(WAITS);
        moved = asked;
    }
    return moment(moved);
}

static bool moves(const struct timespec *wanted)
{
    begin();
    return wanted && replaying();
}

#define MOVED(clock, wanted) (moves(wanted) ? (here = real_moment(clock, wanted), &here) : (wanted))

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
    struct timespec here;
    return REAL(clock_nanosleep)(clock, flags, flags & TIMER_ABSTIME ? MOVED(clock, wanted) : wanted, left);
}

EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *wanted)
{
    struct timespec here;
    return REAL(sem_timedwait)(semaphore, MOVED(CLOCK_REALTIME, wanted));
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *wanted)
{
    struct timespec here;
    return REAL(pthread_mutex_timedlock)(mutex, MOVED(CLOCK_REALTIME, wanted));
}

EXPORT int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *wanted)
{
    struct timespec here;
    return REAL(pthread_timedjoin_np)(thread, result, MOVED(CLOCK_REALTIME, wanted));
}

/* Since 2.30 */
typedef int sem_clockwait_t(sem_t *, clockid_t, const struct timespec *);
typedef int cond_clockwait_t(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
typedef int mutex_clocklock_t(pthread_mutex_t *, clockid_t, const struct timespec *);

#define REAL_AS(type, name)                                                                                            \
    ({                                                                                                                 \
        static type *found;                                                                                            \
        if (!found)                                                                                                    \
            found = (type *)dlsym(RTLD_NEXT, name);                                                                    \
        found;                                                                                                         \
    })

EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *wanted)
{
    struct timespec here;
    return REAL_AS(sem_clockwait_t, "sem_clockwait")(semaphore, clock, MOVED(clock, wanted));
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                                  const struct timespec *wanted)
{
    struct timespec here;
    return REAL_AS(cond_clockwait_t, "pthread_cond_clockwait")(condition, mutex, clock, MOVED(clock, wanted));
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *wanted)
{
    struct timespec here;
    return REAL_AS(mutex_clocklock_t, "pthread_mutex_clocklock")(mutex, clock, MOVED(clock, wanted));
}

/* Which clock a condition waits by stands in its second-lowest bit of wrefs: glibc 2.25 and newer. */
static clockid_t clock_of(const pthread_cond_t *condition)
{
    return condition->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *wanted)
{
    static __typeof__(&pthread_cond_timedwait) real;
    struct timespec here;
    if (!real) /* an older one of this name is there too */
        real = (__typeof__(real))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    return real(condition, mutex, MOVED(clock_of(condition), wanted));
}

/* ---- system calls that a program makes by number */

static const struct timespec *futex_moment(long operation, const struct timespec *wanted, struct timespec *here)
{
    long command = operation & FUTEX_CMD_MASK;
    bool until = command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI || command == FUTEX_WAIT_REQUEUE_PI;
    if (!until || !moves(wanted))
        return wanted;
    *here = real_moment(operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, wanted);
    return here;
}

/* Six arguments are read, however many there are: nobody says. */
__attribute__((no_sanitize("address"))) EXPORT long syscall(long number, ...)
{
    long given[6];
    struct timespec here;
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        given[i] = va_arg(rest, long);
    va_end(rest);
    begin();
    if (number == SYS_getrandom && settings.entropy) {
        entropy_fill((void *)given[0], (size_t)given[1]);
        return given[1];
    }
    if (number == SYS_clock_gettime && owns_clock() && given[1]) {
        *(struct timespec *)given[1] = moment(owned_clock((clockid_t)given[0], caller_site(CALLER)));
        return 0;
    }
    if (number == SYS_futex)
        given[3] = (long)futex_moment(given[1], (const struct timespec *)given[3], &here);
    return checked(kernel(number, given[0], given[1], given[2], given[3], given[4], given[5]));
}
