/* The times of files.
 *
 * Older than the run: a modification time is what tree, image or job have set, the same everywhere. When such a file was
 * last changed and read is of this machine, and gives way to it, but for what the job itself has set since.
 * Of the run: a reading of the clock.
 */

#include "interpose.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/syscall.h>

struct stat; /* the kernel's and the C library's agree on x86-64 */

#define FILE_TIME 80     /* a kind of reading, together with the file's name */
#define SLACK (600 * NS) /* the container's own files are made a little before the run begins */

struct kernel_stat {
    uint64_t before[9]; /* st_dev ... st_blocks, 72 bytes */
    struct timespec accessed, modified, changed;
};

/* Also of the original's: a replay can set what it has read. */
static bool of_this_run(int64_t time) { return time >= ledger->origin[0] - SLACK; }

static int64_t owned_time(uint64_t site, uint64_t kind, int64_t real)
{
    int64_t value = real;
    if (!reading(site, kind, &value) && replaying())
        value = real + clock_offset(CLOCK_REALTIME);
    return value;
}

static uint64_t kind_of(const char *path) { return hash_text(FILE_TIME, path ? path : ""); }

static int64_t owned_or_real(uint64_t site, uint64_t kind, int64_t real)
{
    return of_this_run(real) ? owned_time(site, kind, real) : real;
}

/* Whether the job, or who laid its files down, has touched a file since: then its times are what they have set. */
static void own(struct kernel_stat *about, const char *path, void *caller)
{
    if (!of_this_run(to_ns(about->changed))) {
        about->changed = about->accessed = about->modified;
        return;
    }
    uint64_t site = caller_anyhow(caller), kind = kind_of(path);
    about->modified = from_ns(owned_or_real(site, kind, to_ns(about->modified)));
    about->changed = from_ns(owned_or_real(site, kind, to_ns(about->changed)));
    about->accessed = from_ns(owned_or_real(site, kind, to_ns(about->accessed)));
}

static int look(int folder, const char *path, void *result, int flags, void *caller)
{
    begin();
    long failed = kernel(SYS_newfstatat, folder, (long)path, (long)result, flags, 0, 0);
    if (!failed && owns_clock())
        own(result, path, caller);
    return (int)checked(failed);
}

typedef struct stat Stat;

/* Before glibc 2.33 programs called these, with the version of the structure. */
#define STAT(new, old)                                                                                                 \
    EXPORT int new(const char *path, Stat *result) { return look(AT_FDCWD, path, result, 0, CALLER); }                 \
    EXPORT int old(int version, const char *path, Stat *result)                                                        \
    {                                                                                                                  \
        (void)version;                                                                                                 \
        return look(AT_FDCWD, path, result, 0, CALLER);                                                                \
    }
#define LSTAT(new, old)                                                                                                \
    EXPORT int new(const char *path, Stat *result) { return look(AT_FDCWD, path, result, AT_SYMLINK_NOFOLLOW, CALLER); } \
    EXPORT int old(int version, const char *path, Stat *result)                                                        \
    {                                                                                                                  \
        (void)version;                                                                                                 \
        return look(AT_FDCWD, path, result, AT_SYMLINK_NOFOLLOW, CALLER);                                              \
    }
#define FSTAT(new, old)                                                                                                \
    EXPORT int new(int descriptor, Stat *result) { return look(descriptor, "", result, AT_EMPTY_PATH, CALLER); }       \
    EXPORT int old(int version, int descriptor, Stat *result)                                                          \
    {                                                                                                                  \
        (void)version;                                                                                                 \
        return look(descriptor, "", result, AT_EMPTY_PATH, CALLER);                                                    \
    }
#define FSTATAT(new, old)                                                                                              \
    EXPORT int new(int folder, const char *path, Stat *result, int flags)                                              \
    {                                                                                                                  \
        return look(folder, path, result, flags, CALLER);                                                              \
    }                                                                                                                  \
    EXPORT int old(int version, int folder, const char *path, Stat *result, int flags)                                 \
    {                                                                                                                  \
        (void)version;                                                                                                 \
        return look(folder, path, result, flags, CALLER);                                                              \
    }

STAT(stat, __xstat)
STAT(stat64, __xstat64)
LSTAT(lstat, __lxstat)
LSTAT(lstat64, __lxstat64)
FSTAT(fstat, __fxstat)
FSTAT(fstat64, __fxstat64)
FSTATAT(fstatat, __fxstatat)
FSTATAT(fstatat64, __fxstatat64)

static int64_t of(const struct statx_timestamp *time) { return time->tv_sec * NS + time->tv_nsec; }

static void own_extended(struct statx *about, const char *path, void *caller)
{
    struct statx_timestamp *all[] = {&about->stx_mtime, &about->stx_ctime, &about->stx_atime, &about->stx_btime};
    int64_t modified = of(&about->stx_mtime);
    bool touched = of_this_run(of(&about->stx_ctime));
    uint64_t site = touched ? caller_anyhow(caller) : NOBODY, kind = kind_of(path);
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        int64_t value = touched ? owned_or_real(site, kind, of(all[i])) : modified;
        all[i]->tv_sec = value / NS;
        all[i]->tv_nsec = (uint32_t)(value % NS);
    }
}

EXPORT int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict result)
{
    begin();
    long failed = kernel(SYS_statx, folder, (long)path, flags, mask, (long)result, 0);
    if (!failed && owns_clock())
        own_extended(result, path, CALLER);
    return (int)checked(failed);
}
