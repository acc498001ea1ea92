// SPDX-License-Identifier: Apache-2.0
// Each picture asked eight times, mirrored and turned, and the mean of the answers.
#include "learn/evaluate.h"
#include <math.h>
#include <string.h>

// A symmetry of the square: bit 0 mirrors x, bit 1 mirrors y, bit 2 transposes first.
// Where pixel (x, y) of the turned picture is in the plain one.
static int64_t source(int turn, int side_x, int side_y, int x, int y)
{
    const int u = turn & 1 ? side_x - 1 - x : x, v = turn & 2 ? side_y - 1 - y : y;
    return turn & 4 ? (int64_t)u * side_x + v : (int64_t)v * side_x + u;
}

static void turn_pictures(const evaluating *e, const float *in, int count, int turn)
{
    const int64_t plane = (int64_t)e->height * e->width;
    for (int64_t i = 0; i < (int64_t)count * e->bands; i++)
        for (int y = 0; y < e->height; y++)
            for (int x = 0; x < e->width; x++)
                e->turned[i * plane + (int64_t)y * e->width + x] =
                    in[i * plane + source(turn, e->width, e->height, x, y)];
}

// Adds the probabilities of one view, laid back where they belong.
static void add_view(evaluating *e, int count, int turn)
{
    const double t = e->model->card->temperature > 0 ? e->model->card->temperature : 1;
    for (int i = 0; i < count; i++) {
        const int64_t at = (int64_t)i * e->classes * e->pixels;
        for (int64_t j = 0; j < e->pixels; j++) {
            for (int k = 0; k < e->classes; k++)
                e->row[k] = e->turned_logit[at + k * e->pixels + j];
            nd_answer_softmax(e->row, e->classes, t, e->p);
            const int64_t to = e->is_mask
                                   ? source(turn, e->width, e->height,
                                            (int)(j % e->width), (int)(j / e->width))
                                   : 0;
            for (int k = 0; k < e->classes; k++)
                e->mean[at + k * e->pixels + to] += (float)e->p[k];
        }
    }
}

nd_status learn_views(evaluating *e, const float *picture, int count)
{
    // Only a square may be transposed.
    const int views = e->height == e->width ? 8 : 4;
    const int64_t numbers = (int64_t)count * e->classes * e->pixels;
    memset(e->mean, 0, (size_t)numbers * sizeof *e->mean);
    for (int turn = 0; turn < views; turn++) {
        turn_pictures(e, picture, count, turn);
        ND_TRY(learn_infer(e, e->turned, count, e->turned_logit));
        add_view(e, count, turn);
    }
    for (int64_t i = 0; i < numbers; i++)
        e->mean[i] = logf(fmaxf(e->mean[i] / (float)views, 1e-30f));
    return ND_OK;
}
