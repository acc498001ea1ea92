// SPDX-License-Identifier: Apache-2.0
// Any bytes as a model card: one that is taken prints as a card that prints the same,
// once bytes that are no UTF-8 were replaced by the first printing.
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
    const char *once = card ? printed(arena, card) : NULL, *last = once;
    for (int i = 0; i < 2 && last; i++) {
        const nd_card *again = nd_card_parse(arena, last);
        const char *next = again ? printed(arena, again) : NULL;
        if (!next || (i == 1 && strcmp(last, next) != 0)) abort();
        last = next;
    }
    for (int i = 0; once && i < card->bands; i++) (void)nd_card_scale(&card->band[i], 1);
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
