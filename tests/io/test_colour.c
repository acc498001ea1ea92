// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/colour.h>

static bool is_near_colour(uint32_t got, uint32_t want, int by)
{
    for (int shift = 0; shift < 32; shift += 8)
        if (abs((int)(got >> shift & 255) - (int)(want >> shift & 255)) > by) {
            printf("# #%08x, not #%08x\n", got, want);
            return false;
        }
    return true;
}

TEST(ramps_are_the_published_ones)
{
    // Entries 0, 64, 128, 192 (of cividis 63 and 191) and 255 of matplotlib's tables of
    // 256.
    static const struct {
        const char *name;
        uint32_t colour[5];
    } known[] = {
        {"viridis", {0x440154FF, 0x3B528BFF, 0x21908CFF, 0x5DC963FF, 0xFDE725FF}},
        {"magma", {0x000004FF, 0x51127CFF, 0xB63679FF, 0xFC8961FF, 0xFCFDBFFF}},
        {"cividis", {0x00224EFF, 0x424E6CFF, 0x7D7C78FF, 0xBBAD6DFF, 0xFEE838FF}},
        {"grey", {0x000000FF, 0x404040FF, 0x808080FF, 0xC0C0C0FF, 0xFFFFFFFF}},
    };
    static const double at[] = {0, 64 / 255.0, 128 / 255.0, 192 / 255.0, 1};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const nd_ramp *ramp = nd_ramp_find(known[i].name);
        for (int j = 0; ramp && j < 5; j++)
            CHECK(is_near_colour(nd_ramp_at(ramp, at[j]), known[i].colour[j], 2));
        CHECK(ramp);
    }
    CHECK(nd_ramp_at(nd_ramp_find("rdylgn"), 0.5) == 0xFFFFBFFF);
}

TEST(a_misspelt_ramp_is_answered_with_the_nearest)
{
    CHECK(!nd_ramp_find("virids"));
    CHECK(error_says("there is no ramp virids\nuse viridis"));
}

TEST(stretches_follow_the_statistics)
{
    const nd_stats stats = {.count = 9,
                            .mean = 10,
                            .variance = 4,
                            .minimum = 7,
                            .maximum = 30,
                            .p2 = 8,
                            .p98 = 20};
    nd_stretch s = nd_stretch_of(&stats, ND_STRETCH_PERCENT);
    CHECK(s.low == 8 && s.high == 20);
    s = nd_stretch_of(&stats, ND_STRETCH_MINMAX);
    CHECK(s.low == 7 && s.high == 30);
    s = nd_stretch_of(&stats, ND_STRETCH_DEVIATION);
    CHECK(s.low == 7 && s.high == 14); // 10 - 2 * 2 lies below all there is
    CHECK(nd_stretch_share(&(nd_stretch){0, 4, 0}, 1) == 0.25);
    CHECK(nd_stretch_share(&(nd_stretch){0, 4, 2}, 1) == 0.5);
    CHECK(nd_stretch_share(&(nd_stretch){0, 4, 1}, 5) == 1);
    CHECK(isnan(nd_stretch_share(&(nd_stretch){0, 4, 1}, NAN)));
}

TEST(true_colour_keeps_grey_grey)
{
    const nd_stats stats[] = {
        {.p2 = 0.02, .p98 = 0.2}, {.p2 = 0.03, .p98 = 0.25}, {.p2 = 0.05, .p98 = 0.22}};
    const nd_stretch s = nd_stretch_true_colour(stats);
    CHECK(s.low == 0.01 && s.high == 0.25 && s.gamma > 1);
    nd_paint paint;
    nd_paint_rgb(&paint, (nd_stretch[]){s, s, s});
    const float grey[] = {0.01f, 0.1f, 0.25f, NAN};
    uint8_t out[16];
    nd_paint_rgba(&paint, (const float *const[]){grey, grey, grey}, 4, out);
    for (int i = 0; i < 3; i++)
        CHECK(out[4 * i] == out[4 * i + 1] && out[4 * i] == out[4 * i + 2] &&
              out[4 * i + 3] == 255);
    CHECK(out[0] == 0 && out[8] == 255);
    // 255 * ((0.1 - 0.01) / 0.24) ** (1 / 1.5) = 132.6
    CHECK(abs(out[4] - 133) <= 1);
    CHECK(out[15] == 0);
}

TEST(a_ramp_paints_from_low_to_high_and_leaves_no_data_clear)
{
    nd_paint paint;
    nd_paint_ramp(&paint, nd_ramp_find("grey"), (nd_stretch){-1, 1, 1});
    const float in[] = {-1, 0, 1, 7, -7, NAN};
    uint8_t out[24], index[6];
    nd_paint_rgba(&paint, (const float *const[]){in}, 6, out);
    CHECK(out[0] == 0 && out[3] == 255);
    CHECK(abs(out[4] - 128) <= 1);
    CHECK(out[8] == 255 && out[12] == 255 && out[16] == 0 && out[19] == 255);
    CHECK(out[23] == 0);
    nd_paint_index(&paint, in, 6, index);
    CHECK(index[0] == 1 && index[1] == 128 && index[2] == 255 && index[5] == 0);
}

TEST(classes_have_their_own_colours)
{
    int count;
    nd_paint paint;
    const nd_label *scl = nd_labels_scl(&count);
    CHECK(count == 12 && nd_paint_labels(&paint, scl, count) == ND_OK);
    const float in[] = {4, 6, 6, 99, NAN};
    uint8_t out[20];
    nd_paint_rgba(&paint, (const float *const[]){in}, 5, out);
    CHECK(memcmp(out, "\x00\xA0\x00\xFF\x00\x00\xFF\xFF\x00\x00\xFF\xFF\0\0\0\0\0\0\0",
                 20) == 0);
    nd_buffer json = {.arena = arena};
    CHECK(nd_paint_describe(&paint, &(nd_json_out){.to = &json}) == ND_OK);
    CHECK(strstr(nd_buffer_text(&json), "{\"value\":4,\"name\":\"vegetation\","
                                        "\"colour\":\"#00a000\"}"));
    CHECK(nd_paint_labels(&paint, scl, 256) == ND_E_DATA);
}
