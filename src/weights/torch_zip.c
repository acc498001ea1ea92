// SPDX-License-Identifier: Apache-2.0
// PyTorch's zip archives: ROOT/data.pkl says what there is, ROOT/data/KEY are numbers.
#include "weights/checkpoint.h"
#include "weights/zip.h"
#include <stdio.h>
#include <string.h>

static const char pickle_name[] = "data.pkl";

// ROOT/data.pkl, which stands in the one folder at the root.
static zip_member *find_pickle(const zip *z)
{
    const size_t tail = sizeof pickle_name - 1;
    for (size_t i = 0; i < z->count; i++) {
        zip_member *m = &z->member[i];
        const char *slash = memchr(m->name, '/', m->name_length);
        if (slash && m->name_length == (size_t)(slash + 1 - m->name) + tail &&
            memcmp(slash + 1, pickle_name, tail) == 0)
            return m;
    }
    return NULL;
}

typedef struct archive {
    zip zip;
    const char *root;
    size_t root_length; // with its slash
} archive;

static zip_member *find(const archive *a, const char *name, size_t length)
{
    char path[2 * WEIGHTS_NAME];
    if (a->root_length + length > sizeof path) return NULL;
    memcpy(path, a->root, a->root_length);
    memcpy(path + a->root_length, name, length);
    return weights_zip_find(&a->zip, path, a->root_length + length);
}

static nd_status find_numbers(checkpoint *c, pickle_storage *storage)
{
    archive *a = c->container;
    char name[WEIGHTS_NAME] = "data/";
    zip_member *m = NULL;
    if (storage->key_length < sizeof name - 5) {
        memcpy(name + 5, storage->key, storage->key_length);
        m = find(a, name, 5 + storage->key_length);
    }
    if (!m)
        return nd_fail(ND_E_DATA,
                       "the numbers called %.*s are missing in the archive\n"
                       "the file is damaged: copy or download it again",
                       (int)(storage->key_length < 100 ? storage->key_length : 100),
                       storage->key);
    ND_TRY(weights_zip_read(&a->zip, m));
    storage->bytes = m->bytes;
    return ND_OK;
}

static nd_status read_byte_order(archive *a, bool *is_big_endian)
{
    zip_member *m = find(a, "byteorder", 9);
    *is_big_endian = false;
    if (!m) return ND_OK; // before 2.0: little
    ND_TRY(weights_zip_read(&a->zip, m));
    *is_big_endian = m->bytes.count == 3 && memcmp(m->bytes.at, "big", 3) == 0;
    if (*is_big_endian || (m->bytes.count == 6 && memcmp(m->bytes.at, "little", 6) == 0))
        return ND_OK;
    return nd_fail(ND_E_DATA, "its byte order is neither little nor big\n"
                              "the file is damaged: copy or download it again");
}

static nd_status read_card(weights_in *in, archive *a)
{
    zip_member *m = find(a, "extra/nadir.json", 16);
    if (!m) return ND_OK;
    ND_TRY(weights_zip_read(&a->zip, m));
    in->out.card = nd_text(in->arena, "%.*s", (int)(m->bytes.count & 0xFFFFFFF),
                           (const char *)m->bytes.at);
    return in->out.card ? ND_OK : ND_E_MEMORY;
}

static nd_status open_archive(weights_in *in, archive *a, zip_member **told)
{
    ND_TRY(weights_zip_open(&a->zip, in->arena, in->scratch, in->file));
    zip_member *m = *told = find_pickle(&a->zip);
    if (!m)
        return nd_fail(ND_E_DATA, "this is a zip archive, but not a checkpoint\n"
                                  "give a .safetensors, .pt or .pth file");
    a->root = m->name, a->root_length = m->name_length - (sizeof pickle_name - 1);
    if (find(a, "constants.pkl", 13))
        return nd_fail(ND_E_UNSUPPORTED,
                       "this is a TorchScript program, which nadir does not run\n"
                       "save its state_dict() with torch.save and give that");
    return weights_zip_read(&a->zip, m);
}

nd_status weights_read_zip(weights_in *in)
{
    archive a = {.root = ""};
    zip_member *m;
    size_t used;
    ND_TRY(open_archive(in, &a, &m));
    pickle p = {.arena = in->scratch};
    checkpoint *c = nd_alloc(in->scratch, 1, sizeof *c);
    if (!c) return ND_E_MEMORY;
    c->in = in, c->find = find_numbers, c->container = &a;
    ND_TRY(read_byte_order(&a, &c->is_big_endian));
    const pickle_value *root = pickle_read(&p, m->bytes, &used);
    if (!root) return ND_E_DATA;
    ND_TRY(read_card(in, &a));
    return checkpoint_take(c, &p, root);
}

bool weights_zip_is_torch(nd_bytes file)
{
    nd_arena *arena = nd_arena_new();
    zip z;
    const bool is =
        arena && weights_zip_open(&z, arena, arena, file) == ND_OK && find_pickle(&z);
    (void)nd_error_take();
    nd_arena_free(arena);
    return is;
}
