// SPDX-License-Identifier: Apache-2.0
// What names of an expression mean: bands, masks, flags and facts of a node's inputs.
#include "raster/expr.h"
#include <math.h>
#include <nadir/op.h>
#include <string.h>

nd_status nd_expr_scope_new(nd_arena *arena, const nd_node *node, nd_expr_scope *scope)
{
    size_t bands = 1;
    for (int i = 0; i < node->inputs; i++) bands += (size_t)node->input[i]->bands;
    *scope = (nd_expr_scope){.node = node,
                             .source = nd_alloc(arena, bands, sizeof *scope->source)};
    return scope->source ? ND_OK : ND_E_MEMORY;
}

// Rows are numbered as they are named; one band is one row.
static int row_of(nd_expr_scope *s, int input, int band)
{
    for (int r = 0; r < s->sources; r++)
        if (s->source[r].input == input && s->source[r].band == band) return r;
    s->source[s->sources] = (nd_source){input, band};
    return s->sources++;
}

static bool is_whole(const nd_band *band)
{
    if (band->kind == ND_CLASS || band->kind == ND_FLAGS) return true;
    return band->sample != ND_F32 && band->sample != ND_F64 && band->offset == 0 &&
           (band->scale == 0 || band->scale == 1);
}

static nd_expr_name meaning_of(nd_expr_scope *s, int input, int b)
{
    const nd_band *band = &s->node->input[input]->band[b];
    nd_expr_name is = {.kind = ND_EXPR_ROW, .row = row_of(s, input, b)};
    // A mask with labels has numbers: which detector saw a pixel.
    is.type = band->role == ND_MASK && !band->labels ? ND_EXPR_BOOL
              : is_whole(band)                       ? ND_EXPR_INT
                                                     : ND_EXPR_REAL;
    static const double most[] = {
        [ND_U8] = 255, [ND_I8] = 128, [ND_U16] = 65535, [ND_I16] = 32768, [ND_F64] = 0};
    const bool is_plain = band->offset == 0 && (band->scale == 0 || band->scale == 1);
    // A decoder gives what the file holds; others may leave fractions in such a band.
    const nd_op *op = s->node->input[input]->op; // NULL: a reader asks for itself
    const bool is_decoded = op && op->decodes;
    if (is_decoded && is_plain && is_whole(band)) is.most = most[band->sample];
    is.fills = s->node->strict && !isnan(band->no_data);
    const double scale = band->scale != 0 ? band->scale : 1;
    is.fill = (double)(float)(band->offset + scale * band->no_data);
    return is;
}

static int find(const nd_node *node, const char *name, size_t length)
{
    for (int pass = 0; pass < 2; pass++) // B8a and B8A may both be there
        for (int b = 0; b < node->bands; b++) {
            const char *word = node->band[b].name;
            if (strlen(word) != length) continue;
            bool same = pass ? true : strncmp(word, name, length) == 0;
            for (size_t i = 0; pass && i < length && same; i++)
                same = (word[i] | 32) == (name[i] | 32);
            if (same) return b;
        }
    return -1;
}

// What stands after "band.": raw, a flag, or a fact.
static bool of_band(nd_expr_scope *s, int input, int b, const char *what,
                    nd_expr_name *is)
{
    const nd_band *band = &s->node->input[input]->band[b];
    const double scale = band->scale != 0 ? band->scale : 1;
    const struct {
        const char *name;
        double value;
    } facts[] = {{"no_data_value", band->no_data},
                 {"scaling_factor", scale},
                 {"scaling_offset", band->offset},
                 {"spectral_wavelength", band->wavelength_nm},
                 {"spectral_bandwidth", band->bandwidth_nm}};
    if (nd_text_same(what, "raw")) {
        *is = meaning_of(s, input, b); // SNAP gives the physical value here too
        return true;
    }
    for (int i = 0; i < band->labels; i++)
        if (nd_text_same(band->label[i].name, what)) {
            const double value = band->label[i].value;
            const uint32_t bits = value >= 0 && value < 16777217 ? (uint32_t)value : 0;
            *is = (nd_expr_name){.kind = ND_EXPR_FLAG,
                                 .row = row_of(s, input, b),
                                 .mask = bits,
                                 .bits = bits};
            if (band->kind == ND_CLASS) is->mask = 0x1ffffff;
            return true;
        }
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (nd_text_same(facts[i].name, what)) {
            *is = (nd_expr_name){ND_EXPR_CONSTANT, ND_EXPR_REAL, .value = facts[i].value};
            return true;
        }
    return false;
}

static bool in_input(nd_expr_scope *s, int input, const char *name, nd_expr_name *is)
{
    const nd_node *node = s->node->input[input];
    const int whole = find(node, name, strlen(name));
    if (whole >= 0) {
        *is = meaning_of(s, input, whole);
        return true;
    }
    // The longest band name first: names may hold points themselves.
    for (size_t i = strlen(name); i-- > 1;) {
        const int b = name[i] == '.' ? find(node, name, i) : -1;
        if (b >= 0 && of_band(s, input, b, name + i + 1, is)) return true;
    }
    // The first band may be called like its picture: S2A_…_ndvi is ndvi for short, and
    // the other way round.
    if (!node->name || node->bands < 1) return false;
    const size_t all = strlen(node->name), length = strlen(name);
    const bool is_picture = strcmp(node->name, name) == 0;
    const bool is_short = all > length + 1 && node->name[all - length - 1] == '_' &&
                          strcmp(node->name + all - length, name) == 0 &&
                          strcmp(node->band[0].name, node->name) == 0;
    if (!is_picture && !is_short) return false;
    *is = meaning_of(s, input, 0);
    return true;
}

// Letters of "$id." or "${id}." at the start of a name, 0: it does not start so.
static size_t prefix_of(const char *name, const char *id)
{
    const bool braced = name[1] == '{';
    const char *from = name + 1 + braced;
    const size_t size = strlen(id);
    if (strncmp(from, id, size) != 0) return 0;
    const char *end = from + size;
    if (braced && *end++ != '}') return 0;
    return *end == '.' ? (size_t)(end - name) + 1 : 0;
}

// "$id.", "${id}." or "$2." before a name: the input, and how long it is; -1: none.
static int prefix(const nd_node *node, const char *name, size_t *length)
{
    int best = -1;
    *length = 0;
    if (*name != '$') return -1;
    for (int i = 0; i < node->inputs; i++) {
        char number[16];
        int n = 0, left = i + 1;
        for (int v = left; v; v /= 10) n++;
        number[n] = 0;
        for (int d = n; d-- > 0; left /= 10) number[d] = (char)('0' + left % 10);
        const char *const id[] = {node->input_id[i], node->input[i]->id, number};
        for (int k = 0; k < 3; k++) {
            const size_t all = id[k] ? prefix_of(name, id[k]) : 0; // NULL: of no graph
            if (all > *length) best = i, *length = all;
        }
    }
    return best;
}

static const char *nearest_of(const nd_expr_scope *s, const char *name)
{
    const char *word[512];
    size_t words = 0;
    for (size_t i = 0; i < s->constants && words < 512; i++)
        word[words++] = s->constant[i].name;
    for (int i = 0; i < s->node->inputs; i++)
        for (int b = 0; b < s->node->input[i]->bands && words < 512; b++)
            word[words++] = s->node->input[i]->band[b].name;
    return nd_text_nearest(name, word, words);
}

bool nd_expr_resolve(void *user, const char *name, nd_expr_name *meaning,
                     const char **nearest)
{
    nd_expr_scope *s = user;
    for (size_t i = 0; i < s->constants; i++)
        if (strcmp(s->constant[i].name, name) == 0) {
            *meaning = (nd_expr_name){ND_EXPR_CONSTANT, s->constant[i].type,
                                      .value = s->constant[i].value};
            return true;
        }
    size_t length;
    const int input = prefix(s->node, name, &length);
    if (input >= 0 && in_input(s, input, name + length, meaning)) return true;
    for (int i = 0; i < s->node->inputs && input < 0; i++)
        if (in_input(s, i, name, meaning)) return true;
    const bool is_x = strcmp(name, "X") == 0;
    *meaning = (nd_expr_name){.kind = is_x ? ND_EXPR_X : ND_EXPR_Y};
    if (is_x || strcmp(name, "Y") == 0) return true;
    *nearest = nearest_of(s, name + length);
    return false;
}
