/* The file that the run's clock is kept in. All processes of a run map it; they reserve chunks of it, each chunk for
 * one stream of one thread. orchestrator/execution/ledger.py makes it, and reads it when the run has ended.
 */

#include "interpose.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PAGE 4096
#define ROOM (1ULL << 20) /* room on the disk is taken in steps of this many bytes */

struct ledger *ledger;
static char place[4096]; /* its path */

/* Replaying: key -> its chunks in their order. Open addressing. */
static struct chain {
    const struct link *first;
    struct link *last;
} *table;
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

static struct chain *chain_of(uint64_t key)
{
    uint64_t slot = key & table_mask;
    while (table[slot].first && table[slot].first->chunk->key != key)
        slot = (slot + 1) & table_mask;
    return &table[slot];
}

static void build_table(void)
{
    uint64_t at = PAGE, chunks = 0;
    while (next_chunk(&at))
        chunks++;
    uint64_t size = 16;
    while (size < 2 * chunks)
        size *= 2;
    struct link *link = far_memory((chunks + 1) * sizeof *link);
    struct chain *made = far_memory(size * sizeof *made);
    if (!link || !made)
        return;
    table = made;
    table_mask = size - 1;
    at = PAGE;
    for (const struct chunk *chunk; (chunk = next_chunk(&at)); link++) {
        struct chain *chain = chain_of(chunk->key);
        link->chunk = chunk;
        if (chain->last)
            chain->last->next = link;
        else
            chain->first = link;
        chain->last = link;
    }
}

/* Writing to a mapped file where the disk is full would end the program: its room is taken beforehand. */
static bool has_room(uint64_t end)
{
    uint64_t backed = atomic_load(&ledger->backed);
    if (end <= backed)
        return true;
    long descriptor = kernel(SYS_openat, AT_FDCWD, (long)place, O_RDWR | O_CLOEXEC, 0, 0, 0);
    if (descriptor < 0)
        return false;
    uint64_t wanted = (end + ROOM - 1) / ROOM * ROOM;
    long failed = kernel(SYS_fallocate, descriptor, FALLOC_FL_KEEP_SIZE, 0, (long)wanted, 0, 0);
    kernel(SYS_close, descriptor, 0, 0, 0, 0, 0);
    if (failed && failed != -EOPNOTSUPP)
        return false;
    while (backed < wanted && !atomic_compare_exchange_weak(&ledger->backed, &backed, wanted))
        ;
    return true;
}

void ledger_open(const char *path)
{
    struct stat about;
    if (strlen(path) >= sizeof place)
        return;
    strcpy(place, path);
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
    if (at + bytes > ledger->capacity || !has_room(at + bytes))
        return NULL;
    struct chunk *chunk = (void *)((char *)ledger + at);
    chunk->key = key;
    chunk->capacity = values;
    return chunk;
}

const struct link *ledger_find(uint64_t key) { return table ? chain_of(key)->first : NULL; }
