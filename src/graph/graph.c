// SPDX-License-Identifier: Apache-2.0
// The graph room, not furnished yet.
#include <nadir/graph.h>
