// SPDX-License-Identifier: Apache-2.0
// Shared libraries that are loaded when first needed, so that the program answers before.
#pragma once
#include <nadir/core.h>

// To be asked before the first call into such a library: loads it, or says that it is
// missing and which package holds it. `library` is its soname, "libgdal.so.32". Any
// thread; it stays loaded.
nd_status nd_late_load(const char *library, const char *package) ND_CHECKED;
// Where a function of it is; NULL: not there. What the stubs of tools/lazy.py ask at the
// first call of each function; those that are not there do nothing and give 0.
void *nd_late_find(const char *library, const char *name);
