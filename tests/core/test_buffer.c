// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/text.h>

TEST(grows_as_text_is_added)
{
    nd_buffer out = {.arena = arena};
    CHECK(strcmp(nd_buffer_text(&out), "") == 0);
    for (int i = 0; i < 1000; i++) nd_buffer_add(&out, "%d,", i);
    // 10 of one digit, 90 of two, 900 of three, and 1000 commas.
    CHECK(out.length == 10 + 180 + 2700 + 1000 && strlen(out.text) == out.length);
    nd_buffer_put(&out, "a\0b", 3);
    CHECK(out.length == 3893 && memcmp(out.text + 3890, "a\0b", 4) == 0);
}

TEST(a_failed_append_is_told_once_at_the_end)
{
    nd_buffer out = {.arena = arena};
    nd_buffer_put(&out, "a", 1);
    nd_buffer_put(&out, "b", SIZE_MAX / 2);
    nd_buffer_put(&out, "c", 1);
    CHECK(!nd_buffer_text(&out) && nd_error_take().code == ND_E_MEMORY);
}

TEST(writes_strict_json)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "t\"", "a\n\"\\\x01");
    nd_json_text(&out, "none", NULL);
    nd_json_real(&out, "nan", (double)NAN);
    nd_json_real(&out, "inf", (double)INFINITY);
    nd_json_real(&out, "tenth", 0.1);
    nd_json_whole(&out, "big", INT64_MIN);
    nd_json_bool(&out, "yes", true);
    nd_json_open(&out, "list", '[');
    nd_json_null(&out, NULL);
    nd_json_raw(&out, NULL, "{}");
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    CHECK(strcmp(nd_buffer_text(&text),
                 "{\"t\\\"\":\"a\\u000a\\\"\\\\\\u0001\",\"none\":null,\"nan\":null,"
                 "\"inf\":null,\"tenth\":0.1,\"big\":-9223372036854775808,\"yes\":true,"
                 "\"list\":[null,{}]}") == 0);
}

static const char *quoted(nd_arena *arena, const char *words)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_text(&out, NULL, words);
    return nd_buffer_text(&text);
}

TEST(makes_valid_utf8_of_any_bytes)
{
    CHECK(strcmp(quoted(arena, "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\x80"),
                 "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\x80\"") == 0);
    // Latin-1, a cut letter, an overlong slash, a surrogate, beyond U+10FFFF.
    CHECK(strcmp(quoted(arena, "\xE9!"), "\"\\ufffd!\"") == 0);
    CHECK(strcmp(quoted(arena, "\xE2\x82"), "\"\\ufffd\\ufffd\"") == 0);
    CHECK(strcmp(quoted(arena, "\xC0\xAF"), "\"\\ufffd\\ufffd\"") == 0);
    CHECK(strcmp(quoted(arena, "\xED\xA0\x80"), "\"\\ufffd\\ufffd\\ufffd\"") == 0);
    CHECK(strcmp(quoted(arena, "\xF4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"") ==
          0);
}

TEST(what_is_written_is_read_back)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '[');
    nd_json_text(&out, NULL, "tab\t\"quote\" \\ \xC3\xB1");
    nd_json_real(&out, NULL, 1.0 / 3);
    nd_json_real(&out, NULL, 5e-324);
    nd_json_close(&out, ']');
    const char *all = nd_buffer_text(&text);
    const nd_json *json = nd_json_parse(arena, all, text.length);
    CHECK(json && json->count == 3);
    CHECK(strcmp(json->first->text, "tab\t\"quote\" \\ \xC3\xB1") == 0);
    CHECK(json->first->next->number == 1.0 / 3);
    CHECK(json->first->next->next->number == 5e-324);
}
