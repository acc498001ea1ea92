// SPDX-License-Identifier: Apache-2.0
// A model card from its JSON: every member checked, wrong ones named with their path.
#include "weights/card.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const weights_scaling weights_scalings[] = {
    [ND_CLIP] = {"clip", {"minimum", "maximum"}},
    [ND_SCALE_BY] = {"scale", {"value", NULL}},
    [ND_OFFSET] = {"offset", {"value", NULL}},
    [ND_MIN_MAX] = {"min-max", {"minimum", "maximum"}},
    [ND_Z_SCORE] = {"z-score", {"mean", "stddev"}},
    [ND_LOG] = {"log", {"minimum", NULL}},
};
enum { SCALINGS = ND_LOG + 1, MOST = 100000 };

typedef struct reading {
    nd_arena *arena;
    nd_status status; // the first failure
    char path[128];   // where in the card
} reading;

static void wrong(reading *r, const nd_json *at, const char *key, const char *want)
{
    if (r->status != ND_OK) return;
    r->status = nd_fail(ND_E_DATA,
                        "the model card's %s%s%s (line %d, column %d) is not %s\n"
                        "mend the card",
                        r->path, *r->path && key ? "." : "", key ? key : "", at->line,
                        at->column, want);
}

static const nd_json *member(reading *r, const nd_json *in, const char *key,
                             nd_json_kind kind, const char *want)
{
    const nd_json *m = in ? nd_json_member(in, key) : NULL;
    if (!m || m->kind == ND_JSON_NULL) return NULL;
    if (m->kind == kind) return m;
    wrong(r, m, key, want);
    return NULL;
}

static const char *text(reading *r, const nd_json *in, const char *key)
{
    const nd_json *m = member(r, in, key, ND_JSON_TEXT, "a text");
    const char *copy = m ? nd_text(r->arena, "%s", m->text) : NULL;
    if (m && !copy) r->status = ND_E_MEMORY;
    return copy;
}

static double number(reading *r, const nd_json *in, const char *key, double otherwise)
{
    const nd_json *m = member(r, in, key, ND_JSON_NUMBER, "a number");
    return m ? m->number : otherwise;
}

static int whole(reading *r, const nd_json *in, const char *key)
{
    const nd_json *m = member(r, in, key, ND_JSON_NUMBER, "a number");
    if (!m) return 0;
    if (m->number >= 0 && m->number <= MOST && floor(m->number) >= m->number)
        return (int)m->number;
    wrong(r, m, key, "a whole number from 0 to 100 000");
    return 0;
}

static void list(reading *r, const nd_json *in, const char *key, const nd_json **first,
                 int *count)
{
    const nd_json *m = member(r, in, key, ND_JSON_LIST, "a list");
    *first = m ? m->first : NULL, *count = 0;
    if (!m) return;
    if (m->count > 1024)
        wrong(r, m, key, "a list of at most 1024");
    else
        *count = (int)m->count;
}

static void read_step(reading *r, const nd_json *j, nd_scale_step *step)
{
    const char *type = j->kind == ND_JSON_OBJECT ? text(r, j, "type") : NULL;
    int how = 0;
    while (how < SCALINGS && type && strcmp(type, weights_scalings[how].type)) how++;
    if (!type || how == SCALINGS) {
        wrong(r, j, "type", "clip, scale, offset, min-max, z-score or log");
        return;
    }
    const weights_scaling *s = &weights_scalings[how];
    *step = (nd_scale_step){(nd_scaling)how, number(r, j, s->key[0], (double)NAN),
                            s->key[1] ? number(r, j, s->key[1], (double)NAN) : 0};
    const bool divides = how == ND_SCALE_BY  ? !(fabs(step->a) > 0)
                         : how == ND_Z_SCORE ? !(fabs(step->b) > 0)
                         : how == ND_MIN_MAX ? !(fabs(step->b - step->a) > 0)
                                             : false;
    if (isnan(step->a) || isnan(step->b) || divides)
        wrong(r, j, s->key[0], "given, or divides by nothing");
}

static void read_band(reading *r, const nd_json *j, nd_card_band *band)
{
    const nd_json *p, *step;
    int points, steps;
    *band = (nd_card_band){.name = text(r, j, "name"),
                           .unit = text(r, j, "unit"),
                           .kind = text(r, j, "kind"),
                           .wavelength_nm = number(r, j, "wavelength_nm", 0),
                           .p2 = (double)NAN,
                           .p50 = (double)NAN,
                           .p98 = (double)NAN};
    if (!band->name) wrong(r, j, "name", "given");
    list(r, j, "p", &p, &points);
    double *const to[] = {&band->p2, &band->p50, &band->p98};
    for (int i = 0; i < points && i < 3; i++, p = p->next)
        if (p->kind == ND_JSON_NUMBER) *to[i] = p->number;
    list(r, j, "scale", &step, &steps);
    nd_scale_step *all = nd_alloc(r->arena, (size_t)steps + 1, sizeof *all);
    if (!all) {
        r->status = ND_E_MEMORY;
        return;
    }
    for (int i = 0; i < steps; i++, step = step->next) read_step(r, step, &all[i]);
    band->step = all, band->steps = steps;
}

static void read_input(reading *r, const nd_json *in, nd_card *card)
{
    const nd_json *b, *s, *tile = member(r, in, "tile", ND_JSON_OBJECT, "an object");
    list(r, in, "bands", &b, &card->bands);
    list(r, in, "sensor", &s, &card->sensors);
    nd_card_band *band = nd_alloc(r->arena, (size_t)card->bands + 1, sizeof *band);
    const char **sensor = nd_alloc(r->arena, (size_t)card->sensors + 1, sizeof *sensor);
    if (!band || !sensor) {
        r->status = ND_E_MEMORY;
        return;
    }
    for (int i = 0; i < card->bands; i++, b = b->next) {
        (void)snprintf(r->path, sizeof r->path, "input.bands[%d]", i);
        read_band(r, b, &band[i]);
    }
    (void)snprintf(r->path, sizeof r->path, "input");
    for (int i = 0; i < card->sensors; i++, s = s->next)
        sensor[i] = nd_text(r->arena, "%s", s->kind == ND_JSON_TEXT ? s->text : "");
    card->band = band, card->sensor = sensor;
    card->pixel_m = number(r, in, "pixel_m", 0);
    card->patch = whole(r, in, "patch");
    card->level = text(r, in, "level");
    card->multiple = whole(r, tile, "multiple");
    card->radius = number(r, tile, "radius", 0);
    if (!card->bands && r->status == ND_OK)
        r->status = nd_fail(ND_E_DATA, "the model card has no input.bands\n"
                                       "say which bands the model takes");
}

static uint32_t colour(reading *r, const nd_json *j)
{
    const nd_json *m = member(r, j, "color", ND_JSON_TEXT, "a text");
    if (!m) return 0;
    uint32_t rgb = 0;
    bool is_fine = strlen(m->text) == 7 && m->text[0] == '#';
    for (int i = 1; is_fine && i < 7; i++) {
        const char c = m->text[i], low = (char)(c | 32);
        is_fine = (c >= '0' && c <= '9') || (low >= 'a' && low <= 'f');
        rgb = rgb << 4 | (uint32_t)(c <= '9' ? c - '0' : low - 'a' + 10);
    }
    if (!is_fine) wrong(r, m, "color", "a colour like #2060c0");
    return is_fine ? rgb << 8 | 0xFF : 0;
}

static void read_value(reading *r, const nd_json *out, nd_card *card)
{
    const nd_json *j = member(r, out, "value", ND_JSON_OBJECT, "an object");
    nd_card_band *value = j ? nd_alloc(r->arena, 1, sizeof *value) : NULL;
    if (!j) return;
    if (card->class_count) wrong(r, j, "value", "right beside classes");
    if (!value) r->status = ND_E_MEMORY;
    if (r->status != ND_OK) return;
    (void)snprintf(r->path, sizeof r->path, "output.value");
    read_band(r, j, value);
    (void)snprintf(r->path, sizeof r->path, "output");
    card->value = value;
}

static void read_output(reading *r, const nd_json *out, nd_card *card)
{
    const nd_json *c;
    list(r, out, "classes", &c, &card->class_count);
    nd_card_class *class =
        nd_alloc(r->arena, (size_t)card->class_count + 1, sizeof *class);
    if (!class) {
        r->status = ND_E_MEMORY;
        return;
    }
    for (int i = 0; i < card->class_count; i++, c = c->next) {
        (void)snprintf(r->path, sizeof r->path, "output.classes[%d]", i);
        class[i] =
            (nd_card_class){whole(r, c, "value"), text(r, c, "name"), colour(r, c)};
        if (!class[i].name) wrong(r, c, "name", "given");
    }
    (void)snprintf(r->path, sizeof r->path, "output");
    card->classes = class;
    read_value(r, out, card);
    card->activation = text(r, out, "activation");
    card->temperature = number(r, out, "temperature", 1);
    if (!(card->temperature > 0)) wrong(r, out, "temperature", "above 0");
}

// A part as JSON text of its own.
static const char *again(reading *r, const nd_json *in, const char *key)
{
    const nd_json *m = in ? nd_json_member(in, key) : NULL;
    if (!m || m->kind != ND_JSON_OBJECT) return NULL;
    nd_buffer to = {.arena = r->arena};
    weights_json_again(m, NULL, &(nd_json_out){.to = &to});
    const char *printed = nd_buffer_text(&to);
    if (!printed) r->status = ND_E_MEMORY;
    return printed;
}

nd_card *nd_card_parse(nd_arena *arena, const char *json)
{
    nd_card *card = nd_alloc(arena, 1, sizeof *card);
    const nd_json *all = card ? nd_json_parse(arena, json, strlen(json)) : NULL;
    if (!all) return NULL;
    reading r = {.arena = arena};
    if (all->kind != ND_JSON_OBJECT) wrong(&r, all, NULL, "an object");
    const nd_json *model = nd_json_member(all, "model");
    *card = (nd_card){.task = text(&r, all, "task"),
                      .name = text(&r, all, "name"),
                      .version = text(&r, all, "version"),
                      .licence = text(&r, all, "licence"),
                      .notes = text(&r, all, "notes"),
                      .train = again(&r, all, "train"),
                      .metrics = again(&r, all, "metrics")};
    if (model && model->kind == ND_JSON_OBJECT) {
        card->model = text(&r, model, "name");
        card->model_settings = again(&r, model, "settings");
    }
    if (!card->name) card->name = "the model";
    const nd_json *in = member(&r, all, "input", ND_JSON_OBJECT, "an object");
    if (r.status == ND_OK) read_input(&r, in, card);
    if (r.status == ND_OK)
        read_output(&r, member(&r, all, "output", ND_JSON_OBJECT, "an object"), card);
    return r.status == ND_OK ? card : NULL;
}

float nd_card_scale(const nd_card_band *band, float value)
{
    double x = (double)value;
    for (int i = 0; i < band->steps; i++) {
        const nd_scale_step *s = &band->step[i];
        switch (s->how) {
        case ND_CLIP: x = x < s->a ? s->a : x > s->b ? s->b : x; break;
        case ND_SCALE_BY: x /= s->a; break;
        case ND_OFFSET: x -= s->a; break;
        case ND_MIN_MAX: x = (x - s->a) / (s->b - s->a); break;
        case ND_Z_SCORE: x = (x - s->a) / s->b; break;
        default: x = 10 * log10(x > s->a ? x : s->a); break;
        }
    }
    return (float)x;
}

float nd_card_unscale(const nd_card_band *band, float value)
{
    double x = (double)value;
    for (int i = band->steps - 1; i >= 0; i--) {
        const nd_scale_step *s = &band->step[i];
        switch (s->how) {
        case ND_CLIP: break;
        case ND_SCALE_BY: x *= s->a; break;
        case ND_OFFSET: x += s->a; break;
        case ND_MIN_MAX: x = x * (s->b - s->a) + s->a; break;
        case ND_Z_SCORE: x = x * s->b + s->a; break;
        default: x = pow(10, x / 10); break;
        }
    }
    return (float)x;
}
