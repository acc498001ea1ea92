// SPDX-License-Identifier: Apache-2.0
// Random numbers by counter, 128-bit names of things, clocks.
#include <nadir/pool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// Philox 4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2,
// 3", SC11, with the constants of its reference tables.
void nd_random_wide(uint64_t key, const uint32_t counter[4], uint32_t out[4])
{
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
    uint32_t k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    for (int i = 0; i < 10; i++) {
        const uint64_t a = (uint64_t)c[0] * 0xD2511F53u;
        const uint64_t b = (uint64_t)c[2] * 0xCD9E8D57u;
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b,
                                  (uint32_t)(a >> 32) ^ c[3] ^ k[1], (uint32_t)a};
        memcpy(c, next, sizeof c);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

void nd_random(uint64_t key, uint64_t counter, uint32_t out[4])
{
    nd_random_wide(key, (uint32_t[]){(uint32_t)counter, (uint32_t)(counter >> 32), 0, 0},
                   out);
}

void nd_draw_block(const nd_draw *draw, uint32_t block, uint32_t out[4])
{
    const uint32_t above = (uint32_t)(draw->index >> 32) & 0xFFFF;
    const uint32_t counter[4] = {block, (uint32_t)draw->index,
                                 (uint32_t)draw->stream << 16 | above, draw->epoch};
    nd_random_wide(draw->seed, counter, out);
}

// Lemire, "Fast random integer generation in an interval", 2019.
uint32_t nd_draw_below(const nd_draw *draw, uint32_t block, uint32_t n)
{
    const uint32_t least = (0u - n) % n;
    for (;; block++) {
        uint32_t word[4];
        nd_draw_block(draw, block, word);
        for (int i = 0; i < 4; i++) {
            const uint64_t product = (uint64_t)word[i] * n;
            if ((uint32_t)product >= least) return (uint32_t)(product >> 32);
        }
    }
}

double nd_random_unit(uint64_t key, uint64_t counter)
{
    uint32_t r[4];
    nd_random(key, counter, r);
    return (double)(((uint64_t)r[0] << 32 | r[1]) >> 11) * 0x1p-53;
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCDu;
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53u;
    return x ^ x >> 33;
}

// Two multiply-rotate lanes over 8-byte words, finished by an avalanche (the idea of
// MurmurHash3's x64 variant, Appleby, public domain). Not for secrets.
nd_hash nd_hash_more(nd_hash h, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    size_t left = count;
    h.a ^= 0x243F6A8885A308D3u + count;
    while (left) {
        uint64_t w = 0;
        const size_t take = left < 8 ? left : 8;
        memcpy(&w, at, take);
        h.a = rotate(h.a ^ w * 0x87C37B91114253D5u, 27) * 5 + h.b;
        h.b = rotate(h.b ^ w * 0x4CF5AD432745937Fu, 31) * 5 + h.a;
        at += take;
        left -= take;
    }
    h.a = mix(h.a + h.b);
    h.b = mix(h.b + h.a);
    return h;
}

nd_hash nd_hash_text(nd_hash start, const char *text)
{
    return text ? nd_hash_more(start, text, strlen(text) + 1)
                : nd_hash_more(start, "none", 4);
}

void nd_hash_print(nd_hash hash, char text[33])
{
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)hash.a,
             (unsigned long long)hash.b);
}

bool nd_hash_parse(const char *text, nd_hash *hash)
{
    uint64_t half[2] = {0, 0};
    for (int i = 0; i < 32; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                 : -1;
        if (digit < 0) return false;
        half[i / 16] = half[i / 16] << 4 | (uint64_t)digit;
    }
    *hash = (nd_hash){half[0], half[1]};
    return text[32] == 0;
}

static double clock_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double nd_seconds(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

double nd_cpu_seconds(void)
{
    return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}
