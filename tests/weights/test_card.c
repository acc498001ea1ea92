// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/text.h>
#include <nadir/weights.h>

static const char flood[] =
    "{\"v\":1,\"task\":\"semantic-segmentation\",\"name\":\"flood\",\"version\":\"2026."
    "03\","
    "\"model\":{\"name\":\"unet\",\"settings\":{\"width\":16}},"
    "\"input\":{\"bands\":[{\"name\":\"VV\",\"unit\":\"dB\",\"kind\":\"sigma0\","
    "\"p\":[-22.4,-11.0,-4.1],\"scale\":[{\"type\":\"clip\",\"minimum\":-30,\"maximum\":"
    "5},"
    "{\"type\":\"z-score\",\"mean\":-11.2,\"stddev\":4.9}]}],\"pixel_m\":10,"
    "\"sensor\":[\"S1 GRD IW\"],\"patch\":128,\"tile\":{\"multiple\":8,\"radius\":48}},"
    "\"output\":{\"classes\":[{\"value\":0,\"name\":\"dry\",\"color\":\"#c8b478\"},"
    "{\"value\":1,\"name\":\"water\",\"color\":\"#2060C0\"}],\"activation\":\"softmax\","
    "\"temperature\":1.31},\"train\":{\"seed\":1},\"metrics\":{\"n\":3,\"ci95\":[0.1,0.9]"
    "},"
    "\"licence\":\"CC-BY-4.0\",\"unknown\":[{}]}";

TEST(a_card_is_read_and_numbers_are_scaled_by_its_chain)
{
    const nd_card *c = nd_card_parse(arena, flood);
    CHECK(c && !strcmp(c->model, "unet") && c->bands == 1 && c->band[0].steps == 2);
    CHECK(c && c->class_count == 2 && c->classes[1].colour == 0x2060C0FF);
    CHECK(c && c->multiple == 8 && c->patch == 128 && fabs(c->radius - 48) < 1e-9);
    // -40 is clipped to -30; (-30 + 11.2) / 4.9
    CHECK(c && fabsf(nd_card_scale(&c->band[0], -40) - -3.83673469f) < 1e-6f);
    CHECK(c && fabs(c->band[0].p50 + 11) < 1e-9);
}

static const char *printed(nd_arena *arena, const nd_card *card)
{
    nd_buffer text = {.arena = arena};
    CHECK(nd_card_print(card, &(nd_json_out){.to = &text}) == ND_OK);
    return nd_buffer_text(&text);
}

TEST(what_is_printed_reads_as_the_same_card)
{
    const nd_card *c = nd_card_parse(arena, flood);
    const char *once = c ? printed(arena, c) : NULL;
    const nd_card *again = once ? nd_card_parse(arena, once) : NULL;
    CHECK(again && !strcmp(printed(arena, again), once));
    CHECK(once && strstr(once, "\"ci95\":[0.1,0.9]") && strstr(once, "\"#2060c0\""));
    CHECK(once && strstr(once, "\"settings\":{\"width\":16}"));
}

TEST(a_wrong_member_is_named_with_its_path)
{
    CHECK(!nd_card_parse(arena, "{\"input\":{\"bands\":[{\"name\":\"VV\",\"scale\":"
                                "[{\"type\":\"z-score\",\"mean\":1,\"stddev\":0}]}]}}"));
    CHECK(error_says("input.bands[0].mean"));
    CHECK(!nd_card_parse(arena, "{\"input\":{\"bands\":[{\"unit\":\"dB\"}]}}"));
    CHECK(error_says("input.bands[0].name"));
    CHECK(!nd_card_parse(arena, "{\"input\":{\"bands\":[{\"name\":3}]}}"));
    CHECK(error_says("is not a text"));
    CHECK(!nd_card_parse(arena, "{\"input\":{}}"));
    CHECK(error_says("the model card has no input.bands"));
    CHECK(!nd_card_parse(arena, "[]"));
    CHECK(error_says("is not an object"));
    CHECK(!nd_card_parse(arena,
                         "{\"input\":{\"bands\":[{\"name\":\"VV\"}]},\"output\":"
                         "{\"classes\":[{\"name\":\"a\",\"color\":\"#12345g\"}]}}"));
    CHECK(error_says("output.classes[0].color"));
}

// (x - 14) / 5 and 10 log10: -0.5 is 11.5, and 3 dB are 1.9953.
TEST(answers_that_are_values_come_back_in_their_unit)
{
    const char *json = "{\"input\":{\"bands\":[{\"name\":\"VV\"}]},\"output\":{\"value\":"
                       "{\"name\":\"height\",\"unit\":\"m\",\"scale\":[{\"type\":\"z-"
                       "score\",\"mean\":14,\"stddev\":5}]},\"activation\":\"none\"}}";
    const nd_card *c = nd_card_parse(arena, json);
    CHECK(c && c->class_count == 0 && c->value && !strcmp(c->value->unit, "m"));
    if (!c || !c->value) return;
    CHECK(fabsf(nd_card_unscale(c->value, -0.5f) - 11.5f) < 1e-6f);
    const char *once = printed(arena, c);
    const nd_card *again = once ? nd_card_parse(arena, once) : NULL;
    CHECK(again && again->value && !strcmp(printed(arena, again), once));
    static const nd_scale_step step[] = {
        {ND_LOG, 1e-6, 0}, {ND_OFFSET, 4, 0}, {ND_SCALE_BY, 2, 0}, {ND_MIN_MAX, -1, 3}};
    const nd_card_band power = {.name = "power", .step = step, .steps = 4};
    CHECK(fabsf(nd_card_unscale(&power, nd_card_scale(&power, 2)) - 2) < 1e-5f);
}

TEST(a_card_of_values_has_no_classes)
{
    CHECK(!nd_card_parse(arena, "{\"input\":{\"bands\":[{\"name\":\"VV\"}]},\"output\":{"
                                "\"classes\":[{\"value\":0,\"name\":\"a\"}],\"value\":{"
                                "\"name\":\"b\"}}}"));
    CHECK(error_says("output.value"));
}
