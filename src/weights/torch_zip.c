// SPDX-License-Identifier: Apache-2.0
// PyTorch's zip archives: ROOT/data.pkl says what there is, ROOT/data/KEY are numbers.
#include "weights/checkpoint.h"
#include <nadir/zip.h>
#include <stdio.h>
#include <string.h>

enum {
    MEMBERS = WEIGHTS_TENSORS + 1000,
    FREELY = 1 << 27, // bytes that may be unpacked however small the file is
    REST = 1 << 26    // a mapping larger than this gives pages back
};
static const char pickle_name[] = "data.pkl";

// ROOT/data.pkl, which stands in the one folder at the root.
static const nd_zip_member *find_pickle(const nd_zip *z)
{
    for (size_t i = 0; i < z->count; i++) {
        const char *slash = strchr(z->member[i].name, '/');
        if (slash && strcmp(slash + 1, pickle_name) == 0) return &z->member[i];
    }
    return NULL;
}

typedef struct archive {
    weights_in *in;
    const nd_zip *zip;
    nd_bytes *read;   // of each member that was
    const char *root; // its first bytes, with the slash
    size_t root_length;
} archive;

static const nd_zip_member *find(const archive *a, const char *name)
{
    char path[2 * WEIGHTS_NAME];
    const int n =
        snprintf(path, sizeof path, "%.*s%s", (int)a->root_length, a->root, name);
    return n > 0 && n < (int)sizeof path ? nd_zip_find(a->zip, path) : NULL;
}

static void hand_free(void *hand)
{
    nd_zip_hand_free(hand);
}

// A member's bytes, as long as the result lives: in the mapping or unpacked.
static nd_status read_member(archive *a, const nd_zip_member *m, nd_bytes *bytes)
{
    nd_bytes *read = &a->read[m - a->zip->member];
    if (!read->at) {
        nd_zip_hand *hand = nd_alloc(a->in->arena, 1, sizeof *hand);
        if (!hand || nd_defer(a->in->arena, hand_free, hand) != ND_OK) return ND_E_MEMORY;
        ND_TRY(nd_zip_read(a->zip, m, UINT64_MAX, hand, read));
        if (!m->method && a->in->file.count > REST) nd_file_rest(read->at, read->count);
    }
    *bytes = *read;
    return ND_OK;
}

static nd_status find_numbers(checkpoint *c, pickle_storage *storage)
{
    archive *a = c->container;
    char name[WEIGHTS_NAME];
    const nd_zip_member *m = NULL;
    const int length =
        (int)(storage->key_length < WEIGHTS_NAME ? storage->key_length : 0);
    if (length && !memchr(storage->key, 0, (size_t)length) &&
        snprintf(name, sizeof name, "data/%.*s", length, storage->key) < WEIGHTS_NAME)
        m = find(a, name);
    if (!m)
        return nd_fail(ND_E_DATA,
                       "the numbers called %.*s are missing in the archive\n"
                       "the file is damaged: copy or download it again",
                       (int)(storage->key_length < 100 ? storage->key_length : 100),
                       storage->key);
    return read_member(a, m, &storage->bytes);
}

static nd_status read_byte_order(archive *a, bool *is_big_endian)
{
    const nd_zip_member *m = find(a, "byteorder");
    nd_bytes told;
    *is_big_endian = false;
    if (!m) return ND_OK; // before 2.0: little
    ND_TRY(read_member(a, m, &told));
    *is_big_endian = told.count == 3 && memcmp(told.at, "big", 3) == 0;
    if (*is_big_endian || (told.count == 6 && memcmp(told.at, "little", 6) == 0))
        return ND_OK;
    return nd_fail(ND_E_DATA, "its byte order is neither little nor big\n"
                              "the file is damaged: copy or download it again");
}

static nd_status read_card(archive *a)
{
    const nd_zip_member *m = find(a, "extra/nadir.json");
    nd_bytes card;
    if (!m) return ND_OK;
    ND_TRY(read_member(a, m, &card));
    a->in->out.card = nd_text(a->in->arena, "%.*s", (int)(card.count & 0xFFFFFFF),
                              (const char *)card.at);
    return a->in->out.card ? ND_OK : ND_E_MEMORY;
}

// A real archive shrinks a few times; one that would grow without measure is a bomb.
static nd_status check_growth(const nd_zip *z)
{
    const uint64_t most = FREELY + 4 * z->size;
    uint64_t all = 0;
    for (size_t i = 0; i < z->count; i++) {
        const nd_zip_member *m = &z->member[i];
        if (!m->method) continue;
        if (m->size > most || (all += m->size) > most)
            return nd_fail(ND_E_DATA,
                           "the archive would unpack to more than %llu MB\n"
                           "unpack it yourself if you trust it, and store it unpacked",
                           (unsigned long long)most >> 20);
    }
    return ND_OK;
}

static nd_status open_archive(archive *a, nd_bytes *told)
{
    a->zip = nd_zip_of(a->in->scratch, a->in->file, MEMBERS);
    if (!a->zip) return ND_E_DATA;
    ND_TRY(check_growth(a->zip));
    const nd_zip_member *m = find_pickle(a->zip);
    if (!m)
        return nd_fail(ND_E_DATA, "this is a zip archive, but not a checkpoint\n"
                                  "give a .safetensors, .pt or .pth file");
    a->read = nd_alloc(a->in->scratch, a->zip->count, sizeof *a->read);
    if (!a->read) return ND_E_MEMORY;
    a->root = m->name, a->root_length = strlen(m->name) - (sizeof pickle_name - 1);
    if (find(a, "constants.pkl"))
        return nd_fail(ND_E_UNSUPPORTED,
                       "this is a TorchScript program, which nadir does not run\n"
                       "save its state_dict() with torch.save and give that");
    return read_member(a, m, told);
}

nd_status weights_read_zip(weights_in *in)
{
    archive a = {.in = in, .root = ""};
    nd_bytes told;
    size_t used;
    ND_TRY(open_archive(&a, &told));
    pickle p = {.arena = in->scratch};
    checkpoint *c = nd_alloc(in->scratch, 1, sizeof *c);
    if (!c) return ND_E_MEMORY;
    c->in = in, c->find = find_numbers, c->container = &a;
    ND_TRY(read_byte_order(&a, &c->is_big_endian));
    const pickle_value *root = pickle_read(&p, told, &used);
    if (!root) return ND_E_DATA;
    ND_TRY(read_card(&a));
    return checkpoint_take(c, &p, root);
}

bool weights_zip_is_torch(nd_bytes file)
{
    nd_arena *arena = nd_arena_new();
    const nd_zip *z = arena ? nd_zip_of(arena, file, MEMBERS) : NULL;
    const bool is = z && find_pickle(z);
    (void)nd_error_take();
    nd_arena_free(arena);
    return is;
}
