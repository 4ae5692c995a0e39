/* Waits, while replaying. A moment of the program's is made a real one; and where a wait ends because its time is over,
 * the clock has gone on for so long, whatever its streams hold next: so no deadline is waited for again and again.
 *
 * The program has worked it out from a reading of the clock, its thread's last one as a rule. As far as that reading
 * was from the real clock, so far the moment is moved.
 */

#include "interpose.h"

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUSPICIOUS (3600 * NS)

/* The real moment; where that is far away and the program's own is sooner, it was a real one all along. */
static struct timespec real_moment(clockid_t clock, const struct timespec *wanted)
{
    int64_t asked = to_ns(*wanted), real = real_clock(clock);
    int64_t moved = asked - clock_offset(clock);
    if (moved - real > SUSPICIOUS && asked >= real && asked < moved) {
        count(WAITS);
        moved = asked;
    }
    return from_ns(moved < 0 ? 0 : moved);
}

static bool moves(const struct timespec *wanted)
{
    begin();
    return wanted && replaying();
}

#define MOVED(clock, wanted) (moves(wanted) ? (here = real_moment(clock, wanted), &here) : (wanted))

static int64_t ns(const struct timespec *time) { return time ? to_ns(*time) : 0; }

/* A wait for a moment, and how its end is told. */
#define UNTIL(clock, wanted, over, call)                                                                               \
    struct timespec here;                                                                                              \
    const struct timespec *moment = MOVED(clock, wanted);                                                              \
    int64_t before = moment == &here ? real_clock(clock) : 0;                                                          \
    int result = call;                                                                                                 \
    if (moment == &here && (over))                                                                                     \
        clock_waited(ns(moment) - before);                                                                             \
    return result;

/* A wait for a time. */
#define FOR(time, over, call)                                                                                          \
    begin();                                                                                                           \
    int result = call;                                                                                                 \
    if (replaying() && (over))                                                                                         \
        clock_waited(time);                                                                                            \
    return result;

#define TIMED_OUT (result == ETIMEDOUT || (result == -1 && errno == ETIMEDOUT))

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
    if (flags & TIMER_ABSTIME) {
        UNTIL(clock, wanted, result == 0, REAL(clock_nanosleep)(clock, flags, moment, left))
    }
    FOR(ns(wanted), result == 0, REAL(clock_nanosleep)(clock, flags, wanted, left))
}

EXPORT int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    FOR(ns(wanted), result == 0, REAL(nanosleep)(wanted, left))
}

EXPORT int usleep(useconds_t time) { FOR(time * 1000LL, result == 0, REAL(usleep)(time)) }
EXPORT unsigned sleep(unsigned time) { FOR(time * NS, result == 0, (int)REAL(sleep)(time)) }

EXPORT int poll(struct pollfd *files, nfds_t count, int time)
{
    FOR(time * MS, result == 0 && time > 0, REAL(poll)(files, count, time))
}

EXPORT int __poll_chk(struct pollfd *files, nfds_t count, int time, size_t room)
{
    if (room / sizeof *files < count)
        __builtin_trap();
    return poll(files, count, time);
}

EXPORT int ppoll(struct pollfd *files, nfds_t count, const struct timespec *time, const sigset_t *mask)
{
    FOR(ns(time), result == 0, REAL(ppoll)(files, count, time, mask))
}

EXPORT int select(int count, fd_set *readable, fd_set *writable, fd_set *odd, struct timeval *time)
{
    int64_t asked = time ? time->tv_sec * NS + time->tv_usec * 1000 : 0; /* the kernel changes it */
    FOR(asked, result == 0, REAL(select)(count, readable, writable, odd, time))
}

EXPORT int pselect(int count, fd_set *readable, fd_set *writable, fd_set *odd, const struct timespec *time,
                   const sigset_t *mask)
{
    FOR(ns(time), result == 0, REAL(pselect)(count, readable, writable, odd, time, mask))
}

EXPORT int epoll_wait(int file, struct epoll_event *events, int room, int time)
{
    FOR(time * MS, result == 0 && time > 0, REAL(epoll_wait)(file, events, room, time))
}

EXPORT int epoll_pwait(int file, struct epoll_event *events, int room, int time, const sigset_t *mask)
{
    FOR(time * MS, result == 0 && time > 0, REAL(epoll_pwait)(file, events, room, time, mask))
}

EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *wanted)
{
    UNTIL(CLOCK_REALTIME, wanted, TIMED_OUT, REAL(sem_timedwait)(semaphore, moment))
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *wanted)
{
    UNTIL(CLOCK_REALTIME, wanted, TIMED_OUT, REAL(pthread_mutex_timedlock)(mutex, moment))
}

EXPORT int pthread_timedjoin_np(pthread_t thread, void **returned, const struct timespec *wanted)
{
    UNTIL(CLOCK_REALTIME, wanted, TIMED_OUT, REAL(pthread_timedjoin_np)(thread, returned, moment))
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
    UNTIL(clock, wanted, TIMED_OUT, REAL_AS(sem_clockwait_t, "sem_clockwait")(semaphore, clock, moment))
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                                  const struct timespec *wanted)
{
    UNTIL(clock, wanted, TIMED_OUT,
          REAL_AS(cond_clockwait_t, "pthread_cond_clockwait")(condition, mutex, clock, moment))
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *wanted)
{
    UNTIL(clock, wanted, TIMED_OUT, REAL_AS(mutex_clocklock_t, "pthread_mutex_clocklock")(mutex, clock, moment))
}

/* Which clock a condition waits by stands in its second-lowest bit of wrefs: glibc 2.25 and newer. */
static clockid_t clock_of(const pthread_cond_t *condition)
{
    return condition->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *wanted)
{
    static __typeof__(&pthread_cond_timedwait) real;
    if (!real) /* an older one of this name is there too */
        real = (__typeof__(real))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    clockid_t clock = clock_of(condition);
    bool programs = moves(wanted) && clock_is_programs(clock); /* the interpreter waits for its own lock like this */
    UNTIL(clock, wanted, programs && TIMED_OUT, real(condition, mutex, moment))
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
        *(struct timespec *)given[1] = from_ns(owned_clock((clockid_t)given[0], caller_site(CALLER)));
        return 0;
    }
    if (number == SYS_futex)
        given[3] = (long)futex_moment(given[1], (const struct timespec *)given[3], &here);
    long result = kernel(number, given[0], given[1], given[2], given[3], given[4], given[5]);
    if (number == SYS_futex && result == -ETIMEDOUT && replaying() && (given[1] & FUTEX_CMD_MASK) == FUTEX_WAIT)
        clock_waited(ns((const struct timespec *)given[3]));
    return checked(result);
}
