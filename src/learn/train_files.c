// SPDX-License-Identifier: Apache-2.0
// The small files of a run: what it was made of, and after each epoch what to look at.
#include "learn/loop.h"
#include <math.h>
#include <nadir/colour.h>
#include <nadir/file.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// ---- Once.
static void env_facts(const nd_train *t, nd_json_out *out)
{
    char host[200] = "", folder[4096] = "", day[32], hash[33];
    struct tm parts;
    const time_t now = time(NULL);
    (void)gethostname(host, sizeof host - 1);
    (void)gmtime_r(&now, &parts);
    (void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%SZ", &parts);
    nd_json_text(out, "version", NADIR_VERSION);
    nd_json_text(out, "command", t->ask.command);
    nd_json_text(out, "folder", getcwd(folder, sizeof folder) ? folder : NULL);
    nd_json_text(out, "recipe", t->recipe->path);
    nd_json_text(out, "started", day);
    nd_json_text(out, "host", host);
    nd_json_whole(out, "cores", nd_cores());
    nd_json_whole(out, "threads", nd_net_threads(t->net));
    nd_json_text(out, "backend", nd_net_backend(t->net));
    nd_json_text(out, "compute", nd_dtype_name(nd_net_compute(t->net)));
    nd_json_whole(out, "parameters", nd_net_parameters(t->net));
    nd_json_text(out, "split", nd_dataset_proof(t->data));
    nd_hash_print(t->state.data, hash);
    nd_json_text(out, "data_hash", hash);
    nd_hash_print(t->state.recipe, hash);
    nd_json_text(out, "recipe_hash", hash);
}

static nd_status put_env(const nd_train *t, nd_arena *arena)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    env_facts(t, &out);
    nd_json_close(&out, '}');
    nd_buffer_put(&text, "\n", 1);
    return learn_file_text(learn_run_file(&t->run, arena, "env.json"), &text);
}

static void print_classes(const nd_train *t, nd_json_out *out, const char *key)
{
    int count;
    const nd_card_class *class = nd_dataset_classes(t->data, &count);
    nd_json_open(out, key, '[');
    for (int k = 0; k < count; k++) {
        char colour[8];
        snprintf(colour, sizeof colour, "#%06x", class[k].colour >> 8);
        nd_json_open(out, NULL, '{');
        nd_json_whole(out, "value", class[k].value);
        nd_json_text(out, "name", class[k].name);
        nd_json_text(out, "color", colour);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
}

static nd_status put_classes(const nd_train *t, nd_arena *arena)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    print_classes(t, &out, NULL);
    nd_buffer_put(&text, "\n", 1);
    return learn_file_text(learn_run_file(&t->run, arena, "classes.json"), &text);
}

static nd_status put_recipes(const nd_train *t, nd_arena *arena)
{
    nd_buffer text = {.arena = arena};
    ND_TRY(nd_recipe_print(t->recipe, true, &text));
    ND_TRY(learn_file_text(learn_run_file(&t->run, arena, "resolved.yaml"), &text));
    const char *path = learn_run_file(&t->run, arena, "config.yaml");
    return path ? nd_file_write(path, t->config, strlen(t->config)) : ND_E_MEMORY;
}

static nd_status put_bad(const nd_train *t, nd_arena *arena)
{
    int64_t count;
    const char *const *bad = nd_dataset_bad(t->data, &count);
    nd_buffer text = {.arena = arena};
    for (int64_t i = 0; i < count; i++) nd_buffer_add(&text, "%s\n", bad[i]);
    if (!count) return ND_OK;
    return learn_file_text(learn_run_file(&t->run, arena, "bad.txt"), &text);
}

static nd_status put_all(const nd_train *t, nd_arena *arena)
{
    const char *split = learn_run_file(&t->run, arena, "split.tsv");
    if (!split) return ND_E_MEMORY;
    ND_TRY(put_env(t, arena));
    ND_TRY(put_classes(t, arena));
    ND_TRY(put_recipes(t, arena));
    ND_TRY(put_bad(t, arena));
    ND_TRY(learn_stats(t, arena));
    return nd_dataset_write_split(t->data, split);
}

nd_status learn_files_begin(nd_train *train)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = put_all(train, arena);
    nd_arena_free(arena);
    return status;
}

// ---- After each epoch.
static nd_status put_confusion(const nd_train *t, nd_arena *arena,
                               const learn_check *check)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_whole(&out, "epoch", t->state.epoch);
    print_classes(t, &out, "classes");
    nd_json_open(&out, "matrix", '[');
    for (int j = 0; j < t->classes; j++) {
        nd_json_open(&out, NULL, '[');
        for (int k = 0; k < t->classes; k++)
            nd_json_real(&out, NULL, check->confusion->count[j * t->classes + k]);
        nd_json_close(&out, ']');
    }
    nd_json_close(&out, ']');
    nd_json_real(&out, "n", check->score.n);
    nd_json_real(&out, "accuracy", check->score.accuracy);
    nd_json_open(&out, "ci95", '[');
    nd_json_real(&out, NULL, check->score.low);
    nd_json_real(&out, NULL, check->score.high);
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    nd_buffer_put(&text, "\n", 1);
    return learn_file_show(learn_run_file(&t->run, arena, "confusion.json"), &text);
}

// Classes of a mask as colours into one of the panels; what is ignored stays grey.
static uint32_t colour_of(const nd_train *t, int k)
{
    int count;
    const nd_card_class *class = nd_dataset_classes(t->data, &count);
    const nd_ramp *ramp = &nd_ramps[1]; // viridis
    if (t->value && k < 255) return nd_ramp_at(ramp, k / 254.0);
    return k < count ? class[k].colour : 0x808080FF;
}

static void paint_mask(const nd_train *t, const uint8_t *mask, uint8_t *to, int stride)
{
    for (int y = 0; y < t->height; y++)
        for (int x = 0; x < t->width; x++) {
            const uint32_t c = colour_of(t, mask[y * t->width + x]);
            uint8_t *p = to + (size_t)y * (size_t)stride + 3 * (size_t)x;
            p[0] = (uint8_t)(c >> 24), p[1] = (uint8_t)(c >> 16),
            p[2] = (uint8_t)(c >> 8);
        }
}

// The picture; of masks, its label and the prediction beside it.
static nd_status put_picture(const nd_train *t, nd_work *work, const learn_shown *shown,
                             const char *path)
{
    const int panels = t->is_mask ? 3 : 1, stride = 3 * t->width * panels;
    const size_t row = 3 * (size_t)t->width;
    uint8_t *rgb = nd_alloc(work->arena, (size_t)t->height, row);
    uint8_t *all = nd_alloc(work->arena, (size_t)t->height, (size_t)stride);
    const uint8_t *bytes;
    size_t count;
    if (!rgb || !all) return ND_E_MEMORY;
    ND_TRY(nd_dataset_look(t->data, work, ND_VALID, 0, shown->index, rgb));
    for (int y = 0; y < t->height; y++)
        memcpy(all + (size_t)y * (size_t)stride, rgb + (size_t)y * row, row);
    if (t->is_mask) {
        paint_mask(t, shown->truth_mask, all + row, stride);
        paint_mask(t, shown->mask, all + 2 * row, stride);
    }
    const nd_picture picture = {.width = t->width * panels,
                                .height = t->height,
                                .channels = 3,
                                .pixel = all,
                                .stride = stride};
    ND_TRY(nd_png_make(work->arena, &picture, 1, &bytes, &count));
    return nd_file_show(path, bytes, count);
}

static const char *class_name(const nd_train *t, int64_t k)
{
    int count;
    const nd_card_class *class = nd_dataset_classes(t->data, &count);
    return k >= 0 && k < count ? class[k].name : NULL;
}

static void print_shown(const nd_train *t, const learn_shown *s, const char *picture,
                        nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "picture", picture);
    nd_json_text(out, "name", s->place.name);
    nd_json_text(out, "truth", class_name(t, s->truth));
    nd_json_text(out, "prediction", class_name(t, s->prediction));
    nd_json_real(out, "confidence", s->confidence);
    nd_json_real(out, "loss", s->loss);
    if (t->is_mask) nd_json_real(out, t->value ? "rmse" : "right", s->right);
    nd_json_real(out, "x", s->place.crs ? s->place.x : (double)NAN);
    nd_json_real(out, "y", s->place.crs ? s->place.y : (double)NAN);
    nd_json_text(out, "crs", s->place.crs);
    nd_json_close(out, '}');
}

static nd_status put_shown(const nd_train *t, nd_arena *arena, const learn_shown *shown,
                           int count, const char *file)
{
    nd_work work = {.arena = arena};
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_whole(&out, "epoch", t->state.epoch);
    nd_json_open(&out, "rows", '[');
    for (int i = 0; i < count; i++) {
        const char *picture =
            nd_text(arena, "pictures/%04lld.png", (long long)shown[i].index);
        const char *path = picture ? learn_run_file(&t->run, arena, picture) : NULL;
        if (!path) return ND_E_MEMORY;
        // Of pictures it never changes, of masks with each epoch.
        if (t->is_mask || access(path, F_OK) != 0)
            ND_TRY(put_picture(t, &work, &shown[i], path));
        print_shown(t, &shown[i], picture, &out);
    }
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    nd_buffer_put(&text, "\n", 1);
    return learn_file_show(learn_run_file(&t->run, arena, file), &text);
}

nd_status learn_files_epoch(nd_train *train, const learn_check *check)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    nd_status status = train->value ? ND_OK : put_confusion(train, arena, check);
    if (status == ND_OK)
        status = put_shown(train, arena, check->sample, check->samples, "sample.json");
    if (status == ND_OK)
        status = put_shown(train, arena, check->worst, check->worsts, "worst.json");
    nd_arena_free(arena);
    return status;
}
