// SPDX-License-Identifier: Apache-2.0
// A checkpoint's arrays into a net by name, and a net's arrays out of it.
#include <math.h>
#include <nadir/weights.h>
#include <string.h>

// A convolution whose kernels agree but for the number of bands they look at.
static bool is_first_layer(nd_shape net, nd_shape file)
{
    return net.rank == 4 && file.rank == 4 && net.dim[0] == file.dim[0] &&
           net.dim[1] != file.dim[1] && net.dim[2] == file.dim[2] &&
           net.dim[3] == file.dim[3];
}

// What a kernel has for one band, of `m` that lie `each` apart; band < 0: the mean of
// all.
static double slice(const double *kernel, int64_t m, int64_t each, int band)
{
    if (band >= 0) return kernel[band * each];
    double mean = 0;
    for (int64_t b = 0; b < m; b++) mean += kernel[b * each] / (double)m;
    return mean;
}

// Bands that the file knows keep their slice, others take the mean of all; times the
// ratio of the band counts, so that sums over the bands stay as large.
static void spread(const double *from, nd_shape file, const int *bands,
                   const nd_array *to)
{
    const int64_t each = file.dim[2] * file.dim[3], n = to->shape.dim[1], m = file.dim[1];
    const double ratio = (double)m / (double)n;
    for (int64_t o = 0; o < file.dim[0]; o++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < each; k++) {
                const double v = slice(from + o * m * each + k, m, each, bands[i]);
                const int64_t at = (o * n + i) * each + k;
                if (to->dtype == ND_FLOAT32)
                    ((float *)to->data)[at] = (float)(v * ratio);
                else
                    ((double *)to->data)[at] = v * ratio;
            }
}

static nd_status adapt(nd_arena *arena, const nd_weight *w, const int *bands,
                       const nd_array *to)
{
    double *all = nd_alloc(arena, (size_t)nd_shape_count(w->shape), sizeof *all);
    if (!all) return ND_E_MEMORY;
    for (int64_t i = 0; i < to->shape.dim[1]; i++)
        if (bands[i] >= w->shape.dim[1])
            return nd_fail(ND_E_PARAM,
                           "%s looks at %lld bands, and band %d is wanted\n"
                           "number its bands from 0",
                           w->name, (long long)w->shape.dim[1], bands[i]);
    ND_TRY(nd_weights_take(w, &(nd_array){ND_FLOAT64, w->shape, all}));
    spread(all, w->shape, bands, to);
    return ND_OK;
}

// How often a norm has run: torch counts it, and nothing depends on it.
static bool is_counter(const nd_named *v)
{
    return v->value.dtype == ND_INT64 && !v->is_parameter;
}

nd_status nd_weights_load(nd_arena *arena, const nd_weights *weights, nd_net *net,
                          const int *bands, nd_match *match)
{
    const int count = nd_net_count(net);
    const char **missing = nd_alloc(arena, (size_t)count + 1, sizeof *missing);
    const char **reshaped = nd_alloc(arena, (size_t)count + 1, sizeof *reshaped);
    const char **more = nd_alloc(arena, (size_t)weights->count + 1, sizeof *more);
    if (!missing || !reshaped || !more) return ND_E_MEMORY;
    *match = (nd_match){.missing = missing, .unexpected = more, .reshaped = reshaped};
    ND_TRY(nd_net_pull(net)); // what the file lacks must not be pushed from stale numbers
    bool is_adapted = !bands;
    for (int i = 0; i < count; i++) {
        const nd_named v = nd_net_at(net, i);
        const int at = nd_weights_find(weights, v.name);
        if (at < 0) {
            if (!is_counter(&v)) missing[match->missings++] = v.name;
            continue;
        }
        const nd_weight *w = &weights->weight[at];
        if (nd_shape_same(w->shape, v.value.shape)) {
            ND_TRY(nd_weights_take(w, &v.value));
            match->matched++;
        } else if (!is_adapted && is_first_layer(v.value.shape, w->shape)) {
            ND_TRY(adapt(arena, w, bands, &v.value));
            is_adapted = true, match->matched++;
        } else {
            reshaped[match->reshapeds++] = v.name;
        }
    }
    for (int i = 0; i < weights->count; i++)
        if (nd_net_find(net, weights->weight[i].name) < 0)
            more[match->unexpecteds++] = weights->weight[i].name;
    return nd_net_push(net);
}

// Nearest, ties to even; NaN stays NaN.
static uint16_t to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static bool is_stored_alike(nd_dtype held, nd_stored as)
{
    return held == ND_INT64 || (held == ND_FLOAT32 && as == ND_STORED_F32) ||
           (held == ND_FLOAT64 && as == ND_STORED_F64);
}

static void *stored(nd_arena *arena, const nd_array *from, nd_stored as)
{
    const int64_t n = nd_shape_count(from->shape);
    void *copy = nd_alloc(arena, (size_t)n + 1, nd_stored_bytes(as));
    for (int64_t k = 0; copy && k < n; k++) {
        const double x = from->dtype == ND_FLOAT64
                             ? ((const double *)from->data)[k]
                             : (double)((const float *)from->data)[k];
        if (as == ND_STORED_F64) ((double *)copy)[k] = x;
        if (as == ND_STORED_F32) ((float *)copy)[k] = (float)x;
        if (as == ND_STORED_BF16) ((uint16_t *)copy)[k] = to_bf16((float)x);
    }
    return copy;
}

nd_status nd_weights_of(nd_arena *arena, nd_net *net, nd_stored type, nd_weight **weight,
                        int *count)
{
    ND_TRY(nd_net_pull(net));
    const int all = nd_net_count(net);
    nd_weight *w = nd_alloc(arena, (size_t)all + 1, sizeof *w);
    if (!w) return ND_E_MEMORY;
    for (int i = 0; i < all; i++) {
        const nd_array v = nd_net_at(net, i).value;
        // What norms scale and know is little and wants its digits.
        const bool is_small = type == ND_STORED_BF16 && v.shape.rank < 2;
        const nd_stored as = v.dtype == ND_INT64 ? ND_STORED_I64
                             : is_small          ? ND_STORED_F32
                                                 : type;
        w[i] = (nd_weight){.name = nd_net_at(net, i).name, .type = as, .shape = v.shape};
        const bool is_alike = is_stored_alike(v.dtype, as);
        w[i].data = is_alike ? v.data : stored(arena, &v, as);
        if (!w[i].data && !is_alike) return ND_E_MEMORY;
    }
    *weight = w, *count = all;
    return ND_OK;
}

// Floats of two dimensions or more become a bfloat16 copy, the rest stays.
static nd_status round_one(nd_arena *arena, nd_weight *w)
{
    if (w->type > ND_STORED_BF16 || w->type == ND_STORED_BF16 || w->shape.rank < 2)
        return ND_OK;
    const int64_t n = nd_shape_count(w->shape);
    float *wide = nd_alloc(arena, (size_t)n + 1, sizeof *wide);
    uint16_t *half = nd_alloc(arena, (size_t)n + 1, sizeof *half);
    if (!wide || !half) return ND_E_MEMORY;
    ND_TRY(nd_weights_take(w, &(nd_array){ND_FLOAT32, w->shape, wide}));
    for (int64_t k = 0; k < n; k++) half[k] = to_bf16(wide[k]);
    w->type = ND_STORED_BF16, w->data = half;
    return ND_OK;
}

nd_status nd_weights_round(nd_arena *arena, const nd_weights *weights,
                           const nd_weight **rounded)
{
    nd_weight *w = nd_alloc(arena, (size_t)weights->count + 1, sizeof *w);
    if (!w) return ND_E_MEMORY;
    for (int i = 0; i < weights->count; i++) {
        w[i] = weights->weight[i];
        ND_TRY(round_one(arena, &w[i]));
    }
    *rounded = w;
    return ND_OK;
}
