// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"
#include <math.h>

// A header and numbers, as the format's description says; no padding.
static nd_bytes made(nd_arena *arena, const char *header, const void *data, size_t count)
{
    nd_buffer b = {.arena = arena};
    put_number(&b, strlen(header), 8);
    nd_buffer_put(&b, header, strlen(header));
    nd_buffer_put(&b, data, count);
    return bytes_of(&b);
}

static bool refuses(nd_arena *arena, const char *header, size_t count, const char *words)
{
    static const char zeroes[256];
    return !weights_read(arena, made(arena, header, zeroes, count)) && error_says(words);
}

TEST(names_shapes_and_numbers_are_read)
{
    const float data[] = {1, 2, 3, 4, 5, 6, -7};
    const nd_weights *w = weights_read(
        arena,
        made(
            arena,
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
            "\"caf\\u00e9\":{\"shape\":[],\"data_offsets\":[24,28],\"dtype\":\"F32\"}}  ",
            data, sizeof data));
    CHECK(w && w->count == 2 && strcmp(w->format, "safetensors") == 0 && !w->card);
    CHECK(w && nd_shape_same(w->weight[0].shape, ND_SHAPE(2, 3)));
    CHECK(floats(arena, w, "a", 6)[5] == 6 && floats(arena, w, "café", 1)[0] == -7);
}

TEST(every_type_becomes_the_same_number)
{
    static const struct {
        const char *dtype;
        const char *bytes;
        int size;
        float value;
    } cases[] = {{"F64", "\0\0\0\0\0\0\xF8\xBF", 8, -1.5f},
                 {"F32", "\0\0\xC0\xBF", 4, -1.5f},
                 {"F16", "\0\xBE", 2, -1.5f},
                 {"F16", "\1\0", 2, 0x1p-24f},
                 {"F16", "\xFF\x7B", 2, 65504},
                 {"BF16", "\xC0\xBF", 2, -1.5f},
                 {"I64", "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, -2},
                 {"I32", "\xFE\xFF\xFF\xFF", 4, -2},
                 {"I16", "\xFE\xFF", 2, -2},
                 {"I8", "\xFE", 1, -2},
                 {"U8", "\xFE", 1, 254},
                 {"BOOL", "\1", 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *header = nd_text(
            arena, "{\"x\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[0,%d]}}",
            cases[i].dtype, cases[i].size);
        const nd_weights *w = weights_read(
            arena, made(arena, header, cases[i].bytes, (size_t)cases[i].size));
        CHECK(floats(arena, w, "x", 1)[0] == cases[i].value);
    }
}

TEST(types_that_nadir_does_not_compute_with_are_named)
{
    const nd_weights *w = weights_read(
        arena, made(arena,
                    "{\"q\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]},"
                    "\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
                    "abc", 3));
    CHECK(w && w->count == 1 && w->skips == 1);
    CHECK(w && strcmp(w->skipped[0].name, "q") == 0 &&
          strcmp(w->skipped[0].reason, "numbers of type F8_E4M3") == 0);
    CHECK(refuses(arena, "{\"q\":{\"dtype\":\"F9\",\"shape\":[],\"data_offsets\":[0,1]}}",
                  1, "the type F9 of a tensor is not known\n"));
}

#define ONE(shape, from, to)                                                             \
    "{\"x\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}}"

TEST(places_that_lie_are_refused)
{
    CHECK(refuses(arena, ONE("[2]", "0", "8"), 7, "x does not fit its place"));
    CHECK(refuses(arena, ONE("[2]", "0", "8"), 9,
                  "9 bytes of numbers are there, the tensors need 8\n"));
    CHECK(refuses(arena, ONE("[2]", "0", "7"), 8, "x does not fit its place"));
    CHECK(refuses(arena, ONE("[2]", "0", "9"), 9, "x does not fit its place"));
    CHECK(refuses(arena, ONE("[2]", "1", "9"), 9, "overlap or leave a hole at byte 0"));
    CHECK(refuses(arena, ONE("[2]", "8", "0"), 8, "x does not fit its place"));
    CHECK(refuses(arena, ONE("[2147483647,2147483647,2147483647]", "0", "8"), 8,
                  "x does not fit its place"));
    CHECK(refuses(arena, ONE("[2147483648]", "0", "8"), 8, "a number below 2^31"));
    CHECK(refuses(arena, ONE("[2]", "0", "9223372036854775807"), 8, "does not fit"));
    CHECK(refuses(arena, ONE("[2]", "0", "9223372036854775808"), 8, "below 2^63"));
    CHECK(refuses(arena, ONE("[2]", "0", "8e0"), 8, "here must stand ]"));
    CHECK(refuses(arena, ONE("[-2]", "0", "8"), 8, "a whole number"));
    CHECK(refuses(arena, ONE("[02]", "0", "8"), 8, "a whole number"));
}

TEST(overlaps_holes_and_second_names_are_refused)
{
#define ROW(name, from, to)                                                              \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[" from "," to "]}"
    CHECK(
        weights_read(arena, made(arena, "{" ROW("b", "4", "8") "," ROW("a", "0", "4") "}",
                                 "12345678", 8)));
    CHECK(refuses(arena, "{" ROW("a", "0", "4") "," ROW("b", "3", "7") "}", 7,
                  "overlap or leave a hole"));
    CHECK(refuses(arena, "{" ROW("a", "0", "4") "," ROW("b", "0", "4") "}", 4,
                  "overlap or leave a hole"));
    CHECK(refuses(arena, "{" ROW("a", "0", "4") "," ROW("b", "5", "9") "}", 9,
                  "overlap or leave a hole at byte 4 of 9\n"));
    CHECK(refuses(arena, "{" ROW("a", "0", "4") "," ROW("a", "4", "8") "}", 8,
                  "two tensors are called a\n"));
    CHECK(refuses(arena, "{" ROW("a", "0", "4") "," ROW("\\u0061", "4", "8") "}", 8,
                  "two tensors are called a\n"));
}

TEST(headers_that_are_no_json_of_this_form_are_refused)
{
    CHECK(refuses(arena, "{", 0, "the header is wrong at byte 1: "));
    CHECK(refuses(arena, "{}x", 0,
                  "the header is wrong at byte 2: here must stand the end"));
    CHECK(refuses(arena, "{\"x\":{}}", 0, "here must stand"));
    CHECK(refuses(arena, "{\"x\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0,
                  "must stand dtype, shape, data_offsets"));
    CHECK(refuses(arena, "{\"x\":{\"dtype\":\"U8\",\"shape\":[]}}", 0,
                  "must stand dtype, shape, data_offsets"));
    CHECK(refuses(arena, "{\"x\\u0000\":1}", 0, "one of the escapes"));
    CHECK(refuses(arena, "{\"x\\ud800\":1}", 0, "one of the escapes"));
    CHECK(refuses(arena, "{\"x\xff\":1}", 0, "UTF-8"));
    CHECK(refuses(arena, "{\"__metadata__\":{\"a\":1}}", 0, "here must stand \""));
    CHECK(refuses(arena, "{\"__metadata__\":{},\"__metadata__\":{}}", 0,
                  "a name not used before"));
}

TEST(a_header_that_does_not_fit_is_refused)
{
    nd_buffer b = {.arena = arena};
    put_number(&b, 3, 8), nd_buffer_put(&b, "{}", 2);
    CHECK(!weights_read(arena, bytes_of(&b)) && error_says("does not fit in the file\n"));
    static const uint64_t lengths[] = {100000001, 1ull << 31, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        nd_buffer c = {.arena = arena};
        put_number(&c, lengths[i], 8), nd_buffer_put(&c, "{}", 2);
        CHECK(!weights_read(arena, bytes_of(&c)) && error_says("this is no checkpoint"));
    }
}

TEST(a_file_cut_anywhere_is_refused)
{
    const nd_bytes whole = made(arena, ONE("[2]", "0", "8"), "12345678", 8);
    for (size_t n = 0; n < whole.count; n++) {
        CHECK(!weights_read(arena, (nd_bytes){whole.at, n}));
        CHECK(*nd_error_take().remedy);
    }
}

TEST(numbers_that_are_none_are_noted)
{
    const float data[] = {1, NAN, 2, INFINITY};
    const nd_weights *w =
        weights_read(arena, made(arena, ONE("[4]", "0", "16"), data, sizeof data));
    CHECK(w && w->notes == 1 &&
          strcmp(w->note[0], "x holds 2 of 4 numbers that are not finite") == 0);
}

TEST(what_is_written_is_read_again)
{
    static const float a[] = {1, 2, 3};
    static const int64_t step = 77;
    static const unsigned char mask[] = {1, 0};
    const nd_weight weight[] = {{"z", ND_STORED_BOOL, ND_SHAPE(2), mask},
                                {"n\"\n", ND_STORED_I64, {0}, &step},
                                {"a", ND_STORED_F32, ND_SHAPE(3, 1), a},
                                {"empty", ND_STORED_F32, ND_SHAPE(0, 5), ""}};
    const char *path = file_path(arena, "w.safetensors");
    CHECK(nd_weights_save(path, weight, 4, "{\"task\": \"none\"}") == ND_OK);
    const nd_weights *w = nd_weights_open(arena, path);
    CHECK(w && w->count == 4 && w->card && strcmp(w->card, "{\"task\": \"none\"}") == 0);
    CHECK(floats(arena, w, "a", 3)[2] == 3 && floats(arena, w, "n\"\n", 1)[0] == 77);
    CHECK(floats(arena, w, "z", 2)[0] == 1);
    CHECK(w && w->weight[nd_weights_find(w, "empty")].shape.dim[1] == 5);
    nd_bytes file;
    CHECK(nd_file_map(arena, path, &file) == ND_OK);
    CHECK((weights_get(file.at, 8) + 8) % 64 == 0); // the numbers begin aligned
}

TEST(what_cannot_be_written_leaves_no_file)
{
    const nd_weight twice[] = {{"a", ND_STORED_U8, {0}, "x"},
                               {"a", ND_STORED_U8, {0}, "y"}};
    const char *path = file_path(arena, "w.safetensors");
    CHECK(nd_weights_save(path, twice, 2, NULL) == ND_E_PARAM);
    CHECK(error_says("two tensors are called a\n") && access(path, F_OK) != 0);
    CHECK(nd_weights_save("w.bin", twice, 1, NULL) == ND_E_PARAM);
    CHECK(error_says("the ending of w.bin is none"));
    CHECK(nd_weights_save(path, twice, 1, "{") != ND_OK && access(path, F_OK) != 0);
    (void)nd_error_take();
}

TEST(numbers_are_not_bent_into_other_kinds)
{
    float f = 1;
    int64_t n = 0;
    const nd_weight x = {"x", ND_STORED_F32, ND_SHAPE(1), &f};
    CHECK(nd_weights_take(&x, &(nd_array){ND_INT64, ND_SHAPE(1), &n}) == ND_E_DATA);
    CHECK(error_says("x is float32 in the file, int64 in the net\n"));
    CHECK(nd_weights_take(&x, &(nd_array){ND_FLOAT32, ND_SHAPE(1, 2), &f}) == ND_E_DATA);
    CHECK(error_says("x is 1 in the file, 1 x 2 in the net\n"));
}
