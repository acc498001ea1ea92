// SPDX-License-Identifier: Apache-2.0
// Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019): each example of a batch with
// its neighbour; labels become shares of the classes.
#include "learn/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct mixing {
    const nd_dataset *set;
    int64_t picture, labels; // numbers of one example
    float *first_x, *first_share;
} mixing;

static void spread_labels(const mixing *m, const data_mix *mix)
{
    const int64_t classes = m->set->classes;
    memset(mix->share, 0, (size_t)(mix->count * classes * m->labels) * sizeof(float));
    for (int i = 0; i < mix->count; i++)
        for (int64_t p = 0; p < m->labels; p++) {
            const int64_t k = mix->label[i * m->labels + p];
            if (k >= 0 && k < classes) mix->share[(i * classes + k) * m->labels + p] = 1;
        }
}

static void blend(float *to, const float *other, int64_t count, float keep)
{
    for (int64_t i = 0; i < count; i++) to[i] = keep * to[i] + (1 - keep) * other[i];
}

static void paste(float *to, const float *other, const nd_dataset *set, int planes,
                  const nd_rect *r)
{
    for (int b = 0; b < planes; b++)
        for (int y = r->y; y < r->y + r->height; y++) {
            const int64_t at = ((int64_t)b * set->height + y) * set->width + r->x;
            memcpy(to + at, other + at, (size_t)r->width * sizeof *to);
        }
}

// A rectangle about a place anywhere, cut at the edges.
static nd_rect window(const nd_dataset *set, double area, const uint32_t w[4])
{
    const double side = sqrt(area);
    const int across = (int)(side * set->width), down = (int)(side * set->height);
    const int x = (int)((double)nd_draw_unit(w[0]) * set->width) - across / 2;
    const int y = (int)((double)nd_draw_unit(w[1]) * set->height) - down / 2;
    return nd_rect_clip((nd_rect){x, y, across, down}, set->width, set->height);
}

// How much of it stays.
static double cut_in(const mixing *m, float *x, float *share, const float *const other[2],
                     const nd_rect *r)
{
    const nd_dataset *set = m->set;
    const int classes = set->classes;
    const double area = (double)r->width * r->height / set->width / set->height;
    paste(x, other[0], set, set->bands, r);
    if (set->is_mask)
        paste(share, other[1], set, classes, r);
    else
        blend(share, other[1], classes, (float)(1 - area));
    return 1 - area;
}

// Example i with the next, the last with the first as it was; gives how much stays.
static double mix_one(const mixing *m, const data_mix *mix, const nd_draw *draw, int i,
                      bool cuts)
{
    const nd_augment *a = &m->set->set.augment;
    const int64_t shares = m->labels * m->set->classes;
    const bool is_last = i == mix->count - 1;
    float *x = mix->x + i * m->picture, *share = mix->share + i * shares;
    const float *const other[2] = {is_last ? m->first_x : x + m->picture,
                                   is_last ? m->first_share : share + shares};
    const uint32_t from = 64 * ((uint32_t)i + 1);
    uint32_t w[4];
    double keep = data_beta(draw, from, cuts ? a->cutmix : a->mixup);
    nd_draw_block(draw, from + 2 * DATA_GAMMA_BLOCKS, w);
    if (cuts) {
        const nd_rect r = window(m->set, 1 - keep, w);
        return cut_in(m, x, share, other, &r);
    }
    keep = fmax(keep, 1 - keep);
    blend(x, other[0], m->picture, (float)keep);
    blend(share, other[1], shares, (float)keep);
    return keep;
}

nd_status data_mix_batch(const nd_dataset *set, const data_mix *mix)
{
    const nd_augment *a = &set->set.augment;
    mixing m = {.set = set,
                .picture = (int64_t)set->bands * set->height * set->width,
                .labels = set->is_mask ? (int64_t)set->height * set->width : 1};
    const int64_t shares = m.labels * set->classes;
    nd_draw draw = {set->set.seed, (uint64_t)mix->batch, mix->epoch, ND_DRAW_MIX};
    uint32_t w[4];
    spread_labels(&m, mix);
    for (int i = 0; i < mix->count; i++) mix->kept[i] = 1;
    nd_draw_block(&draw, 0, w);
    const bool has_both = a->mixup > 0 && a->cutmix > 0;
    const bool cuts = has_both ? w[1] >> 31 : a->cutmix > 0;
    if ((a->mixup <= 0 && a->cutmix <= 0) || (double)nd_draw_unit(w[0]) >= a->mix_share)
        return ND_OK;
    m.first_x = malloc((size_t)m.picture * sizeof(float));
    m.first_share = malloc((size_t)shares * sizeof(float));
    if (m.first_x && m.first_share) {
        memcpy(m.first_x, mix->x, (size_t)m.picture * sizeof(float));
        memcpy(m.first_share, mix->share, (size_t)shares * sizeof(float));
    }
    const bool is_there = m.first_x && m.first_share;
    for (int i = 0; i < mix->count && is_there; i++)
        mix->kept[i] = (float)mix_one(&m, mix, &draw, i, cuts);
    free(m.first_x);
    free(m.first_share);
    return is_there
               ? ND_OK
               : nd_fail(ND_E_MEMORY, "no memory to mix a batch\ntake fewer pictures "
                                      "to a batch");
}
