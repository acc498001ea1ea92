// SPDX-License-Identifier: Apache-2.0
// What a run writes about itself, taken member by member: nothing else reaches a page.
#include "dash/runs.h"
#include <string.h>

enum { MEMBERS = 64, CLASSES = 256, ROWS = 64, TESTS = 4096, LONGEST = 300 };

static const nd_json *member(const nd_json *json, const char *key, nd_json_kind kind)
{
    const nd_json *found =
        json && json->kind == ND_JSON_OBJECT ? nd_json_member(json, key) : NULL;
    return found && found->kind == kind ? found : NULL;
}

static void number(const nd_json *json, const char *key, nd_json_out *out)
{
    const nd_json *n = member(json, key, ND_JSON_NUMBER);
    if (n) nd_json_real(out, key, n->number);
}

static bool text(const nd_json *json, const char *key, nd_json_out *out)
{
    const nd_json *t = member(json, key, ND_JSON_TEXT);
    if (!t || strlen(t->text) > LONGEST) return false;
    nd_json_text(out, key, t->text);
    return true;
}

static bool numbers(const nd_json *list, const char *key, size_t most, nd_json_out *out)
{
    if (!list || list->count > most) return false;
    for (const nd_json *n = list->first; n; n = n->next)
        if (n->kind != ND_JSON_NUMBER && n->kind != ND_JSON_NULL) return false;
    nd_json_open(out, key, '[');
    for (const nd_json *n = list->first; n; n = n->next)
        nd_json_real(out, NULL, n->kind == ND_JSON_NUMBER ? n->number : (double)NAN);
    nd_json_close(out, ']');
    return true;
}

bool dash_print_status(const nd_json *json, nd_json_out *out)
{
    static const char *const figures[] = {"epoch", "epochs", "step",
                                          "steps", "eta_s",  "img_s"};
    if (!member(json, "state", ND_JSON_TEXT)) return false;
    nd_json_open(out, NULL, '{');
    (void)text(json, "state", out);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        number(json, figures[i], out);
    const nd_json *best = member(json, "best", ND_JSON_OBJECT);
    if (best) {
        nd_json_open(out, "best", '{');
        number(best, "epoch", out);
        number(best, "value", out);
        (void)text(best, "metric", out);
        nd_json_close(out, '}');
    }
    nd_json_close(out, '}');
    return true;
}

// Figures of one side: any names, numbers or short lists of them.
static void figures(const nd_json *json, const char *key, nd_json_out *out)
{
    const nd_json *side = member(json, key, ND_JSON_OBJECT);
    int count = 0;
    if (!side) return;
    nd_json_open(out, key, '{');
    for (const nd_json *f = side->first; f && count < MEMBERS; f = f->next) {
        if (!f->key || strlen(f->key) > 64) continue;
        if (f->kind == ND_JSON_NUMBER)
            nd_json_real(out, f->key, f->number), count++;
        else if (f->kind == ND_JSON_LIST)
            count += numbers(f, f->key, 8, out);
    }
    nd_json_close(out, '}');
}

bool dash_print_epoch(const nd_json *json, nd_json_out *out)
{
    if (!member(json, "epoch", ND_JSON_NUMBER)) return false;
    nd_json_open(out, NULL, '{');
    number(json, "epoch", out);
    number(json, "step", out);
    number(json, "seconds", out);
    number(json, "skipped", out);
    figures(json, "train", out);
    figures(json, "valid", out);
    figures(json, "ema", out);
    nd_json_close(out, '}');
    return true;
}

bool dash_print_note(const nd_json *json, nd_json_out *out)
{
    if (!member(json, "what", ND_JSON_TEXT)) return false;
    nd_json_open(out, NULL, '{');
    const bool is_short = text(json, "what", out);
    (void)text(json, "text", out);
    number(json, "step", out);
    number(json, "epoch", out);
    nd_json_close(out, '}');
    return is_short;
}

// "#a0b1c2", whether it was written as text or as a number.
static void colour(const nd_json *json, nd_json_out *out)
{
    const nd_json *t = member(json, "color", ND_JSON_TEXT);
    const nd_json *n = member(json, "color", ND_JSON_NUMBER);
    if (t && strlen(t->text) == 7 && *t->text == '#' &&
        strspn(t->text + 1, "0123456789abcdefABCDEF") == 6)
        nd_json_text(out, "color", t->text);
    else if (n && n->number >= 0 && n->number < 1 << 24)
        nd_json_text(out, "color", nd_text(out->to->arena, "#%06x", (unsigned)n->number));
}

static bool classes(const nd_json *list, nd_json_out *out)
{
    nd_json_open(out, "classes", '[');
    for (const nd_json *c = list->first; c; c = c->next) {
        nd_json_open(out, NULL, '{');
        if (!text(c, "name", out)) return false;
        colour(c, out);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    return true;
}

bool dash_print_confusion(const nd_json *json, nd_json_out *out)
{
    const nd_json *list = member(json, "classes", ND_JSON_LIST);
    const nd_json *matrix = member(json, "matrix", ND_JSON_LIST);
    if (!list || !matrix || !list->count || list->count > CLASSES ||
        matrix->count != list->count)
        return false;
    nd_json_open(out, NULL, '{');
    number(json, "epoch", out);
    number(json, "n", out);
    number(json, "accuracy", out);
    (void)numbers(member(json, "ci95", ND_JSON_LIST), "ci95", 2, out);
    if (!classes(list, out)) return false;
    nd_json_open(out, "matrix", '[');
    for (const nd_json *row = matrix->first; row; row = row->next)
        if (row->kind != ND_JSON_LIST || row->count != list->count ||
            !numbers(row, NULL, CLASSES, out))
            return false;
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    return true;
}

bool dash_print_rate(const nd_json *json, nd_json_out *out)
{
    const nd_json *rate = member(json, "rate", ND_JSON_LIST);
    const nd_json *loss = member(json, "loss", ND_JSON_LIST);
    const nd_json *smooth = member(json, "smooth", ND_JSON_LIST);
    const nd_json *found = member(json, "suggestion", ND_JSON_OBJECT);
    if (!rate || !loss || rate->count != loss->count) return false;
    nd_json_open(out, NULL, '{');
    if (!numbers(rate, "rate", TESTS, out) || !numbers(loss, "loss", TESTS, out))
        return false;
    if (smooth && smooth->count == rate->count)
        (void)numbers(smooth, "smooth", TESTS, out);
    if (found) {
        nd_json_open(out, "suggestion", '{');
        number(found, "valley", out);
        number(found, "steep", out);
        number(found, "minimum", out);
        number(found, "slide", out);
        nd_json_close(out, '}');
    }
    nd_json_close(out, '}');
    return true;
}

const char *dash_picture_name(const char *path)
{
    static const char folder[] = "pictures/";
    if (strncmp(path, folder, sizeof folder - 1) == 0) path += sizeof folder - 1;
    const size_t length = strlen(path);
    const bool is_name =
        length > 4 && length < 100 && *path != '.' && nd_text_ends(path, ".png") &&
        strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                     "_.-") == length;
    return is_name ? path : NULL;
}

// A class: its number, or its name.
static void class_of(const nd_json *json, const char *key, nd_json_out *out)
{
    if (!text(json, key, out)) number(json, key, out);
}

bool dash_print_pictures(const nd_json *json, dash_locate *locate, void *user,
                         nd_json_out *out)
{
    const nd_json *rows = member(json, "rows", ND_JSON_LIST);
    if (!rows || rows->count > ROWS) return false;
    nd_json_open(out, NULL, '{');
    number(json, "epoch", out);
    nd_json_open(out, "rows", '[');
    for (const nd_json *row = rows->first; row; row = row->next) {
        const nd_json *file = member(row, "picture", ND_JSON_TEXT);
        const nd_json *x = member(row, "x", ND_JSON_NUMBER);
        const nd_json *y = member(row, "y", ND_JSON_NUMBER);
        const nd_json *crs = member(row, "crs", ND_JSON_TEXT);
        const char *name = file ? dash_picture_name(file->text) : NULL;
        nd_json_open(out, NULL, '{');
        if (name) nd_json_text(out, "picture", name);
        (void)text(row, "name", out);
        class_of(row, "truth", out);
        class_of(row, "prediction", out);
        number(row, "confidence", out);
        number(row, "loss", out);
        number(row, "x", out);
        number(row, "y", out);
        const bool has_crs = text(row, "crs", out);
        if (locate && has_crs && x && y)
            locate(user, x->number, y->number, crs->text, out);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    return true;
}

// Seven digits: more than a screen can show, and what a float holds.
static double rounded(double value)
{
    if (!isfinite(value) || value == 0) return value;
    const double scale = pow(10, 6 - floor(log10(fabs(value))));
    return isfinite(scale) && scale > 0 ? rint(value * scale) / scale : value;
}

void dash_print_row(const dash_row *row, nd_json_out *out)
{
    nd_json_open(out, NULL, '[');
    nd_json_whole(out, NULL, row->step);
    nd_json_real(out, NULL, rounded(row->time));
    nd_json_real(out, NULL, rounded(row->epoch));
    for (int s = 0; s < DASH_SERIES; s++) nd_json_real(out, NULL, rounded(row->value[s]));
    nd_json_close(out, ']');
}

// ---- Places: "BOOT-gen.rows.epochs-gen.rows.epochs…", a run each.

const char *dash_places_print(nd_arena *arena, const char *boot, const dash_place *place,
                              int count)
{
    nd_buffer to = {.arena = arena};
    nd_buffer_add(&to, "%s", boot);
    for (int i = 0; i < count; i++)
        nd_buffer_add(&to, "-%d.%lld.%d", place[i].generation, (long long)place[i].rows,
                      place[i].epochs);
    return nd_buffer_text(&to);
}

static bool whole(const char **at, char end, int64_t *value)
{
    int64_t n = 0;
    const char *c = *at;
    if (*c < '0' || *c > '9') return false;
    for (; *c >= '0' && *c <= '9' && n < (int64_t)1 << 53; c++) n = n * 10 + (*c - '0');
    if (*c != end && !(end == '-' && !*c)) return false;
    *value = n, *at = c + (*c == '.');
    return true;
}

int dash_places_parse(const char *from, const char *boot, dash_place *place)
{
    const size_t length = strlen(boot);
    if (strncmp(from, boot, length) != 0) return 0;
    int count = 0;
    for (from += length; *from; count++) {
        int64_t generation, rows, epochs;
        if (*from++ != '-' || count == DASH_RUNS || !whole(&from, '.', &generation) ||
            !whole(&from, '.', &rows) || !whole(&from, '-', &epochs) ||
            generation > 1 << 30 || epochs > 1 << 30)
            return 0;
        place[count] = (dash_place){(int)generation, (int)epochs, rows};
    }
    return count;
}
