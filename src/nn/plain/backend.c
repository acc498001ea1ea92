// SPDX-License-Identifier: Apache-2.0
// The plain backend: no kernels of its own, so that every operation runs its plain one.
#include "nn/nn.h"

const nn_backend nn_backend_plain = {.name = "plain"};
