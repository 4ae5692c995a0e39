/* A reading is one value that the world gives and no program can know: a time, a load, an age of a file.
 *
 * Readings are kept in streams: one for each thread, place in the program, and kind. So a thread that reads the clock
 * once more than before, because it had to wait, shifts nothing but its own stream at that one line.
 */

#include "interpose.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct stream {
    uint64_t key;          /* 0: free */
    struct chunk *chunk;   /* recording: where the next value goes; replaying: where it comes from */
    bool ended;            /* recording: the ledger is full */
    uint32_t next;         /* replaying: in this chunk */
    uint64_t probes;       /* replaying: for the next chunk */
};

struct streams {
    uint32_t size; /* a power of two */
    uint32_t used;
    struct stream at[];
};

#define FIRST_SIZE 64
#define SMALLEST 64           /* bytes of a stream's first chunk; each further one is twice as big */
#define LARGEST (32 * 1024)

static struct streams *streams_of(uint32_t size)
{
    struct streams *made = far_memory(sizeof *made + size * sizeof(struct stream));
    if (made)
        made->size = size;
    return made;
}

static void give_back(struct streams *old)
{
    kernel(SYS_munmap, (long)old, (long)(sizeof *old + old->size * sizeof(struct stream)), 0, 0, 0, 0);
}

static struct stream *slot(struct streams *all, uint64_t key)
{
    uint32_t at = (uint32_t)key & (all->size - 1);
    while (all->at[at].key && all->at[at].key != key)
        at = (at + 1) & (all->size - 1);
    return &all->at[at];
}

static struct streams *grown(struct streams *old)
{
    struct streams *bigger = streams_of(old->size * 4);
    if (!bigger)
        return NULL;
    for (uint32_t i = 0; i < old->size; i++)
        if (old->at[i].key)
            *slot(bigger, old->at[i].key) = old->at[i];
    bigger->used = old->used;
    give_back(old);
    return bigger;
}

static struct stream *stream_of(struct thread *thread, uint64_t key)
{
    if (__builtin_expect(!thread->streams, 0) && !(thread->streams = streams_of(FIRST_SIZE)))
        return NULL;
    struct stream *found = slot(thread->streams, key);
    if (__builtin_expect(found->key == key, 1))
        return found;
    if (thread->streams->used >= thread->streams->size / 4 * 3) {
        struct streams *bigger = grown(thread->streams);
        if (!bigger)
            return NULL;
        thread->streams = bigger;
        found = slot(bigger, key);
    }
    thread->streams->used++;
    *found = (struct stream){.key = key};
    return found;
}

static void keep(struct thread *thread, struct stream *stream, int64_t value)
{
    struct chunk *chunk = stream->chunk;
    if (__builtin_expect(!chunk || chunk->count == chunk->capacity, 0)) {
        uint32_t bytes = chunk ? 2 * (uint32_t)(sizeof *chunk + 8 * chunk->capacity) : SMALLEST;
        if (bytes > LARGEST)
            bytes = LARGEST;
        if (!stream->ended)
            chunk = ledger_reserve(mix(thread->path, stream->key), (uint32_t)((bytes - sizeof *chunk) / 8));
        if (stream->ended || !chunk) {
            stream->ended = true;
            count(DROPPED);
            return;
        }
        stream->chunk = chunk;
    }
    chunk->values[chunk->count++] = value;
}

static bool feed_back(struct thread *thread, struct stream *stream, int64_t *value)
{
    while (__builtin_expect(!stream->chunk || stream->next >= stream->chunk->count, 0)) {
        stream->chunk = (struct chunk *)ledger_next(mix(thread->path, stream->key), &stream->probes);
        stream->next = 0;
        if (!stream->chunk) {
            count(BEYOND);
            return false;
        }
    }
    *value = stream->chunk->values[stream->next++];
    return true;
}

bool reading(uint64_t site, uint64_t kind, int64_t *value)
{
    struct thread *thread = self();
    struct stream *stream = stream_of(thread, mix(site, kind) | 1);
    if (!stream)
        return false;
    if (replaying())
        return feed_back(thread, stream, value);
    keep(thread, stream, *value);
    return true;
}

void readings_forget(struct thread *thread)
{
    if (thread->streams)
        give_back(thread->streams);
    thread->streams = NULL;
    memset(thread->has_read, 0, sizeof thread->has_read);
}
