// SPDX-License-Identifier: Apache-2.0
// Any bytes as a model card: one that is taken prints as a card that prints the same.
#include <nadir/text.h>
#include <nadir/weights.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *printed(nd_arena *arena, const nd_card *card)
{
    nd_buffer text = {.arena = arena};
    return nd_card_print(card, &(nd_json_out){.to = &text}) == ND_OK ? text.text : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    char *text = arena ? nd_alloc(arena, size + 1, 1) : NULL;
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    const nd_card *card = nd_card_parse(arena, text);
    const char *once = card ? printed(arena, card) : NULL;
    if (once) {
        const nd_card *again = nd_card_parse(arena, once);
        const char *twice = again ? printed(arena, again) : NULL;
        if (!twice || strcmp(once, twice) != 0) abort();
        for (int i = 0; i < card->bands; i++) (void)nd_card_scale(&card->band[i], 1);
    }
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
