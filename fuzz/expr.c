// SPDX-License-Identifier: Apache-2.0
// Any bytes as an expression: compiled, then run by every kernel, which must agree.
#include "raster/expr.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIXELS = 40, ROWS = 3 };
static const float numbers[] = {0,        1,      -1,        2.5f,  1e-30f, 1e30f,
                                INFINITY, NAN,    -INFINITY, 65535, 0.1f,   -7,
                                3,        255.9f, 16777216,  -0.0f};

static bool resolve(void *user, const char *name, nd_expr_name *is, const char **nearest)
{
    (void)user;
    *nearest = "a";
    if (name[0] && name[1]) {
        *is = (nd_expr_name){ND_EXPR_FLAG, .row = 1, .mask = 6, .bits = 2};
        return strchr(name, '.');
    }
    switch (*name) {
    case 'a': *is = (nd_expr_name){ND_EXPR_ROW, ND_EXPR_REAL, .row = 0}; break;
    case 'b': *is = (nd_expr_name){ND_EXPR_ROW, ND_EXPR_REAL, .row = 1}; break;
    case 'i': *is = (nd_expr_name){ND_EXPR_ROW, ND_EXPR_INT, .row = 2}; break;
    case 'm': *is = (nd_expr_name){ND_EXPR_ROW, ND_EXPR_BOOL, .row = 2}; break;
    case 'f':
        *is =
            (nd_expr_name){ND_EXPR_ROW, ND_EXPR_INT, .row = 1, .fills = true, .fill = -3};
        break;
    case 'X': *is = (nd_expr_name){ND_EXPR_X}; break;
    case 'Y': *is = (nd_expr_name){ND_EXPR_Y}; break;
    case 'L': *is = (nd_expr_name){ND_EXPR_PLACE, ND_EXPR_REAL, .row = 0}; break;
    default: return false;
    }
    return true;
}

static void compare(const nd_expr *expr)
{
    float row[ROWS][PIXELS], want[2][PIXELS], got[2][PIXELS];
    double place[PIXELS];
    const float *const in[] = {row[0], row[1], row[2]};
    const double *const places[] = {place};
    for (int i = 0; i < PIXELS; i++) {
        for (int r = 0; r < ROWS; r++) row[r][i] = numbers[(i * (r + 1) + r) % 16];
        row[2][i] = (float)(i - 5);
        place[i] = i * 0.1;
    }
    const nd_expr_rows rows = {3, 4, 1, PIXELS, in, places};
    float *to[] = {want[0], want[1]}, *also[] = {got[0], got[1]};
    expr_run_with(expr_kernels_at[ND_CPU_C], expr, &rows, to);
    for (int level = 1; level <= (int)nd_cpu_best(); level++) {
        expr_run_with(expr_kernels_at[level], expr, &rows, also);
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < PIXELS; i++)
                if (want[k][i] != got[k][i] && !(isnan(want[k][i]) && isnan(got[k][i]))) {
                    fprintf(stderr, "kernel %d: pixel %d is %g, not %g\n", level, i,
                            (double)got[k][i], (double)want[k][i]);
                    abort();
                }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    char *text = arena ? nd_alloc(arena, size + 1, 1) : NULL;
    if (text && size) memcpy(text, data, size);
    const char *texts[] = {text, "a > b ? a - b : a / 3"};
    const nd_expr_end end[] = {{true, true, -128, 127, .scale = 0.5, .no_data = 4},
                               {.no_data = (double)NAN}};
    for (int strict = 0; text && strict < 2; strict++) {
        const nd_expr *expr;
        const nd_expr_ask ask = {.text = texts,
                                 .end = strict ? end : NULL,
                                 .count = 2,
                                 .resolve = resolve,
                                 .strict = strict};
        if (nd_expr_compile(arena, &ask, &expr) == ND_OK)
            compare(expr);
        else if (!nd_error_take().code)
            abort(); // it failed without a word
    }
    nd_arena_free(arena);
    return 0;
}
