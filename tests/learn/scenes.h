// SPDX-License-Identifier: Apache-2.0
// Scenes made of formulas, as nodes: bands that tell where a pixel lies, and labels.
#pragma once
#include "eurosat.h"
#include <nadir/geo.h>
#include <nadir/op.h>

typedef float formula(int band, int x, int y);
typedef struct made {
    formula *value;
    int width, height, bands;
    double left; // metres east of a corner in UTM 31
    const char *crs;
} made;

static nd_status made_plan(nd_node *self)
{
    const made *m = self->state;
    static const char *const name[] = {"x", "y", "z"};
    self->bands = m->bands;
    self->band = nd_alloc(self->arena, (size_t)m->bands, sizeof *self->band);
    const nd_crs *crs = m->crs ? nd_crs_new(self->arena, m->crs) : NULL;
    if (!self->band || (m->crs && !crs)) return ND_E_MEMORY;
    for (int b = 0; b < m->bands; b++)
        self->band[b] = (nd_band){
            .name = name[b],
            .no_data = NAN,
            .grid = {m->width, m->height, 500000 + m->left, 5000000, 10, -10, crs}};
    self->key = nd_hash_more(self->key, &m, sizeof m);
    return ND_OK;
}

static nd_status made_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const made *m = self->state;
    const nd_rect r = tile->rect;
    (void)work;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) = m->value(tile->bands.band[k], x, y);
    return ND_OK;
}

static const nd_op op_made = {
    .name = "made", .levels = ND_EXACT, .plan = made_plan, .compute = made_compute};

static inline nd_node *make_node(nd_arena *arena, made what, const char *place)
{
    static const nd_table none;
    made *m = nd_alloc(arena, 1, sizeof *m);
    if (!m) return NULL;
    *m = what;
    return nd_node_new(arena, &(nd_make){.op = &op_made,
                                         .settings = &(nd_settings){&none, m, 0},
                                         .place = place});
}

// words as for open_data; nodes: picture and label in turn.
static inline nd_dataset *open_nodes(nd_arena *arena, nd_node *const *node, int nodes,
                                     const char *const *words)
{
    nd_data *data;
    nd_listen(say_nothing, NULL);
    if (nd_data_new(arena, &data) != ND_OK) return NULL;
    data->labels.node = "label";
    for (; *words; words += 2)
        if (data_set(arena, data, words[0], words[1]) != ND_OK) return NULL;
    return nd_dataset_open(arena, data, node, nodes);
}
#define OPEN_NODES(node, nodes, ...)                                                     \
    open_nodes(arena, node, nodes, (const char *const[]){__VA_ARGS__, NULL})
