// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/yaml.h>

typedef struct told {
    int count;
    nd_spot at;
    nd_error error;
} told;

static void keep(void *user, nd_spot at)
{
    told *t = user;
    const nd_error error = nd_error_take();
    if (!t->count++) t->at = at, t->error = error;
}

static nd_yaml *parse(nd_arena *arena, const char *text, told *t)
{
    nd_yaml *root = NULL;
    const nd_yaml_ask ask = {text, strlen(text), keep, t};
    return nd_yaml_parse(arena, &ask, &root) == ND_OK ? root : NULL;
}

TEST(each_value_knows_its_place)
{
    told t = {0};
    const nd_yaml *root = parse(arena, "data:\n  bands: [B04, \"B 8\"]\n  n:\n", &t);
    CHECK(root && root->kind == ND_YAML_MAP && !t.count);
    const nd_yaml *data = root ? nd_yaml_member(root, "data") : NULL;
    const nd_yaml *bands = data ? nd_yaml_member(data, "bands") : NULL;
    CHECK(bands && bands->kind == ND_YAML_LIST && bands->at.line == 2);
    CHECK(bands && bands->at.column == 3 && bands->value_at.column == 10);
    CHECK(bands && strcmp(bands->first->next->text, "B 8") == 0);
    CHECK(bands && bands->first->next->value_at.column == 16);
    const nd_yaml *n = data ? nd_yaml_member(data, "n") : NULL;
    CHECK(n && n->kind == ND_YAML_SCALAR && !n->text);
    CHECK(data && !nd_yaml_member(data, "none"));
}

TEST(columns_count_characters)
{
    told t = {0};
    const nd_yaml *root = parse(arena, "ñandú: {b: 1, b: 2}\n", &t);
    CHECK(root && t.count == 1 && t.at.line == 1 && t.at.column == 15);
    CHECK(strcmp(t.error.what, "b is given twice") == 0);
}

TEST(a_broken_text_has_no_tree)
{
    told t = {0};
    CHECK(!parse(arena, "a: [1\nb: 2", &t));
    CHECK(t.count == 1 && t.at.line == 2);
}

TEST(an_alias_cannot_make_a_text_grow)
{
    told t = {0};
    CHECK(!parse(arena, "a: &x [1]\nb: [*x, *x]", &t));
    CHECK(t.count == 1 && strstr(t.error.what, "anchors, aliases and tags (x)"));
}
