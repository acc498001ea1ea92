// SPDX-License-Identifier: Apache-2.0
// Graphs as text, read with a catalogue of five small operators.
#pragma once
#include "../harness.h"
#include "toys.h"

// All mistakes of a text, each as its two lines.
typedef struct mistakes {
    char text[16384];
    int count;
} mistakes;
static inline void keep_mistake(void *user, const nd_error *error)
{
    mistakes *all = user;
    char text[1400];
    nd_error_print(error, text, sizeof text);
    if (all->count++) strncat(all->text, "\n", sizeof all->text - strlen(all->text) - 1);
    strncat(all->text, text, sizeof all->text - strlen(all->text) - 1);
}

static inline nd_graph *read_with(nd_arena *arena, const char *path, const char *text,
                                  const nd_variable *variable, size_t variables)
{
    return nd_graph_read(arena, &(nd_graph_ask){.path = path,
                                                .text = text,
                                                .variable = variable,
                                                .variables = variables,
                                                .catalogue = toys});
}
#define YAML(text) read_with(arena, "g.yaml", text, NULL, 0)
#define XML(text)  read_with(arena, "g.xml", text, NULL, 0)

// Are these all the mistakes of the text, in this order?
static inline bool tells(nd_arena *arena, const char *path, const char *text,
                         const char *expected)
{
    mistakes all = {.count = 0};
    nd_graph *graph = nd_graph_read(arena, &(nd_graph_ask){.path = path,
                                                           .text = text,
                                                           .catalogue = toys,
                                                           .errors = keep_mistake,
                                                           .user = &all});
    (void)nd_error_take();
    if (!graph == !!*expected && strcmp(all.text, expected) == 0) return true;
    printf("# it tells:\n");
    for (char *line = strtok(all.text, "\n"); line; line = strtok(NULL, "\n"))
        printf("#   %s\n", line);
    return false;
}
