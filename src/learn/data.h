// SPDX-License-Identifier: Apache-2.0
// Inside learn: what a set of examples is made of.
#pragma once
#include <nadir/dataset.h>
#include <nadir/pool.h>
#include <nadir/text.h>
#include <nadir/zip.h>

// A picture, or a scene that chips are cut from.
typedef struct data_item {
    const char *name;  // as files are called
    const char *key;   // what splits go by: without the folder that all share
    const char *label; // text of its class; NULL: none
    const char *group; // what stays together; NULL: it stands for itself
    const char *time;
    int64_t entry; // of the zip
    int class;     // -1: none
    nd_side side;
    nd_hash order;  // of its unit in the split
    nd_hash pixels; // of what was decoded
    bool is_bad;
    const char *why; // it is bad
    double x, y;     // centre, where the table says
} data_item;

// Where the pixels of a copy come from: down[y] + across[x].
typedef struct data_ways {
    int *down, *across;
    bool *out_down, *out_across;
} data_ways;

// Tools of one thread at a time, kept from one picture to the next.
typedef struct data_hand data_hand;
struct data_hand {
    data_hand *next;
    nd_arena *arena, *lasting; // arena: emptied after each picture
    nd_zip_hand zip;
    uint8_t *file; // a picture that lies in none
    size_t file_room;
    void *jpeg; // TurboJPEG's
    // The picture as decoded: bytes, bands side by side; or values, plane after plane.
    int width, height, bands;
    bool is_bytes;
    uint8_t *byte;
    size_t byte_room;
    uint8_t *value_bytes;
    size_t value_room;
    float *value;   // in value_bytes
    uint8_t *extra; // for copies of value while it is moved
    size_t extra_room;
    struct data_vary *vary;
    data_ways ways;
    float *table; // 256 values of each band
};

typedef struct data_band_stats {
    int64_t count;
    double mean, square; // square: sum of squared distances from the mean
    double least, most, p2, p50, p98;
} data_band_stats;

struct nd_dataset {
    nd_arena *arena;
    nd_data set;
    bool is_mask, is_byte; // is_byte: all pictures are of 8 bits
    int bands, height, width;
    nd_card_class *class;
    int classes;
    nd_card_band *value; // what is learnt instead of classes; NULL: classes are
    double *ignored;     // values of labels.ignore
    nd_card_band *band;
    data_band_stats *stats; // by band, value; of the training side, before z-score
    double pixel_m;
    double *class_weight; // NULL: all alike
    int64_t *class_count[ND_SIDES];
    data_item *item;
    int64_t items;
    struct split_unit *unit; // of the split, where not by file
    int64_t units;
    const struct split_squares *squares; // of a split by block
    struct data_scene *scene;            // instead of items
    int scenes;
    int *by_value;  // of label rasters: class, -1 ignored, -2 unknown
    int background; // class outside all shapes; -1: none
    struct data_corner *corner[ND_SIDES]; // chips of the grid
    int64_t corners[ND_SIDES];
    struct data_balance *balance;
    void *scan;      // what it kept for statistics
    int64_t dropped; // grid chips that the buffer took
    const nd_zip *zip;
    const char *folder, *source; // source: as the user named it
    int64_t *member[ND_SIDES], members[ND_SIDES];
    const char *proof;
    nd_hash hash, train_hash;
    const char **bad, **copy;
    int64_t bads, copies, copies_across; // across: on two sides
    struct data_state *state;            // what changes behind locks: hands, orders
};

// ---- data_list.c: which pictures there are, and what they are called.
nd_status data_list_pictures(nd_dataset *set) ND_CHECKED;
nd_status data_list_table(nd_dataset *set) ND_CHECKED; // data_csv.c
nd_status data_find_classes(nd_dataset *set) ND_CHECKED;
int data_class_of(const nd_dataset *set, const char *text); // -1: none
bool data_is_ignored(const nd_dataset *set, const char *text);

// ---- data_picture.c: from a file's bytes to pixels.
nd_status data_decode(const nd_dataset *set, nd_work *work, const data_item *item,
                      data_hand *hand) ND_CHECKED;
nd_status data_values(data_hand *hand) ND_CHECKED; // bytes become values
// ---- data_fit.c: to the size of the set, where data.fit says so and one is known.
nd_status data_fit(const nd_dataset *set, const data_item *item,
                   data_hand *hand) ND_CHECKED;

// ---- data_split.c
nd_status data_split_pictures(nd_dataset *set) ND_CHECKED;
nd_hash data_unit_hash(const nd_dataset *set, const char *key);

// ---- data_scan.c: sizes, copies, statistics.
nd_status data_scan_sizes(nd_dataset *set) ND_CHECKED;
nd_status data_scan_values(nd_dataset *set) ND_CHECKED;
nd_status data_find_copies(nd_dataset *set) ND_CHECKED;

// ---- data_scale.c: from stored numbers to units, from units to the network.
float data_unit(const nd_dataset *set, float stored);
void data_scale(const nd_card_band *band, float *value, int64_t count);
nd_status data_begin_scales(nd_dataset *set) ND_CHECKED;  // before the statistics
nd_status data_finish_scales(nd_dataset *set) ND_CHECKED; // after them

// ---- data_value.c: what is learnt where it is values.
nd_status data_value_new(nd_dataset *set) ND_CHECKED; // once labels are open
nd_status data_value_scale(nd_dataset *set) ND_CHECKED;
int data_planes(const nd_dataset *set); // bands, and the value
int64_t data_value_label(const nd_dataset *set, float value);
// Of what pictures show: 2.5 deviations below the mean are 0, as many above 1; NaN: none.
double data_value_share(float scaled);

// ---- data_state.c: tools and orders shared by threads.
nd_status data_state_new(nd_dataset *set) ND_CHECKED;
nd_status data_order_new(nd_dataset *set) ND_CHECKED;     // once the sides are known
data_hand *data_borrow(const nd_dataset *set) ND_CHECKED; // NULL after nd_fail
void data_return(const nd_dataset *set, data_hand *hand);
// `plain`: as other sides are: neither shuffled nor augmented.
typedef struct data_ask {
    nd_side side;
    uint32_t epoch;
    int64_t index;
    bool is_plain;
} data_ask;
// Which of the side's pictures that is; of scenes, its chip.
nd_status data_at(const nd_dataset *set, const data_ask *ask, int64_t *member,
                  struct data_corner *corner) ND_CHECKED;
int64_t data_count(const nd_dataset *set, nd_side side, bool is_plain);
int data_workers(const nd_dataset *set);
nd_status data_cache_new(nd_dataset *set) ND_CHECKED;
struct nd_cache *data_cache(const nd_dataset *set); // NULL: nothing is kept

// ---- augment.c: what is drawn for one example, and doing it.
typedef struct data_vary {
    bool is_copy;         // geometry is a symmetry and a whole shift
    bool is_smooth;       // nothing is drawn for single pixels
    int turn, dx, dy;     // turn: 1 mirror x, 2 mirror y, 4 transpose, in this order
    double way[6];        // from a pixel of the result to one of the picture
    float *gain, *offset; // by band: radiometry
    float blur, noise;
    double looks; // 0: no speckle
    nd_rect hole; // width 0: none
    nd_draw draw;
} data_vary;
void data_draw_vary(const nd_dataset *set, uint32_t epoch, uint64_t index, data_vary *v);
void data_no_vary(const nd_dataset *set, data_vary *v);
void data_vary_values(const nd_dataset *set, const data_vary *v, float *value,
                      float *scratch);

// ---- draw.c: numbers of other shapes than even ones.
enum { DATA_GAMMA_BLOCKS = 16 };
double data_normal(uint32_t a, uint32_t b);
// Gamma with mean `shape` >= 1, from so many blocks.
double data_gamma(const nd_draw *draw, uint32_t block, double shape);
double data_beta(const nd_draw *draw, uint32_t block, double alpha); // Beta(alpha, alpha)

// ---- mix.c: examples of one batch blended with, or pasted into, their neighbours.
typedef struct data_mix {
    float *x;
    const int64_t *label;
    float *share; // of the classes: what the labels become
    float *kept;  // how much of each example is still its own
    int count;
    uint32_t epoch;
    int64_t batch;
} data_mix;
nd_status data_mix_batch(const nd_dataset *set, const data_mix *mix) ND_CHECKED;

// ---- geometry.c
void data_copy_ways(const data_vary *v, int height, int width, data_ways *ways);
void data_move_values(const data_vary *v, const data_ways *ways, const nd_rect *size,
                      const float *from, float *to);
void data_move_labels(const data_vary *v, const data_ways *ways, const nd_rect *size,
                      const int64_t *from, int64_t *to);

// ---- data_sample.c
nd_status data_sample(const nd_dataset *set, nd_work *work, const data_ask *ask,
                      nd_chip *chip) ND_CHECKED;
void data_scale_all(const nd_dataset *set, float *out); // what has no value becomes 0

// ---- dataset.c
const char *data_grouped(nd_arena *arena, int64_t n); // 12,600
