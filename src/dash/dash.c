// SPDX-License-Identifier: Apache-2.0
// The dash room, not furnished yet.
#include <nadir/dash.h>
