/* Directories list their names in order of names, not in the order of the file system's hash. */

#include "interpose.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct listing *next;
    DIR *folder;
    struct dirent64 **entries;
    size_t count, at;
    int error; /* of the reading, told after the last entry */
};

static struct listing *open_listings;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
        ;
}

static void unlock(void) { atomic_flag_clear_explicit(&busy, memory_order_release); }

void listing_after_fork(void) { unlock(); } /* another thread may have held it */

static struct listing *find(DIR *folder)
{
    lock();
    struct listing *found = open_listings;
    while (found && found->folder != folder)
        found = found->next;
    unlock();
    return found;
}

static void forget(DIR *folder)
{
    struct listing *found = NULL;
    lock();
    for (struct listing **at = &open_listings; *at; at = &(*at)->next)
        if ((*at)->folder == folder) {
            found = *at;
            *at = found->next;
            break;
        }
    unlock();
    if (!found)
        return;
    for (size_t i = 0; i < found->count; i++)
        free(found->entries[i]);
    free(found->entries);
    free(found);
}

static int by_name(const void *left, const void *right)
{
    return strcmp((*(struct dirent64 *const *)left)->d_name, (*(struct dirent64 *const *)right)->d_name);
}

static bool add(struct listing *listing, const struct dirent64 *entry)
{
    if (!(listing->count & (listing->count - 1))) { /* a power of two: full */
        size_t room = listing->count ? 2 * listing->count : 1;
        void *bigger = realloc(listing->entries, room * sizeof *listing->entries);
        if (!bigger)
            return false;
        listing->entries = bigger;
    }
    struct dirent64 *copy = malloc(sizeof *copy); /* d_name has its full size: readers may copy the whole */
    if (!copy)
        return false;
    memcpy(copy, entry, offsetof(struct dirent64, d_name) + strlen(entry->d_name) + 1);
    listing->entries[listing->count++] = copy;
    return true;
}

static struct listing *read_whole(DIR *folder)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing)
        return NULL;
    int before = errno;
    listing->folder = folder;
    errno = 0;
    for (struct dirent64 *entry; (entry = REAL(readdir64)(folder));)
        if (!add(listing, entry))
            break;
    listing->error = errno;
    errno = before;
    qsort(listing->entries, listing->count, sizeof *listing->entries, by_name);
    lock();
    listing->next = open_listings;
    open_listings = listing;
    unlock();
    return listing;
}

EXPORT struct dirent64 *readdir64(DIR *folder)
{
    begin();
    if (!settings.listings)
        return REAL(readdir64)(folder);
    struct listing *listing = find(folder);
    if (!listing && !(listing = read_whole(folder)))
        return NULL;
    if (listing->at < listing->count)
        return listing->entries[listing->at++];
    if (listing->error)
        errno = listing->error;
    return NULL;
}

_Static_assert(sizeof(struct dirent) == sizeof(struct dirent64), "one layout on x86-64");

EXPORT struct dirent *readdir(DIR *folder) { return (struct dirent *)readdir64(folder); }

EXPORT void rewinddir(DIR *folder)
{
    forget(folder);
    REAL(rewinddir)(folder);
}

EXPORT int closedir(DIR *folder)
{
    forget(folder);
    return REAL(closedir)(folder);
}

EXPORT long telldir(DIR *folder)
{
    begin();
    struct listing *listing = settings.listings ? find(folder) : NULL;
    return listing ? (long)listing->at : settings.listings ? 0 : REAL(telldir)(folder);
}

EXPORT void seekdir(DIR *folder, long place)
{
    begin();
    if (!settings.listings) {
        REAL(seekdir)(folder, place);
        return;
    }
    struct listing *listing = find(folder);
    if (!listing && !(listing = read_whole(folder)))
        return;
    listing->at = place < 0 ? 0 : (size_t)place > listing->count ? listing->count : (size_t)place;
}
