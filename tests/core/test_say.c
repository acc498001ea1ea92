// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/text.h>

typedef struct heard {
    char line[64];
    nd_loudness loudness;
    int lines;
} heard;

static void hear(nd_loudness loudness, const char *line, void *user)
{
    heard *h = user;
    h->loudness = loudness;
    h->lines++;
    snprintf(h->line, sizeof h->line, "%s", line);
}

TEST(a_note_reaches_who_listens)
{
    heard h = {.lines = 0};
    nd_say(ND_NOTE, "nobody hears %d", 1);
    nd_listen(hear, &h);
    nd_say(ND_WARN, "band %s is all zero", "B10");
    nd_listen(NULL, NULL);
    nd_say(ND_NOTE, "nobody hears %d", 2);
    CHECK(h.lines == 1 && h.loudness == ND_WARN);
    CHECK(strcmp(h.line, "band B10 is all zero") == 0);
}

TEST(words_without_a_catalogue_are_themselves)
{
    CHECK(strcmp(nd_gettext("no such sentence"), "no such sentence") == 0);
    CHECK(strcmp(nd_gettext(""), "") == 0); // not the catalogue's header
}
