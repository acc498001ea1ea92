// SPDX-License-Identifier: Apache-2.0
// Pages served by the program itself: a map of any node, live.
#pragma once
#include <nadir/graph.h>
#include <nadir/io.h>
