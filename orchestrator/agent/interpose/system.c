/* The kernel, without the C library in between: nothing here can call back into what we interpose. */

#include "interpose.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define FAR 0x200000000000ULL
#define STEP (1ULL << 20)

#if !defined(__x86_64__)
#error "written for x86-64"
#endif

long kernel(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

long checked(long result)
{
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

static void *map_far(size_t bytes, int flags, int descriptor)
{
    static _Atomic uint64_t next = FAR;
    uint64_t room = (bytes + STEP - 1) / STEP * STEP;
    uint64_t place = atomic_fetch_add(&next, room);
    long got = kernel(SYS_mmap, (long)place, (long)bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
    return got < 0 && got > -4096 ? NULL : (void *)got;
}

void *far_memory(size_t bytes) { return map_far(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1); }

void *far_file(int descriptor, size_t bytes) { return map_far(bytes, MAP_SHARED, descriptor); }

void give_memory_back(void *memory, size_t bytes) { kernel(SYS_munmap, (long)memory, (long)bytes, 0, 0, 0, 0); }

/* A memory file counts as a file: a program that limits their size would be ended by a signal. */
static bool may_be_as_long(size_t length)
{
    struct rlimit limit = {0, 0};
    kernel(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0);
    return limit.rlim_cur >= length;
}

int memory_file(const char *name, const void *bytes, size_t length)
{
    if (!may_be_as_long(length))
        return -1;
    long descriptor = kernel(SYS_memfd_create, (long)name, 0, 0, 0, 0, 0);
    if (descriptor < 0)
        return -1;
    if (kernel(SYS_write, descriptor, (long)bytes, (long)length, 0, 0, 0) != (long)length) {
        kernel(SYS_close, descriptor, 0, 0, 0, 0, 0);
        return -1;
    }
    kernel(SYS_lseek, descriptor, 0, 0, 0, 0, 0);
    return (int)descriptor;
}
