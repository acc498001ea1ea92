// SPDX-License-Identifier: Apache-2.0
// Any bytes as a graph in YAML: read, planned, printed and read again.
#include "graphs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return try_graph("g.yaml", data, size);
}
