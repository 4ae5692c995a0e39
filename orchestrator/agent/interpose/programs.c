/* Starting programs: each gets its place in the family and what switches this library on, whatever environment it is
 * given. A program that the library cannot reach is counted. */

#include "interpose.h"

#include <elf.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

#define KEPT 6
#define FEW 1024 /* variables */
static const char *const NAMES[KEPT] = {"LD_PRELOAD=",           "ORCHESTRATOR_ENTROPY=",    "ORCHESTRATOR_LEDGER=",
                                        "ORCHESTRATOR_LISTINGS=", "ORCHESTRATOR_PROCESSORS=", "ORCHESTRATOR_SQRT="};
static char *kept[KEPT]; /* as this program was given them; NULL: not at all */

static char *entry(char *const *environment, const char *name)
{
    for (; environment && *environment; environment++)
        if (!strncmp(*environment, name, strlen(name)))
            return *environment;
    return NULL;
}

void programs_begin(void)
{
    size_t room = 0;
    for (int i = 0; i < KEPT; i++)
        room += entry(environ, NAMES[i]) ? strlen(entry(environ, NAMES[i])) + 1 : 0;
    char *at = far_memory(room + 1);
    for (int i = 0; at && i < KEPT; i++)
        if (entry(environ, NAMES[i])) {
            kept[i] = at;
            at = stpcpy(at, entry(environ, NAMES[i])) + 1;
        }
}

/* ---- the environment handed on */

static size_t length_of(char *const *environment)
{
    size_t length = 0;
    while (environment && environment[length])
        length++;
    return length;
}

/* The given environment with our variables in it. result: room for KEPT + 2 entries more. */
static void complete(char *const *given, char **result, char *stream)
{
    size_t used = 0;
    family_hand_on(stream);
    for (char *const *each = given; each && *each; each++)
        if (strncmp(*each, stream, HANDED - 17))
            result[used++] = *each;
    for (int i = 0; i < KEPT; i++)
        if (kept[i] && !entry(given, NAMES[i]))
            result[used++] = kept[i];
    result[used++] = stream;
    result[used] = NULL;
}

/* A program that preloads libraries of its own keeps them, after ours. */
static char *joined(char *theirs, char *room)
{
    char *ours = kept[0] ? kept[0] + strlen(NAMES[0]) : NULL;
    if (!ours || strstr(theirs, ours))
        return theirs;
    stpcpy(stpcpy(stpcpy(stpcpy(room, NAMES[0]), ours), ":"), theirs + strlen(NAMES[0]));
    return room;
}

static bool active(void)
{
    begin();
    return settings.entropy || ledger;
}

/* The environment as it is handed on; where nothing is owned, the given one. On the stack; where that could be too
 * small, in memory that an exec lets go of. */
#define COMPLETED(given)                                                                                               \
    char stream[HANDED];                                                                                               \
    size_t slots = active() ? length_of(given) + KEPT + 2 : 0;                                                         \
    char *few[slots < FEW ? slots + 1 : 1], **completed = slots < FEW ? few : far_memory(slots * sizeof *completed);   \
    if (!completed)                                                                                                    \
        return errno = ENOMEM, -1;                                                                                     \
    char *preload = slots ? entry(given, NAMES[0]) : NULL;                                                             \
    char room[preload && kept[0] ? strlen(preload) + strlen(kept[0]) + 2 : 1];                                         \
    if (slots)                                                                                                         \
        complete(given, completed, stream);                                                                            \
    else                                                                                                               \
        completed = (char **)given;                                                                                    \
    for (char **each = completed; preload && *each; each++)                                                            \
        if (*each == preload)                                                                                          \
            *each = joined(preload, room);

/* ---- programs without a dynamic loader do not load us */

static bool is_static(const char *path)
{
    char head[4096];
    long descriptor = kernel(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (descriptor < 0)
        return false;
    long length = kernel(SYS_read, descriptor, (long)head, sizeof head, 0, 0, 0);
    kernel(SYS_close, descriptor, 0, 0, 0, 0, 0);
    const Elf64_Ehdr *elf = (const void *)head;
    if (length < (long)sizeof *elf || memcmp(elf->e_ident, ELFMAG, SELFMAG))
        return false; /* a script: its interpreter is looked at when it starts programs itself */
    const Elf64_Phdr *part = (const void *)(head + elf->e_phoff);
    for (int i = 0; i < elf->e_phnum && (long)((const char *)(part + i + 1) - head) <= length; i++)
        if (part[i].p_type == PT_INTERP)
            return false;
    return true;
}

static void look_at(const char *path)
{
    if (active() && ledger && path && strchr(path, '/') && is_static(path))
        count(STATIC_PROGRAMS);
}

EXPORT int execve(const char *path, char *const *arguments, char *const *environment)
{
    look_at(path);
    COMPLETED(environment)
    return REAL(execve)(path, arguments, completed);
}

EXPORT int execvpe(const char *file, char *const *arguments, char *const *environment)
{
    look_at(file);
    COMPLETED(environment)
    return REAL(execvpe)(file, arguments, completed);
}

EXPORT int fexecve(int descriptor, char *const *arguments, char *const *environment)
{
    COMPLETED(environment)
    return REAL(fexecve)(descriptor, arguments, completed);
}

EXPORT int execv(const char *path, char *const *arguments) { return execve(path, arguments, environ); }
EXPORT int execvp(const char *file, char *const *arguments) { return execvpe(file, arguments, environ); }

/* The arguments of execl and its kin, as an array on the stack; `rest` stands behind the closing NULL. */
#define LISTED(first)                                                                                                  \
    va_list rest;                                                                                                      \
    size_t number = 1;                                                                                                 \
    va_start(rest, first);                                                                                             \
    while (va_arg(rest, char *))                                                                                       \
        number++;                                                                                                      \
    va_end(rest);                                                                                                      \
    char *arguments[number + 1];                                                                                       \
    va_start(rest, first);                                                                                             \
    arguments[0] = (char *)first;                                                                                      \
    for (size_t i = 1; i <= number; i++)                                                                               \
        arguments[i] = va_arg(rest, char *);

EXPORT int execl(const char *path, const char *first, ...)
{
    LISTED(first)
    va_end(rest);
    return execve(path, arguments, environ);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
    LISTED(first)
    va_end(rest);
    return execvpe(file, arguments, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
    LISTED(first)
    char **environment = va_arg(rest, char **);
    va_end(rest);
    return execve(path, arguments, environment);
}

EXPORT int posix_spawn(pid_t *id, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment)
{
    look_at(path);
    COMPLETED(environment)
    return REAL(posix_spawn)(id, path, actions, attributes, arguments, completed);
}

EXPORT int posix_spawnp(pid_t *id, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment)
{
    look_at(file);
    COMPLETED(environment)
    return REAL(posix_spawnp)(id, file, actions, attributes, arguments, completed);
}

/* These start a shell from within the C library, with our own environ: it is completed where a program has cleared it. */

EXPORT int system(const char *command)
{
    COMPLETED(environ)
    char **before = environ;
    environ = completed;
    int result = REAL(system)(command);
    environ = before;
    return result;
}

static int completed_popen(FILE **opened, const char *command, const char *mode)
{
    COMPLETED(environ)
    char **before = environ;
    environ = completed;
    *opened = REAL(popen)(command, mode);
    environ = before;
    return 0;
}

EXPORT FILE *popen(const char *command, const char *mode)
{
    FILE *opened = NULL;
    completed_popen(&opened, command, mode);
    return opened;
}
