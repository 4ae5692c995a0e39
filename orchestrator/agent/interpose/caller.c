/* From where in the program a call comes: the library, and within Python's interpreter the line that runs.
 *
 * Addresses move from run to run; names do not. A site is a hash of names.
 */

#include "interpose.h"

#include <string.h>

#define PYTHON 1 /* the interpreter itself: ask it which line it runs */
#define CACHED 4096

/* ---- Python: through its own C API, which the interpreter exports. Only while this thread holds the GIL. */

static struct {
    void *library; /* where the interpreter's code begins */
    void *(*holder)(void); /* of the lock, as the interpreter has it */
    void *(*thread)(void); /* this one */
    void *(*frame)(void);
    void *(*code)(void *);
    int (*place)(void *);
    void *(*attribute)(void *, const char *);
    const char *(*text)(void *);
    void (*let_go)(void *);
    void (*clear_error)(void);
} python;

static void *symbol(const char *name, const char *otherwise)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    return found || !otherwise ? found : dlsym(RTLD_DEFAULT, otherwise);
}

static bool find_python(void)
{
    Dl_info about;
    void *known = dlsym(RTLD_DEFAULT, "PyEval_GetFrame");
    if (!known || !dladdr(known, &about))
        return false;
    *(void **)&python.holder = symbol("_PyThreadState_UncheckedGet", "PyThreadState_GetUnchecked");
    *(void **)&python.thread = symbol("PyGILState_GetThisThreadState", NULL);
    *(void **)&python.frame = known;
    *(void **)&python.code = symbol("PyFrame_GetCode", NULL);                     /* 3.9 */
    *(void **)&python.place = symbol("PyFrame_GetLasti", "PyFrame_GetLineNumber"); /* 3.11 */
    *(void **)&python.attribute = symbol("PyObject_GetAttrString", NULL);
    *(void **)&python.text = symbol("PyUnicode_AsUTF8", NULL);
    *(void **)&python.let_go = symbol("Py_DecRef", NULL);
    *(void **)&python.clear_error = symbol("PyErr_Clear", NULL);
    if (python.holder && python.thread && python.code && python.place && python.attribute && python.text &&
        python.let_go && python.clear_error)
        python.library = about.dli_fbase;
    return python.library;
}

static uint64_t add_name(uint64_t hash, void *code, const char *which)
{
    void *name = python.attribute(code, which);
    const char *text = name ? python.text(name) : NULL;
    if (!text)
        python.clear_error();
    else
        hash = hash_text(hash, text);
    if (name)
        python.let_go(name);
    return hash;
}

/* Names are looked up once for each code object; it is kept alive, so that its address stays its own. */
static uint64_t code_names(void *code)
{
    static struct { void *code; uint64_t names; } known[CACHED];
    unsigned at = (unsigned)((uintptr_t)code >> 4) % CACHED;
    for (unsigned tried = 0; tried < 4; tried++, at = (at + 1) % CACHED) {
        if (known[at].code == code) {
            python.let_go(code);
            return known[at].names;
        }
        if (!known[at].code) {
            known[at].names = add_name(add_name(0, code, "co_filename"), code, "co_name");
            known[at].code = code;
            return known[at].names;
        }
    }
    uint64_t names = add_name(add_name(0, code, "co_filename"), code, "co_name");
    python.let_go(code);
    return names;
}

static uint64_t python_line(void)
{
    void *holder = python.holder();
    if (!holder || holder != python.thread()) /* PyGILState_Check says yes to all once there are subinterpreters */
        return NOBODY;
    void *frame = python.frame();
    if (!frame)
        return PYTHON; /* it starts, or ends */
    int place = python.place(frame);
    return mix(code_names(python.code(frame)), (uint64_t)place) | 1;
}

/* ---- libraries */

static uint64_t library_at(void *address)
{
    Dl_info about;
    if (!dladdr(address, &about) || !about.dli_fname)
        return mix(0, 0) | 2; /* code that a compiler made on the fly */
    if ((python.library || find_python()) && about.dli_fbase == python.library)
        return PYTHON;
    const char *name = strrchr(about.dli_fname, '/');
    return hash_text(0, name ? name + 1 : about.dli_fname) | 2;
}

uint64_t caller_site(void *address)
{
    static struct { _Atomic(void *) address; _Atomic uint64_t library; } known[CACHED];
    unsigned at = (unsigned)((uintptr_t)address >> 1) % CACHED;
    uint64_t library = 0;
    if (atomic_load(&known[at].address) == address)
        library = atomic_load(&known[at].library);
    if (!library || atomic_load(&known[at].address) != address) { /* another thread may be replacing it */
        library = library_at(address);
        atomic_store(&known[at].address, NULL);
        atomic_store(&known[at].library, library);
        atomic_store(&known[at].address, address);
    }
    return library == PYTHON ? python_line() : library;
}

uint64_t caller_anyhow(void *address)
{
    uint64_t site = caller_site(address);
    return site == NOBODY ? PYTHON : site;
}
