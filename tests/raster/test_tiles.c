// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include "raster/tiles.h"
#include <math.h>

enum { COUNT = 1003 }; // not a multiple of any vector

static const raster_packing plain = {1, 0, 0, 65535, 0};
static const raster_packing scaled = {0.0001, -0.1, 0, 65535, 0};
static const raster_packing below = {1, 0, -32768, 32767, -9999};

static float pixel(const raster_packing *p, int i)
{
    if (i % 17 == 3) return NAN;
    const int32_t range = p->high - p->low;
    int32_t q = p->low + (int32_t)((uint32_t)i * 2654435761u % (uint32_t)range);
    if (q == p->hole) q++;
    return (float)(p->offset + p->scale * q);
}

TEST(every_instruction_set_packs_and_unpacks_to_the_same_bits)
{
    static const raster_packing *const all[] = {&plain, &scaled, &below};
    for (int level = ND_CPU_C; level <= (int)nd_cpu_best(); level++)
        for (size_t i = 0; i < 3; i++) {
            float in[COUNT], out[COUNT];
            uint16_t packed[COUNT], oracle[COUNT];
            for (int x = 0; x < COUNT; x++) in[x] = pixel(all[i], x);
            CHECK(tile_kernels_c.pack(in, COUNT, all[i], oracle));
            CHECK(tile_kernels_at[level]->pack(in, COUNT, all[i], packed));
            CHECK(memcmp(packed, oracle, sizeof packed) == 0);
            tile_kernels_at[level]->unpack(packed, COUNT, all[i], out);
            for (int x = 0; x < COUNT; x++)
                if (isnan(in[x]) ? !isnan(out[x]) : in[x] != out[x]) {
                    CHECK(!"a pixel came back different");
                    break;
                }
        }
}

TEST(a_pixel_that_would_not_come_back_is_noticed_wherever_it_stands)
{
    static const float bad[] = {0.5f, -1, 65536, INFINITY, -INFINITY, 0, 3e9f};
    for (int level = ND_CPU_C; level <= (int)nd_cpu_best(); level++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            for (int at = 0; at < COUNT; at += 77) {
                float in[COUNT];
                uint16_t packed[COUNT];
                for (int x = 0; x < COUNT; x++) in[x] = 7;
                in[at] = bad[i];
                CHECK(!tile_kernels_at[level]->pack(in, COUNT, &plain, packed));
            }
}

TEST(every_instruction_set_adds_columns_to_the_same_bits)
{
    for (int level = ND_CPU_C; level <= (int)nd_cpu_best(); level++)
        for (int power = 0; power < 2; power++) {
            double sum[COUNT] = {0}, oracle[COUNT] = {0};
            int32_t valid[COUNT] = {0}, counted[COUNT] = {0};
            for (int row = 0; row < 5; row++) {
                float in[COUNT];
                for (int x = 0; x < COUNT; x++)
                    in[x] = pixel(&scaled, x + row * COUNT) * 1.7f;
                tile_kernels_c.add(in, COUNT, power, oracle, counted);
                tile_kernels_at[level]->add(in, COUNT, power, sum, valid);
            }
            CHECK(memcmp(sum, oracle, sizeof sum) == 0);
            CHECK(memcmp(valid, counted, sizeof valid) == 0);
        }
}

// Means of 2 x 2 in double, rounded once; with holes, of what is left.
TEST(every_instruction_set_halves_to_the_same_bits)
{
    static float a[2 * COUNT], b[2 * COUNT], out[COUNT];
    for (int x = 0; x < 2 * COUNT; x++) {
        a[x] = pixel(&scaled, x) * 1.7f;
        b[x] = x / 2 % 5 ? pixel(&scaled, x + 9999) : a[x]; // holes of all four, too
    }
    for (int level = ND_CPU_C; level <= (int)nd_cpu_best(); level++)
        for (int power = 0; power < 2; power++) {
            tile_kernels_at[level]->halve(a, b, COUNT, power, out);
            int wrong = 0;
            for (int x = 0; x < COUNT; x++) {
                const float v[4] = {a[2 * x], b[2 * x], a[2 * x + 1], b[2 * x + 1]};
                double sum = 0, count = 0;
                for (int i = 0; i < 4; i++) {
                    const double d = (double)v[i];
                    if (!isnan(d)) sum += power ? d * d : d, count++;
                }
                const float want = count == 0 ? NAN
                                   : power    ? (float)sqrt(sum / count)
                                              : (float)(sum / count);
                wrong += isnan(want) ? !isnan(out[x]) : !(fabsf(out[x] - want) <= 1e-7f);
            }
            CHECK(wrong == 0);
        }
}
