// SPDX-License-Identifier: Apache-2.0
// Inside learn: scenes that chips are cut from, and which of their ground is whose.
#pragma once
#include "learn/data.h"
#include <nadir/geo.h>
#include <nadir/vector.h>

// Counts lie in blocks of 64 x 64 pixels, sides and validity in cells of at most 8 x 8.
enum { DATA_BLOCK = 64, DATA_CELL = 8 };
enum { SIDE_NOBODY = ND_SIDES, SIDE_MIXED }; // of a cell

typedef struct data_scene {
    const char *name; // of its file, for messages
    const char *key;  // of the split
    const char *time; // of its acquisition; NULL: not known
    const nd_product *product;
    nd_node *picture, *label;
    const int *band; // of the picture, ascending; out[k] of the recipe is order[k] of it
    const int *order;
    int label_band;
    const nd_label *names; // of the label's classes; NULL: none
    int name_count;
    const nd_layout *layout; // shapes instead of a label node
    const int *shape, *shape_class;
    int shapes;
    nd_grid grid;
    double pixel_m;
    // Blocks: classes x blocks, and moments of each band.
    int across, down;
    int32_t *count;
    struct data_moments *part;
    // Cells, grown by `margin` on all sides in `side`.
    int cell, cells_across, cells_down, margin;
    int buffer;     // pixels that training chips keep from others' ground
    uint8_t *valid; // labelled valid pixels
    uint8_t *side;
    int32_t *valid_sum, *foreign_sum[ND_SIDES]; // summed areas, one row and column more
    // Where training chips may begin: cells, and how many places up to each.
    int64_t *places_to;
    int32_t *place;
    int64_t place_cells, places;
} data_scene;

typedef struct data_corner {
    int scene, x, y;
    // Balanced sampling: the m-th pixel of `class` in `block`; class -1: x and y it is.
    int class, block;
    int32_t m;
    uint64_t unit; // of the grid: the square of ground under its centre; 0: none
} data_corner;

// Mean and squares of some pixels; those of two merge to those of both.
typedef struct data_moments {
    int64_t count;
    double mean, square, least, most;
} data_moments;
void data_merge(data_moments *a, const data_moments *b);

// ---- scene.c: rasters or nodes become scenes.
nd_status data_open_scenes(nd_dataset *set, nd_node *const *node, int nodes) ND_CHECKED;
nd_node *data_open_file(nd_arena *arena, const char *path) ND_CHECKED;
nd_status data_find_files(nd_arena *arena, const nd_list *pattern, const char *key,
                          const char *const **name, int *count) ND_CHECKED;
// ---- scene_label.c
nd_status data_open_labels(nd_dataset *set) ND_CHECKED;
nd_status data_label_classes(nd_dataset *set) ND_CHECKED;
// Classes under `rect`, which may hang over the edge; ND_IGNORE where there is none.
nd_status data_read_labels(const nd_dataset *set, const data_scene *scene, nd_work *work,
                           nd_rect rect, int64_t *label) ND_CHECKED;
// Values of all bands in the recipe's order, plane after plane; NaN beyond the edge.
nd_status data_read_bands(const nd_dataset *set, const data_scene *scene, nd_work *work,
                          nd_rect rect, float *value) ND_CHECKED;
// ---- scene_scan.c
nd_status data_scan_scenes(nd_dataset *set) ND_CHECKED;
bool data_block_trains(const data_scene *scene, int64_t block);
int data_block_side(const data_scene *scene, int64_t block); // ND_SIDES: none's alone
nd_status data_scene_statistics(nd_dataset *set) ND_CHECKED;
// ---- scene_split.c
nd_status data_split_scenes(nd_dataset *set) ND_CHECKED;
// The square of ground under a pixel of a scene, as a number; 0: not split by block.
nd_status data_square_at(const nd_dataset *set, int scene, double x, double y,
                         uint64_t *square) ND_CHECKED;
// ---- chips.c
enum { SAMPLING_RANDOM, SAMPLING_GRID, SAMPLING_BALANCED, SAMPLING_HARD };
nd_status data_place_chips(nd_dataset *set) ND_CHECKED;
int data_stride(const nd_dataset *set);
bool data_on_grid(const nd_dataset *set); // training chips too
int32_t data_sum(const int32_t *sum, int across, const nd_rect *cells);
bool data_may_hold(const data_scene *scene, nd_side side, nd_rect chip, bool with_buffer);
double data_valid_share(const data_scene *scene, nd_rect chip, int64_t *valid);

// ---- chips_draw.c
typedef struct data_balance {
    double *class_to; // summed weights of the classes
    int64_t **to;     // of each class: summed pixels of the blocks
    int *scene, *block;
    int64_t blocks; // of the training side
} data_balance;
nd_status data_balance_new(nd_dataset *set) ND_CHECKED;
// All training chips of an epoch. `order`: which of the grid's; NULL: drawn anywhere.
nd_status data_draw_chips(const nd_dataset *set, uint32_t epoch, const int64_t *order,
                          data_corner *corner) ND_CHECKED;
// Balanced corners name a pixel: makes them places.
nd_status data_resolve_corner(const nd_dataset *set, nd_work *work, const data_ask *ask,
                              data_corner *corner) ND_CHECKED;

// ---- scene_sample.c
nd_status data_sample_chip(const nd_dataset *set, nd_work *work, const data_ask *ask,
                           data_hand *hand, nd_chip *chip) ND_CHECKED;
nd_status data_look_chip(const nd_dataset *set, nd_work *work, const data_ask *ask,
                         data_hand *hand) ND_CHECKED;
// ---- proof.c
nd_status data_prove_scenes(nd_dataset *set) ND_CHECKED;
