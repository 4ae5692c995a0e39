/* Square roots as IEEE 754 defines them. The Intel library inside torch rounds some otherwise on an AMD processor. */

#include "interpose.h"

#include <math.h>

/* The function of the library that calls: it is not among those that RTLD_NEXT sees. */
static void *original(const char *name, void *caller)
{
    Dl_info about;
    if (!dladdr(caller, &about))
        return NULL;
    void *library = dlopen(about.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    void *found = library ? dlsym(library, name) : NULL;
    if (library)
        dlclose(library);
    return found;
}

#define SQRT(name, number, value, root)                                                                                \
    EXPORT void name(number length, const value *from, value *to, int64_t mode)                                        \
    {                                                                                                                  \
        void (*theirs)(number, const value *, value *, int64_t) = NULL;                                                \
        begin();                                                                                                       \
        if (!settings.exact_sqrt)                                                                                      \
            *(void **)&theirs = original(#name, CALLER);                                                               \
        if (theirs) {                                                                                                  \
            theirs(length, from, to, mode);                                                                            \
            return;                                                                                                    \
        }                                                                                                              \
        for (number i = 0; i < length; i++)                                                                            \
            to[i] = root(from[i]);                                                                                     \
    }

SQRT(vmsSqrt, int, float, sqrtf)
SQRT(vmdSqrt, int, double, sqrt)
SQRT(vmsSqrt_64, int64_t, float, sqrtf)
SQRT(vmdSqrt_64, int64_t, double, sqrt)
