// SPDX-License-Identifier: Apache-2.0
// The geo room, not furnished yet.
#include <nadir/geo.h>
