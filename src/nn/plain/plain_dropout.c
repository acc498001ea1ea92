// SPDX-License-Identifier: Apache-2.0
// Plain dropout: four elements to one draw of nd_random.
#include "nn/dropout.h"

static void part(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_dropout *set = call->record->set;
    const int64_t count = nd_shape_count(call->record->out[0]->shape);
    const int64_t draws = (count + 3) / 4;
    const NN_REAL *x = call->in[0];
    NN_REAL *y = call->out[0];
    const double scale = set->drop < 1 ? 1 / (1 - set->drop) : 0;
    // Stream 7 of nd_random is dropout; the step and the place count.
    const nd_hash key =
        nd_hash_more((nd_hash){call->seed, 7}, &set->stream, sizeof set->stream);
    for (int64_t d = nn_cut(draws, thread, threads);
         d < nn_cut(draws, thread + 1, threads); d++) {
        uint32_t random[4];
        nd_random(key.a + (uint64_t)call->step * 0x9E3779B97F4A7C15u, (uint64_t)d,
                  random);
        for (int64_t i = 4 * d; i < 4 * d + 4 && i < count; i++) {
            const bool is_kept = (double)random[i % 4] * 0x1p-32 >= set->drop;
            y[i] = is_kept ? (NN_REAL)((double)x[i] * scale) : 0;
        }
    }
}

nd_status NN_NAME(dropout)(const nn_call *call)
{
    nn_team(call->threads, part, (void *)(uintptr_t)call);
    return ND_OK;
}
