// SPDX-License-Identifier: Apache-2.0
// Inside learn: letters for small drawings.
#pragma once
#include <nadir/train.h>
#include <stdio.h>

// Five bits, the left one highest, of row 0 … 6 of a digit or of the letters that the
// drawings need; others are blank.
unsigned learn_glyph(char letter, int row);
