// SPDX-License-Identifier: Apache-2.0
// Bands of BEAM-DIMAP that are expressions of others: virtual, limited, masks.
#include "io/dimap.h"
#include <assert.h>
#include <math.h>
#include <nadir/expr.h>
#include <string.h>

enum { ROWS = 256 };

// Flags above bit 23 stand in a band of their own, which only expressions see.
static const char *const high = "\001high";

typedef struct computed {
    const nd_expr *expr; // of the value, if it has one, then of where it is valid
    io_source own;       // of a band that has no expression for its value
    nd_band band;
    const io_source *source; // one a row
    const nd_band *from;
    int rows;
    bool is_virtual, is_limited;
} computed;

static nd_status fill(const io_source *source, nd_work *work, nd_tile *tile)
{
    const computed *c = source->state;
    const nd_rect r = tile->rect;
    const size_t plane = (size_t)r.width * (size_t)r.height;
    float *data = nd_alloc_raw(work->arena, plane * (size_t)(c->rows + 1), sizeof *data);
    if (!data) return ND_E_MEMORY;
    for (int i = 0; i < c->rows; i++) {
        nd_tile one = *tile;
        one.data = data + (size_t)i * plane, one.stride = r.width;
        ND_TRY(io_source_read(&c->source[i], &c->from[i], work, &one));
    }
    if (!c->is_virtual) ND_TRY(io_source_read(&c->own, &c->band, work, tile));
    float *valid = data + (size_t)c->rows * plane;
    for (int y = 0; y < r.height; y++) {
        const float *in[ROWS];
        float *row = tile->data + y * tile->stride;
        for (int i = 0; i < c->rows; i++)
            in[i] = data + (size_t)i * plane + (size_t)y * (size_t)r.width;
        const nd_expr_rows rows = {r.x, r.y + y, tile->level, r.width, in, NULL};
        float *const both[] = {row, valid};
        nd_expr_run(c->expr, &rows, c->is_virtual ? both : both + 1);
        for (int x = 0; c->is_limited && x < r.width; x++)
            if (!(valid[x] > 0)) row[x] = NAN;
    }
    return ND_OK;
}

typedef struct asking {
    nd_expr_scope scope;
    nd_arena *arena;
    const nd_node *bands; // what names mean
} asking;

static bool resolve(void *user, const char *name, nd_expr_name *meaning,
                    const char **nearest)
{
    asking *a = user;
    const char *dot = strrchr(name, '.');
    for (int b = 0; dot && b < a->bands->bands; b++) {
        const nd_band *band = &a->bands->band[b];
        const size_t length = (size_t)(dot - name);
        if (strncmp(band->name, name, length) != 0 ||
            strcmp(band->name + length, high) != 0)
            continue;
        const char *other = nd_text(a->arena, "%s%s", band->name, dot);
        if (other && nd_expr_resolve(&a->scope, other, meaning, nearest)) return true;
    }
    return nd_expr_resolve(&a->scope, name, meaning, nearest);
}

// The bands that can be read so far, as the input of a node: names are looked up there.
typedef struct world {
    nd_node input, user;
    nd_node *inputs[1];
    const char *ids[1];
} world;

static nd_status compile(dimap *d, const io_bands *bands, int b, const nd_band *band,
                         computed *c)
{
    world *w = nd_alloc(d->arena, 1, sizeof *w);
    asking a = {.arena = d->arena};
    if (!w) return ND_E_MEMORY;
    w->input = (nd_node){.band = bands->band, .bands = bands->count, .arena = d->arena};
    w->inputs[0] = &w->input, w->ids[0] = "sourceProduct";
    w->user =
        (nd_node){.input = w->inputs, .input_id = w->ids, .inputs = 1, .arena = d->arena};
    a.bands = &w->input;
    const char *text[2];
    int texts = 0;
    if (c->is_virtual) text[texts++] = band->expression;
    if (c->is_limited) text[texts++] = d->band[b].valid;
    ND_TRY(nd_expr_scope_new(d->arena, &w->user, &a.scope));
    const nd_expr_ask ask = {
        .text = text, .count = texts, .resolve = resolve, .user = &a};
    ND_TRY(nd_expr_compile(d->arena, &ask, &c->expr));
    io_source *source = nd_alloc(d->arena, (size_t)a.scope.sources + 1, sizeof *source);
    nd_band *from = nd_alloc(d->arena, (size_t)a.scope.sources + 1, sizeof *from);
    if (!source || !from) return ND_E_MEMORY;
    if (a.scope.sources > ROWS)
        return nd_fail(ND_E_UNSUPPORTED, "%s uses %d bands\nsplit the expression",
                       band->name, a.scope.sources);
    assert(!a.scope.sources || (bands->source && bands->band)); // it was found in them
    for (int i = 0; i < a.scope.sources; i++) {
        const int its = a.scope.source[i].band;
        source[i] = bands->source[its], from[i] = bands->band[its];
        if (from[i].missing) return nd_fail(ND_E_DATA, "%s", from[i].missing);
        if (!nd_grid_same(&from[i].grid, &band->grid))
            return nd_fail(ND_E_UNSUPPORTED,
                           "%s is computed from %s, which has another size\n"
                           "resample the product, then use BandMaths",
                           band->name, from[i].name);
    }
    c->source = source, c->from = from, c->rows = a.scope.sources;
    return ND_OK;
}

// The upper bits of a flag band, with the labels that lie there.
static nd_status add_high(dimap *d, io_bands *bands, int b)
{
    nd_band band = bands->band[b];
    io_source source = bands->source[b];
    nd_label *label = nd_alloc(d->arena, (size_t)band.labels + 1, sizeof *label);
    if (!label) return ND_E_MEMORY;
    int count = 0, low = 0;
    nd_label *kept = nd_alloc(d->arena, (size_t)band.labels + 1, sizeof *kept);
    if (!kept) return ND_E_MEMORY;
    for (int i = 0; i < band.labels; i++) {
        if (band.label[i].value < 16777216)
            kept[low++] = band.label[i];
        else
            label[count] = band.label[i], label[count++].value /= 16777216;
    }
    bands->band[b].label = kept, bands->band[b].labels = low;
    bands->source[b].bits = IO_LOW_BITS;
    if (!count) return ND_OK;
    band.name = nd_text(d->arena, "%s%s", band.name, high);
    band.label = label, band.labels = count;
    source.bits = IO_HIGH_BITS;
    return band.name ? io_bands_add(bands, &band, &source) : ND_E_MEMORY;
}

static const char *sentence(nd_arena *arena)
{
    const nd_error error = nd_error_take();
    return nd_text(arena, "%s\n%s", error.what, error.remedy);
}

// One band that has an expression; false: something it stands on is not there yet.
static bool make(dimap *d, io_bands *all, const io_bands *ready, int b)
{
    computed *c = nd_alloc(d->arena, 1, sizeof *c);
    nd_band *band = &all->band[b];
    if (!c) return false;
    c->is_virtual = band->expression != NULL, c->is_limited = d->band[b].valid != NULL;
    c->own = all->source[b], c->band = *band;
    if (compile(d, ready, b, band, c) != ND_OK) return false;
    all->source[b] = (io_source){.fill = fill, .state = c};
    return true;
}

// Nothing is to be computed: it is read as it stands, or is missing and stays so.
static bool is_plain(const dimap *d, const io_bands *bands, int b)
{
    const nd_band *band = &bands->band[b];
    return !band->expression && (!d->band[b].valid || band->missing);
}

// Rounds: each makes what stands on bands that are ready, so no circle can be made.
static nd_status make_all(dimap *d, io_bands *bands, int visible, io_bands *ready,
                          bool *done)
{
    for (bool grows = true; grows;) {
        grows = false;
        for (int b = 0; b < visible; b++) {
            if (done[b] || !make(d, bands, ready, b)) continue;
            done[b] = grows = true;
            ND_TRY(io_bands_add(ready, &bands->band[b], &bands->source[b]));
        }
    }
    return ND_OK;
}

nd_status dimap_compute(dimap *d, io_bands *bands)
{
    const int visible = bands->count;
    for (int b = 0; b < visible; b++)
        if (bands->band[b].kind == ND_FLAGS && bands->source[b].file)
            ND_TRY(add_high(d, bands, b));
    io_bands ready = {.arena = d->arena};
    bool *done = nd_alloc(d->arena, (size_t)bands->count, sizeof *done);
    if (!done) return ND_E_MEMORY;
    for (int b = 0; b < bands->count; b++) {
        done[b] = b >= visible || is_plain(d, bands, b);
        if (done[b]) ND_TRY(io_bands_add(&ready, &bands->band[b], &bands->source[b]));
    }
    ND_TRY(make_all(d, bands, visible, &ready, done));
    for (int b = 0; b < visible; b++) {
        if (done[b] || make(d, bands, &ready, b)) continue;
        if (!(bands->band[b].missing = sentence(d->arena))) return ND_E_MEMORY;
    }
    (void)nd_error_take();
    bands->count = visible;
    return ND_OK;
}
