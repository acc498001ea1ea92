// SPDX-License-Identifier: Apache-2.0
// Real files of the world, where their folder is: what must be read, what must be
// refused.
#include "bytes.h"

static const char *data_file(nd_arena *arena, const char *name)
{
    const char *folder = getenv("NADIR_TEST_DATA");
    const char *path = folder ? nd_text(arena, "%s/weights/%s", folder, name) : NULL;
    return path && access(path, R_OK) == 0 ? path : NULL;
}

#define DATA(path, name)                                                                 \
    const char *path = data_file(arena, name);                                           \
    if (!path) SKIP("NADIR_TEST_DATA is not set")

static int64_t numbers(const nd_weights *w)
{
    int64_t all = 0;
    for (int i = 0; w && i < w->count; i++) all += nd_shape_count(w->weight[i].shape);
    return all;
}

static bool notes(const nd_weights *w, const char *words)
{
    for (int i = 0; w && i < w->notes; i++)
        if (strstr(w->note[i], words)) return true;
    return false;
}

static bool skips(const nd_weights *w, const char *name, const char *words)
{
    for (int i = 0; w && i < w->skips; i++)
        if (strcmp(w->skipped[i].name, name) == 0 && strstr(w->skipped[i].reason, words))
            return true;
    return false;
}

static bool same_bits(const nd_weights *a, const nd_weights *b)
{
    if (!a || !b || a->count != b->count) return false;
    for (int i = 0; i < a->count; i++) {
        const nd_weight *x = &a->weight[i];
        const int at = nd_weights_find(b, x->name);
        if (at < 0 || b->weight[at].type != x->type ||
            !nd_shape_same(b->weight[at].shape, x->shape))
            return false;
        const size_t bytes = (size_t)nd_shape_count(x->shape) * nd_stored_bytes(x->type);
        if (memcmp(b->weight[at].data, x->data, bytes) != 0) return false;
    }
    return true;
}

// The two files are of one net at two times of its training (3752 and 7504 batches), so
// names and shapes agree and numbers do not.
TEST(one_net_in_two_formats_has_the_same_names_and_shapes)
{
    DATA(zip, "burn_mnist.pt");
    const nd_weights *a = nd_weights_open(arena, zip),
                     *b = nd_weights_open(arena,
                                          data_file(arena, "burn_mnist.safetensors"));
    CHECK(a && b && a->count == 20 && b->count == 20);
    for (int i = 0; a && b && i < a->count; i++) {
        const int at = nd_weights_find(b, a->weight[i].name);
        CHECK(at >= 0 && nd_shape_same(b->weight[at].shape, a->weight[i].shape));
    }
    CHECK(floats(arena, a, "norm1.num_batches_tracked", 1)[0] == 3752);
    CHECK(floats(arena, b, "norm1.num_batches_tracked", 1)[0] == 7504);
}

TEST(a_file_written_in_each_format_keeps_its_bits)
{
    DATA(zip, "burn_mnist.pt");
    static const char *const names[] = {"a.safetensors", "a.pth"};
    const nd_weights *a = nd_weights_open(arena, zip);
    for (int i = 0; i < 2 && a; i++) {
        const char *path = file_path(arena, names[i]);
        CHECK(nd_weights_save(path, a->weight, a->count, NULL) == ND_OK);
        CHECK(same_bits(a, nd_weights_open(arena, path)));
    }
}

TEST(a_net_of_another_device_is_read)
{
    DATA(path, "eurosat_rgb_resnet_baseline.pt");
    const nd_weights *w = nd_weights_open(arena, path);
    CHECK(w && w->count == 92 && strcmp(w->format, "pytorch zip") == 0);
}

TEST(a_whole_module_gives_its_tensors_and_not_its_code)
{
    DATA(path, "eurosat_ms_tinyvgg_H39_wholemodule.pt");
    const nd_weights *w = nd_weights_open(arena, path);
    CHECK(w && w->count == 10 && numbers(w) == 145636);
    CHECK(w && nd_weights_find(w, "conv_block_1.0.weight") == 0);
    CHECK(notes(w, "saved as a whole __main__.TinyVGG: its 10 tensors were read"));
    CHECK(w && w->foreigns == 7 && strcmp(w->foreign[0], "__main__.TinyVGG") == 0);
}

TEST(legacy_files_are_read)
{
    DATA(path, "worldfloods_simplecnn_final_weights.pt");
    const nd_weights *w = nd_weights_open(arena, path);
    CHECK(w && numbers(w) == 266307 && strcmp(w->format, "pytorch legacy") == 0);
    w = nd_weights_open(arena, data_file(arena, "ultralight_rfb320.pth"));
    CHECK(w && w->count == 244);
    w = nd_weights_open(arena, data_file(arena, "lpips_v0.0_alex.pth"));
    CHECK(w && numbers(w) == 1152);
    w = nd_weights_open(arena, data_file(arena, "lpips_v0.1_alex.pth"));
    CHECK(w && numbers(w) == 1152);
}

TEST(a_checkpoint_gives_its_model_and_names_the_rest)
{
    DATA(path, "tsp_checkpoint_with_optimizer.pth");
    const nd_weights *w = nd_weights_open(arena, path);
    CHECK(w && w->count == 30 && notes(w, "model_state_dict was taken"));
    CHECK(skips(w, "optimizer_state_dict", "60 tensors of an optimiser"));
    CHECK(skips(w, "epoch", "a number"));
    CHECK(skips(w, "metrics.val_roc_auc", "numbers of numpy"));
}

TEST(onnx_is_refused_by_name)
{
    static const char *const names[] = {
        "ultralight_rfb320_simplified.onnx",
        "onnx_small/dummy_superresolution_model.onnx",
        "onnx_small/one_output_sigmoid_red_detector.onnx",
        "onnx_small/one_output_softmax_bsx2x512x512.onnx"};
    for (size_t i = 0; i < 4; i++) {
        DATA(path, names[i]);
        CHECK(nd_weights_are_in(path) && !nd_weights_open(arena, path));
        CHECK(error_says("this is an ONNX model, which nadir does not read\n"));
    }
}

TEST(three_bytes_are_refused)
{
    DATA(path, "burn_reader_cases/broken.pt");
    CHECK(!nd_weights_open(arena, path) && error_says("this is no checkpoint"));
}

TEST(oldest_tar_files_are_read)
{
    DATA(path, "burn_reader_cases/tar_float32.tar");
    const nd_weights *w = nd_weights_open(arena, path);
    CHECK(w && w->count == 1 && nd_shape_same(w->weight[0].shape, ND_SHAPE(4)));
    w = nd_weights_open(arena, data_file(arena, "burn_reader_cases/tar_multi_dtype.tar"));
    // The bytes of the file, read by eye: 1.5 2.5 3.5; 1.111 2.222; 10 20 30 40.
    CHECK(floats(arena, w, "float_tensor", 3)[2] == 3.5f);
    CHECK(floats(arena, w, "double_tensor", 2)[1] == 2.222f);
    CHECK(floats(arena, w, "int_tensor", 4)[3] == 40);
    static const char *const others[] = {"tar_2d_tensor", "tar_float64", "tar_int64",
                                         "tar_weight_bias"};
    for (size_t i = 0; i < 4; i++)
        CHECK(nd_weights_open(
            arena,
            data_file(arena, nd_text(arena, "burn_reader_cases/%s.tar", others[i]))));
}
