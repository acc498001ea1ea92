// SPDX-License-Identifier: Apache-2.0
// Inside of weights: zip archives written whole. Members are stored, their bytes begin at
// multiples of 64.
#pragma once
#include "weights/weights.h"

typedef struct zip_out zip_out;
zip_out *weights_zip_new(nd_arena *arena, nd_file *file) ND_CHECKED;
nd_status weights_zip_put(zip_out *z, const char *name, const void *bytes,
                          uint64_t count) ND_CHECKED;
// `wide`: zip64 though it is not needed; for tests.
nd_status weights_zip_end(zip_out *z, bool wide) ND_CHECKED;
