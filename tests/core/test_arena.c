// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"

TEST(what_it_gives_is_zeroed_and_aligned)
{
    for (size_t size = 1; size < 5000; size = size * 2 + 1) {
        unsigned char *p = nd_alloc(arena, size, 3);
        CHECK(p && (uintptr_t)p % 64 == 0);
        for (size_t i = 0; i < 3 * size; i++) CHECK(p[i] == 0);
        memset(p, 0xAA, 3 * size);
    }
    nd_arena_reset(arena);
    unsigned char *again = nd_alloc(arena, 3, 1);
    CHECK(again && again[0] == 0);
    CHECK(nd_alloc(arena, 0, 8) && nd_alloc(arena, 8, 0));
}

TEST(a_steady_state_takes_nothing_from_the_system)
{
    nd_arena *own = nd_arena_new();
    size_t bytes = 0;
    for (int round = 0; round < 10; round++) {
        for (size_t i = 1; i < 200; i++) CHECK(nd_alloc(own, i * 100, 1) != NULL);
        if (round == 1) bytes = nd_arena_bytes(own);
        if (round > 1) CHECK(nd_arena_bytes(own) == bytes);
        nd_arena_reset(own);
    }
    CHECK(bytes > 0);
    nd_arena_free(own);
    nd_arena_free(NULL);
}

TEST(a_mark_gives_up_what_was_taken_since)
{
    const nd_mark start = nd_arena_mark(arena);
    char *first = nd_alloc(arena, 100, 1);
    const nd_mark mark = nd_arena_mark(arena);
    char *second = nd_alloc(arena, 100, 1);
    char *large = nd_alloc(arena, 100000, 1);
    CHECK(first && second && large);
    nd_arena_back(arena, mark);
    CHECK(nd_alloc(arena, 100, 1) == second && nd_alloc(arena, 100000, 1) == large);
    nd_arena_back(arena, start);
    CHECK(nd_alloc(arena, 100, 1) == first);
}

static void append(void *object)
{
    char *text = *(char **)object;
    strcat(text, *((char **)object + 1));
}

TEST(undoing_goes_backwards_and_survives_a_mark)
{
    char text[8] = "";
    char letter[] = "a\0b";
    void *a[] = {text, letter}, *b[] = {text, letter + 2};
    nd_arena *own = nd_arena_new();
    const nd_mark mark = nd_arena_mark(own);
    CHECK(nd_defer(own, append, a) == ND_OK && nd_defer(own, append, b) == ND_OK);
    nd_arena_back(own, mark);
    CHECK(*text == 0);
    nd_arena_free(own);
    CHECK(strcmp(text, "ba") == 0);
}

TEST(texts_are_printed_into_it)
{
    CHECK(strcmp(nd_text(arena, "%s-%d", "B", 4), "B-4") == 0);
    CHECK(strcmp(nd_text(arena, "%s", ""), "") == 0);
}

TEST(room_is_first_what_was_asked_for_and_then_grows_ahead)
{
    uint8_t *bytes = NULL;
    size_t room = 0;
    CHECK(nd_room(&bytes, &room, 1000) == ND_OK && bytes && room == 1000);
    CHECK(nd_room(&bytes, &room, 400) == ND_OK && room == 1000);
    CHECK(nd_room(&bytes, &room, 2000) == ND_OK && room == 3000);
    free(bytes);
}
