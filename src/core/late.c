// SPDX-License-Identifier: Apache-2.0
// Loads a shared library at the first use of it. See tools/lazy.py.
#include <dlfcn.h>
#include <nadir/late.h>
#include <string.h>

enum { HOW = RTLD_LAZY | RTLD_GLOBAL };

nd_status nd_late_load(const char *library, const char *package)
{
    if (dlopen(library, HOW)) return ND_OK;
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
    void *handle = dlopen(library, HOW); // the same one each time
    return handle ? dlsym(handle, name) : NULL;
}
