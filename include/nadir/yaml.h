// SPDX-License-Identifier: Apache-2.0
// YAML in: a tree that knows where each value stands, for files that people write.
#pragma once
#include <nadir/core.h>

enum { ND_YAML_DEPTH = 48 }; // of lists and mappings

typedef struct nd_spot { // from 1; columns count characters; line 0: nowhere
    int line, column;
} nd_spot;
typedef enum nd_yaml_kind { ND_YAML_SCALAR, ND_YAML_LIST, ND_YAML_MAP } nd_yaml_kind;
typedef struct nd_yaml {
    nd_yaml_kind kind;
    const char *name;     // its key in a mapping; NULL: an item of a list, or the whole
    const char *text;     // of a scalar; NULL: empty, ~ or null
    nd_spot at, value_at; // of the key, of the value
    struct nd_yaml *first, *last, *next;
} nd_yaml;

// Anchors, aliases and tags are refused: no text becomes larger than its file. `wrong` is
// called for each mistake, this thread's error being its words; it may keep them and go
// on. A broken text ends the reading there: `*root` is then NULL. The arena's.
typedef struct nd_yaml_ask {
    const char *text; // UTF-8
    size_t length;
    void (*wrong)(void *user, nd_spot at);
    void *user;
} nd_yaml_ask;
nd_status nd_yaml_parse(nd_arena *arena, const nd_yaml_ask *ask,
                        nd_yaml **root) ND_CHECKED;
const nd_yaml *nd_yaml_member(const nd_yaml *map, const char *name); // NULL: none
// Where a byte of UTF-8 text stands.
nd_spot nd_spot_of(const char *text, size_t length, size_t offset);
