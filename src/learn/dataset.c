// SPDX-License-Identifier: Apache-2.0
// Opens a set of examples: lists, labels, splits, scans, scales; and answers about it.
#include "learn/scene.h"
#include "learn/split.h"
#include <math.h>
#include <nadir/product.h>
#include <stdlib.h>
#include <string.h>

// ---- Bands.

// The model's, with its scales: pictures have no names to check.
static nd_status bands_of_card(nd_dataset *set)
{
    const nd_card *card = set->set.card;
    if (card->bands != set->bands)
        return nd_fail(ND_E_DATA,
                       "the model reads %d bands, the pictures of %s have %d\n"
                       "give it pictures of its own kind",
                       card->bands, set->source, set->bands);
    set->band = nd_alloc(set->arena, (size_t)set->bands, sizeof *set->band);
    if (!set->band) return ND_E_MEMORY;
    memcpy(set->band, card->band, (size_t)set->bands * sizeof *set->band);
    return ND_OK;
}

static const char *band_name(const nd_dataset *set, bool is_rgb, int b)
{
    static const char *const colours[] = {"red", "green", "blue"};
    static const char *const eurosat[] = {"B04", "B03", "B02"};
    if (set->set.bands.count) return set->set.bands.item[b];
    if (is_rgb) return eurosat[b];
    if (set->bands == 3) return colours[b];
    return set->bands == 1 ? "grey" : nd_text(set->arena, "band_%d", b + 1);
}

static nd_status name_bands(nd_dataset *set)
{
    if (set->set.card) return bands_of_card(set);
    const nd_list *names = &set->set.bands;
    const bool is_rgb = set->set.picture_units.at == ND_PICTURES_EUROSAT_RGB;
    if (names->count && (int)names->count != set->bands)
        return nd_fail(ND_E_PARAM,
                       "data.bands names %d bands, the pictures of %s have %d\n"
                       "name them all, in the order of the file",
                       (int)names->count, set->source, set->bands);
    if (is_rgb && set->bands != 3)
        return nd_fail(ND_E_PARAM,
                       "picture_units eurosat-rgb is for 3 bands, %s has %d\n"
                       "leave picture_units out",
                       set->source, set->bands);
    set->band = nd_alloc(set->arena, (size_t)set->bands, sizeof *set->band);
    if (!set->band) return ND_E_MEMORY;
    for (int b = 0; b < set->bands; b++) {
        nd_card_band *band = &set->band[b];
        const char *name = band_name(set, is_rgb, b);
        if (!name) return ND_E_MEMORY;
        *band =
            (nd_card_band){.name = name,
                           .unit = is_rgb ? "DN" : NULL,
                           .kind = is_rgb ? "toa_reflectance" : NULL,
                           .wavelength_nm = nd_wavelength_of(&(nd_band){.name = name}),
                           .p2 = (double)NAN,
                           .p50 = (double)NAN,
                           .p98 = (double)NAN};
    }
    return ND_OK;
}

// ---- Classes that are given: by the recipe, or by a model's card.

static nd_status given_classes(nd_dataset *set)
{
    const nd_card *card = set->set.card;
    const nd_data_class *given = set->set.classes.item;
    const size_t count = card ? (size_t)card->class_count : set->set.classes.count;
    if (!count) return ND_OK;
    set->class = nd_alloc(set->arena, count, sizeof *set->class);
    if (!set->class) return ND_E_MEMORY;
    set->classes = (int)count;
    for (int k = 0; k < set->classes; k++) {
        if (card) {
            set->class[k] = card->classes[k];
            continue;
        }
        uint32_t colour = 0;
        if (given[k].color && given[k].color[0] == '#')
            colour = (uint32_t)strtoul(given[k].color + 1, NULL, 16) << 8 | 0xFF;
        set->class[k] =
            (nd_card_class){.value = k, .name = given[k].name, .colour = colour};
    }
    return ND_OK;
}

// ---- Sides.

static nd_status gather_sides(nd_dataset *set)
{
    const size_t classes = (size_t)set->classes;
    for (int s = 0; s < ND_SIDES; s++) {
        set->member[s] = nd_alloc(set->arena, (size_t)set->items, sizeof(int64_t));
        set->class_count[s] = nd_alloc(set->arena, classes, sizeof(int64_t));
        if (!set->member[s] || !set->class_count[s]) return ND_E_MEMORY;
    }
    nd_hash names = {0, 0};
    for (int64_t i = 0; i < set->items; i++) {
        const data_item *item = &set->item[i];
        if (item->side == ND_TRAIN) names = nd_hash_text(names, item->key);
        if (item->is_bad) {
            set->bad[set->bads++] = item->why;
            continue;
        }
        set->member[item->side][set->members[item->side]++] = i;
        set->class_count[item->side][item->class]++;
    }
    set->train_hash = names;
    return data_order_new(set);
}

static nd_status check_sides(const nd_dataset *set)
{
    if ((double)set->bads > set->set.bad_limit * (double)set->items)
        return nd_fail(ND_E_DATA,
                       "%lld of %lld pictures in %s cannot be read, first %s\n"
                       "replace them, or raise data.bad_limit",
                       (long long)set->bads, (long long)set->items, set->source,
                       set->bad[0]);
    if (set->bads)
        nd_say(ND_WARN, "%lld pictures in %s are left out, first %s",
               (long long)set->bads, set->source, set->bad[0]);
    if (set->copies_across)
        nd_say(ND_WARN, "%lld pictures lie on two sides under two names, first %s",
               (long long)set->copies_across, set->copy[0]);
    if (set->set.is_whole) return ND_OK;
    if (!set->members[ND_TRAIN])
        return nd_fail(ND_E_DATA,
                       "%s has %lld pictures, which leaves none to learn from\n"
                       "give more pictures, or less to split.valid and split.test",
                       set->source, (long long)set->items);
    for (int k = 0; k < set->classes; k++)
        if (!set->class_count[ND_TRAIN][k])
            nd_say(ND_WARN, "class %s has no picture to learn from", set->class[k].name);
    return ND_OK;
}

// Thousands apart, as people write them.
const char *data_grouped(nd_arena *arena, int64_t n)
{
    if (n < 1000) return nd_text(arena, "%d", (int)n);
    if (n < 1000000) return nd_text(arena, "%d,%03d", (int)(n / 1000), (int)(n % 1000));
    return nd_text(arena, "%lld,%03d,%03d", (long long)(n / 1000000),
                   (int)(n / 1000 % 1000), (int)(n % 1000));
}

static int rarest(const nd_dataset *set)
{
    int least = 0;
    for (int k = 1; k < set->classes; k++)
        if (set->class_count[ND_TRAIN][k] < set->class_count[ND_TRAIN][least]) least = k;
    return least;
}

static double share(const nd_dataset *set, nd_side side, int class)
{
    const double n = (double)set->members[side];
    return n > 0 ? 100 * (double)set->class_count[side][class] / n : 0;
}

static nd_status write_proof(nd_dataset *set)
{
    nd_buffer b = {.arena = set->arena};
    const int k = rarest(set);
    for (int s = 0; s < ND_SIDES; s++)
        if (set->members[s])
            nd_buffer_add(&b, "%s%s %s", b.length ? ", " : "", nd_side_name((nd_side)s),
                          data_grouped(set->arena, set->members[s]));
    if (set->units)
        nd_buffer_add(&b, " pictures by %s", split_units_name(set));
    else
        nd_buffer_add(&b, " pictures by file; they have no place: neighbours on the "
                          "ground may lie on both sides");
    nd_buffer_add(&b, "; rarest class %s %.1f %%", set->class[k].name,
                  share(set, ND_TRAIN, k));
    if (set->members[ND_VALID]) nd_buffer_add(&b, " / %.1f %%", share(set, ND_VALID, k));
    set->proof = nd_buffer_text(&b);
    return set->proof ? ND_OK : ND_E_MEMORY;
}

// ---- Weights of classes.

static double weight_of(const nd_dataset *set, int class, double total)
{
    const double n = (double)set->class_count[ND_TRAIN][class];
    const double even = total / (set->classes * n);
    if (n <= 0) return 0;
    switch (set->set.class_weights.at) {
    case 1: return even;
    case 2: return sqrt(even);
    default: return 1e-4 / (1 - pow(0.9999, n)); // Cui et al. 2019
    }
}

// The mean weight of an example is 1, so that the rate means the same.
static nd_status weigh_classes(nd_dataset *set)
{
    const int how = set->set.class_weights.at;
    const nd_data_class *given = set->set.classes.item;
    double total = 0, sum = 0;
    bool is_even = how == 0;
    for (size_t k = 0; k < set->set.classes.count; k++)
        if (given[k].weight != 1) is_even = false;
    if (is_even) return ND_OK;
    set->class_weight = nd_alloc(set->arena, (size_t)set->classes, sizeof(double));
    if (!set->class_weight) return ND_E_MEMORY;
    if (how == 4 && (int)set->set.weights.count != set->classes)
        return nd_fail(ND_E_PARAM,
                       "data.weights has %d numbers for %d classes\ngive one for each",
                       (int)set->set.weights.count, set->classes);
    for (int k = 0; k < set->classes; k++) total += (double)set->class_count[ND_TRAIN][k];
    for (int k = 0; k < set->classes; k++) {
        double *w = &set->class_weight[k];
        if (how == 4 && !nd_text_real(set->set.weights.item[k], w))
            return nd_fail(ND_E_PARAM,
                           "data.weights: %s is no number\ngive one for each "
                           "class",
                           set->set.weights.item[k]);
        if (how == 0) *w = given[k].weight;
        if (how > 0 && how < 4) *w = weight_of(set, k, total);
        sum += *w * (double)set->class_count[ND_TRAIN][k];
    }
    if (how == 1 || how == 2 || how == 3)
        for (int k = 0; k < set->classes && sum > 0; k++)
            set->class_weight[k] *= total / sum;
    return ND_OK;
}

// ---- Opening.

static nd_status hash_all(nd_dataset *set)
{
    nd_hash h = nd_hash_text((nd_hash){0, 0}, "dataset 1");
    for (const nd_data_section *s = nd_data_sections; s->key; s++)
        for (size_t i = 0; i < s->table->count; i++) {
            const nd_param *row = &s->table->row[i];
            if (nd_text_listed("cache,workers,pictures,table,raster,graph", row->name))
                continue;
            // Where these say nothing, runs of before they existed stay what they were.
            if (nd_text_listed("fit,side,task", row->name) &&
                nd_param_is_default(row, (const char *)&set->set + s->offset))
                continue;
            const char *text =
                nd_param_print(set->arena, row, (const char *)&set->set + s->offset);
            h = nd_hash_text(nd_hash_text(h, row->name), text);
        }
    h = nd_hash_more(h, &set->set.seed, sizeof set->set.seed);
    for (int64_t i = 0; i < set->items; i++) {
        h = nd_hash_text(h, set->item[i].key);
        h = nd_hash_more(h, &set->item[i].pixels, sizeof set->item[i].pixels);
        h = nd_hash_more(h, &set->item[i].side, sizeof set->item[i].side);
    }
    for (int i = 0; i < set->scenes; i++) {
        const data_scene *scene = &set->scene[i];
        const size_t blocks = (size_t)scene->across * (size_t)scene->down;
        h = nd_hash_text(h, scene->key);
        h = nd_hash_more(h, scene->part,
                         blocks * (size_t)data_planes(set) * sizeof *scene->part);
        h = nd_hash_more(h, scene->count,
                         blocks * (size_t)set->classes * sizeof *scene->count);
    }
    for (int64_t i = 0; i < set->units; i++)
        if (set->unit[i].side == ND_TRAIN)
            set->train_hash = nd_hash_text(set->train_hash, set->unit[i].key);
    set->hash = h;
    return ND_OK;
}

static nd_status open_pictures(nd_dataset *set)
{
    ND_TRY(data_value_new(set));
    if (set->set.table.text)
        ND_TRY(data_list_table(set));
    else
        ND_TRY(data_list_pictures(set));
    ND_TRY(data_find_classes(set));
    ND_TRY(data_split_pictures(set));
    ND_TRY(data_scan_sizes(set));
    ND_TRY(name_bands(set));
    ND_TRY(data_begin_scales(set));
    ND_TRY(data_scan_values(set));
    ND_TRY(data_find_copies(set));
    set->bad = nd_alloc(set->arena, (size_t)set->items, sizeof *set->bad);
    if (!set->bad) return ND_E_MEMORY;
    ND_TRY(gather_sides(set));
    ND_TRY(check_sides(set));
    ND_TRY(data_finish_scales(set));
    ND_TRY(weigh_classes(set));
    ND_TRY(write_proof(set));
    return hash_all(set);
}

static nd_status open_scenes(nd_dataset *set, nd_node *const *node, int nodes)
{
    ND_TRY(data_cache_new(set));
    ND_TRY(data_open_scenes(set, node, nodes));
    ND_TRY(data_open_labels(set));
    ND_TRY(data_value_new(set));
    ND_TRY(data_label_classes(set));
    ND_TRY(data_begin_scales(set));
    ND_TRY(data_scan_scenes(set));
    ND_TRY(data_split_scenes(set));
    ND_TRY(data_place_chips(set));
    ND_TRY(data_scene_statistics(set));
    ND_TRY(data_finish_scales(set));
    ND_TRY(data_value_scale(set));
    if (set->set.chips.sampling.at == SAMPLING_BALANCED && !set->set.is_whole)
        ND_TRY(data_balance_new(set));
    ND_TRY(data_order_new(set));
    ND_TRY(weigh_classes(set));
    ND_TRY(data_prove_scenes(set));
    return hash_all(set);
}

nd_dataset *nd_dataset_open(nd_arena *arena, const nd_data *set, nd_node *const *node,
                            int nodes)
{
    nd_dataset *made = nd_alloc(arena, 1, sizeof *made);
    if (!made) return NULL;
    made->arena = arena, made->set = *set, made->background = -1;
    if (data_state_new(made) != ND_OK || given_classes(made) != ND_OK) return NULL;
    if (set->pictures.text || set->table.text)
        return open_pictures(made) == ND_OK ? made : NULL;
    if (nodes > 0 || set->raster.count)
        return open_scenes(made, nodes > 0 ? node : NULL, nodes) == ND_OK ? made : NULL;
    nd_fail(ND_E_PARAM, "the recipe does not say what to learn from\n"
                        "give data.pictures, data.table, data.raster or data.graph");
    return NULL;
}

// ---- Answers.

int64_t nd_dataset_count(const nd_dataset *set, nd_side side)
{
    return set->members[side];
}

void nd_dataset_shape(const nd_dataset *set, int *bands, int *height, int *width)
{
    *bands = set->bands, *height = set->height, *width = set->width;
}

bool nd_dataset_is_mask(const nd_dataset *set)
{
    return set->is_mask;
}

const nd_card_class *nd_dataset_classes(const nd_dataset *set, int *count)
{
    *count = set->value ? 0 : set->classes;
    return set->class;
}

const nd_card_band *nd_dataset_bands(const nd_dataset *set, int *count)
{
    *count = set->bands;
    return set->band;
}

double nd_dataset_pixel(const nd_dataset *set)
{
    return set->pixel_m;
}

const double *nd_dataset_class_weights(const nd_dataset *set)
{
    return set->class_weight;
}

const int64_t *nd_dataset_class_counts(const nd_dataset *set, nd_side side)
{
    return set->class_count[side];
}

const char *nd_dataset_proof(const nd_dataset *set)
{
    return set->proof;
}

nd_hash nd_dataset_hash(const nd_dataset *set)
{
    return set->hash;
}

nd_hash nd_dataset_train_hash(const nd_dataset *set)
{
    return set->train_hash;
}

const char *const *nd_dataset_bad(const nd_dataset *set, int64_t *count)
{
    *count = set->bads;
    return set->bad;
}

const char *const *nd_dataset_copies(const nd_dataset *set, int64_t *count)
{
    *count = set->copies;
    return set->copy;
}
