// SPDX-License-Identifier: Apache-2.0
// The io room, not furnished yet.
#include <nadir/io.h>
