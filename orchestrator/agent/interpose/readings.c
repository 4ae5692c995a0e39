/* A reading is one value that the world gives and no program can know: a time, a load, an age of a file.
 *
 * Readings are kept in streams: one for each thread, place in the program, and kind. So a thread that reads the clock
 * once more than before, because it had to wait, shifts nothing but its own stream at that one line.
 */

#include "interpose.h"

#include <string.h>

struct stream {
    uint64_t key;          /* 0: free */
    struct chunk *chunk;   /* recording: where the next value goes; replaying: where it comes from */
    bool ended;            /* recording: the ledger is full */
    uint32_t next;         /* replaying: in this chunk */
    const struct link *link; /* replaying: this chunk's */
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
    give_memory_back(old, sizeof *old + old->size * sizeof(struct stream));
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

static void follow(struct stream *stream, const struct link *link)
{
    stream->link = link;
    stream->chunk = link ? (struct chunk *)link->chunk : NULL;
    stream->next = 0;
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
    if (replaying())
        follow(found, ledger_find(mix(thread->path, key)));
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

static bool feed_back(struct stream *stream, int64_t least, int64_t *value)
{
    while (stream->chunk) {
        if (__builtin_expect(stream->next >= stream->chunk->count, 0)) {
            follow(stream, stream->link->next);
            continue;
        }
        int64_t found = stream->chunk->values[stream->next++];
        if (__builtin_expect(found >= least, 1)) {
            *value = found;
            return true;
        }
        count(SKIPPED);
    }
    count(BEYOND);
    return false;
}

bool reading(uint64_t site, uint64_t kind, int64_t *value) { return reading_since(site, kind, INT64_MIN, value); }

bool reading_since(uint64_t site, uint64_t kind, int64_t least, int64_t *value)
{
    struct thread *thread = self();
    struct stream *stream = stream_of(thread, mix(site, kind) | 1);
    if (!stream)
        return false;
    if (replaying())
        return feed_back(stream, least, value);
    keep(thread, stream, *value);
    return true;
}

void readings_forget(struct thread *thread)
{
    if (thread->streams)
        give_back(thread->streams);
    thread->streams = NULL;
    memset(thread->has_read, 0, sizeof thread->has_read);
    memset(thread->real, 0, sizeof thread->real);
}
