/* Square roots as IEEE 754 defines them. The Intel library inside torch rounds some otherwise on an AMD processor. */

#include "interpose.h"

#include <math.h>

/* The function of the library that calls, which is not among those that RTLD_NEXT sees. Looked for once. */
static void *original(_Atomic(void *) *found, const char *name, void *caller)
{
    Dl_info about;
    if (atomic_load(found) || !dladdr(caller, &about))
        return atomic_load(found);
    void *library = dlopen(about.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (library) {
        atomic_store(found, dlsym(library, name));
        dlclose(library);
    }
    return atomic_load(found);
}

/* O3: several at once. The processor's own instruction is exact. */
#define SQRT(name, number, value, root)                                                                                \
    __attribute__((optimize("O3"))) static void name##_exact(number length, const value *from, value *to)              \
    {                                                                                                                  \
        for (number i = 0; i < length; i++)                                                                            \
            to[i] = root(from[i]);                                                                                     \
    }                                                                                                                  \
    EXPORT void name(number length, const value *from, value *to, int64_t mode)                                        \
    {                                                                                                                  \
        static _Atomic(void *) found;                                                                                  \
        void (*theirs)(number, const value *, value *, int64_t) = NULL;                                                \
        begin();                                                                                                       \
        if (!settings.exact_sqrt)                                                                                      \
            *(void **)&theirs = original(&found, #name, CALLER);                                                       \
        if (theirs)                                                                                                    \
            theirs(length, from, to, mode);                                                                            \
        else                                                                                                           \
            name##_exact(length, from, to);                                                                            \
    }

SQRT(vmsSqrt, int, float, sqrtf)
SQRT(vmdSqrt, int, double, sqrt)
SQRT(vmsSqrt_64, int64_t, float, sqrtf)
SQRT(vmdSqrt_64, int64_t, double, sqrt)
