// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include "io/pack_kernels.h"
#include "io/write.h"
#include <math.h>

ND_KERNEL_TABLES(io_pack_kernels, io_pack_kernels);
enum { LENGTH = 1031 }; // no multiple of any register

TEST(whole_samples_are_rounded_to_nearest_even_and_clamped)
{
    const float in[] = {0.5f,     1.5f,     2.5f, 2.4999998f, -0.5f,
                        65534.5f, 65535.4f, 1e9f, NAN};
    const uint16_t want[] = {0, 2, 2, 2, 0, 65534, 65535, 65535, 7};
    const io_pack pack = {.sample = ND_U16, .scale = 1, .no_data = 7};
    uint16_t out[9];
    io_pack_row(&pack, in, 9, out, 1);
    CHECK(memcmp(out, want, sizeof want) == 0);
    const float low[] = {-0.5f, -1.5f, -2.5f, -1e9f, 32767.5f, -32768.5f};
    const int16_t whole[] = {0, -2, -2, -32768, 32767, -32768};
    const io_pack half = {.sample = ND_I16, .scale = 1, .no_data = NAN};
    int16_t back[6];
    io_pack_row(&half, low, 6, back, 1);
    CHECK(memcmp(back, whole, sizeof whole) == 0);
}

TEST(scales_and_offsets_are_taken_off_before)
{
    // (value - offset) / scale: (0.1 + 0.1) / 0.0001 = 2000, (0.10005 + 0.1) / 0.0001 =
    // 2000.5
    const float in[] = {0.1f, -0.1f, 0.2f, NAN};
    const uint16_t want[] = {2000, 0, 3000, 0};
    atomic_bool lost = false;
    const io_pack pack = {
        .sample = ND_U16, .scale = 1e-4, .offset = -0.1, .no_data = NAN, .lost = &lost};
    uint16_t out[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    io_pack_row(&pack, in, 4, out, 2);
    for (int i = 0; i < 4; i++) CHECK(out[2 * i] == want[i] && out[2 * i + 1] == 9);
    CHECK(atomic_load(&lost)); // nothing says "none" there
}

static void fill(float *in, uint16_t *whole)
{
    uint32_t seed = 1;
    for (int i = 0; i < LENGTH; i++) {
        seed = seed * 1664525 + 1013904223;
        whole[i] = (uint16_t)(seed >> 16);
        in[i] = seed % 37 == 0 ? NAN : (float)((double)seed / 4e4 - 2e4) / 2;
    }
}

TEST(all_instruction_sets_give_the_same_samples)
{
    static float in[LENGTH], value[2][LENGTH];
    static uint16_t whole[LENGTH], u[2][LENGTH];
    static int32_t n[2][LENGTH];
    const io_round rounds[] = {
        {.factor = 1, .low = 0, .high = 65535, .none = 3, .is_plain = true},
        {.factor = 1e4, .offset = -0.1, .low = -32768, .high = 32767}};
    fill(in, whole);
    for (int level = ND_CPU_C; level <= (int)nd_cpu_best(); level++) {
        const io_pack_kernels *k = io_pack_kernels_at[level];
        const int at = level != ND_CPU_C;
        for (int r = 0; r < 2; r++) {
            CHECK(k->to_16(&rounds[r], in, LENGTH, u[at]));
            CHECK(k->to_32(&rounds[r], in, LENGTH, n[at]));
            for (int i = 0; i < LENGTH && !r; i++) CHECK(u[at][i] == n[at][i]);
            if (r) CHECK(!at || memcmp(u[0], u[1], sizeof u[0]) == 0);
            if (r) CHECK(!at || memcmp(n[0], n[1], sizeof n[0]) == 0);
        }
        k->from_u16(whole, LENGTH, whole[5], value[at]);
        for (int i = 0; i < LENGTH; i++)
            CHECK(whole[i] == whole[5] ? isnan(value[at][i])
                                       : value[at][i] == (float)whole[i]);
        k->from_i16((const int16_t *)(const void *)whole, LENGTH, INT32_MAX, value[at]);
        for (int i = 0; i < LENGTH; i++) CHECK(value[at][i] == (float)(int16_t)whole[i]);
    }
}
