// SPDX-License-Identifier: Apache-2.0
// CPU seconds of one expression over 120 million pixels in memory; expr.py sets numexpr
// beside it on the same numbers.
#include <nadir/expr.h>
#include <nadir/pool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 120000000, ROW = 1024 };

static bool resolve(void *user, const char *name, nd_expr_name *is, const char **nearest)
{
    (void)user, (void)nearest;
    if (!*name || name[1] || *name < 'a' || *name > 'c') return false;
    *is = (nd_expr_name){ND_EXPR_ROW, ND_EXPR_REAL, .row = *name - 'a'};
    return true;
}

// usage: bench_expr EXPRESSION RUNS: one line, "seconds seconds … sum".
int main(int count, char **word)
{
    nd_arena *arena = nd_arena_new();
    const char *text = count > 1 ? word[1] : "(a - b) / (a + b)";
    const int runs = count > 2 ? (int)strtol(word[2], NULL, 10) : 1;
    float *band[3], *out = malloc(sizeof *out * PIXELS);
    for (int r = 0; r < 3; r++) band[r] = malloc(sizeof **band * PIXELS);
    const nd_expr *expr = NULL;
    const nd_expr_ask ask = {.text = &text, .count = 1, .resolve = resolve};
    if (!arena || !out || !band[0] || !band[1] || !band[2] ||
        nd_expr_compile(arena, &ask, &expr) != ND_OK)
        return 1;
    static const uint32_t factor[] = {2654435761u, 2246822519u, 3266489917u};
    for (int r = 0; r < 3; r++)
        for (uint32_t i = 0; i < PIXELS; i++)
            band[r][i] = (float)((i * factor[r]) >> 20) * 1e-4f;
    memset(out, 0, sizeof *out * PIXELS);
    for (int run = 0; run < runs; run++) {
        const double start = nd_cpu_seconds();
        for (int x = 0; x < PIXELS; x += ROW) {
            const float *in[] = {band[0] + x, band[1] + x, band[2] + x};
            float *to = out + x;
            const int left = PIXELS - x < ROW ? PIXELS - x : ROW;
            nd_expr_run(expr, &(nd_expr_rows){x, 0, 0, left, in, NULL}, &to);
        }
        printf("%.4f ", nd_cpu_seconds() - start);
    }
    double sum = 0;
    for (int i = 0; i < PIXELS; i++)
        sum += out[i] < 1e3f && out[i] > -1e3f ? (double)out[i] : 0;
    printf("%.6f\n", sum);
    for (int r = 0; r < 3; r++) free(band[r]);
    free(out);
    nd_arena_free(arena);
    return 0;
}
