// SPDX-License-Identifier: Apache-2.0
// Known answers of philox4x32-10: kat_vectors of Random123 (D. E. Shaw Research).
#include "../harness.h"
#include <math.h>
#include <nadir/pool.h>

TEST(gives_the_published_numbers)
{
    uint32_t r[4];
    nd_random(0, 0, r);
    CHECK(r[0] == 0x6627e8d5 && r[1] == 0xe169c58d && r[2] == 0xbc57ac4c &&
          r[3] == 0x9b00dbd8);
}

TEST(gives_the_published_numbers_for_wide_counters)
{
    uint32_t r[4];
    const uint32_t ones[4] = {~0u, ~0u, ~0u, ~0u};
    nd_random_wide(~(uint64_t)0, ones, r);
    CHECK(r[0] == 0x408f276d && r[1] == 0x41c83b0e && r[2] == 0xa20bc7c6 &&
          r[3] == 0x6d5451fd);
    const uint32_t pi[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    nd_random_wide(0x299f31d0a4093822, pi, r);
    CHECK(r[0] == 0xd16cfe09 && r[1] == 0x94fdcceb && r[2] == 0x5001e420 &&
          r[3] == 0x24126ea1);
}

TEST(a_draw_is_the_counter_of_block_index_stream_and_epoch)
{
    const nd_draw draw = {
        .seed = 9, .index = 0x123456789abc, .epoch = 77, .stream = ND_DRAW_AUGMENT};
    uint32_t a[4], b[4];
    nd_draw_block(&draw, 5, a);
    nd_random_wide(9, (uint32_t[]){5, 0x56789abc, 0x00031234, 77}, b);
    CHECK(memcmp(a, b, sizeof a) == 0);
}

TEST(whole_numbers_below_a_bound_are_even)
{
    enum { N = 70000, SIDES = 7 };
    int64_t count[SIDES] = {0};
    for (uint64_t i = 0; i < N; i++) {
        const uint32_t k = nd_draw_below(&(nd_draw){.seed = 3, .index = i}, 0, SIDES);
        CHECK(k < SIDES);
        if (k < SIDES) count[k]++;
    }
    double chi = 0;
    for (int k = 0; k < SIDES; k++) {
        const double off = (double)count[k] - N / SIDES;
        chi += off * off / (N / SIDES);
    }
    CHECK(chi < 22.5); // chi square with 6 degrees of freedom: p = 0.001
    // Of 3/4 of 2^32 every fourth word is refused; what remains is still even.
    int64_t high = 0;
    for (uint64_t i = 0; i < N; i++)
        high +=
            nd_draw_below(&(nd_draw){.seed = 4, .index = i}, 0, 0xC0000000) >= 0x60000000;
    CHECK(llabs(high - N / 2) < 5 * 132); // five times sqrt(N)/2
}

TEST(is_even_and_independent_in_key_and_counter)
{
    enum { N = 100000 };
    double sum = 0, square = 0, across = 0;
    for (uint64_t i = 0; i < N; i++) {
        const double u = nd_random_unit(7, i), v = nd_random_unit(8, i);
        CHECK(u >= 0 && u < 1);
        sum += u, square += u * u, across += (u - 0.5) * (v - 0.5);
    }
    // Five standard errors: of the mean 1/sqrt(12 N), of the mean square
    // sqrt(4/45 / N), of the covariance 1/(12 sqrt(N)).
    CHECK(fabs(sum / N - 0.5) < 5 / sqrt(12.0 * N));
    CHECK(fabs(square / N - 1.0 / 3) < 5 * sqrt(4.0 / 45 / N));
    CHECK(fabs(across / N) < 5 / (12 * sqrt(N)));
}

TEST(a_hash_depends_on_every_bit_and_on_the_cuts)
{
    unsigned char bytes[40] = {0};
    const nd_hash none = {0, 0}, first = nd_hash_more(none, bytes, sizeof bytes);
    for (int bit = 0; bit < 320; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const nd_hash h = nd_hash_more(none, bytes, sizeof bytes);
        const int differ =
            __builtin_popcountll(h.a ^ first.a) + __builtin_popcountll(h.b ^ first.b);
        CHECK(differ > 30 && differ < 98); // 64 of 128, six standard deviations
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    const nd_hash ab_c = nd_hash_text(nd_hash_text(none, "ab"), "c");
    const nd_hash a_bc = nd_hash_text(nd_hash_text(none, "a"), "bc");
    CHECK(ab_c.a != a_bc.a && ab_c.b != a_bc.b);
    CHECK(nd_hash_text(none, NULL).a != nd_hash_text(none, "").a);
}

TEST(a_hash_is_printed_and_read_back)
{
    char text[33];
    nd_hash back, h = {0x0123456789abcdefu, 0xfedcba9876543210u};
    nd_hash_print(h, text);
    CHECK(strcmp(text, "0123456789abcdeffedcba9876543210") == 0);
    CHECK(nd_hash_parse(text, &back) && back.a == h.a && back.b == h.b);
    CHECK(!nd_hash_parse("0123", &back) && !nd_hash_parse("", &back));
    CHECK(!nd_hash_parse("0123456789abcdeffedcba98765432100", &back));
    CHECK(!nd_hash_parse("0123456789ABCDEFfedcba9876543210", &back));
}

TEST(clocks_go_forward)
{
    const double wall = nd_seconds(), cpu = nd_cpu_seconds();
    volatile double x = 0;
    for (int i = 0; i < 1000000; i++) x = x + i;
    CHECK(nd_seconds() > wall && nd_cpu_seconds() > cpu);
}
