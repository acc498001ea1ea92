// SPDX-License-Identifier: Apache-2.0
// A node beside a model's card: bands, units and values, and a table of them for people.
#include <math.h>
#include <nadir/agree.h>
#include <nadir/product.h>
#include <stdlib.h>

enum { COLUMNS = 5, ACROSS = 8, SMALL = 8, SQUARES = ACROSS * ACROSS };
enum { MOST = SQUARES * SMALL * SMALL };

static nd_status tell(nd_arena *arena, const nd_node *node, nd_agreed *a)
{
    static const char *const head[COLUMNS] = {"wanted", "in", "offered", "in", "times"};
    const size_t rows = (size_t)a->card->bands + 1;
    const char **cell = nd_alloc(arena, rows * COLUMNS, sizeof *cell);
    if (!cell) return ND_E_MEMORY;
    for (int i = 0; i < COLUMNS; i++) cell[i] = head[i];
    for (int k = 0; k < a->card->bands; k++) {
        const nd_card_band *want = &a->card->band[k];
        const nd_band *band = &node->band[a->band[k]];
        const char **row = cell + ((ptrdiff_t)k + 1) * COLUMNS;
        row[0] = want->name, row[1] = want->unit ? want->unit : "-";
        row[2] = band->name, row[3] = band->unit && *band->unit ? band->unit : "-";
        row[4] = nd_text(arena, "%g", a->taken[k].factor);
        if (!row[4]) return ND_E_MEMORY;
    }
    a->told = (nd_told){cell, COLUMNS, (int)rows};
    return ND_OK;
}

nd_status nd_agree(nd_arena *arena, const nd_node *node, const nd_card *card,
                   const nd_terms *terms, nd_agreed *agreed)
{
    const size_t wanted = (size_t)card->bands;
    nd_offer *offer = nd_alloc(arena, (size_t)node->bands + 1, sizeof *offer);
    *agreed = (nd_agreed){.card = card};
    agreed->taken = nd_alloc(arena, wanted, sizeof *agreed->taken);
    agreed->band = nd_alloc(arena, wanted, sizeof *agreed->band);
    if (!offer || !agreed->taken || !agreed->band) return ND_E_MEMORY;
    for (int i = 0; i < node->bands; i++)
        offer[i] = (nd_offer){node->band[i].name, node->band[i].unit,
                              nd_wavelength_of(&node->band[i])};
    const nd_grid *grid = nd_node_grid(node);
    const bool is_metric = grid && grid->crs && !grid->crs->is_geographic;
    const nd_offers offers = {offer, node->bands, is_metric ? fabs(grid->pixel_x) : 0,
                              node->product ? node->product->level : NULL};
    ND_TRY(nd_card_match(arena, card, &offers, terms, agreed->taken));
    for (size_t k = 0; k < wanted; k++) agreed->band[k] = agreed->taken[k].band;
    return tell(arena, node, agreed);
}

// ---- Values far from those of the training: another unit, an offset, another scene.
typedef struct looked {
    const nd_agreed *with;
    float *value; // of each of the card's bands, MOST apart, in its unit
    size_t *count;
} looked;

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

typedef enum likeness {
    AS_MEANT,
    NO_IDEA,
    SMALL_SHARE,
    LARGE_SHARE,
    WITH_OFFSET
} likeness;

// What the values look like: `value` sorted.
static likeness likeness_of(const nd_card_band *want, const float *value, size_t count)
{
    const double median = (double)value[count / 2], spread = want->p98 - want->p2;
    const double low = want->p2 - 2 * spread, high = want->p98 + 2 * spread;
    // The middle may lie low enough though all is a thousandth: look at the brightest.
    const bool is_tiny =
        want->p2 > 0 && (double)value[count - 1 - count / 50] < want->p2 / 50;
    if (median >= low && median <= high && !is_tiny) return AS_MEANT;
    if (is_tiny && median * 10000 >= want->p2 / 2 && median * 10000 <= high)
        return SMALL_SHARE;
    if (median > 100 && median > high && want->p98 < 2 && median / 10000 <= high)
        return LARGE_SHARE;
    return median > high && median - 1000 <= high && want->p98 > 100 ? WITH_OFFSET
                                                                     : NO_IDEA;
}

static nd_status check_band(const looked *l, int k)
{
    const nd_card_band *want = &l->with->card->band[k];
    const size_t count = l->count[k];
    float *value = l->value + (size_t)k * MOST;
    if (!count || !(want->p98 > want->p2)) return ND_OK;
    qsort(value, count, sizeof *value, by_value);
    const double median = (double)value[count / 2];
    const char *unit = want->unit ? want->unit : "";
    switch (likeness_of(want, value, count)) {
    case AS_MEANT: return ND_OK;
    case SMALL_SHARE:
        return nd_fail(ND_E_DATA,
                       "%s has a median of %.4g %s, and the model was trained on %.4g to "
                       "%.4g\nthese look like shares of 1: say units: reflectance",
                       want->name, median, unit, want->p2, want->p98);
    case LARGE_SHARE:
        return nd_fail(ND_E_DATA,
                       "%s has a median of %.4g %s, and the model was trained on %.4g to "
                       "%.4g\nthese look like reflectance times 10 000: say units: DN",
                       want->name, median, unit, want->p2, want->p98);
    case WITH_OFFSET:
        return nd_fail(ND_E_DATA,
                       "%s has a median of %.4g %s, and the model was trained on %.4g to "
                       "%.4g\nif the offset of baseline 04.00 is still in it, subtract "
                       "1000 by BandMaths; or say accept_values: true",
                       want->name, median, unit, want->p2, want->p98);
    default:
        return nd_fail(ND_E_DATA,
                       "%s has a median of %.4g %s, and the model was trained on %.4g to "
                       "%.4g\ncheck unit, offset and product, or say accept_values: true",
                       want->name, median, unit, want->p2, want->p98);
    }
}

// Two percent of the pixels are darker: water and shadow, which are as dark everywhere.
// All bands lighter by 1000 at once is what a forgotten offset does.
static void note_offset(const looked *l)
{
    const nd_card *card = l->with->card;
    for (int k = 0; k < card->bands; k++) {
        const nd_card_band *want = &card->band[k];
        if (!want->unit || !nd_text_same(want->unit, "DN") || !l->count[k]) return;
        const double dark = (double)l->value[(size_t)k * MOST + l->count[k] / 50];
        if (!(fabs(dark - want->p2 - 1000) < 350)) return;
    }
    nd_say(ND_WARN,
           "all bands are about 1000 above those of the training at their darkest: is "
           "the offset of baseline 04.00 still in them?");
}

static nd_status look_at(const looked *l, const nd_node *in, nd_work *work, nd_bands set,
                         nd_rect r)
{
    const nd_agreed *a = l->with;
    nd_tile tile;
    ND_TRY(nd_read(in, work, set, 0, r, &tile));
    for (int k = 0; k < a->card->bands; k++) {
        int at = 0;
        while (set.band[at] != a->band[k]) at++;
        for (int p = 0; p < r.width * r.height; p++) {
            const float v = *nd_at(&tile, at, r.x + p % r.width, r.y + p / r.width);
            if (isnan(v)) continue;
            l->value[(size_t)k * MOST + l->count[k]++] = v * (float)a->taken[k].factor;
        }
    }
    return ND_OK;
}

nd_status nd_agree_values(const nd_agreed *agreed, const nd_node *node, nd_work *work)
{
    const size_t bands = (size_t)agreed->card->bands;
    looked l = {.with = agreed};
    int *band = nd_alloc(work->arena, (size_t)node->bands, sizeof *band), count = 0;
    l.value = nd_alloc_raw(work->arena, MOST * bands, sizeof *l.value);
    l.count = nd_alloc(work->arena, bands, sizeof *l.count);
    if (!band || !l.value || !l.count) return ND_E_MEMORY;
    for (int i = 0; i < node->bands; i++) {
        bool is_wanted = false;
        for (size_t k = 0; k < bands; k++) is_wanted |= agreed->band[k] == i;
        if (is_wanted) band[count++] = i;
    }
    const nd_grid grid = node->band[band[0]].grid;
    for (int i = 0; i < SQUARES; i++) {
        const int64_t across = i % ACROSS, down = i / ACROSS,
                      halves = 2 * (int64_t)ACROSS;
        const nd_rect r = {(int)(grid.width * (2 * across + 1) / halves),
                           (int)(grid.height * (2 * down + 1) / halves), SMALL, SMALL};
        ND_TRY(look_at(&l, node, work, (nd_bands){band, count},
                       nd_rect_clip(r, grid.width, grid.height)));
    }
    for (size_t k = 0; k < bands; k++) ND_TRY(check_band(&l, (int)k));
    note_offset(&l);
    return ND_OK;
}
