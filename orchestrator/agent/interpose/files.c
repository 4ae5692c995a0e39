/* Files that are no files: /dev/urandom, and what the kernel tells of the machine under /proc. */

#include "interpose.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* There is no such file. Who looks for it tells us that a model is shared among processes: agent/seeding.py */
#define SHARED_MODEL "/proc/orchestrator/shared-model"

#define FILE_KIND 64     /* of readings; below are the clocks */
#define LARGEST_FILE (256 * 1024)

static bool one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

static bool is_random(const char *path)
{
    static const char *const names[] = {"/dev/urandom", "/dev/random", NULL};
    return one_of(path, names);
}

/* What changes from one moment to the next. Not what other programs are, nor where memory lies. */
static bool is_measured(const char *path)
{
    static const char *const machine[] = {"stat",   "meminfo", "uptime", "loadavg", "vmstat",
                                          "cpuinfo", "diskstats", "net/dev", NULL};
    static const char *const process[] = {"stat", "statm", "status", "io", "smaps", "smaps_rollup", "schedstat", NULL};
    if (strncmp(path, "/proc/", 6))
        return false;
    const char *rest = path + 6, *own = strncmp(rest, "self/", 5) ? NULL : rest + 5;
    long number = 0;
    for (const char *at = rest; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0'), own = at[1] == '/' ? at + 2 : NULL;
    if (number && number != kernel(SYS_getpid, 0, 0, 0, 0, 0, 0))
        own = NULL;
    return own ? one_of(own, process) : one_of(rest, machine);
}

static int uuid_file(void)
{
    unsigned char bytes[16];
    char text[40], *at = text;
    entropy_fill(bytes, sizeof bytes);
    bytes[6] = (bytes[6] & 15) | 0x40;
    bytes[8] = (bytes[8] & 63) | 0x80;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = "0123456789abcdef"[bytes[i] >> 4];
        *at++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *at++ = '\n';
    return memory_file("uuid", text, (size_t)(at - text));
}

static long read_all(const char *path, char *bytes, long room)
{
    long descriptor = kernel(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0), length = 0, got = 0;
    if (descriptor < 0)
        return -1;
    while (length < room && (got = kernel(SYS_read, descriptor, (long)(bytes + length), room - length, 0, 0, 0)) > 0)
        length += got;
    kernel(SYS_close, descriptor, 0, 0, 0, 0, 0);
    return length;
}

/* The file as it was read in the original run: its length, then its bytes, eight to a reading. */
static int measured_file(const char *path, uint64_t site)
{
    char *bytes = far_memory(LARGEST_FILE);
    if (!bytes)
        return -1;
    int64_t length = read_all(path, bytes, LARGEST_FILE - 8);
    uint64_t kind = hash_text(FILE_KIND, path);
    int descriptor = -1;
    if (length >= 0) {
        reading(site, kind, &length);
        if (length > LARGEST_FILE - 8)
            length = LARGEST_FILE - 8;
        for (int64_t at = 0; at < length; at += 8)
            reading(site, kind, (int64_t *)(bytes + at));
        descriptor = memory_file("measured", bytes, (size_t)length);
    }
    give_memory_back(bytes, LARGEST_FILE);
    return descriptor;
}

/* A descriptor for what is opened under such a name; -1: an ordinary file. */
static int special_file(const char *path, int flags, void *caller)
{
    int found = -1;
    if (!strcmp(path, SHARED_MODEL))
        count(SHARED_MODELS);
    if (settings.entropy && is_random(path))
        found = entropy_file();
    else if (settings.entropy && !strcmp(path, "/proc/sys/kernel/random/uuid"))
        found = uuid_file();
    else if (owns_clock() && is_measured(path))
        found = measured_file(path, caller_anyhow(caller));
    if (found >= 0 && flags & O_CLOEXEC)
        kernel(SYS_fcntl, found, F_SETFD, FD_CLOEXEC, 0, 0, 0);
    return found;
}

/* ---- the ways to open a file */

static bool maybe_special(const char *path)
{
    begin();
    return path && path[0] == '/' && (path[1] == 'd' || path[1] == 'p') && (settings.entropy || owns_clock());
}

static int open_at(int folder, const char *path, int flags, mode_t mode, void *caller)
{
    if (maybe_special(path)) {
        int before = errno, found = special_file(path, flags, caller);
        if (found >= 0)
            return found;
        errno = before;
    }
    return REAL(openat)(folder, path, flags, mode);
}

#define MODE(flags)                                                                                                    \
    ({                                                                                                                 \
        mode_t mode = 0;                                                                                               \
        if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                       \
            va_list rest;                                                                                              \
            va_start(rest, flags);                                                                                     \
            mode = va_arg(rest, mode_t);                                                                               \
            va_end(rest);                                                                                              \
        }                                                                                                              \
        mode;                                                                                                          \
    })

EXPORT int open(const char *path, int flags, ...) { return open_at(AT_FDCWD, path, flags, MODE(flags), CALLER); }
EXPORT int open64(const char *path, int flags, ...) { return open_at(AT_FDCWD, path, flags, MODE(flags), CALLER); }
EXPORT int openat(int folder, const char *path, int flags, ...)
{
    return open_at(folder, path, flags, MODE(flags), CALLER);
}
EXPORT int openat64(int folder, const char *path, int flags, ...)
{
    return open_at(folder, path, flags, MODE(flags), CALLER);
}
EXPORT int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0, CALLER); }
EXPORT int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0, CALLER); }
EXPORT int __openat_2(int folder, const char *path, int flags) { return open_at(folder, path, flags, 0, CALLER); }
EXPORT int __openat64_2(int folder, const char *path, int flags) { return open_at(folder, path, flags, 0, CALLER); }

static FILE *open_stream(const char *path, const char *mode, void *caller)
{
    if (maybe_special(path) && mode && mode[0] == 'r') {
        int found = special_file(path, strchr(mode, 'e') ? O_CLOEXEC : 0, caller);
        if (found >= 0)
            return fdopen(found, "r");
    }
    return REAL(fopen)(path, mode);
}

EXPORT FILE *fopen(const char *path, const char *mode) { return open_stream(path, mode, CALLER); }
EXPORT FILE *fopen64(const char *path, const char *mode) { return open_stream(path, mode, CALLER); }
