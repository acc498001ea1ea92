// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/text.h>

static bool matches(nd_arena *arena, const char *pattern, const char *text)
{
    const nd_pattern *p = nd_pattern_new(arena, pattern);
    return p && nd_pattern_matches(p, text);
}

TEST(a_match_is_of_the_whole_name)
{
    CHECK(matches(arena, "B8", "B8"));
    CHECK(!matches(arena, "B8", "B8A") && !matches(arena, "B8", "xB8"));
    CHECK(matches(arena, "^B.*$", "B8A") && matches(arena, "", ""));
    CHECK(!matches(arena, ".", ""));
}

TEST(choices_sets_and_counts_do_as_in_java)
{
    CHECK(matches(arena, "B(2|3|4)", "B3") && !matches(arena, "B(2|3|4)", "B5"));
    CHECK(matches(arena, "B[0-9]{1,2}A?", "B12") && matches(arena, "B\\d+A?", "B8A"));
    CHECK(!matches(arena, "B[0-9]{2}", "B8") && matches(arena, "B[^89]", "B1"));
    CHECK(!matches(arena, "B[^89]", "B9") && matches(arena, "a{2,}", "aaa"));
    CHECK(matches(arena, "(?:i|q)_VV", "q_VV") &&
          matches(arena, "\\w+\\.tif", "a_1.tif"));
    CHECK(matches(arena, ".*_V[HV]|x", "Sigma0_VH") && matches(arena, ".*?b", "aab"));
    CHECK(matches(arena, "[\\w-]+", "a-b") && !matches(arena, "\\D", "7"));
    CHECK(matches(arena, "(a|b)*c", "ababc") && matches(arena, "[]]", "]"));
}

TEST(a_pattern_that_would_run_forever_ends)
{
    CHECK(!matches(arena, "(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    CHECK(!matches(arena, "((a+)+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    CHECK(matches(arena, "(a*)*", "aaaa") && matches(arena, "(a?){9}", "aaa"));
}

TEST(what_it_does_not_understand_is_said)
{
    CHECK(!nd_pattern_new(arena, "B(2"));
    CHECK(error_says("pattern B(2: a ( that is not closed at character 4\n"));
    static const char *const bad[] = {"[a",    "*",   "a**", "a{3,2}", "a)",
                                      "(?=a)", "\\p", "\\",  "a{",     "a{9999}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!nd_pattern_new(arena, bad[i]) && error_says("write it with"));
    char deep[200];
    memset(deep, '(', sizeof deep - 1), deep[sizeof deep - 1] = 0;
    CHECK(!nd_pattern_new(arena, deep) && error_says("too many brackets"));
}
