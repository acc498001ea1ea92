// SPDX-License-Identifier: Apache-2.0
#include "eurosat.h"

// All numbers of an epoch in one hash, batch by batch.
static nd_hash epoch_hash(const nd_dataset *set, const nd_loader_make *make, int *count)
{
    nd_arena *arena = nd_arena_new();
    nd_loader *loader = nd_loader_new(arena, set, make);
    nd_hash h = {0, 0};
    nd_batch batch;
    *count = 0;
    CHECK(loader);
    while (loader && nd_loader_next(loader, &batch) == ND_OK && batch.count) {
        h = nd_hash_more(h, batch.x.data,
                         (size_t)nd_shape_count(batch.x.shape) * sizeof(float));
        h = nd_hash_more(h, batch.y.data,
                         (size_t)nd_shape_count(batch.y.shape) *
                             nd_dtype_bytes(batch.y.dtype));
        *count += batch.count;
    }
    nd_arena_free(arena);
    return h;
}

#define ALL                                                                              \
    EUROSAT, "augment.shift", "0.06", "augment.rotate", "10", "augment.speckle", "8,32", \
        "augment.noise", "0.05", "augment.blur", "1", "augment.cutout", "0.3",           \
        "augment.band_drop", "0.1", "augment.mixup", "0.2", "augment.cutmix", "1"

TEST(batches_are_the_same_bits_for_any_number_of_workers)
{
    nd_dataset *set = OPEN(ALL);
    int count;
    NEED(set);
    nd_loader_make make = {.epoch = 3, .batch = 32, .workers = 1, .mixes = true};
    const nd_hash one = epoch_hash(set, &make, &count);
    CHECK(count == 160);
    static const int workers[] = {2, 8};
    for (int i = 0; i < 2; i++) {
        make.workers = workers[i];
        const nd_hash more = epoch_hash(set, &make, &count);
        CHECK(more.a == one.a && more.b == one.b && count == 160);
    }
    make.epoch = 4;
    const nd_hash next = epoch_hash(set, &make, &count);
    CHECK(next.a != one.a);
}

TEST(a_sample_does_not_depend_on_when_it_is_asked_for)
{
    nd_dataset *set = OPEN(ALL);
    NEED(set);
    nd_loader *loader =
        nd_loader_new(arena, set, &(nd_loader_make){.epoch = 2, .batch = 50});
    nd_batch batch;
    for (int n = 0; loader && nd_loader_next(loader, &batch) == ND_OK && batch.count;
         n++) {
        for (int i = batch.count - 1; i >= 0; i -= 7) {
            const nd_chip chip = sample_of(arena, set, ND_TRAIN, 2, batch.first + i);
            CHECK(memcmp(chip.picture, (float *)batch.x.data + i * 3 * 4096,
                         3 * 4096 * sizeof(float)) == 0);
            CHECK(chip.label[0] == ((int64_t *)batch.y.data)[i]);
            CHECK(strcmp(chip.place.name, batch.place[i].name) == 0);
        }
        CHECK(batch.first == 50 * n);
    }
}

TEST(a_resumed_epoch_goes_on_where_it_was)
{
    nd_dataset *set = OPEN(EUROSAT);
    NEED(set);
    nd_loader *all = nd_loader_new(arena, set, &(nd_loader_make){.batch = 20});
    nd_loader *rest =
        nd_loader_new(arena, set, &(nd_loader_make){.batch = 20, .first = 60});
    nd_batch a = {0}, b = {0};
    for (int i = 0; i < 4; i++) CHECK(all && nd_loader_next(all, &a) == ND_OK);
    CHECK(rest && nd_loader_next(rest, &b) == ND_OK);
    CHECK(a.first == 60 && b.first == 60 && a.count == 20 && b.count == 20);
    CHECK(memcmp(a.x.data, b.x.data, 20 * 3 * 4096 * sizeof(float)) == 0);
}

TEST(every_picture_comes_once_an_epoch_in_an_order_of_its_own)
{
    nd_dataset *set = OPEN(EUROSAT);
    NEED(set);
    int seen[160] = {0}, moved = 0;
    const char *first[160] = {0};
    for (uint32_t epoch = 0; epoch < 2; epoch++)
        for (int i = 0; i < 160; i++) {
            const nd_chip chip = sample_of(arena, set, ND_TRAIN, epoch, i);
            if (!epoch)
                first[i] = chip.place.name;
            else
                moved += first[i] != chip.place.name;
            for (int k = 0; k < i && !epoch; k++) seen[i] += first[k] == chip.place.name;
        }
    for (int i = 0; i < 160; i++) CHECK(seen[i] == 0);
    CHECK(moved > 140);
}

TEST(the_short_last_batch_is_kept_or_dropped)
{
    nd_dataset *set = OPEN(EUROSAT);
    int count;
    NEED(set);
    (void)epoch_hash(set, &(nd_loader_make){.batch = 48}, &count);
    CHECK(count == 160);
    (void)epoch_hash(set, &(nd_loader_make){.batch = 48, .drop_last = true}, &count);
    CHECK(count == 144);
    (void)epoch_hash(set, &(nd_loader_make){.batch = 48, .side = ND_VALID}, &count);
    CHECK(count == 40);
    (void)epoch_hash(set, &(nd_loader_make){.batch = 48, .side = ND_TEST}, &count);
    CHECK(count == 0);
}

TEST(a_loader_can_be_stopped_half_way)
{
    nd_dataset *set = OPEN(EUROSAT);
    nd_loader *loader =
        set ? nd_loader_new(arena, set, &(nd_loader_make){.batch = 8, .workers = 3})
            : NULL;
    nd_batch batch;
    CHECK(loader && nd_loader_next(loader, &batch) == ND_OK && batch.count == 8);
    if (loader) nd_loader_stop(loader);
}

// Probabilities of a mixed batch sum to 1, and are a blend of two neighbours' labels.
TEST(mixed_labels_are_shares_of_two_neighbours)
{
    nd_dataset *set = OPEN(EUROSAT, "augment.mixup", "0.2");
    NEED(set);
    nd_loader *plain = nd_loader_new(arena, set, &(nd_loader_make){.batch = 16});
    nd_loader *mixed =
        nd_loader_new(arena, set, &(nd_loader_make){.batch = 16, .mixes = true});
    nd_batch a, b;
    CHECK(plain && mixed && nd_loader_next(plain, &a) == ND_OK &&
          nd_loader_next(mixed, &b) == ND_OK);
    const float *ax = a.x.data, *bx = b.x.data, *share = b.y.data;
    const int64_t *label = a.y.data;
    for (int i = 0; i < 16; i++) {
        const int other = (i + 1) % 16;
        const size_t at = (size_t)i * 3 * 4096 + 777, to = (size_t)other * 3 * 4096 + 777;
        float sum = 0;
        for (int k = 0; k < 10; k++) sum += share[i * 10 + k];
        CHECK(fabsf(sum - 1) < 1e-6f);
        const float keep = label[i] == label[other]
                               ? (bx[at] - ax[to]) / (ax[at] - ax[to])
                               : share[i * 10 + label[i]];
        CHECK(keep >= 0.4999f && keep <= 1.0001f);
        CHECK(fabsf(b.kept[i] - keep) < 1e-3f && !a.kept);
        CHECK(fabsf(bx[at] - (keep * ax[at] + (1 - keep) * ax[to])) < 1e-4f);
    }
}
