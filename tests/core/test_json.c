// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/text.h>

static const nd_json *parse(nd_arena *arena, const char *text)
{
    return nd_json_parse(arena, text, strlen(text));
}

TEST(reads_each_kind_of_value)
{
    const nd_json *j = parse(arena, " {\"a\": [1, -2.5e3, true, false, null, \"x\"],\n"
                                    "  \"b\": {}, \"c\": []} ");
    const nd_json *a = nd_json_member(j, "a"), *b = nd_json_member(j, "b");
    CHECK(j && j->kind == ND_JSON_OBJECT && j->count == 3);
    CHECK(a && a->kind == ND_JSON_LIST && a->count == 6);
    const nd_json *one = a->first, *two = one->next, *yes = two->next, *no = yes->next;
    CHECK(one->kind == ND_JSON_NUMBER && one->number == 1 && two->number == -2500);
    CHECK(yes->kind == ND_JSON_BOOL && yes->number == 1 && no->number == 0);
    CHECK(no->next->kind == ND_JSON_NULL && strcmp(no->next->next->text, "x") == 0);
    CHECK(b && b->kind == ND_JSON_OBJECT && b->line == 2 && b->column == 8);
    CHECK(!nd_json_member(j, "d") && !nd_json_member(a, "a"));
    CHECK(!nd_json_member(NULL, "a"));
}

TEST(reads_escapes_as_utf8)
{
    const nd_json *j =
        parse(arena, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t \\u00e9 \\ud83d\\ude80\"");
    CHECK(j && strcmp(j->text, "\"\\/\b\f\n\r\t \xC3\xA9 \xF0\x9F\x9A\x80") == 0);
    // A lone surrogate and a NUL cannot stand in a C string.
    j = parse(arena, "\"\\ud83d|\\ude80|\\u0000|\\ud83d\\u0041\"");
    CHECK(j && strcmp(j->text, "\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD"
                               "A") == 0);
}

TEST(refuses_what_is_no_json)
{
    static const char *const wrong[] = {
        "",       " ",       "{",        "[",         "[1",      "[1,",     "[1,]",
        "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{a:1}",   "{1:1}",   "[1 2]",
        "\"",     "\"\\\"",  "\"\\x\"",  "\"\\u12\"", "\"\n\"",  "tru",     "nul",
        "01",     "-",       "+1",       "1.",        ".5",      "1.e5",    "1e",
        "1e+",    "0x10",    "NaN",      "Infinity",  "-01",     "1.2.3",   "[] []",
        "{} x",   "'a'",     "[1}",      "{\"a\":1]", "\"\\ud8", "\xFF\xFE"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const bool is_read = parse(arena, wrong[i]) != NULL;
        if (is_read) printf("# it reads %s\n", wrong[i]);
        CHECK(!is_read && nd_error_take().code == ND_E_DATA);
    }
}

TEST(says_line_and_column_of_a_mistake)
{
    CHECK(!parse(arena, "{\"a\": 1,\n  \"b\": x}"));
    CHECK(error_says("2:8: this is no JSON: here must stand a value\nmend the text"));
}

TEST(bounds_the_depth)
{
    char text[20001];
    memset(text, '[', 10000), memset(text + 10000, ']', 10000), text[20000] = 0;
    CHECK(!parse(arena, text) && error_says("nested deeper than 64"));
    CHECK(parse(arena, text + 10000 - 40) == NULL); // 40 opened, 10000 closed
    (void)nd_error_take();
    text[10040] = 0;
    CHECK(parse(arena, text + 10000 - 40) != NULL);
}

TEST(never_reads_beyond_its_length)
{
    static const char text[] = "{\"key\": [1.5, \"a\\u00e9b\", true]}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *exact = malloc(length + 1); // so that a sanitizer sees one byte too many
        if (!exact) return;
        memcpy(exact, text, length);
        exact = realloc(exact, length ? length : 1);
        CHECK(!nd_json_parse(arena, exact, length) && nd_error_take().code == ND_E_DATA);
        free(exact);
    }
}

TEST(survives_every_single_byte_changed)
{
    static const char text[] = "{\"k\":[1.5e2,\"a\\u00e9\",true,null,{\"z\":-0}]}";
    char copy[sizeof text];
    for (size_t i = 0; i < sizeof text - 1; i++)
        for (int byte = 0; byte < 256; byte++) {
            memcpy(copy, text, sizeof text);
            copy[i] = (char)byte;
            const nd_json *j = nd_json_parse(arena, copy, sizeof text - 1);
            const nd_error error = nd_error_take();
            CHECK(!j == (error.code != ND_OK));
        }
}
