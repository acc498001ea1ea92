// SPDX-License-Identifier: Apache-2.0
// What is varied in one training example: all of it drawn from seed, epoch and index,
// each kind from words of its own, so that switching one off leaves the others alone.
#include "learn/data.h"
#include <math.h>
#include <stdlib.h>

// Each kind owns eight words: two blocks. What is drawn for each band, or each pixel,
// lies further out.
enum {
    DIHEDRAL,
    ROTATE,
    SCALE,
    SHIFT,
    CROP,
    BRIGHTNESS,
    CONTRAST,
    HAZE,
    BAND_DROP,
    SPECKLE,
    NOISE,
    BLUR,
    CUTOUT
};
enum { BY_BAND = 0x100 };

typedef struct words {
    uint32_t w[8];
} words;

static words slot(const nd_draw *draw, int kind)
{
    words all;
    nd_draw_block(draw, 2 * (uint32_t)kind, all.w);
    nd_draw_block(draw, 2 * (uint32_t)kind + 1, all.w + 4);
    return all;
}

static float unit_of_band(const nd_draw *draw, int kind, int band)
{
    uint32_t w[4];
    const uint32_t block = BY_BAND * ((uint32_t)kind + 1) + (uint32_t)band / 4;
    nd_draw_block(draw, block, w);
    return nd_draw_unit(w[band % 4]);
}

static float both_ways(float unit, double most)
{
    return (float)((2 * (double)unit - 1) * most);
}

// ---- Geometry: one way from a pixel of the result to one of the picture.

static void turn_and_shift(const nd_augment *set, const nd_draw *draw, int height,
                           int width, data_vary *v)
{
    const int turns = height == width ? 8 : 4; // a transposed picture has another shape
    if (set->dihedral) v->turn = (int)(slot(draw, DIHEDRAL).w[0] >> 16) * turns >> 16;
    if (set->shift <= 0) return;
    const words w = slot(draw, SHIFT);
    const int x = (int)(set->shift * width), y = (int)(set->shift * height);
    v->dx = (int)((double)nd_draw_unit(w.w[0]) * (2 * x + 1)) - x;
    v->dy = (int)((double)nd_draw_unit(w.w[1]) * (2 * y + 1)) - y;
}

static double number_at(const nd_list *list, size_t at, double otherwise)
{
    double number;
    if (at >= list->count || !nd_text_real(list->item[at], &number)) return otherwise;
    return number;
}

// A window of some share of the area: how large it is against the picture, where it lies.
static void draw_crop(const nd_augment *set, const nd_draw *draw, double size[2],
                      double move[2])
{
    const words w = slot(draw, CROP);
    const double least = number_at(&set->crop, 0, 0.5),
                 most = number_at(&set->crop, 1, 1);
    const double area = least + (most - least) * (double)nd_draw_unit(w.w[0]);
    const double aspect =
        exp(log(3.0 / 4) + log(16.0 / 9) * (double)nd_draw_unit(w.w[1]));
    size[0] = fmin(sqrt(area * aspect), 1);
    size[1] = fmin(sqrt(area / aspect), 1);
    for (int i = 0; i < 2; i++)
        move[i] = ((double)nd_draw_unit(w.w[2 + i]) - 0.5) * (1 - size[i]);
}

// Symmetry, shift, size and rotation about the centre, in pixels.
static void lay_way(const nd_augment *set, const nd_draw *draw, int height, int width,
                    data_vary *v)
{
    double size[2] = {1, 1}, move[2] = {0, 0}, angle = 0, zoom = 1;
    if (set->rotate > 0)
        angle = (double)both_ways(nd_draw_unit(slot(draw, ROTATE).w[0]), set->rotate) *
                (3.14159265358979323846 / 180);
    if (set->scale > 1)
        zoom =
            exp((double)both_ways(nd_draw_unit(slot(draw, SCALE).w[0]), log(set->scale)));
    if (set->crop.count) draw_crop(set, draw, size, move);
    v->is_copy = angle == 0 && zoom == 1 && !set->crop.count;
    const double c = cos(angle) / zoom, s = sin(angle) / zoom;
    const double cx = 0.5 * (width - 1), cy = 0.5 * (height - 1);
    const double mx = v->turn & 1 ? -1 : 1, my = v->turn & 2 ? -1 : 1;
    const bool is_across = v->turn & 4;
    // Of the result: x' = mx (x or y), y' = my (y or x), both from the centre.
    const double xx = is_across ? 0 : mx, xy = is_across ? mx : 0;
    const double yx = is_across ? my : 0, yy = is_across ? 0 : my;
    double *w = v->way;
    w[0] = size[0] * (c * xx - s * yx), w[1] = size[0] * (c * xy - s * yy);
    w[3] = size[1] * (s * xx + c * yx), w[4] = size[1] * (s * xy + c * yy);
    w[2] = cx + v->dx + move[0] * width - w[0] * cx - w[1] * cy;
    w[5] = cy + v->dy + move[1] * height - w[3] * cx - w[4] * cy;
}

// ---- Radiometry: gain and offset of each band, in its unit.

static bool is_decibel(const nd_card_band *band)
{
    return band->unit && nd_text_same(band->unit, "dB");
}

static void brighten(const nd_dataset *set, const nd_draw *draw, data_vary *v)
{
    const nd_augment *a = &set->set.augment;
    const float all = both_ways(nd_draw_unit(slot(draw, BRIGHTNESS).w[0]), a->brightness);
    for (int b = 0; b < set->bands; b++) {
        const float unit = unit_of_band(draw, BRIGHTNESS, b);
        if (is_decibel(&set->band[b]))
            v->offset[b] += both_ways(unit, a->brightness_db);
        else
            v->gain[b] = 1 + all + both_ways(unit, a->brightness / 2);
    }
}

// About the mean of the training side, so that dark water stays dark.
static void stretch(const nd_dataset *set, const nd_draw *draw, data_vary *v)
{
    const float c =
        both_ways(nd_draw_unit(slot(draw, CONTRAST).w[0]), set->set.augment.contrast);
    for (int b = 0; b < set->bands; b++) {
        v->gain[b] *= 1 + c;
        v->offset[b] = v->offset[b] * (1 + c) - c * (float)set->stats[b].mean;
    }
}

// Scattered light falls with the square of the wavelength, from 490 nm.
static void veil(const nd_dataset *set, const nd_draw *draw, data_vary *v)
{
    const double h = set->set.augment.haze * (double)nd_draw_unit(slot(draw, HAZE).w[0]);
    for (int b = 0; b < set->bands; b++) {
        const nd_card_band *band = &set->band[b];
        const double nm = band->wavelength_nm;
        const bool is_dn = band->unit && nd_text_same(band->unit, "DN");
        if (nm > 0) v->offset[b] += (float)(h * 490 * 490 / nm / nm * (is_dn ? 1e4 : 1));
    }
}

static void drop_bands(const nd_dataset *set, const nd_draw *draw, data_vary *v)
{
    int left = set->bands;
    for (int b = 0; b < set->bands && left > 1; b++) {
        const float unit = unit_of_band(draw, BAND_DROP, b);
        if ((double)unit >= set->set.augment.band_drop) continue;
        v->gain[b] = 0, v->offset[b] = (float)set->stats[b].mean;
        left--;
    }
}

static void draw_hole(const nd_augment *set, const nd_draw *draw, int height, int width,
                      data_vary *v)
{
    const words w = slot(draw, CUTOUT);
    const int across = (int)((double)nd_draw_unit(w.w[0]) * set->cutout * width + 0.5);
    const int down = (int)((double)nd_draw_unit(w.w[1]) * set->cutout * height + 0.5);
    const int x = (int)((double)nd_draw_unit(w.w[2]) * (width - across + 1));
    const int y = (int)((double)nd_draw_unit(w.w[3]) * (height - down + 1));
    if (across > 0 && down > 0) v->hole = (nd_rect){x, y, across, down};
}

static void draw_grain(const nd_augment *set, const nd_draw *draw, data_vary *v)
{
    if (set->speckle.count) {
        const double least = number_at(&set->speckle, 0, 4);
        const double most = number_at(&set->speckle, 1, least);
        const double u = (double)nd_draw_unit(slot(draw, SPECKLE).w[0]);
        v->looks = fmax(1, least * pow(most / least, u));
    }
    v->noise = (float)set->noise;
    v->blur = (float)(set->blur * (double)nd_draw_unit(slot(draw, BLUR).w[0]));
    if (v->blur < 0.1f) v->blur = 0; // nothing to see
    v->is_smooth = !set->speckle.count && set->noise <= 0 && v->blur <= 0;
}

void data_no_vary(const nd_dataset *set, data_vary *v)
{
    for (int b = 0; b < set->bands; b++) v->gain[b] = 1, v->offset[b] = 0;
    *v = (data_vary){.is_copy = true,
                     .is_smooth = true,
                     .way = {1, 0, 0, 0, 1, 0},
                     .gain = v->gain,
                     .offset = v->offset};
}

void data_draw_vary(const nd_dataset *set, uint32_t epoch, uint64_t index, data_vary *v)
{
    const nd_augment *a = &set->set.augment;
    const nd_draw draw = {set->set.seed, index, epoch, ND_DRAW_AUGMENT};
    data_no_vary(set, v);
    v->draw = draw;
    turn_and_shift(a, &draw, set->height, set->width, v);
    lay_way(a, &draw, set->height, set->width, v);
    if (a->brightness > 0) brighten(set, &draw, v);
    if (a->contrast > 0) stretch(set, &draw, v);
    if (a->haze > 0) veil(set, &draw, v);
    if (a->band_drop > 0) drop_bands(set, &draw, v);
    if (a->cutout > 0) draw_hole(a, &draw, set->height, set->width, v);
    draw_grain(a, &draw, v);
}

// ---- What is drawn for single pixels: far blocks, so many to a pixel.

static nd_draw far_draw(const nd_draw *draw, int kind)
{
    nd_draw far = *draw;
    far.stream = ND_DRAW_AUGMENT + ((nd_stream)(kind + 1) << 8);
    return far;
}

static void speckle(const nd_dataset *set, const data_vary *v, float *value,
                    int64_t plane)
{
    const nd_draw far = far_draw(&v->draw, SPECKLE);
    for (int b = 0; b < set->bands; b++) {
        const bool is_log = is_decibel(&set->band[b]);
        for (int64_t i = 0; i < plane; i++) {
            float *x = &value[b * plane + i];
            if (isnan(*x)) continue;
            const uint32_t block = (uint32_t)(b * plane + i) * DATA_GAMMA_BLOCKS;
            const double g = data_gamma(&far, block, v->looks) / v->looks;
            *x = is_log ? *x + (float)(10 * log10(g)) : *x * (float)g;
        }
    }
}

static void add_noise(const nd_dataset *set, const data_vary *v, float *value,
                      int64_t plane)
{
    const nd_draw far = far_draw(&v->draw, NOISE);
    for (int b = 0; b < set->bands; b++) {
        const data_band_stats *s = &set->stats[b];
        const double sigma =
            s->count ? (double)v->noise * sqrt(s->square / (double)s->count) : 0;
        for (int64_t i = 0; i < plane; i++) {
            uint32_t w[4];
            nd_draw_block(&far, (uint32_t)(b * plane + i), w);
            value[b * plane + i] += (float)(sigma * data_normal(w[0], w[1]));
        }
    }
}

// A value blurred by so many neighbours before and after it, `step` apart; missing ones
// give their weight to the others.
static inline float blurred(const float *at, int step, int before, int after,
                            const float *weight)
{
    float sum = 0, all = 0;
    if (isnan(*at)) return NAN;
    for (int k = -before; k <= after; k++) {
        const float value = at[(ptrdiff_t)k * step];
        if (isnan(value)) continue;
        sum += weight[abs(k)] * value, all += weight[abs(k)];
    }
    return sum / all;
}

// One direction of a Gaussian.
static void blur_lines(const float *from, float *to, const nd_rect *size, bool is_down,
                       const float *weight, int radius)
{
    const int w = size->width, h = size->height, length = is_down ? h : w;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const int64_t at = (int64_t)y * w + x;
            const int here = is_down ? y : x, left = length - 1 - here;
            to[at] = blurred(from + at, is_down ? w : 1, here < radius ? here : radius,
                             left < radius ? left : radius, weight);
        }
}

static void blur(const nd_dataset *set, const data_vary *v, float *value, float *scratch)
{
    float weight[16];
    const int radius = (int)fminf(15, ceilf(3 * v->blur));
    const int64_t plane = (int64_t)set->width * set->height;
    const nd_rect size = {0, 0, set->width, set->height};
    for (int k = 0; k <= radius; k++)
        weight[k] = expf(-0.5f * (float)(k * k) / (v->blur * v->blur));
    for (int b = 0; b < set->bands; b++) {
        blur_lines(value + b * plane, scratch, &size, false, weight, radius);
        blur_lines(scratch, value + b * plane, &size, true, weight, radius);
    }
}

// Radiometry and grain of values in units; `scratch` holds one plane.
void data_vary_values(const nd_dataset *set, const data_vary *v, float *value,
                      float *scratch)
{
    const int64_t plane = (int64_t)set->width * set->height;
    for (int b = 0; b < set->bands; b++)
        for (int64_t i = 0; i < plane; i++)
            value[b * plane + i] = value[b * plane + i] * v->gain[b] + v->offset[b];
    if (v->looks > 0) speckle(set, v, value, plane);
    if (v->noise > 0) add_noise(set, v, value, plane);
    if (v->blur > 0) blur(set, v, value, scratch);
}
