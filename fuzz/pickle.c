// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pickle: alone, and behind the magic number of PyTorch's legacy files.
#include "weights/checkpoint.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static nd_status find_nothing(checkpoint *c, pickle_storage *storage)
{
    static const uint8_t numbers[64];
    (void)c;
    storage->bytes = (nd_bytes){numbers, sizeof numbers};
    return ND_OK;
}

static void alone(nd_arena *arena, nd_bytes bytes)
{
    size_t used;
    pickle p = {.arena = arena};
    weights_in in = {.arena = arena, .scratch = arena, .file = bytes};
    checkpoint *c = nd_alloc(arena, 1, sizeof *c);
    const pickle_value *root = pickle_read(&p, bytes, &used);
    if (!c || !root) return;
    c->in = &in, c->find = find_nothing;
    if (checkpoint_take(c, &p, root) == ND_OK) (void)!weights_finish(&in);
}

static void legacy(nd_arena *arena, nd_bytes bytes)
{
    static const char magic[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    const size_t head = sizeof magic - 1;
    uint8_t *whole = nd_alloc(arena, head + bytes.count, 1);
    if (!whole) return;
    memcpy(whole, magic, head);
    if (bytes.count) memcpy(whole + head, bytes.at, bytes.count);
    (void)!weights_read(arena, (nd_bytes){whole, head + bytes.count});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return 0;
    alone(arena, (nd_bytes){data, size});
    legacy(arena, (nd_bytes){data, size});
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
