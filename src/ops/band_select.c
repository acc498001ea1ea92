// SPDX-License-Identifier: Apache-2.0
// BandSelect: keep the bands whose names are listed or fit a pattern.
#include <nadir/op.h>
#include <string.h>

typedef struct band_select {
    nd_list polarisations, sub_images, bands;
    const char *pattern;
    nd_list masks;
    bool references;
} band_select;

static const nd_param params[] = {
    ND_PARAM(band_select, bands, {0}, .snap = "sourceBands", .was = "bandNames",
             .of = "band", .help = "Bands to keep; all if none is named"),
    ND_PARAM(band_select, pattern, NULL, .snap = "bandNamePattern",
             .help = "Regular expression that the whole name must fit, as in B(2|3|4)"),
    ND_PARAM(band_select, polarisations, {0}, .snap = "selectedPolarisations",
             .help = "Polarisations to keep, as they stand in the names: VV, VH"),
    ND_PARAM(band_select, sub_images, {0}, .snap = "selectedSubImages",
             .help = "Sub-images to keep, as they stand in the names: IW1, IW2"),
    ND_PARAM(band_select, masks, {0}, .snap = "sourceMasks", .was = "maskNames",
             .of = "band", .help = "Masks to keep; all if none is named"),
    ND_PARAM(band_select, references, true, .snap = "includeReferences",
             .help = "Keep what kept bands are made from; here it is always there"),
};

static bool holds(const nd_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], name)) return true;
    return false;
}

// One of the words between the _ of a name: Intensity_IW1_VV has IW1 and VV.
static bool has_word_of(const nd_list *list, const char *name)
{
    while (*name) {
        char word[64] = "";
        const size_t length = strcspn(name, "_-");
        if (length < sizeof word) memcpy(word, name, length);
        if (holds(list, word)) return true;
        name += length + (name[length] != 0);
    }
    return false;
}

static bool is_wanted(const band_select *set, const nd_pattern *pattern,
                      const nd_band *band)
{
    if (band->role == ND_ANGLE) return true;
    if (band->role == ND_MASK)
        return !set->masks.count || holds(&set->masks, band->name) ||
               holds(&set->bands, band->name);
    return (!set->bands.count || holds(&set->bands, band->name)) &&
           (!set->polarisations.count || has_word_of(&set->polarisations, band->name)) &&
           (!set->sub_images.count || has_word_of(&set->sub_images, band->name)) &&
           (!pattern || nd_pattern_matches(pattern, band->name));
}

static nd_status know_all(const nd_node *self, const nd_list *names)
{
    int band;
    for (size_t i = 0; i < names->count; i++)
        ND_TRY(nd_band_choose(self->input[0], names->item[i], 0, &band));
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const band_select *set = self->state;
    const nd_pattern *pattern = NULL;
    nd_source *from = nd_alloc(self->arena, (size_t)self->bands, sizeof *from);
    if (!from) return ND_E_MEMORY;
    ND_TRY(know_all(self, &set->bands));
    ND_TRY(know_all(self, &set->masks));
    if (set->pattern && *set->pattern) {
        pattern = nd_pattern_new(self->arena, set->pattern);
        if (!pattern) return ND_E_PARAM;
    }
    int kept = 0, data = 0;
    for (int b = 0; b < self->bands; b++) {
        if (!is_wanted(set, pattern, &self->band[b])) continue;
        data += self->band[b].role == ND_DATA || holds(&set->bands, self->band[b].name);
        from[kept] = (nd_source){0, b};
        self->band[kept++] = self->band[b];
    }
    if (!data)
        return nd_fail(ND_E_DATA,
                       "no band of %d fits the selection\nselect less strictly",
                       self->bands);
    self->bands = kept;
    self->state = from;
    self->name = nd_text(self->arena, "%s_subset", self->name);
    return self->name ? ND_OK : ND_E_MEMORY;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    return nd_forward(self, work, self->state, 0, 0, tile);
}

const nd_op nd_op_band_select = {
    .name = "band_select",
    .snap = "BandSelect",
    .brief = "Keep some bands and leave the others",
    .example = "nadir band_select scene.SAFE -o three.tif --bands B4,B3,B2",
    .table = ND_TABLE(params, band_select),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_EXACT,
    .plan = plan,
    .compute = compute,
};
