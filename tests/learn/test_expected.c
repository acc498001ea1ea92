// SPDX-License-Identifier: Apache-2.0
// Foreign weights in forward functions of our own: they must answer as their makers' nets
// do. Expected values were made with NumPy alone; the files lie beside the repository.
#include "../harness.h"
#include <gdal.h>
#include <math.h>
#include <nadir/layer.h>
#include <nadir/text.h>
#include <nadir/weights.h>
#include <unistd.h>

static const char *data_file(nd_arena *arena, const char *name)
{
    const char *folder = getenv("NADIR_TEST_DATA");
    const char *path = folder ? nd_text(arena, "%s/%s", folder, name) : NULL;
    return path && access(path, R_OK) == 0 ? path : NULL;
}

#define DATA(path, name)                                                                 \
    const char *path = data_file(arena, name);                                           \
    if (!path) SKIP("NADIR_TEST_DATA is not set")

static char *bytes_of(nd_arena *arena, const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (!in) return NULL;
    (void)fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    char *all = nd_alloc(arena, *size + 1, 1);
    if (fread(all, 1, *size, in) != *size) all = NULL;
    (void)fclose(in);
    return all;
}

// The numbers of a .npy file: float32 in C order behind a header of 10 + n bytes.
static const float *numbers_of(nd_arena *arena, const char *path)
{
    size_t size;
    const char *all = bytes_of(arena, path, &size);
    if (!all || !strstr(all + 10, "<f4")) return NULL;
    const size_t skip =
        10 + (size_t)(unsigned char)all[8] + 256 * (size_t)(unsigned char)all[9];
    float *out = nd_alloc(arena, size - skip, 1);
    memcpy(out, all + skip, size - skip);
    return out;
}

static const nd_json *json_of(nd_arena *arena, const char *path)
{
    size_t size;
    const char *all = bytes_of(arena, path, &size);
    return all ? nd_json_parse(arena, all, size) : NULL;
}

static nd_net *net_with(nd_arena *arena, const char *weights, nd_network *forward,
                        nd_shape input, nd_dtype dtype)
{
    nd_weights *w = nd_weights_open(arena, weights);
    nd_net *net =
        nd_net_new(arena, &(nd_net_make){.forward = forward,
                                         .input = input,
                                         .dtype = dtype,
                                         .backend = dtype == ND_FLOAT64 ? "plain" : NULL,
                                         .exact = true});
    nd_match match;
    CHECK(w && net && nd_weights_load(arena, w, net, NULL, &match) == ND_OK);
    if (!w || !net) return NULL;
    CHECK(match.matched == nd_net_count(net) && !match.missings && !match.unexpecteds &&
          !match.reshapeds);
    return net;
}

// ---- Three stages of residual blocks of 32, 64 and 128 channels, for 32 x 32 pictures.
static nd_tensor *norm(nd_tape *t, const char *name, nd_tensor *x)
{
    return nd_batch_norm(t, name, x, (nd_norm){0});
}

static nd_tensor *conv3(nd_tape *t, const char *name, nd_tensor *x, int out, int stride)
{
    return nd_conv(
        t, name, x,
        (nd_conv2d){
            .out = out, .kernel = 3, .stride = stride, .pad = 1, .no_bias = true});
}

static nd_tensor *residual(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    x = nd_relu(norm(t, "bn1", conv3(t, "conv1", x, 32, 1)));
    for (int s = 0; s < 3; s++)
        for (int b = 0; b < 2; b++) {
            const int stride = s && !b ? 2 : 1, out = 32 << s;
            nd_scope_enter(t, "layer%d.%d", s + 1, b);
            nd_tensor *y = nd_relu(norm(t, "bn1", conv3(t, "conv1", x, out, stride)));
            y = norm(t, "bn2", conv3(t, "conv2", y, out, 1));
            if (stride > 1) {
                nd_scope_enter(t, "downsample");
                const nd_conv2d shortcut = {
                    .out = out, .kernel = 1, .stride = stride, .no_bias = true};
                x = norm(t, "1", nd_conv(t, "0", x, shortcut));
                nd_scope_leave(t);
            }
            x = nd_relu(nd_add(x, y));
            nd_scope_leave(t);
        }
    x = nd_flatten(nd_mean_pool_to(x, 1, 1));
    return nd_linear(t, "fc", x, (nd_dense){.out = 10});
}

// Farthest from the rows of "logits", which carry five digits behind the point or four.
static double off(const nd_json *expected, const nd_array *y)
{
    double far = 0;
    int64_t i = 0;
    for (const nd_json *row = nd_json_member(expected, "logits")->first; row;
         row = row->next)
        for (const nd_json *v = row->first; v; v = v->next, i++) {
            const double mine = y->dtype == ND_FLOAT64
                                    ? ((const double *)y->data)[i]
                                    : (double)((const float *)y->data)[i];
            far = fmax(far, fabs(mine - v->number));
        }
    CHECK(i == nd_shape_count(y->shape));
    return far;
}

static void check_residual(nd_arena *arena, nd_dtype dtype, double most)
{
    DATA(weights, "weights/eurosat_rgb_resnet_baseline.pt");
    DATA(input, "expected/eurosat_resnet_baseline_input.npy");
    DATA(wanted, "expected/eurosat_resnet_baseline.json");
    const float *x = numbers_of(arena, input);
    const nd_shape shape = ND_SHAPE(20, 3, 32, 32);
    nd_net *net = net_with(arena, weights, residual, shape, dtype);
    if (!net || !x) return;
    double *wide = nd_alloc(arena, 61440, sizeof *wide), y[200];
    for (int i = 0; i < 61440; i++) wide[i] = (double)x[i];
    const nd_array in = {dtype, shape,
                         dtype == ND_FLOAT64 ? (void *)wide : (void *)(uintptr_t)x};
    nd_array out = {dtype, ND_SHAPE(20, 10), y};
    CHECK(nd_infer(net, &in, &out) == ND_OK);
    const double far = off(json_of(arena, wanted), &out);
    printf("# logits within %g\n", far);
    CHECK(far <= most);
}

TEST(a_foreign_residual_network_answers_as_expected_in_double)
{
    check_residual(arena, ND_FLOAT64, 1e-4);
}
TEST(a_foreign_residual_network_answers_as_expected_in_float)
{
    check_residual(arena, ND_FLOAT32, 2e-4);
}

// ---- Bands of a picture that GDAL opens, as one stretch of float pixels.
static float *pixels(nd_arena *arena, const char *path, const int at[2], int side)
{
    GDALAllRegister();
    GDALDatasetH picture = GDALOpen(path, GA_ReadOnly);
    float *out = nd_alloc(arena, (size_t)(13 * side * side), sizeof *out);
    CHECK(picture && GDALGetRasterCount(picture) == 13);
    if (!picture) return NULL;
    CHECK(GDALDatasetRasterIO(picture, GF_Read, at[0], at[1], side, side, out, side, side,
                              GDT_Float32, 13, NULL, 0, 0, 0) == CE_None);
    GDALClose(picture);
    return out;
}

// ---- Two blocks of two convolutions and a pool, for raw numbers of 13 bands.
static nd_tensor *with_bias(nd_tape *t, const char *name, nd_tensor *x, int out)
{
    return nd_relu(nd_conv(t, name, x, (nd_conv2d){.out = out, .kernel = 3, .pad = 1}));
}

static nd_tensor *tiny(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    for (int b = 1; b <= 2; b++) {
        nd_scope_enter(t, "conv_block_%d", b);
        x = with_bias(t, "2", with_bias(t, "0", x, 39), 39);
        x = nd_max_pool(x, (nd_pool2d){.kernel = 2});
        nd_scope_leave(t);
    }
    nd_scope_enter(t, "classifier");
    x = nd_linear(t, "1", nd_flatten(x), (nd_dense){.out = 10});
    nd_scope_leave(t);
    return x;
}

TEST(a_foreign_network_saved_as_a_whole_answers_as_expected)
{
    DATA(weights, "weights/eurosat_ms_tinyvgg_H39_wholemodule.pt");
    DATA(tiles, "ml/eurosat_ms_dev100.zip");
    DATA(wanted, "expected/eurosat_ms_tinyvgg_H39.json");
    const nd_json *expected = json_of(arena, wanted);
    nd_net *net = net_with(arena, weights, tiny, ND_SHAPE(20, 13, 64, 64), ND_FLOAT32);
    float *all = nd_alloc(arena, (size_t)20 * 13 * 4096, sizeof *all), y[200];
    int n = 0;
    if (!net || !expected) return;
    for (const nd_json *t = nd_json_member(expected, "tiles")->first; t;
         t = t->next, n++) {
        const float *x = pixels(arena, nd_text(arena, "/vsizip/%s/%s", tiles, t->text),
                                (int[2]){0, 0}, 64);
        // The net was trained on pictures whose rows and columns are swapped.
        for (int i = 0; x && n < 20 && i < 13 * 4096; i++)
            all[n * 13 * 4096 + i] = x[i / 4096 * 4096 + i % 64 * 64 + i % 4096 / 64];
    }
    CHECK(n == 20);
    const nd_array in = {ND_FLOAT32, ND_SHAPE(20, 13, 64, 64), all};
    nd_array out = {ND_FLOAT32, ND_SHAPE(20, 10), y};
    CHECK(nd_infer(net, &in, &out) == ND_OK);
    const double far = off(expected, &out);
    printf("# logits within %g\n", far);
    CHECK(far <= 2e-3); // of logits up to 60 from inputs up to 10 000
}

// ---- Four convolutions and a 1 x 1 one: land, water or cloud of each pixel.
static nd_tensor *simple(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    nd_scope_enter(t, "conv");
    for (int b = 0; b < 2; b++) {
        nd_scope_enter(t, "%d", b);
        x = with_bias(t, "2", with_bias(t, "0", x, 64 << b), 64 << b);
        nd_scope_leave(t);
    }
    x = nd_conv(t, "2", x, (nd_conv2d){.out = 3, .kernel = 1});
    nd_scope_leave(t);
    return x;
}

TEST(a_foreign_network_of_masks_answers_as_expected)
{
    DATA(weights, "weights/worldfloods_simplecnn_final_weights.pt");
    DATA(scene, "ml/sen1floods11/S2/Spain_7370579_S2Hand.tif");
    DATA(wanted, "expected/worldfloods_simplecnn.json");
    DATA(numbers, "expected/worldfloods_simplecnn_spain_crop200_64_logits.npy");
    const nd_shape shape = ND_SHAPE(1, 13, 64, 64);
    nd_net *net = net_with(arena, weights, simple, shape, ND_FLOAT32);
    float *x = pixels(arena, scene, (int[2]){200, 200}, 64);
    const nd_json *expected = json_of(arena, wanted);
    const float *logits = numbers_of(arena, numbers);
    if (!net || !x || !expected || !logits) return;
    // The first member: mean and deviation of each band.
    const nd_json *band = expected->first->first;
    for (int b = 0; b < 13 && band; b++, band = band->next)
        for (int i = 0; i < 4096; i++)
            x[b * 4096 + i] = (float)(((double)x[b * 4096 + i] - band->first->number) /
                                      band->first->next->number);
    float y[3 * 4096];
    nd_array out = {ND_FLOAT32, ND_SHAPE(1, 3, 64, 64), y};
    CHECK(nd_infer(net, &(nd_array){ND_FLOAT32, shape, x}, &out) == ND_OK);
    double far = 0;
    for (int i = 0; i < 3 * 4096; i++) far = fmax(far, (double)fabsf(y[i] - logits[i]));
    printf("# logits within %g\n", far);
    CHECK(far <= 1e-4);
}
