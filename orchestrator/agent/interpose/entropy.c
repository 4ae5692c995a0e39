/* Entropy: a stream of the run's seed for each thread, wherever the system would have given random bytes. */

#include "interpose.h"

#include <string.h>
#include <sys/syscall.h>

#define FILE_BYTES (1024 * 1024)
#define LONG 4096 /* bytes of a read from which on it is looked at why it is short */
#define FILE_NAME "orchestrator-entropy" /* of a memory file that stands for /dev/urandom */

/* Counter mode: word n of a stream does not depend on how the words before it were asked for. */
static uint64_t next_word(struct thread *thread) { return mix(thread->path, thread->draws++); }

void entropy_fill(void *bytes, size_t length)
{
    struct thread *thread = self();
    count(DRAWS);
    if (!thread->first)
        count(THREAD_DRAWS);
    for (char *at = bytes; length;) {
        uint64_t word = next_word(thread);
        size_t part = length < sizeof word ? length : sizeof word;
        memcpy(at, &word, part);
        at += part;
        length -= part;
    }
}

EXPORT ssize_t getrandom(void *bytes, size_t length, unsigned flags)
{
    begin();
    if (!settings.entropy)
        return checked(kernel(SYS_getrandom, (long)bytes, (long)length, flags, 0, 0, 0));
    entropy_fill(bytes, length);
    return (ssize_t)length;
}

EXPORT int getentropy(void *bytes, size_t length)
{
    if (length > 256) {
        errno = EIO;
        return -1;
    }
    return getrandom(bytes, length, 0) == (ssize_t)length ? 0 : -1;
}

EXPORT void arc4random_buf(void *bytes, size_t length)
{
    for (char *at = bytes; length;) {
        ssize_t got = getrandom(at, length, 0);
        if (got > 0) {
            at += got;
            length -= (size_t)got;
        }
    }
}

EXPORT uint32_t arc4random(void)
{
    uint32_t word;
    arc4random_buf(&word, sizeof word);
    return word;
}

EXPORT uint32_t arc4random_uniform(uint32_t limit)
{
    uint32_t word, unfair = limit ? -limit % limit : 0;
    do
        word = arc4random();
    while (word < unfair);
    return limit ? word % limit : 0;
}

/* std::random_device, which would ask the processor. */
EXPORT unsigned _ZNSt13random_device9_M_getvalEv(void *device)
{
    (void)device;
    return arc4random();
}

EXPORT unsigned _ZNSt13random_device16_M_getval_pretr1Ev(void *device)
{
    (void)device;
    return arc4random();
}

/* ---- /dev/urandom: a memory file; a read that comes to its end goes on. Streams of the C library end there */

int entropy_file(void)
{
    void *bytes = far_memory(FILE_BYTES);
    if (!bytes)
        return -1;
    entropy_fill(bytes, FILE_BYTES);
    int descriptor = memory_file(FILE_NAME, bytes, FILE_BYTES);
    give_memory_back(bytes, FILE_BYTES);
    return descriptor;
}

static bool is_entropy_file(int descriptor)
{
    char path[32] = "/proc/self/fd/", digits[12], target[64];
    int used = 0, at = (int)strlen(path);
    do
        digits[used++] = (char)('0' + descriptor % 10);
    while ((descriptor /= 10));
    while (used)
        path[at++] = digits[--used];
    path[at] = 0;
    long length = kernel(SYS_readlink, (long)path, (long)target, sizeof target, 0, 0, 0);
    static const char wanted[] = "/memfd:" FILE_NAME;
    return length >= (long)sizeof wanted - 1 && !memcmp(target, wanted, sizeof wanted - 1);
}

EXPORT ssize_t read(int descriptor, void *bytes, size_t length)
{
    ssize_t got = REAL(read)(descriptor, bytes, length);
    bool short_of = got == 0 ? length > 0 : got > 0 && length > LONG && (size_t)got < length;
    if (!short_of || !settings.entropy || descriptor < 0 || !is_entropy_file(descriptor))
        return got;
    entropy_fill((char *)bytes + got, length - (size_t)got);
    return (ssize_t)length;
}
