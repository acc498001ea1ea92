// SPDX-License-Identifier: Apache-2.0
// Words and numbers of users, whatever the locale of the host.
#define _GNU_SOURCE
#include "../harness.h"
#include <locale.h>
#include <math.h>
#include <nadir/param.h>
#include <nadir/text.h>

TEST(reads_numbers_and_nothing_else)
{
    double d;
    CHECK(nd_text_real("2.5", &d) && d == 2.5);
    CHECK(nd_text_real("-1e-3", &d) && d == -0.001);
    CHECK(nd_text_real(".5", &d) && d == 0.5);
    CHECK(nd_text_real("NaN", &d) && isnan(d));
    CHECK(nd_text_real("-Infinity", &d) && isinf(d) && d < 0);
    static const char *const wrong[] = {"",    " 1",   "1 ",  "1,5", "0x10", "1e",
                                        "abc", "1.5.", "--1", "e5",  "nano", "+"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!nd_text_real(wrong[i], &d));
}

TEST(reads_sizes_in_powers_of_1024)
{
    int64_t n;
    CHECK(nd_text_size("512", &n) && n == 512);
    CHECK(nd_text_size("2k", &n) && n == 2048 && nd_text_size("2K", &n) && n == 2048);
    CHECK(nd_text_size("3M", &n) && n == 3145728);
    CHECK(nd_text_size("-1G", &n) && n == -1073741824);
    static const char *const wrong[] = {
        "", "k", "1.5", "1T", "1 k", " 1", "2kk", "99999999999999999999", "9000000000G"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!nd_text_size(wrong[i], &n));
}

TEST(writes_the_shortest_number_that_reads_back)
{
    CHECK(strcmp(nd_text_of_real(arena, 0.1), "0.1") == 0);
    CHECK(strcmp(nd_text_of_real(arena, 10980), "10980") == 0);
    CHECK(strcmp(nd_text_of_real(arena, (double)NAN), "NaN") == 0);
    CHECK(strcmp(nd_text_of_real(arena, -(double)INFINITY), "-Infinity") == 0);
    const double values[] = {1.0 / 3, 5e-324, 1.7976931348623157e308, 299792458.1234567};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double back;
        CHECK(nd_text_real(nd_text_of_real(arena, values[i]), &back));
        CHECK(back == values[i]);
    }
}

// A locale of a country that writes a comma: installed, or made here by localedef.
static const char *comma_locale(nd_arena *arena)
{
    static const char *const names[] = {"de_DE.UTF-8", "es_ES.UTF-8", "fr_FR.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; i < 3 && !found; i++) found = setlocale(LC_ALL, names[i]);
    char folder[] = "/tmp/nadir-locale-XXXXXX";
    if (found || !mkdtemp(folder)) return found;
    const char *make =
        nd_text(arena, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>&1", folder);
    const char *clear = nd_text(arena, "rm -r %s", folder);
    if (make && clear && system(make) == 0 && setenv("LOCPATH", folder, 1) == 0)
        found = setlocale(LC_ALL, "de_DE.UTF-8");
    return clear && system(clear) == 0 ? found : NULL;
}

// A host may set a comma for its own numbers: ours keep the point.
TEST(a_decimal_comma_of_the_host_does_not_matter)
{
    if (!comma_locale(arena)) {
        printf("# no locale with a decimal comma, and none can be made: not tested\n");
        return;
    }
    char plain[16];
    double d = 0;
    snprintf(plain, sizeof plain, "%.1f", 2.5);
    CHECK(strcmp(plain, "2,5") == 0); // or the test would prove nothing
    CHECK(nd_text_real("2.5", &d) && d == 2.5 && !nd_text_real("2,5", &d));
    CHECK(strcmp(nd_text_of_real(arena, 2.5), "2.5") == 0);
    nd_buffer text = {.arena = arena};
    nd_json_real(&(nd_json_out){.to = &text}, NULL, 2.5);
    CHECK(strcmp(nd_buffer_text(&text), "2.5") == 0);
    (void)setlocale(LC_ALL, "C");
}

TEST(compares_words)
{
    CHECK(nd_text_same("SubSet", "subset") && !nd_text_same("a", "ab"));
    CHECK(nd_text_ends("S2.SAFE", ".safe") && !nd_text_ends("E", ".SAFE"));
    CHECK(nd_text_listed("a,Bc,d", "bC") && !nd_text_listed("abc", "b"));
    CHECK(!nd_text_listed(NULL, "a") && !nd_text_listed("", "a"));
}

TEST(measures_edits_between_words)
{
    CHECK(nd_text_distance("kitten", "sitting") == 3); // Levenshtein's classic
    CHECK(nd_text_distance("", "abc") == 3 && nd_text_distance("abc", "") == 3);
    CHECK(nd_text_distance("Reproject", "reproject") == 0);
    char a[200], b[200];
    memset(a, 'a', 199), memset(b, 'b', 199), a[199] = b[199] = 0;
    CHECK(nd_text_distance(a, b) == 63); // bounded
}

TEST(finds_the_word_that_was_meant)
{
    const char *const words[] = {"Subset", "Resample", "Reproject", "BandMaths"};
    CHECK(nd_text_nearest("Resampel", words, 4) == words[1]);
    CHECK(nd_text_nearest("bandmath", words, 4) == words[3]);
    CHECK(nd_text_nearest("Repro", words, 4) == words[2]);
    CHECK(!nd_text_nearest("Terrain", words, 4) && !nd_text_nearest("x", words, 0));
}

TEST(splits_lists)
{
    const char *const *item;
    size_t count;
    CHECK(nd_text_split(arena, " B4 , ,B8\\u002c2,, ", &item, &count) == ND_OK);
    CHECK(count == 2 && strcmp(item[0], "B4") == 0 && strcmp(item[1], "B8,2") == 0);
    CHECK(nd_text_split(arena, "", &item, &count) == ND_OK && count == 0);
}
