/* What is owned, from the environment. Without its variables the library passes every call on. */

#include "interpose.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;
struct settings settings;

/* strtoull, which has another name in newer C libraries. */
static uint64_t number(const char *text)
{
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (uint64_t)(*text++ - '0');
    return value;
}

void settings_read(void)
{
    if (settings.ready || !environ) /* none yet: called before the C library has begun */
        return;
    settings.ready = true;
    const char *seed = getenv("ORCHESTRATOR_ENTROPY");
    const char *processors = getenv("ORCHESTRATOR_PROCESSORS");
    const char *file = getenv("ORCHESTRATOR_LEDGER");
    settings.listings = getenv("ORCHESTRATOR_LISTINGS") != NULL;
    settings.exact_sqrt = getenv("ORCHESTRATOR_SQRT") != NULL;
    settings.processors = processors ? (unsigned)number(processors) : 0;
    settings.seed = seed ? number(seed) : 0;
    settings.entropy = seed != NULL;
    if (file)
        ledger_open(file);
    if (seed || file) {
        family_begin();
        programs_begin();
        count(PROCESSES);
    }
}

__attribute__((constructor)) static void start(void) { begin(); }
