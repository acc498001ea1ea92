// SPDX-License-Identifier: Apache-2.0
// What a checkpoint holds, in words and as JSON.
#include "weights/weights.h"
#include <string.h>

static long long numbers(const nd_weights *w)
{
    long long all = 0;
    for (int i = 0; i < w->count; i++) all += nd_shape_count(w->weight[i].shape);
    return all;
}

// Names are the file's: they must not steer the terminal.
static void put_name(nd_buffer *text, const char *name, int width)
{
    int letters = 0;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        const bool is_control =
            *c < ' ' || *c == 0x7F || (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0);
        letters += (*c & 0xC0) != 0x80;
        nd_buffer_put(text, is_control ? "?" : (const char *)c, 1);
        if (is_control && *c == 0xC2) c++;
    }
    nd_buffer_add(text, "%*s", width > letters ? width - letters : 0, "");
}

static int width_of(const nd_weights *w)
{
    enum { WIDEST = 60 };
    int width = 0;
    for (int i = 0; i < w->count; i++) {
        const int length = (int)strlen(w->weight[i].name);
        if (length > width && length <= WIDEST) width = length;
    }
    return width;
}

static void put_lines(const nd_weights *w, nd_buffer *text)
{
    if (w->skips) nd_buffer_add(text, "%s\n", nd_gettext("not taken:"));
    for (int i = 0; i < w->skips; i++) {
        nd_buffer_add(text, "  ");
        put_name(text, w->skipped[i].name, 0);
        nd_buffer_add(text, ": ");
        put_name(text, w->skipped[i].reason, 0);
        nd_buffer_add(text, "\n");
    }
    if (w->foreigns)
        nd_buffer_add(text, "%s\n", nd_gettext("named by the file, not looked up:"));
    for (int i = 0; i < w->foreigns; i++) {
        nd_buffer_add(text, "  ");
        put_name(text, w->foreign[i], 0);
        nd_buffer_add(text, "\n");
    }
    for (int i = 0; i < w->notes; i++) {
        put_name(text, w->note[i], 0);
        nd_buffer_add(text, "\n");
    }
    if (w->card) {
        nd_buffer_add(text, "%s\n  ", nd_gettext("card:"));
        put_name(text, w->card, 0);
        nd_buffer_add(text, "\n");
    }
}

nd_status nd_weights_print(const nd_weights *w, nd_buffer *text)
{
    const int width = width_of(w);
    nd_buffer_add(text, nd_gettext("%s, %d tensors, %lld numbers\n"), w->format, w->count,
                  numbers(w));
    for (int i = 0; i < w->count; i++) {
        const nd_weight *t = &w->weight[i];
        nd_buffer_add(text, "  ");
        put_name(text, t->name, width);
        nd_buffer_add(text, t->shape.rank ? "  %-8s " : "  %s", nd_stored_name(t->type));
        for (int d = 0; d < t->shape.rank; d++)
            nd_buffer_add(text, "%s%lld", d ? " x " : " ", (long long)t->shape.dim[d]);
        nd_buffer_add(text, "\n");
    }
    put_lines(w, text);
    return nd_buffer_text(text) ? ND_OK : ND_E_MEMORY;
}

static void texts(nd_json_out *out, const char *key, const char *const *text, int count)
{
    nd_json_open(out, key, '[');
    for (int i = 0; i < count; i++) nd_json_text(out, NULL, text[i]);
    nd_json_close(out, ']');
}

nd_status nd_weights_describe(const nd_weights *w, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "format", w->format);
    nd_json_whole(out, "numbers", numbers(w));
    nd_json_open(out, "tensors", '[');
    for (int i = 0; i < w->count; i++) {
        const nd_weight *t = &w->weight[i];
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", t->name);
        nd_json_text(out, "dtype", nd_stored_name(t->type));
        nd_json_open(out, "shape", '[');
        for (int d = 0; d < t->shape.rank; d++) nd_json_whole(out, NULL, t->shape.dim[d]);
        nd_json_close(out, ']');
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_open(out, "skipped", '[');
    for (int i = 0; i < w->skips; i++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", w->skipped[i].name);
        nd_json_text(out, "reason", w->skipped[i].reason);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    texts(out, "notes", w->note, w->notes);
    texts(out, "foreign", w->foreign, w->foreigns);
    if (w->card)
        nd_json_raw(out, "card", w->card);
    else
        nd_json_null(out, "card");
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}
