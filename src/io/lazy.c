// SPDX-License-Identifier: Apache-2.0
// Loads GDAL at the first call of it: the program answers long before. See tools/lazy.py.
#include "io/lazy.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

// Where the dynamic loader would have ended the program at its start, it ends now.
static void *give_up(const char *what)
{
    (void)fprintf(stderr, "%s\ninstall GDAL: apt install libgdal32\n", what);
    _Exit(127);
}

void *io_lazy_find(const char *library, const char *name)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_GLOBAL); // the same one each time
    if (!handle) return give_up(dlerror());
    void *found = dlsym(handle, name);
    return found ? found : give_up(dlerror());
}
