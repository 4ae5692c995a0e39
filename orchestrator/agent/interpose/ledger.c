/* The file that the run's clock is kept in. All processes of a run map it; they reserve chunks of it, each chunk for
 * one stream of one thread. orchestrator/execution/ledger.py makes it, and reads it when the run has ended.
 */

#include "interpose.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PAGE 4096

struct ledger *ledger;

/* Replaying: key -> chunks, open addressing. Those of one key stand in their order along its probes. */
static const struct chunk **table;
static uint64_t table_mask;

static bool sound(const struct ledger *file, uint64_t bytes)
{
    return !memcmp(file->magic, "ORCLEDG1", 8) && file->mode <= REPLAY && file->capacity <= bytes;
}

static const struct chunk *next_chunk(uint64_t *at)
{
    uint64_t end = atomic_load(&ledger->used) < ledger->capacity ? atomic_load(&ledger->used) : ledger->capacity;
    if (*at + sizeof(struct chunk) > end)
        return NULL;
    const struct chunk *chunk = (const void *)((const char *)ledger + *at);
    uint64_t bytes = sizeof *chunk + 8ULL * chunk->capacity;
    if (bytes > end - *at || chunk->count > chunk->capacity)
        return NULL;
    *at += bytes;
    return chunk;
}

static void build_table(void)
{
    uint64_t at = PAGE, chunks = 0;
    while (next_chunk(&at))
        chunks++;
    uint64_t size = 16;
    while (size < 2 * chunks)
        size *= 2;
    table = far_memory(size * sizeof *table);
    if (!table)
        return;
    table_mask = size - 1;
    at = PAGE;
    for (const struct chunk *chunk; (chunk = next_chunk(&at));) {
        uint64_t slot = chunk->key & table_mask;
        while (table[slot])
            slot = (slot + 1) & table_mask;
        table[slot] = chunk;
    }
}

void ledger_open(const char *path)
{
    struct stat about;
    long descriptor = kernel(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0, 0, 0);
    if (descriptor < 0)
        return;
    if (kernel(SYS_fstat, descriptor, (long)&about, 0, 0, 0, 0) == 0 && about.st_size >= PAGE) {
        struct ledger *file = far_file((int)descriptor, (size_t)about.st_size);
        if (file && sound(file, (uint64_t)about.st_size))
            ledger = file;
    }
    kernel(SYS_close, descriptor, 0, 0, 0, 0, 0);
    if (!ledger)
        return;
    for (int clock = CLOCK_REALTIME; clock <= CLOCK_MONOTONIC; clock++) {
        int64_t never = 0;
        atomic_compare_exchange_strong(&ledger->begun[clock], &never, real_clock(clock));
    }
    if (ledger->mode == REPLAY)
        build_table();
}

struct chunk *ledger_reserve(uint64_t key, uint32_t values)
{
    uint64_t bytes = sizeof(struct chunk) + 8ULL * values;
    if (atomic_load(&ledger->used) >= ledger->capacity)
        return NULL;
    uint64_t at = atomic_fetch_add(&ledger->used, bytes);
    if (at + bytes > ledger->capacity)
        return NULL;
    struct chunk *chunk = (void *)((char *)ledger + at);
    chunk->key = key;
    chunk->capacity = values;
    return chunk;
}

const struct chunk *ledger_next(uint64_t key, uint64_t *probes)
{
    const struct chunk *chunk;
    while (table && (chunk = table[(key + *probes) & table_mask])) {
        ++*probes;
        if (chunk->key == key)
            return chunk;
    }
    return NULL;
}
