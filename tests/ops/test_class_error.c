// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

static const nd_label kinds[] = {{3, "Forest", NULL, 0x00FF00FF},
                                 {5, "Water", NULL, 0x0000FFFF}};

// 2^25: one more than any class can be.
enum { RIGHT = 33554432 };

static nd_node *classes(nd_arena *arena, float a, float b, float c, float d)
{
    nd_node *in = PIXELS(4, 1, a, b, c, d);
    in->band[0].kind = ND_CLASS;
    in->band[0].label = kinds, in->band[0].labels = 2;
    return in;
}

TEST(a_pixel_is_what_it_was_wrongly_taken_for)
{
    nd_node *said = classes(arena, 3, 5, 3, NAN), *known = classes(arena, 3, 3, NAN, 5);
    nd_node *out = apply(arena, "class_error", FROM(said, known), DEFAULTS);
    // Right is one more class, of a colour without weight.
    CHECK(READS(out, RIGHT, 5, NAN, NAN));
    CHECK(out && out->band[0].kind == ND_CLASS && out->band[0].labels == 3);
    CHECK(out && out->band[0].label[0].value == RIGHT &&
          (out->band[0].label[0].colour & 255) == 0);
    CHECK(out && out->band[0].label[2].value == 5 &&
          out->band[0].label[2].colour == 0x0000FFFF);
}

TEST(a_label_that_the_prediction_does_not_know_is_always_wrong)
{
    nd_node *known = classes(arena, 9, 9, 9, 9);
    static const nd_label more[] = {{3, "Forest", NULL, 0}, {9, "Heath", NULL, 0}};
    known->band[0].label = more;
    nd_node *out =
        apply(arena, "class_error", FROM(classes(arena, 3, 5, 3, 5), known), DEFAULTS);
    CHECK(READS(out, 3, 5, 3, 5));
    CHECK(out && out->band[0].label[0].value == RIGHT);
}

// A question answered by BandMaths, or a band that is named: nobody says which classes.
TEST(classes_without_labels_are_never_taken_for_right)
{
    nd_node *said = PIXELS(5, 1, 1, 0, 1, 0, 16777216),
            *known = PIXELS(5, 1, 0, 0, 1, 1, 1);
    known->band[0].kind = ND_CLASS;
    nd_node *out = apply(arena, "class_error", FROM(said, known), WITH("band", "b1"));
    CHECK(READS(out, 1, RIGHT, RIGHT, 0, 16777216));
    CHECK(out && out->band[0].labels == 1);
}

TEST(a_class_above_those_with_labels_is_shown_as_itself)
{
    nd_node *out = apply(
        arena, "class_error",
        FROM(classes(arena, 6, 6, 33554432, 3), classes(arena, 3, 6, 3, 3)), DEFAULTS);
    // 2^25 is no class.
    CHECK(READS(out, 6, RIGHT, NAN, RIGHT));
}

TEST(what_does_not_fit_is_said)
{
    nd_node *said = classes(arena, 3, 5, 3, 5);
    CHECK(!apply(arena, "class_error", FROM(said, PIXELS(4, 1, 1, 2, 3, 4)), DEFAULTS));
    CHECK(error_says("the labels have no band of classes\nput labels before them"));
    nd_node *other = classes(arena, 3, 5, 3, 5);
    other->band[0].grid.width = 3;
    CHECK(!apply(arena, "class_error", FROM(said, other), DEFAULTS));
    CHECK(error_says("prediction and labels lie on different grids\nbring the labels"));
}
