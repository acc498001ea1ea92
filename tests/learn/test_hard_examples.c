// SPDX-License-Identifier: Apache-2.0
// Examples whose loss was large come more often, and only by what was told.
#include "eurosat.h"
#include <math.h>

enum { COUNT = 160, HARD = 16, EPOCHS = 20 };

static nd_dataset *open_hard(nd_arena *arena)
{
    return OPEN("pictures", NADIR_DATA "/eurosat_mini200.zip", "split.by", "file",
                "chips.sampling", "hard");
}

// Which pictures an epoch has, by their names.
static void names_of(nd_arena *arena, const nd_dataset *set, uint32_t epoch,
                     const char *name[COUNT])
{
    for (int64_t i = 0; i < COUNT; i++)
        name[i] =
            nd_text(arena, "%s", sample_of(arena, set, ND_TRAIN, epoch, i).place.name);
}

static bool is_among(const char *name, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0) return true;
    return false;
}

static nd_status tell(const nd_dataset *set, uint32_t epoch, int count, const float *loss)
{
    return nd_dataset_tell(set,
                           &(nd_losses){.epoch = epoch, .count = count, .loss = loss});
}

// The first 16 of epoch 0 were wrong by 5, the others by 0.05: a draw is one of the hard
// with 0.5 16 / 160 + 0.5 80 / (80 + 7.2) = 0.509. Before it is told, and until the turn,
// each comes once.
TEST(what_was_hard_comes_more_often_after_the_turn)
{
    nd_dataset *set = open_hard(arena);
    NEED(set);
    CHECK(nd_dataset_count(set, ND_TRAIN) == COUNT);
    const char *first[COUNT], *name[COUNT];
    float loss[COUNT];
    names_of(arena, set, 0, first);
    for (int i = 0; i < COUNT; i++) CHECK(!is_among(first[i], first, i));
    for (int i = 0; i < COUNT; i++) loss[i] = i < HARD ? 5 : 0.05f;
    CHECK(tell(set, 0, 100, loss) == ND_OK);
    CHECK(nd_dataset_tell(set, &(nd_losses){.first = 100,
                                            .count = COUNT - 100,
                                            .loss = loss + 100}) == ND_OK);
    names_of(arena, set, 1, name);
    for (int i = 0; i < COUNT; i++) CHECK(!is_among(name[i], name, i));
    nd_dataset_turn(set);
    double hard = 0;
    for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++) {
        names_of(arena, set, epoch, name);
        for (int i = 0; i < COUNT; i++) hard += is_among(name[i], first, HARD);
    }
    // Four deviations of a share among 3,200 draws: 4 sqrt(0.25 / 3200) = 0.035.
    CHECK(fabs(hard / (COUNT * EPOCHS) - 0.509) < 0.035);
}

// The memory alone, put into another set, draws the same epochs, in any order.
TEST(epochs_are_drawn_by_epoch_and_by_what_was_told_alone)
{
    nd_dataset *a = open_hard(arena), *b = open_hard(arena);
    NEED(a && b);
    float loss[COUNT];
    for (int i = 0; i < COUNT; i++) loss[i] = i == 7 ? NAN : (float)(i % 13) / 4;
    CHECK(tell(a, 0, COUNT, loss) == ND_OK);
    nd_dataset_turn(a);
    CHECK(tell(a, 1, 40, loss) == ND_OK);
    const char *three[COUNT], *one[COUNT], *other[COUNT];
    names_of(arena, b, 1, one); // drawn before it knows
    int64_t count, more;
    const float *from = nd_dataset_hardness(a, &count);
    float *to = nd_dataset_hardness(b, &more);
    CHECK(count == 2 * COUNT && more == count);
    memcpy(to, from, (size_t)count * sizeof *to);
    (void)nd_dataset_hardness(b, &more);
    names_of(arena, a, 3, three);
    names_of(arena, b, 3, other);
    for (int i = 0; i < COUNT; i++) CHECK(strcmp(three[i], other[i]) == 0);
    names_of(arena, a, 1, one);
    names_of(arena, b, 1, other);
    for (int i = 0; i < COUNT; i++) CHECK(strcmp(one[i], other[i]) == 0);
    // What the turn takes is saved as well.
    nd_dataset_turn(a), nd_dataset_turn(b);
    names_of(arena, a, 2, one);
    names_of(arena, b, 2, other);
    for (int i = 0; i < COUNT; i++) CHECK(strcmp(one[i], other[i]) == 0);
}

// Four of a batch, each mixed with the next, the last with the first: three quarters, all
// and half of them stay, and of the last nothing. The first has 0.75 of 4 and 1 of 2, so
// (3 + 2) / 1.75; the second 1 of 1 and 0.25 of 4; the third 0.5 of 6; the fourth 0.5 of
// 6 from the third alone.
TEST(two_that_were_mixed_share_the_loss)
{
    nd_dataset *set = open_hard(arena);
    NEED(set);
    const float loss[] = {4, 1, 6, 2}, kept[] = {0.75f, 1, 0.5f, 0};
    CHECK(nd_dataset_tell(set, &(nd_losses){.count = 4, .loss = loss, .kept = kept}) ==
          ND_OK);
    int64_t count;
    const float *hard = nd_dataset_hardness(set, &count);
    float told[4];
    int found = 0;
    static const float want[] = {5 / 1.75f, 2 / 1.25f, 6, 6};
    for (int64_t i = COUNT; i < count; i++)
        if (!isnan(hard[i]) && found < 4) told[found++] = hard[i];
    CHECK(found == 4);
    for (int i = 0; i < 4; i++) {
        bool is_there = false;
        for (int k = 0; k < found; k++) is_there |= fabsf(told[k] - want[i]) < 1e-6f;
        CHECK(is_there);
    }
}
