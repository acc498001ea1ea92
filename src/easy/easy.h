// SPDX-License-Identifier: Apache-2.0
// How failures of the house become those of a handle.
#pragma once
#include <nadir/core.h>
#include <nadir/easy.h>
#include <nadir/op.h>

extern const nd_op *const nd_ops[]; // the catalogue, made by the build

int easy_failed(nd_status status); // keeps the words for nd_easy_error; 0: none
void *easy_null(nd_status status); // the same, and NULL
