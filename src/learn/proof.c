// SPDX-License-Identifier: Apache-2.0
// The line that proves a split: how many chips, how far apart the sides lie, what was
// given up for it.
#include "learn/scene.h"
#include "learn/split.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- Nearest ground: corners of covered cells on the sphere, in metres from its centre.

typedef struct spot {
    double at[3];
} spot;
typedef struct spots {
    spot *spot;
    int64_t count, room;
} spots;

static bool add_spot(spots *to, double lon, double lat)
{
    const double radius = 6371008.8, rad = 3.14159265358979323846 / 180;
    if (!isfinite(lon) || !isfinite(lat)) return true;
    if (to->count == to->room) {
        const int64_t room = to->room ? 2 * to->room : 1024;
        spot *more = realloc(to->spot, (size_t)room * sizeof *more);
        if (!more) return false;
        to->spot = more, to->room = room;
    }
    const double c = cos(lat * rad) * radius;
    to->spot[to->count++] =
        (spot){{c * cos(lon * rad), c * sin(lon * rad), radius * sin(lat * rad)}};
    return true;
}

// Cells that some chip of the side covers.
static void cover(const nd_dataset *set, int number, nd_side side, uint8_t *covered)
{
    const data_scene *s = &set->scene[number];
    const int size = set->set.chips.size, cell = s->cell;
    const bool is_free = side == ND_TRAIN && !data_on_grid(set) && s->place_cells;
    const int64_t count = is_free ? s->place_cells : set->corners[side];
    for (int64_t i = 0; i < count; i++) {
        nd_rect r = {0, 0, size, size};
        if (is_free) {
            r.x = s->place[i] % s->cells_across * cell;
            r.y = s->place[i] / s->cells_across * cell;
            r.width += cell - 1, r.height += cell - 1;
        } else {
            if (set->corner[side][i].scene != number) continue;
            r.x = set->corner[side][i].x, r.y = set->corner[side][i].y;
        }
        r = nd_rect_clip(r, s->grid.width, s->grid.height);
        // Only the border of a chip can be nearest to another one.
        for (int y = r.y / cell; y <= (r.y + r.height - 1) / cell; y++)
            for (int x = r.x / cell; x <= (r.x + r.width - 1) / cell; x++)
                covered[(int64_t)y * s->cells_across + x] = 1;
    }
}

static bool is_inner(const data_scene *s, const uint8_t *covered, int x, int y)
{
    if (x == 0 || y == 0 || x == s->cells_across - 1 || y == s->cells_down - 1)
        return false;
    const uint8_t *c = covered + (int64_t)y * s->cells_across + x;
    return c[-1] && c[1] && c[-s->cells_across] && c[s->cells_across];
}

static void cell_corners(const data_scene *s, int x, int y, double px[4], double py[4])
{
    for (int k = 0; k < 4; k++) {
        const int cx = (x + (k & 1)) * s->cell, cy = (y + (k >> 1)) * s->cell;
        px[k] = s->grid.x + s->grid.pixel_x * (cx < s->grid.width ? cx : s->grid.width);
        py[k] = s->grid.y + s->grid.pixel_y * (cy < s->grid.height ? cy : s->grid.height);
    }
}

static nd_status add_cells(const data_scene *s, const uint8_t *covered,
                           const nd_transform *to, spots *all)
{
    for (int y = 0; y < s->cells_down; y++)
        for (int x = 0; x < s->cells_across; x++) {
            if (!covered[(int64_t)y * s->cells_across + x] || is_inner(s, covered, x, y))
                continue;
            double px[4], py[4];
            cell_corners(s, x, y, px, py);
            ND_TRY(nd_transform_points(to, 4, px, py));
            for (int k = 0; k < 4; k++)
                if (!add_spot(all, px[k], py[k]))
                    return nd_fail(ND_E_MEMORY, "no memory for the proof of the split\n"
                                                "close other programs");
        }
    return ND_OK;
}

static nd_status side_spots(const nd_dataset *set, nd_arena *arena, nd_side side,
                            spots *all)
{
    const nd_crs *degrees = nd_crs_new(arena, "EPSG:4326");
    if (!degrees) return ND_E_DATA;
    for (int i = 0; i < set->scenes; i++) {
        const data_scene *s = &set->scene[i];
        const size_t cells = (size_t)s->cells_across * (size_t)s->cells_down;
        uint8_t *covered = nd_alloc(arena, cells, 1);
        nd_transform *to = nd_transform_new(arena, s->grid.crs, degrees);
        if (!covered || !to) return ND_E_MEMORY;
        cover(set, i, side, covered);
        ND_TRY(add_cells(s, covered, to, all));
    }
    return ND_OK;
}

// ---- Buckets: each spot of one side looks into the 27 buckets about it.

typedef struct buckets {
    const spots *of;
    int64_t *first, *next, slots;
    double side;
} buckets;

static uint64_t slot_of(const buckets *b, const double at[3], const int move[3])
{
    uint64_t h = 0;
    for (int i = 0; i < 3; i++)
        h = (h ^ (uint64_t)(int64_t)(floor(at[i] / b->side) + move[i])) *
            0x9E3779B97F4A7C15u;
    return (h ^ h >> 29) % (uint64_t)b->slots;
}

static void fill_buckets(buckets *b)
{
    static const int stay[3];
    for (int64_t i = 0; i < b->slots; i++) b->first[i] = -1;
    for (int64_t i = 0; i < b->of->count; i++) {
        int64_t *first = &b->first[slot_of(b, b->of->spot[i].at, stay)];
        b->next[i] = *first, *first = i;
    }
}

static double nearest_to(const buckets *b, const spot *s, double best)
{
    for (int k = 0; k < 27; k++) {
        const int move[3] = {k % 3 - 1, k / 3 % 3 - 1, k / 9 - 1};
        for (int64_t i = b->first[slot_of(b, s->at, move)]; i >= 0; i = b->next[i]) {
            double sum = 0;
            for (int d = 0; d < 3; d++) {
                const double off = s->at[d] - b->of->spot[i].at[d];
                sum += off * off;
            }
            best = fmin(best, sqrt(sum));
        }
    }
    return best;
}

// Exact once it is smaller than a bucket: they grow until it is.
static nd_status nearest(nd_arena *arena, const spots *a, const spots *b, double *metres)
{
    buckets all = {.of = a, .slots = 2 * a->count + 1, .side = 200};
    *metres = (double)INFINITY;
    all.first = nd_alloc(arena, (size_t)all.slots, sizeof *all.first);
    all.next = nd_alloc(arena, (size_t)a->count + 1, sizeof *all.next);
    if (!all.first || !all.next) return ND_E_MEMORY;
    if (!a->count || !b->count) return ND_OK;
    for (; *metres > all.side && all.side < 3e7; all.side *= 4) {
        fill_buckets(&all);
        for (int64_t i = 0; i < b->count; i++)
            *metres = nearest_to(&all, &b->spot[i], *metres);
    }
    return ND_OK;
}

static nd_status nearest_ground(const nd_dataset *set, double *metres)
{
    nd_arena *arena = nd_arena_new();
    spots train = {0}, others = {0};
    nd_status status = arena ? ND_OK : ND_E_MEMORY;
    if (status == ND_OK) status = side_spots(set, arena, ND_TRAIN, &train);
    if (status == ND_OK) status = side_spots(set, arena, ND_VALID, &others);
    if (status == ND_OK) status = side_spots(set, arena, ND_TEST, &others);
    if (status == ND_OK) status = nearest(arena, &train, &others, metres);
    free(train.spot);
    free(others.spot);
    nd_arena_free(arena);
    return status;
}

// ---- The line.

static double percent(const nd_dataset *set, nd_side side, int class)
{
    double all = 0;
    for (int k = 0; k < set->classes; k++) all += (double)set->class_count[side][k];
    return all > 0 ? 100 * (double)set->class_count[side][class] / all : 0;
}

const char *split_units_name(const nd_dataset *set)
{
    switch (set->set.split.by.at) {
    case SPLIT_BLOCK: return "block";
    case SPLIT_TILE: return "tile";
    case SPLIT_GROUP: return "group";
    case SPLIT_TIME: return "time";
    case SPLIT_COLUMN: return "column";
    default: return "scene";
    }
}

static int rarest(const nd_dataset *set)
{
    int rare = 0;
    for (int k = 1; k < set->classes; k++)
        if (set->class_count[ND_TRAIN][k] < set->class_count[ND_TRAIN][rare]) rare = k;
    return rare;
}

static void add_rarest(const nd_dataset *set, nd_buffer *out)
{
    const int rare = rarest(set);
    nd_buffer_add(out, "; rarest class %s %.1f %%", set->class[rare].name,
                  percent(set, ND_TRAIN, rare));
    if (set->members[ND_VALID])
        nd_buffer_add(out, " / %.1f %%", percent(set, ND_VALID, rare));
}

nd_status data_prove_scenes(nd_dataset *set)
{
    nd_buffer b = {.arena = set->arena};
    const int64_t train = set->corners[ND_TRAIN];
    double metres = (double)INFINITY;
    const bool has_place = set->scene->grid.crs;
    for (int s = 0; s < ND_SIDES; s++)
        if (set->members[s])
            nd_buffer_add(&b, "%s%s %s", b.length ? ", " : "", nd_side_name((nd_side)s),
                          data_grouped(set->arena, set->members[s]));
    nd_buffer_add(&b, " chips by %s", split_units_name(set));
    if (set->set.split.by.at == SPLIT_BLOCK && train + set->dropped)
        nd_buffer_add(&b, "; %s (%.1f %%) dropped in the buffer",
                      data_grouped(set->arena, set->dropped),
                      100.0 * (double)set->dropped / (double)(train + set->dropped));
    const bool has_sides =
        set->members[ND_TRAIN] && set->members[ND_VALID] + set->members[ND_TEST] > 0;
    if (has_place && has_sides) ND_TRY(nearest_ground(set, &metres));
    if (isfinite(metres))
        nd_buffer_add(&b, "; nearest ground distance %s m",
                      data_grouped(set->arena, (int64_t)floor(metres + 0.5)));
    if (has_sides) {
        const bool is_apart = set->set.split.by.at == SPLIT_BLOCK || metres > 0.5;
        nd_buffer_add(&b, is_apart ? "; shared pixels 0" : "; the sides share ground");
        if (!is_apart)
            nd_say(ND_WARN, "training and other scenes show the same ground: figures "
                            "will be too good; split by block");
    }
    if (!set->value) add_rarest(set, &b);
    set->proof = nd_buffer_text(&b);
    return set->proof ? ND_OK : ND_E_MEMORY;
}
