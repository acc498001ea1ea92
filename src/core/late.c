// SPDX-License-Identifier: Apache-2.0
// Loads a shared library at the first use of it. See tools/lazy.py.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <nadir/late.h>
#include <stdlib.h>
#include <string.h>

// GDAL's hundred libraries look for thousands of names; beginning with their own saves a
// fifth of the start. Not where something is to be put in front of them all: another
// malloc, a sanitizer.
static int how(void)
{
    const char *first = getenv("LD_PRELOAD");
    const bool is_plain = !(first && *first) && !dlsym(RTLD_DEFAULT, "__asan_init") &&
                          !dlsym(RTLD_DEFAULT, "__tsan_init");
    return RTLD_LAZY | RTLD_GLOBAL | (is_plain ? RTLD_DEEPBIND : 0);
}

nd_status nd_late_load(const char *library, const char *package)
{
    if (dlopen(library, how())) return ND_OK;
    const char *said = dlerror();
    if (!said) said = "";
    const size_t length = strlen(library); // the loader may begin with the name
    if (strncmp(said, library, length) == 0 && strncmp(said + length, ": ", 2) == 0)
        said += length + 2;
    return nd_fail(ND_E_UNSUPPORTED,
                   "the library %s cannot be loaded: %s\n"
                   "install it: apt install %s",
                   library, said, package);
}

void *nd_late_find(const char *library, const char *name)
{
    void *handle = dlopen(library, how()); // the same one each time
    return handle ? dlsym(handle, name) : NULL;
}
