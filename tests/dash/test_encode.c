// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include "dash/dash.h"
#include <math.h>

// A tile of one row, planes one after the other.
static nd_tile row(const float *value, int width, int bands)
{
    static const int number[] = {0, 1, 2, 3};
    return (nd_tile){{0, 0, width, 1},         0, {number, bands}, width, width,
                     (float *)(uintptr_t)value};
}

static unsigned u16_at(const unsigned char *bytes, size_t at)
{
    return bytes[at] | (unsigned)bytes[at + 1] << 8;
}

static float f32_at(const unsigned char *bytes, size_t at)
{
    float value;
    memcpy(&value, bytes + at, sizeof value);
    return value;
}

TEST(a_u16_tile_spreads_its_own_range_and_keeps_zero_for_no_data)
{
    static const nd_band band[2];
    const float value[] = {10, 20, NAN, 15, INFINITY, -1, -1, -1, -1, -1};
    const nd_tile tile = row(value, 5, 2);
    size_t size;
    unsigned char *bytes = dash_encode(&tile, "u16", band, DASH_REDUCED, &size);
    CHECK(bytes && size == 16 + 2 * 8 + 2 * 5 * 2);
    if (!bytes) return;
    CHECK(memcmp(bytes, "NDT1\1\2\1\0\5\0\1\0\0\0\0\0", 16) == 0);
    CHECK(f32_at(bytes, 16) == 10 && fabsf(f32_at(bytes, 20) * 65534 - 10) < 1e-4f);
    CHECK(u16_at(bytes, 32) == 1 && u16_at(bytes, 34) == 65535);
    CHECK(u16_at(bytes, 36) == 0 && u16_at(bytes, 40) == 0);
    CHECK(abs((int)u16_at(bytes, 38) - 32768) <= 1);
    // A constant needs no steps.
    CHECK(f32_at(bytes, 24) == -1 && f32_at(bytes, 28) == 0 && u16_at(bytes, 42) == 1);
    free(bytes);
}

TEST(a_u16_value_comes_back_within_half_a_step)
{
    enum { N = 4000 };
    static float value[N];
    static const nd_band band[1];
    for (int i = 0; i < N; i++) value[i] = 200.f + 50.f * sinf((float)i * 0.37f);
    const nd_tile tile = row(value, N, 1);
    size_t size;
    unsigned char *bytes = dash_encode(&tile, "u16", band, DASH_EXACT, &size);
    if (!bytes) return;
    const double offset = (double)f32_at(bytes, 16), scale = (double)f32_at(bytes, 20);
    double worst = 0;
    for (size_t i = 0; i < N; i++) {
        const double back = offset + scale * (u16_at(bytes, 24 + 2 * i) - 1.0);
        worst = fmax(worst, fabs(back - (double)value[i]));
    }
    CHECK(worst <= 0.51 * scale);
    free(bytes);
}

TEST(classes_stay_what_they_are_in_every_format)
{
    static const nd_band band[1] = {{.kind = ND_CLASS}};
    const float value[] = {3, 7, NAN, 254, 0};
    const nd_tile tile = row(value, 5, 1);
    size_t size;
    unsigned char *bytes = dash_encode(&tile, "u8", band, DASH_EXACT, &size);
    CHECK(bytes && size == 16 + 8 + 5 && f32_at(bytes, 16) == 0 &&
          f32_at(bytes, 20) == 1);
    CHECK(bytes && memcmp(bytes + 24, "\3\7\377\376\0", 5) == 0);
    free(bytes);
    bytes = dash_encode(&tile, "u16", band, DASH_EXACT, &size);
    CHECK(bytes && f32_at(bytes, 16) == 0 && f32_at(bytes, 20) == 1);
    CHECK(bytes && u16_at(bytes, 24) == 4 && u16_at(bytes, 30) == 255);
    free(bytes);
}

TEST(an_f32_tile_is_the_pixels_bit_for_bit)
{
    static const nd_band band[2];
    const float value[] = {1.1f, NAN, -3e38f, 4, 5, 6};
    const nd_tile tile = row(value, 3, 2);
    size_t size;
    unsigned char *bytes = dash_encode(&tile, "f32", band, DASH_EXACT, &size);
    CHECK(bytes && size == 16 + 16 + sizeof value && bytes[4] == 2);
    CHECK(bytes && memcmp(bytes + 32, value, sizeof value) == 0);
    free(bytes);
}

TEST(a_tile_without_data_says_so_everywhere)
{
    static const nd_band band[1];
    const float value[] = {NAN, NAN};
    const nd_tile tile = row(value, 2, 1);
    size_t size;
    unsigned char *bytes = dash_encode(&tile, "u16", band, DASH_BLANK, &size);
    CHECK(bytes && bytes[6] == DASH_BLANK);
    CHECK(bytes && u16_at(bytes, 24) == 0 && u16_at(bytes, 26) == 0);
    free(bytes);
}
