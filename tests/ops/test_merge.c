// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

static nd_node *with_ids(nd_arena *arena, nd_node *const *from, int inputs,
                         const char *const *ids, const char *includes)
{
    const nd_op *op = nd_op_find(nd_ops, "Merge");
    nd_settings set;
    if (!op || nd_settings_new(arena, &op->table, &set) != ND_OK) return NULL;
    if (includes && nd_settings_set(arena, &set, "includes", includes) != ND_OK)
        return NULL;
    return nd_node_new(arena, &(nd_make){.op = op,
                                         .input = from,
                                         .input_id = ids,
                                         .inputs = inputs,
                                         .settings = &set});
}

TEST(takes_all_bands_and_keeps_the_first_of_a_name)
{
    nd_node *a = PIXELS(2, 1, 1, 2, 3, 4), *b = PIXELS(2, 1, 5, 6, 7, 8, 9, 10);
    nd_node *out = apply(arena, "merge", FROM(a, b), DEFAULTS);
    CHECK(READS(out, 1, 2, 3, 4, 9, 10));
    CHECK(out && strcmp(out->band[2].name, "b3") == 0 && out->levels == ND_EXACT);
}

TEST(the_master_comes_first_wherever_it_stands)
{
    nd_node *a = PIXELS(1, 1, 1), *b = PIXELS(1, 1, 5, 6);
    const char *ids[] = {"slave", "masterProduct"};
    b->name = "great";
    nd_node *out = with_ids(arena, FROM(a, b), 2, ids, NULL);
    CHECK(READS(out, 5, 6) && strcmp(out->name, "great") == 0);
}

TEST(includes_choose_and_rename)
{
    nd_node *a = PIXELS(1, 1, 1), *b = PIXELS(1, 1, 5, 6, 7);
    const char *ids[] = {"masterProduct", "other"};
    nd_node *out =
        with_ids(arena, FROM(a, b), 2, ids,
                 "[{\"productId\":\"other\",\"name\":\"b1\",\"newName\":\"n\"},"
                 "{\"productId\":\"other\",\"namePattern\":\".*[3-9]\"}]");
    CHECK(READS(out, 1, 5, 7));
    CHECK(out && strcmp(out->band[1].name, "n") == 0);
    CHECK(!with_ids(arena, FROM(a, b), 2, ids,
                    "[{\"productId\":\"othr\",\"name\":\"b1\"}]"));
    CHECK(error_says("there is no input othr\ndid you mean other?"));
    CHECK(!with_ids(arena, FROM(a, b), 2, ids,
                    "[{\"productId\":\"other\",\"name\":\"b4\"}]"));
    CHECK(error_says("the input has no band b4"));
    CHECK(!with_ids(arena, FROM(a, b), 2, ids, "[{\"productId\":\"other\"}]"));
    CHECK(error_says("names no band"));
}

TEST(excludes_win)
{
    nd_node *a = PIXELS(1, 1, 1, 2), *b = PIXELS(1, 1, 5, 6, 7);
    nd_node *out = apply(arena, "merge", FROM(a, b),
                         WITH("excludes", "[{\"name\":\"b2\"}]", "includes",
                              "[{\"name\":\"b2\"},{\"name\":\"b1\"}]"));
    CHECK(READS(out, 1, 6, 7)); // b2 of the other, as the master's went
    CHECK(
        !apply(arena, "merge", FROM(a), WITH("excludes", "[{\"namePattern\":\"b.*\"}]")));
    CHECK(error_says("no band is left"));
}

TEST(pictures_must_cover_the_same_pixels)
{
    nd_node *a = PIXELS(2, 1, 1, 2), *b = PIXELS(1, 1, 5), *c = PIXELS(2, 1, 3, 4);
    CHECK(!apply(arena, "merge", FROM(a, b), DEFAULTS));
    CHECK(error_says("sourceProduct.1 (1 x 1 pixels) does not cover the pixels of "
                     "sourceProduct (2 x 1)"));
    c->band[0].grid.x = 5, c->band[0].name = "c";
    CHECK(!apply(arena, "merge", FROM(a, c), DEFAULTS));
    CHECK(error_says("does not cover"));
    CHECK(READS(apply(arena, "merge", FROM(a, c), WITH("geographicError", "NaN")), 1, 2,
                3, 4));
}
