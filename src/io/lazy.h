// SPDX-License-Identifier: Apache-2.0
// What the stubs of a library that is loaded late call to find a function.
#pragma once

void *io_lazy_find(const char *library, const char *name); // any thread; never NULL
