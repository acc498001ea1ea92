// SPDX-License-Identifier: Apache-2.0
// class_error: where a prediction is not what the labels say, and what it took it for.
#include <nadir/colour.h>
#include <nadir/op.h>

typedef struct class_error {
    const char *band;
} class_error;

static const nd_param params[] = {
    ND_PARAM(class_error, band, NULL, .of = "band",
             .help = "Band of the prediction; its first of classes if not given"),
};

static const uint32_t clear = 0x80808000; // a colour that is not seen
// Classes are whole numbers up to 2^24, labelled or not: none of them can be this one.
static const float MOST = 1 << 24, RIGHT = 1 << 25;

static int first_of_classes(const nd_node *node)
{
    for (int b = 0; b < node->bands; b++)
        if (node->band[b].kind == ND_CLASS) return b;
    return -1;
}

static nd_status choose(const nd_node *self, int *said, int *known)
{
    const class_error *set = self->settings.data;
    const bool has_name = nd_text_is_set(set->band);
    if (has_name) ND_TRY(nd_band_choose(self->input[0], set->band, 0, said));
    if (!has_name) *said = first_of_classes(self->input[0]);
    *known = first_of_classes(self->input[1]);
    if (*said < 0)
        return nd_fail(ND_E_DATA, "the prediction has no band of classes\n"
                                  "let Predict give its class, as in output: class");
    if (*known < 0)
        return nd_fail(ND_E_DATA, "the labels have no band of classes\n"
                                  "put labels before them");
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    nd_source *from = nd_alloc(self->arena, 2, sizeof *from);
    int p, l;
    if (!from) return ND_E_MEMORY;
    ND_TRY(choose(self, &p, &l));
    const nd_band *said = &self->input[0]->band[p], *known = &self->input[1]->band[l];
    if (!nd_grid_same(&said->grid, &known->grid))
        return nd_fail(ND_E_DATA, "prediction and labels lie on different grids\n"
                                  "bring the labels there by labels or Collocate");
    nd_label *label = nd_alloc(self->arena, (size_t)said->labels + 1, sizeof *label);
    if (!label) return ND_E_MEMORY;
    label[0] =
        (nd_label){(double)RIGHT, "right", "The prediction is what is known", clear};
    for (int i = 0; i < said->labels; i++) {
        label[i + 1] = said->label[i];
        label[i + 1].colour = nd_label_colour(&said->label[i], i);
    }
    from[0] = (nd_source){0, p}, from[1] = (nd_source){1, l};
    self->band[0] = (nd_band){.name = "error",
                              .help = "What a pixel was wrongly taken for",
                              .kind = ND_CLASS,
                              .grid = said->grid,
                              .sample = ND_I32,
                              .no_data = -2147483648.0,
                              .label = label,
                              .labels = said->labels + 1};
    self->bands = 1, self->source = from, self->sources = 2;
    return ND_OK;
}

// Where one of them says nothing, or the prediction no class, nothing can be wrong.
static void row(const void *state, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    (void)state;
    for (int i = 0; i < ctx->count; i++) {
        const float said = in[0][i], known = in[1][i];
        const bool is_told = fabsf(said) <= MOST && !isnan(known);
        out[0][i] = !is_told ? NAN : said == known ? RIGHT : said;
    }
}

const nd_op nd_op_class_error = {
    .name = "class_error",
    .brief = "Where a prediction is not what the labels say",
    .example = "nadir class_error land.tif known.tif -o wrong.tif",
    .help = "Each pixel is the class that it was wrongly taken for, in that class's\n"
            "colour. One more class, of a colour that is not seen, says right; where\n"
            "prediction or labels say nothing there is no data.",
    .table = ND_TABLE(params, class_error),
    .min_inputs = 2,
    .max_inputs = 2,
    .levels = ND_REDUCED,
    .plan = plan,
    .row = row,
};
