// SPDX-License-Identifier: Apache-2.0
// A model card as JSON, so that reading it gives the same card.
#include "weights/card.h"
#include <math.h>
#include <stdio.h>

// The depth is the parser's, which has a bound.
void weights_json_again(const nd_json *json, const char *key, nd_json_out *out)
{
    switch (json->kind) {
    case ND_JSON_TEXT: nd_json_text(out, key, json->text); break;
    case ND_JSON_NUMBER: nd_json_real(out, key, json->number); break;
    case ND_JSON_BOOL: nd_json_bool(out, key, json->number > 0); break;
    case ND_JSON_NULL: nd_json_null(out, key); break;
    default: {
        const bool is_list = json->kind == ND_JSON_LIST;
        nd_json_open(out, key, is_list ? '[' : '{');
        for (const nd_json *m = json->first; m; m = m->next)
            weights_json_again(m, is_list ? NULL : m->key, out);
        nd_json_close(out, is_list ? ']' : '}');
    }
    }
}

static void maybe_text(nd_json_out *out, const char *key, const char *value)
{
    if (value) nd_json_text(out, key, value);
}

static void print_band(const nd_card_band *b, const char *key, nd_json_out *out)
{
    nd_json_open(out, key, '{');
    nd_json_text(out, "name", b->name);
    maybe_text(out, "unit", b->unit);
    maybe_text(out, "kind", b->kind);
    if (b->wavelength_nm > 0) nd_json_real(out, "wavelength_nm", b->wavelength_nm);
    nd_json_open(out, "p", '[');
    nd_json_real(out, NULL, b->p2);
    nd_json_real(out, NULL, b->p50);
    nd_json_real(out, NULL, b->p98);
    nd_json_close(out, ']');
    nd_json_open(out, "scale", '[');
    for (int i = 0; i < b->steps; i++) {
        const weights_scaling *s = &weights_scalings[b->step[i].how];
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "type", s->type);
        nd_json_real(out, s->key[0], b->step[i].a);
        if (s->key[1]) nd_json_real(out, s->key[1], b->step[i].b);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

static void print_input(const nd_card *card, nd_json_out *out)
{
    nd_json_open(out, "input", '{');
    nd_json_open(out, "bands", '[');
    for (int i = 0; i < card->bands; i++) print_band(&card->band[i], NULL, out);
    nd_json_close(out, ']');
    nd_json_real(out, "pixel_m", card->pixel_m);
    nd_json_text(out, "nodata", "any");
    nd_json_whole(out, "fill", 0);
    nd_json_text(out, "dtype", "float32");
    maybe_text(out, "level", card->level);
    nd_json_open(out, "sensor", '[');
    for (int i = 0; i < card->sensors; i++) nd_json_text(out, NULL, card->sensor[i]);
    nd_json_close(out, ']');
    nd_json_whole(out, "patch", card->patch);
    nd_json_open(out, "tile", '{');
    nd_json_whole(out, "multiple", card->multiple);
    nd_json_real(out, "radius", card->radius);
    nd_json_close(out, '}');
    nd_json_close(out, '}');
}

static void print_output(const nd_card *card, nd_json_out *out)
{
    nd_json_open(out, "output", '{');
    nd_json_open(out, "classes", '[');
    for (int i = 0; i < card->class_count; i++) {
        const nd_card_class *c = &card->classes[i];
        char colour[8];
        nd_json_open(out, NULL, '{');
        nd_json_whole(out, "value", c->value);
        nd_json_text(out, "name", c->name);
        (void)snprintf(colour, sizeof colour, "#%06x", c->colour >> 8);
        if (c->colour) nd_json_text(out, "color", colour);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    if (card->value) print_band(card->value, "value", out);
    maybe_text(out, "activation", card->activation);
    nd_json_real(out, "temperature", card->temperature > 0 ? card->temperature : 1);
    nd_json_close(out, '}');
}

nd_status nd_card_print(const nd_card *card, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_whole(out, "v", 1);
    maybe_text(out, "task", card->task);
    maybe_text(out, "name", card->name);
    maybe_text(out, "version", card->version);
    if (card->model) {
        nd_json_open(out, "model", '{');
        nd_json_text(out, "name", card->model);
        nd_json_raw(out, "settings", card->model_settings ? card->model_settings : "{}");
        nd_json_close(out, '}');
    }
    print_input(card, out);
    print_output(card, out);
    if (card->train) nd_json_raw(out, "train", card->train);
    if (card->metrics) nd_json_raw(out, "metrics", card->metrics);
    maybe_text(out, "licence", card->licence);
    maybe_text(out, "notes", card->notes);
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}
