// SPDX-License-Identifier: Apache-2.0
// Any bytes as a recipe: one that is taken prints as a recipe that says the same.
#include <nadir/train.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *printed(nd_arena *arena, const nd_recipe *recipe)
{
    nd_buffer text = {.arena = arena};
    return nd_recipe_print(recipe, true, &text) == ND_OK ? nd_buffer_text(&text) : NULL;
}

static const nd_recipe *read(nd_arena *arena, const char *text)
{
    return nd_recipe_read(arena, &(nd_recipe_ask){.path = "r.yaml", .text = text});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    char *text = arena ? nd_alloc(arena, size + 1, 1) : NULL;
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    const nd_recipe *recipe = read(arena, text);
    const char *once = recipe ? printed(arena, recipe) : NULL;
    const nd_recipe *again = once ? read(arena, once) : NULL;
    if (once && (!again || nd_recipe_changes(arena, recipe, again))) abort();
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
