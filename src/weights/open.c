// SPDX-License-Identifier: Apache-2.0
// Which format a file has, by its bytes and never by its name; what is refused by name.
#include "weights/weights.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool begins(nd_bytes file, const char *with, size_t count)
{
    return file.count >= count && memcmp(file.at, with, count) == 0;
}

static bool is_zip(nd_bytes file)
{
    return begins(file, "PK\3\4", 4) || begins(file, "PK\5\6", 4);
}

// A pickle of the number 0x1950a86a20f9469cfc6c.
static bool is_legacy(nd_bytes file)
{
    return begins(file, "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e", 15);
}

static bool is_tar(nd_bytes file)
{
    return file.count >= 512 && memcmp(file.at + 257, "ustar", 5) == 0;
}

static bool is_safetensors(nd_bytes file)
{
    return file.count >= 9 && weights_get(file.at, 8) <= 100000000 && file.at[8] == '{';
}

// ModelProto: field 1 (ir_version) a small number, then fields 2 to 8 of known types.
static bool is_onnx(nd_bytes file)
{
    return file.count > 4 && file.at[0] == 8 && file.at[1] > 0 && file.at[1] < 32 &&
           (file.at[2] == 0x12 || file.at[2] == 0x1A || file.at[2] == 0x3A ||
            file.at[2] == 0x42);
}

static bool is_hdf5(nd_bytes file)
{
    return begins(file, "\x89HDF\r\n", 6);
}

static bool is_pickle(nd_bytes file)
{
    return file.count > 2 && file.at[0] == 0x80 && file.at[1] >= 2 && file.at[1] <= 5;
}

static nd_status refuse_onnx(weights_in *in)
{
    (void)in;
    return nd_fail(ND_E_UNSUPPORTED,
                   "this is an ONNX model, which nadir does not read\n"
                   "give the .pth or .safetensors that it was made from");
}

static nd_status refuse_hdf5(weights_in *in)
{
    (void)in;
    return nd_fail(ND_E_UNSUPPORTED,
                   "this is an HDF5 file, as Keras writes it, which nadir does not read\n"
                   "save the model's numbers as safetensors");
}

static nd_status refuse_pickle(weights_in *in)
{
    (void)in;
    return nd_fail(ND_E_UNSUPPORTED,
                   "this is a bare pickle, not a checkpoint of PyTorch\n"
                   "save the model's numbers as safetensors");
}

static const struct {
    const char *name;
    bool (*is)(nd_bytes file);
    nd_status (*read)(weights_in *in);
} formats[] = {
    {"pytorch zip", is_zip, weights_read_zip},
    {"pytorch legacy", is_legacy, weights_read_legacy},
    {"pytorch tar", is_tar, weights_read_tar},
    {"safetensors", is_safetensors, weights_read_safetensors},
    {"onnx", is_onnx, refuse_onnx},
    {"hdf5", is_hdf5, refuse_hdf5},
    {"pickle", is_pickle, refuse_pickle},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static nd_status read_any(weights_in *in)
{
    if (!in->file.count)
        return nd_fail(ND_E_DATA, "the file is empty\ncopy or download it again");
    for (size_t i = 0; i < FORMATS; i++) {
        if (!formats[i].is(in->file)) continue;
        in->out.format = formats[i].name;
        ND_TRY(formats[i].read(in));
        return weights_finish(in);
    }
    return nd_fail(ND_E_DATA, "this is no checkpoint: neither safetensors nor PyTorch\n"
                              "give a .safetensors, .pt or .pth file");
}

nd_weights *weights_read(nd_arena *arena, nd_bytes file)
{
    weights_in in = {.arena = arena, .scratch = nd_arena_new(), .file = file};
    if (!in.scratch) return NULL;
    const nd_status status = read_any(&in);
    nd_arena_free(in.scratch);
    nd_weights *out = status == ND_OK ? nd_alloc(arena, 1, sizeof *out) : NULL;
    if (out) *out = in.out;
    return out;
}

nd_weights *nd_weights_open(nd_arena *arena, const char *path)
{
    nd_bytes file;
    if (nd_file_map(arena, path, &file) != ND_OK) return NULL;
    nd_weights *weights = weights_read(arena, file);
    if (!weights) nd_note("%s", path);
    return weights;
}

// A zip may be a scene: only its table of contents tells.
bool nd_weights_are_in(const char *path)
{
    static const char *const ends[] = {".safetensors", ".pt", ".pth", ".ckpt", ".onnx"};
    struct stat about;
    nd_bytes file;
    bool is = false;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (nd_text_ends(path, ends[i])) return true;
    nd_arena *arena = nd_arena_new();
    if (arena && nd_file_map(arena, path, &file) == ND_OK)
        is = is_zip(file)   ? weights_zip_is_torch(file)
             : is_tar(file) ? weights_tar_is_torch(file)
                            : is_legacy(file) || is_safetensors(file);
    (void)nd_error_take();
    nd_arena_free(arena);
    return is;
}
