// SPDX-License-Identifier: Apache-2.0
// Pictures for the eye: true colour where the bands allow it, else a palette or a ramp.
#include "io/picture.h"
#include <math.h>
#include <string.h>

typedef struct look_options {
    nd_list rgb;
    const char *ramp;
    nd_choice stretch;
    double low, high, gamma;
} look_options;
enum { BY_PERCENT, BY_MINMAX, BY_DEVIATION, BY_NONE };
static const nd_option stretches[] = {{"percent", "2 % to 98 %", "auto,percentile"},
                                      {"minmax", "All there is", "min-max"},
                                      {"deviation", "Mean -/+ 2 deviations", "std"},
                                      {"none", "Values are bytes already", "no"},
                                      {NULL, NULL, NULL}};
static const nd_param params[] = {
    ND_PARAM(look_options, rgb, {0}, .of = "band",
             .help = "Bands for red, green and blue"),
    ND_PARAM(look_options, ramp, NULL, .help = "Colours of one band"),
    ND_PARAM(look_options, stretch, {0}, .choices = stretches,
             .help = "Which values are darkest and brightest"),
    ND_PARAM(look_options, low, NAN, .help = "Darkest value"),
    ND_PARAM(look_options, high, NAN, .help = "Brightest value"),
    ND_PARAM(look_options, gamma, 0, .min = 0, .max = 10,
             .help = "Above 1 lightens the dark; 0 is what suits"),
};
static const nd_table table = ND_TABLE(params, look_options);

// The band nearest to a wavelength, on the grid of `like` (< 0: any); -1: none within 40.
static int by_wavelength(const io_job *job, double nm, int like)
{
    const nd_band *band = job->node->band;
    int best = -1;
    for (int k = 0; k < job->bands.count; k++) {
        const int i = job->bands.band[k];
        const double off = fabs(band[i].wavelength_nm - nm);
        if (band[i].role != ND_DATA || off > 40 || band[i].kind == ND_CLASS ||
            (like >= 0 && !nd_grid_same(&band[i].grid, &band[like].grid)))
            continue;
        // Of equals the finest, so that broad bands do not win by a nanometre.
        const double cost = off + fabs(band[i].grid.pixel_x) / 10;
        if (best < 0 || cost < fabs(band[best].wavelength_nm - nm) +
                                   fabs(band[best].grid.pixel_x) / 10)
            best = i;
    }
    return best;
}

// Red, green and blue of Sentinel-2 lie at 665, 560 and 490 nm.
static int choose(const io_job *job, const look_options *set, nd_source from[3])
{
    const nd_node *node = job->node;
    if (set->rgb.count == 3) {
        for (int i = 0; i < 3; i++)
            if (nd_band_choose(node, set->rgb.item[i], 0, &from[i].band) != ND_OK)
                return -1;
        return 3;
    }
    const int red = by_wavelength(job, 665, -1);
    const int green = red < 0 ? -1 : by_wavelength(job, 560, red),
              blue = red < 0 ? -1 : by_wavelength(job, 490, red);
    if (job->bands.count > 1 && red >= 0 && green >= 0 && blue >= 0) {
        from[0].band = red, from[1].band = green, from[2].band = blue;
        return 3;
    }
    const bool three = job->bands.count == 3;
    for (int i = 0; i < (three ? 3 : 1); i++) from[i].band = job->bands.band[i];
    for (int i = 1; three && i < 3; i++)
        if (!nd_grid_same(&node->band[from[i].band].grid, &node->band[from[0].band].grid))
            return 1;
    if (job->bands.count > 1 && !three)
        nd_say(ND_NOTE, "the picture shows band %s; rgb=RED,GREEN,BLUE shows three",
               node->band[from[0].band].name);
    return three ? 3 : 1;
}

// As the settings ask for, from the statistics of a level that is quick to read.
static nd_status measure(const io_job *job, const look_options *set, int bands,
                         const nd_source *from, nd_stretch *stretch)
{
    static const nd_stretching how[] = {ND_STRETCH_PERCENT, ND_STRETCH_MINMAX,
                                        ND_STRETCH_DEVIATION};
    nd_run coarse = *job->run;
    nd_stats stats[3];
    coarse.progress = NULL;
    const nd_grid g = job->node->band[from[0].band].grid;
    const int side = g.width > g.height ? g.width : g.height;
    while (coarse.level < 12 && side >> coarse.level > 1024) coarse.level++;
    for (int i = 0; i < bands; i++) {
        ND_TRY(nd_stats_read(job->node, from[i].band, &coarse, &stats[i]));
        stretch[i] = nd_stretch_of(&stats[i], how[set->stretch.at]);
    }
    if (bands == 3 && set->stretch.at == BY_PERCENT)
        stretch[0] = stretch[1] = stretch[2] = nd_stretch_true_colour(stats);
    return ND_OK;
}

static nd_status stretch_of(const io_job *job, const look_options *set, int bands,
                            const nd_source *from, nd_stretch *stretch)
{
    const bool is_given = !isnan(set->low) && !isnan(set->high);
    for (int i = 0; i < 3; i++) stretch[i] = (nd_stretch){0, 255, 1};
    if (set->stretch.at != BY_NONE && !is_given)
        ND_TRY(measure(job, set, bands, from, stretch));
    for (int i = 0; i < bands; i++) {
        if (!isnan(set->low)) stretch[i].low = set->low;
        if (!isnan(set->high)) stretch[i].high = set->high;
        if (set->gamma > 0) stretch[i].gamma = set->gamma;
    }
    return ND_OK;
}

// Options of a picture are ours; the rest goes on to a driver.
static nd_status take_options(io_job *job, look_options **set)
{
    nd_settings settings;
    size_t kept = 0;
    ND_TRY(nd_settings_new(job->arena, &table, &settings));
    for (size_t i = 0; i < job->options.rests; i++) {
        const nd_pair pair = job->options.rest[i];
        if (nd_param_find(&table, pair.name))
            ND_TRY(nd_settings_set(job->arena, &settings, pair.name, pair.value));
        else if (job->format->driver)
            job->options.rest[kept++] = pair;
        else
            return nd_fail(ND_E_PARAM,
                           "a picture has no option %s\n"
                           "use rgb, ramp, stretch, low, high or gamma",
                           pair.name);
    }
    job->options.rests = kept;
    *set = settings.data;
    return (*set)->rgb.count && (*set)->rgb.count != 3
               ? nd_fail(ND_E_PARAM, "rgb names %zu bands\ngive three, as rgb=B4,B3,B2",
                         (*set)->rgb.count)
               : ND_OK;
}

nd_status io_look_plan(io_job *job, bool index, io_look *look)
{
    look_options none = {0}, *set = &none;
    nd_stretch stretch[3] = {{0}};
    memset(look, 0, sizeof *look);
    ND_TRY(take_options(job, &set));
    const int bands = choose(job, set, look->from);
    if (bands < 0) return ND_E_DATA;
    const nd_band *band = &job->node->band[look->from[0].band];
    if (bands == 1 && band->labels && band->kind == ND_CLASS && !set->ramp) {
        look->has_index = index;
        return nd_paint_labels(&look->paint, band->label, band->labels);
    }
    ND_TRY(stretch_of(job, set, bands, look->from, stretch));
    if (bands == 3) {
        nd_paint_rgb(&look->paint, stretch);
        return ND_OK;
    }
    const nd_ramp *ramp = nd_ramp_find(set->ramp ? set->ramp : "grey");
    if (!ramp) return ND_E_PARAM;
    nd_paint_ramp(&look->paint, ramp, stretch[0]);
    look->has_index = index;
    return ND_OK;
}

static nd_status look_node_plan(nd_node *self)
{
    const io_look *look = self->state;
    static const char *const names[] = {"red", "green", "blue", "alpha"};
    const nd_band first = self->input[0]->band[look->from[0].band];
    self->bands = look->has_index ? 1 : 4;
    self->band = nd_alloc(self->arena, 4, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int i = 0; i < self->bands; i++)
        self->band[i] = (nd_band){.name = look->has_index ? first.name : names[i],
                                  .grid = first.grid,
                                  .sample = ND_U8,
                                  .no_data = NAN,
                                  .kind = look->has_index ? ND_CLASS : ND_CONTINUOUS};
    // The palette, as labels without names: a writer of files makes its table of them.
    nd_label *label = nd_alloc(self->arena, 256, sizeof *label);
    if (!label) return ND_E_MEMORY;
    for (int i = 0; i < 256; i++)
        label[i] = (nd_label){i, NULL, NULL, look->paint.colour[i]};
    if (look->has_index) self->band[0].label = label, self->band[0].labels = 256;
    self->source = look->from, self->sources = look->paint.bands;
    return ND_OK;
}

static void row(const void *state, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    enum { PART = 256 };
    const io_look *look = state;
    uint8_t bytes[4 * PART];
    for (int x = 0; x < ctx->count; x += PART) {
        const int n = ctx->count - x < PART ? ctx->count - x : PART;
        const int step = look->has_index ? 1 : 4;
        const float *at[3] = {in[0] + x, NULL, NULL};
        for (int b = 1; b < look->paint.bands; b++) at[b] = in[b] + x;
        if (look->has_index)
            nd_paint_index(&look->paint, at[0], n, bytes);
        else
            nd_paint_rgba(&look->paint, at, n, bytes);
        for (int k = 0; k < ctx->bands.count; k++)
            for (int i = 0; i < n; i++)
                out[k][x + i] = bytes[i * step + ctx->bands.band[k]];
    }
}

nd_node *io_look_node(nd_arena *arena, const io_job *job, io_look *look)
{
    static const nd_op op = {.name = "picture",
                             .levels = ND_REDUCED,
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .plan = look_node_plan,
                             .row = row};
    static const nd_table none;
    nd_node *input; // a node's own field is not const; nobody writes through it
    memcpy(&input, &job->node, sizeof input);
    return nd_node_new(arena, &(nd_make){.op = &op,
                                         .input = &input,
                                         .inputs = 1,
                                         .settings = &(nd_settings){&none, look, 0}});
}
