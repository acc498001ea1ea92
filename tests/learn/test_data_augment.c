// SPDX-License-Identifier: Apache-2.0
// Moments of what is drawn, against what the distributions promise.
#include "scenes.h"

static float flat(int band, int x, int y)
{
    (void)x, (void)y;
    return band ? 100 : 50;
}
static float noisy(int band, int x, int y)
{
    return flat(band, x, y) + (float)((x * 31 + y * 17) % 101);
}
static float none(int band, int x, int y)
{
    (void)band, (void)x, (void)y;
    return 0;
}

static nd_dataset *flat_set(nd_arena *arena, formula *value, const char *key,
                            const char *word)
{
    nd_node *node[] = {make_node(arena, (made){value, 256, 256, 2, 0, "EPSG:32631"}, "p"),
                       make_node(arena, (made){none, 256, 256, 1, 0, "EPSG:32631"}, "l")};
    return OPEN_NODES(node, 2, "chips.size", "64", "split.by", "scene", "split.valid",
                      "0", "chips.per_epoch", "100", "augment.brightness", "0",
                      "augment.contrast", "0", "augment.dihedral", "false", "norm",
                      "none", key, word);
}

// Plain and varied chips of one index differ by what was drawn only.
static void moments(const nd_dataset *set, const nd_dataset *plain, bool is_ratio,
                    double *mean, double *variance)
{
    double sum = 0, square = 0;
    int64_t n = 0;
    for (int i = 0; i < 20; i++) {
        nd_arena *own = nd_arena_new();
        const nd_chip a = sample_of(own, set, ND_TRAIN, 0, i);
        const nd_chip b = sample_of(own, plain, ND_TRAIN, 0, i);
        for (int p = 0; p < 2 * 4096; p++, n++) {
            const double v = is_ratio ? (double)(a.picture[p] / b.picture[p])
                                      : (double)(a.picture[p] - b.picture[p]);
            sum += v, square += v * v;
        }
        nd_arena_free(own);
    }
    *mean = sum / (double)n;
    *variance = square / (double)n - *mean * *mean;
}

TEST(speckle_has_mean_1_and_variance_1_over_looks)
{
    static const char *const looks[] = {"1", "4", "9"};
    for (int i = 0; i < 3; i++) {
        nd_dataset *set = flat_set(arena, noisy, "augment.speckle", looks[i]);
        nd_dataset *plain = flat_set(arena, noisy, "augment.shift", "0");
        double mean, variance;
        NEED(set && plain);
        moments(set, plain, true, &mean, &variance);
        const double wanted = 1 / strtod(looks[i], NULL);
        CHECK(fabs(mean - 1) < 0.01);
        CHECK(fabs(variance / wanted - 1) < 0.03);
    }
}

TEST(noise_is_normal_in_standard_deviations_of_its_band)
{
    nd_dataset *set = flat_set(arena, noisy, "augment.noise", "0.5");
    nd_dataset *plain = flat_set(arena, noisy, "augment.shift", "0");
    double mean, variance, sum = 0, square = 0;
    NEED(set && plain);
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256; x++) {
            const double v = (double)noisy(0, x, y);
            sum += v, square += v * v;
        }
    const double n = 65536, sigma2 = square / n - sum / n * (sum / n);
    moments(set, plain, false, &mean, &variance);
    CHECK(fabs(mean) < 0.1);
    CHECK(fabs(variance / (0.25 * sigma2) - 1) < 0.02);
}

// Switching one kind on leaves the draws of the others alone.
TEST(each_kind_draws_from_words_of_its_own)
{
    nd_dataset *shift = flat_set(arena, noisy, "augment.shift", "0.2");
    NEED(shift);
    nd_node *node[] = {make_node(arena, (made){noisy, 256, 256, 2, 0, "EPSG:32631"}, "p"),
                       make_node(arena, (made){none, 256, 256, 1, 0, "EPSG:32631"}, "l")};
    nd_dataset *more = OPEN_NODES(
        node, 2, "chips.size", "64", "split.by", "scene", "split.valid", "0",
        "chips.per_epoch", "100", "augment.brightness", "0", "augment.contrast", "0",
        "augment.dihedral", "false", "norm", "none", "augment.shift", "0.2",
        "augment.cutout", "0.5", "augment.band_drop", "0.5");
    NEED(more);
    int64_t same = 0, blank = 0, other = 0;
    for (int i = 0; i < 10; i++) {
        const nd_chip a = sample_of(arena, shift, ND_TRAIN, 0, i);
        const nd_chip b = sample_of(arena, more, ND_TRAIN, 0, i);
        int dropped = 0;
        for (int band = 0; band < 2; band++) {
            bool is_flat = true;
            float first = NAN;
            for (int p = 0; p < 4096 && is_flat; p++) {
                const float v = b.picture[band * 4096 + p];
                if (v == 0) continue;
                if (isnan(first)) first = v;
                is_flat = v == first;
            }
            dropped += is_flat;
            for (int p = 0; p < 4096 && !is_flat; p++) {
                const float v = b.picture[band * 4096 + p];
                if (v == 0)
                    blank++;
                else if (v == a.picture[band * 4096 + p])
                    same++;
                else
                    other++;
            }
        }
        CHECK(dropped < 2); // never all bands
    }
    CHECK(same > 10000 && blank > 0 && other == 0);
}
