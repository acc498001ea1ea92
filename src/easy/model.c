// SPDX-License-Identifier: Apache-2.0
// A trained model behind a handle.
#include "easy/easy.h"
#include <nadir/predictor.h>
#include <string.h>

struct nd_easy_model {
    nd_arena *arena;
    nd_predictor *with;
    const char *card;
};

static nd_status open(nd_easy_model *m, const char *path)
{
    m->with = nd_predictor_open(m->arena, path, 0);
    if (!m->with) return nd_error_code();
    nd_buffer text = {.arena = m->arena};
    ND_TRY(nd_card_print(nd_predictor_card(m->with), &(nd_json_out){.to = &text}));
    m->card = nd_buffer_text(&text);
    return m->card ? ND_OK : nd_error_code();
}

nd_easy_model *nd_easy_model_open(const char *path)
{
    nd_arena *arena = nd_arena_new();
    nd_easy_model *m = arena ? nd_alloc(arena, 1, sizeof *m) : NULL;
    if (!m) {
        if (arena) nd_arena_free(arena);
        return easy_null(ND_E_MEMORY);
    }
    m->arena = arena;
    const nd_status status = open(m, path);
    if (status == ND_OK) return m;
    nd_arena_free(arena);
    return easy_null(status);
}

void nd_easy_model_close(nd_easy_model *model)
{
    if (model) nd_arena_free(model->arena);
}

const char *nd_easy_model_card(nd_easy_model *model)
{
    return model->card;
}

int nd_easy_model_outputs(nd_easy_model *model)
{
    return nd_predictor_outputs(model->with);
}

bool nd_easy_model_is_mask(nd_easy_model *model)
{
    return nd_predictor_is_mask(model->with);
}

int nd_easy_predict(nd_easy_model *model, const float *x, int count, int side, float *out)
{
    const size_t each =
        (size_t)nd_predictor_card(model->with)->bands * (size_t)side * (size_t)side;
    nd_arena *scratch = nd_arena_new();
    float *copy =
        scratch ? nd_alloc_raw(scratch, each * (size_t)count, sizeof *copy) : NULL;
    nd_status status = ND_E_MEMORY;
    if (copy) {
        memcpy(copy, x, each * (size_t)count * sizeof *copy);
        status = nd_predictor_run(
            model->with,
            &(nd_windows){
                .x = copy, .count = count, .side = side, .symmetries = 1, .is_raw = true},
            out);
    }
    if (scratch) nd_arena_free(scratch);
    return easy_failed(status);
}
