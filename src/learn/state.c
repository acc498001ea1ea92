// SPDX-License-Identifier: Apache-2.0
// The state of a run as one safetensors file: weights, moments, averages, and the few
// numbers that the loop itself remembers.
#include "learn/loop.h"
#include <math.h>
#include <nadir/file.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char numbers[] = "nadir.state"; // the name of the scalars among the tensors
static const char hardness[] = "data.hardness"; // of training examples, where it is kept

// ---- The scalars as JSON: a row for each, read and written alike.
typedef enum kind { WHOLE, WHOLE64, REAL, TRUTH } kind;
typedef struct row {
    const char *name;
    kind kind;
    size_t offset;
} row;
#define ROW(member, kind)                                                                \
    {                                                                                    \
#member, kind, offsetof(learn_state, member)                                     \
    }
static const row rows[] = {
    ROW(step, WHOLE64),  ROW(total, WHOLE64),      ROW(batch, WHOLE64),
    ROW(epoch, WHOLE),   ROW(epochs, WHOLE),       ROW(rate, REAL),
    ROW(best, REAL),     ROW(best_epoch, WHOLE),   ROW(worse, WHOLE),
    ROW(skipped, WHOLE), ROW(best_is_ema, TRUTH),  ROW(is_done, TRUTH),
    ROW(loss_sum, REAL), ROW(loss_count, WHOLE64), ROW(cpu_s, REAL),
    ROW(wall_s, REAL),
};

static nd_status print(const learn_state *state, nd_buffer *text)
{
    nd_json_out out = {.to = text};
    char hash[33];
    nd_json_open(&out, NULL, '{');
    nd_json_whole(&out, "v", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const void *at = (const char *)state + rows[i].offset;
        switch (rows[i].kind) {
        case WHOLE: nd_json_whole(&out, rows[i].name, *(const int *)at); break;
        case WHOLE64: nd_json_whole(&out, rows[i].name, *(const int64_t *)at); break;
        case REAL: nd_json_real(&out, rows[i].name, *(const double *)at); break;
        case TRUTH: nd_json_bool(&out, rows[i].name, *(const bool *)at); break;
        }
    }
    nd_hash_print(state->data, hash);
    nd_json_text(&out, "data", hash);
    nd_hash_print(state->recipe, hash);
    nd_json_text(&out, "recipe", hash);
    nd_json_close(&out, '}');
    return nd_buffer_text(text) ? ND_OK : ND_E_MEMORY;
}

static nd_status broken(const char *path)
{
    return nd_fail(ND_E_DATA,
                   "%s is no state of a run, or a broken one\n"
                   "go on from an earlier one, or start anew",
                   path);
}

static nd_status parse(nd_arena *arena, const char *path, const nd_weight *weight,
                       learn_state *state)
{
    const size_t length = (size_t)nd_shape_count(weight->shape);
    const nd_json *all = nd_json_parse(arena, weight->data, length);
    if (!all || all->kind != ND_JSON_OBJECT) return broken(path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const nd_json *j = nd_json_member(all, rows[i].name);
        void *at = (char *)state + rows[i].offset;
        if (!j) return broken(path);
        // A number that is none was written as null.
        const double value = j->kind == ND_JSON_NULL ? (double)NAN : j->number;
        if (rows[i].kind != REAL && !(fabs(value) < 9e15)) return broken(path);
        switch (rows[i].kind) {
        case WHOLE: *(int *)at = fabs(value) < 2e9 ? (int)value : 0; break;
        case WHOLE64: *(int64_t *)at = (int64_t)value; break;
        case REAL: *(double *)at = value; break;
        case TRUTH: *(bool *)at = value != 0; break;
        }
    }
    const nd_json *data = nd_json_member(all, "data");
    const nd_json *recipe = nd_json_member(all, "recipe");
    if (!data || !data->text || !nd_hash_parse(data->text, &state->data) || !recipe ||
        !recipe->text || !nd_hash_parse(recipe->text, &state->recipe))
        return broken(path);
    return ND_OK;
}

// ---- All arrays under one numbering: the net's first, the optimiser's behind them.
static int count_all(const nd_train *train)
{
    return nd_net_count(train->net) + (train->optim ? nd_optim_count(train->optim) : 0);
}

static nd_named at_all(const nd_train *train, int at, const char **of)
{
    const int own = nd_net_count(train->net);
    *of = at < own ? "net" : "optim";
    return at < own ? nd_net_at(train->net, at) : nd_optim_at(train->optim, at - own);
}

static nd_stored stored_as(nd_dtype type)
{
    switch (type) {
    case ND_FLOAT64: return ND_STORED_F64;
    case ND_INT64: return ND_STORED_I64;
    case ND_BFLOAT16: return ND_STORED_BF16;
    case ND_UINT8: return ND_STORED_U8;
    default: return ND_STORED_F32;
    }
}

static nd_status list(nd_arena *arena, nd_train *train, nd_weight **all, int *count)
{
    const int arrays = count_all(train);
    nd_weight *w = nd_alloc(arena, (size_t)arrays + 2, sizeof *w);
    nd_buffer text = {.arena = arena};
    if (!w) return ND_E_MEMORY;
    ND_TRY(nd_net_pull(train->net));
    ND_TRY(nd_optim_pull(train->optim));
    for (int i = 0; i < arrays; i++) {
        const char *of;
        const nd_named one = at_all(train, i, &of);
        const char *name = nd_text(arena, "%s.%s", of, one.name);
        if (!name) return ND_E_MEMORY;
        w[i] = (nd_weight){name, stored_as(one.value.dtype), one.value.shape,
                           one.value.data};
    }
    ND_TRY(print(&train->state, &text));
    w[arrays] =
        (nd_weight){numbers, ND_STORED_U8, ND_SHAPE((int64_t)text.length), text.text};
    *all = w, *count = arrays + 1;
    int64_t told;
    float *hard = nd_dataset_hardness(train->data, &told);
    if (hard) w[(*count)++] = (nd_weight){hardness, ND_STORED_F32, ND_SHAPE(told), hard};
    return ND_OK;
}

// The one before stays until the new one is whole and on the disk, and beyond.
static nd_status save(nd_arena *arena, nd_train *train)
{
    nd_weight *all;
    int count;
    const char *next = learn_run_file(&train->run, arena, "state/next.safetensors");
    const char *last = learn_run_file(&train->run, arena, "state/last.safetensors");
    const char *before = learn_run_file(&train->run, arena, "state/previous.safetensors");
    if (!next || !last || !before) return ND_E_MEMORY;
    train->state.cpu_s = learn_cpu_seconds(train);
    train->state.wall_s = learn_seconds(train);
    train->began = nd_seconds(), train->cpu_began = nd_cpu_seconds();
    ND_TRY(list(arena, train, &all, &count));
    ND_TRY(nd_weights_save(next, all, count, NULL));
    (void)unlink(before);
    (void)link(last, before);
    return nd_file_move(next, last);
}

nd_status learn_state_save(nd_train *train)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = save(arena, train);
    nd_arena_free(arena);
    train->saved_at = nd_seconds();
    return status;
}

// ---- Back.
static nd_status take(const nd_weights *file, const char *path, const char *of,
                      const nd_named *one, nd_arena *arena)
{
    const char *name = nd_text(arena, "%s.%s", of, one->name);
    const int at = name ? nd_weights_find(file, name) : -1;
    if (!name) return ND_E_MEMORY;
    if (at < 0)
        return nd_fail(ND_E_DATA,
                       "%s has no %s\nit is of another recipe: start a run of its own",
                       path, name);
    return nd_weights_take(&file->weight[at], &one->value);
}

static nd_status take_hardness(const nd_weights *file, const char *path,
                               const nd_train *train)
{
    int64_t count;
    float *hard = nd_dataset_hardness(train->data, &count);
    if (!hard) return ND_OK;
    const int at = nd_weights_find(file, hardness);
    const nd_array to = {ND_FLOAT32, ND_SHAPE(count), hard};
    if (at >= 0) return nd_weights_take(&file->weight[at], &to);
    nd_say(
        ND_NOTE,
        "%s is from before losses of examples were kept: which are hard is learnt anew",
        path);
    return ND_OK;
}

static nd_status load(nd_arena *arena, nd_train *train, const char *path, bool is_fork)
{
    const nd_weights *file = nd_weights_open(arena, path);
    if (!file) return ND_E_DATA;
    const int at = nd_weights_find(file, numbers);
    if (at < 0 || file->weight[at].type != ND_STORED_U8) return broken(path);
    learn_state state = train->state;
    ND_TRY(parse(arena, path, &file->weight[at], &state));
    const int count = is_fork ? nd_net_count(train->net) : count_all(train);
    for (int i = 0; i < count; i++) {
        const char *of;
        const nd_named one = at_all(train, i, &of);
        ND_TRY(take(file, path, of, &one, arena));
    }
    ND_TRY(nd_net_push(train->net));
    if (is_fork) return ND_OK;
    ND_TRY(take_hardness(file, path, train));
    train->state = state;
    return nd_optim_push(train->optim);
}

nd_status learn_state_load(nd_train *train, const char *folder, bool is_fork)
{
    static const char *const names[] = {"last", "previous"};
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    nd_status status = ND_E_IO;
    for (size_t i = 0; status != ND_OK && i < sizeof names / sizeof *names; i++) {
        const char *path = nd_text(arena, "%s/state/%s.safetensors", folder, names[i]);
        if (!path) status = ND_E_MEMORY;
        if (!path || access(path, F_OK) != 0) continue;
        status = load(arena, train, path, is_fork);
    }
    if (status == ND_E_IO)
        status = nd_fail(ND_E_DATA,
                         "%s holds no state yet: it ended before the first was kept\n"
                         "remove it and start anew",
                         folder);
    nd_arena_free(arena);
    return status;
}

// ---- Copies in memory, for what is tried and taken back.
struct learn_copy {
    void **data;
    int count;
};

static size_t bytes_of(const nd_named *one)
{
    return (size_t)nd_shape_count(one->value.shape) * nd_dtype_bytes(one->value.dtype);
}

learn_copy *learn_copy_take(nd_arena *arena, nd_train *train)
{
    const int count = count_all(train);
    learn_copy *copy = nd_alloc(arena, 1, sizeof *copy);
    void **data = nd_alloc(arena, (size_t)count, sizeof *data);
    if (!copy || !data) return NULL;
    if (nd_net_pull(train->net) != ND_OK) return NULL;
    if (train->optim && nd_optim_pull(train->optim) != ND_OK) return NULL;
    *copy = (learn_copy){data, count};
    for (int i = 0; i < count; i++) {
        const char *of;
        const nd_named one = at_all(train, i, &of);
        data[i] = nd_alloc_raw(arena, bytes_of(&one) + 1, 1);
        if (!data[i]) return NULL;
        memcpy(data[i], one.value.data, bytes_of(&one));
    }
    return copy;
}

nd_status learn_copy_put(const learn_copy *copy, nd_train *train)
{
    for (int i = 0; i < copy->count; i++) {
        const char *of;
        const nd_named one = at_all(train, i, &of);
        memcpy(one.value.data, copy->data[i], bytes_of(&one));
    }
    ND_TRY(nd_net_push(train->net));
    return train->optim ? nd_optim_push(train->optim) : ND_OK;
}

nd_status learn_copy_put_some(const learn_copy *copy, nd_train *train,
                              const char *const *prefix, size_t count)
{
    ND_TRY(nd_net_pull(train->net));
    for (int i = 0; i < nd_net_count(train->net); i++) {
        const nd_named one = nd_net_at(train->net, i);
        for (size_t p = 0; p < count; p++)
            if (strncmp(one.name, prefix[p], strlen(prefix[p])) == 0)
                memcpy(one.value.data, copy->data[i], bytes_of(&one));
    }
    return nd_net_push(train->net);
}
