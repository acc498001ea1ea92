// SPDX-License-Identifier: Apache-2.0
// CPU seconds of a model alone on windows of its patch's side: what Predict is beside.
// usage: bench_predictor MODEL [WINDOWS [SIDE [BATCH]]]
#include <nadir/pool.h>
#include <nadir/predictor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(void)
{
    char text[1024];
    const nd_error error = nd_error_take();
    nd_error_print(&error, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return 1;
}

static long word_at(int count, char **word, int at, long other)
{
    return count > at ? strtol(word[at], NULL, 10) : other;
}

int main(int count, char **word)
{
    nd_arena *arena = nd_arena_new();
    nd_predictor *model =
        count > 1 && arena ? nd_predictor_open(arena, word[1], 0) : NULL;
    if (!model) return fail();
    const nd_card *card = nd_predictor_card(model);
    const long windows = word_at(count, word, 2, 512);
    const int side = (int)word_at(count, word, 3, card->patch);
    const int batch = (int)word_at(count, word, 4, nd_predictor_is_mask(model) ? 1 : 16);
    const int64_t plane = (int64_t)side * side;
    const int64_t values = (int64_t)batch * card->bands * plane;
    const int64_t answers = (int64_t)batch * nd_predictor_outputs(model) *
                            (nd_predictor_is_mask(model) ? plane : 1);
    float *x = nd_alloc_raw(arena, (size_t)values, sizeof *x);
    float *same = nd_alloc_raw(arena, (size_t)values, sizeof *same); // x is written over
    float *out = nd_alloc_raw(arena, (size_t)answers, sizeof *out);
    if (!x || !same || !out) return fail();
    for (int64_t i = 0; i < values; i++) {
        const nd_card_band *band = &card->band[i / plane % card->bands];
        same[i] = (float)(band->p2 + (band->p98 - band->p2) * (double)(i % 97) / 96);
    }
    for (int64_t n = 0; n < (int64_t)batch * card->bands; n++)
        nd_predictor_ready(model, (int)(n % card->bands), 1, same + n * plane, plane);
    double start = 0, start_cpu = 0;
    for (long n = -2 * batch; n < windows; n += batch) { // the first ones compile
        if (n == 0) start = nd_seconds(), start_cpu = nd_cpu_seconds();
        memcpy(x, same, (size_t)values * sizeof *x);
        const nd_windows some = {.x = x, .count = batch, .side = side, .symmetries = 1};
        if (nd_predictor_run(model, &some, out) != ND_OK) return fail();
    }
    const long done = (windows + batch - 1) / batch * batch;
    printf("{\"windows\":%ld,\"side\":%d,\"cpu_s\":%.4f,\"wall_s\":%.4f}\n", done, side,
           nd_cpu_seconds() - start_cpu, nd_seconds() - start);
    nd_arena_free(arena);
    return 0;
}
