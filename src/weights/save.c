// SPDX-License-Identifier: Apache-2.0
// Checkpoints out: by the ending of the name, whole or not at all.
#include "weights/weights.h"
#include <stdlib.h>
#include <string.h>

typedef nd_status writer(nd_file *file, const nd_weight *weight, int count,
                         const char *card);

static writer *writer_of(const char *path)
{
    if (nd_text_ends(path, ".safetensors")) return weights_write_safetensors;
    if (nd_text_ends(path, ".pt") || nd_text_ends(path, ".pth"))
        return weights_write_torch;
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static nd_status check_names(nd_arena *arena, const nd_weight *weight, int count)
{
    const char **name = nd_alloc(arena, (size_t)count, sizeof *name);
    if (!name) return ND_E_MEMORY;
    for (int i = 0; i < count; i++) {
        name[i] = weight[i].name;
        const size_t length = strlen(name[i]);
        if (length > WEIGHTS_NAME || !weights_is_text(name[i], length) ||
            strcmp(name[i], "__metadata__") == 0)
            return nd_fail(ND_E_PARAM,
                           "%s cannot be the name of a tensor in a file\n"
                           "give it another name",
                           name[i]);
    }
    qsort(name, (size_t)count, sizeof *name, by_name);
    for (int i = 1; i < count; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            return nd_fail(ND_E_PARAM,
                           "two tensors are called %s\n"
                           "give each a name of its own and write the file again",
                           name[i]);
    return ND_OK;
}

static nd_status save(nd_arena *arena, const char *path, const nd_weight *weight,
                      int count, const char *card)
{
    writer *const write = writer_of(path);
    if (!write)
        return nd_fail(ND_E_PARAM,
                       "the ending of %s is none that nadir writes weights to\n"
                       "end it in .safetensors, .pt or .pth",
                       path);
    if (card && !nd_json_parse(arena, card, strlen(card))) return ND_E_DATA;
    ND_TRY(check_names(arena, weight, count));
    nd_file *file = nd_file_new(arena, path);
    if (!file) return ND_E_IO;
    ND_TRY(write(file, weight, count, card));
    return nd_file_commit(file);
}

nd_status nd_weights_save(const char *path, const nd_weight *weight, int count,
                          const char *card)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = save(arena, path, weight, count, card);
    const nd_error error = nd_error_take();
    nd_arena_free(arena);
    return status == ND_OK ? ND_OK : nd_error_give(&error);
}

int nd_weights_find(const nd_weights *weights, const char *name)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->weight[i].name, name) == 0) return i;
    return -1;
}
