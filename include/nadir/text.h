// SPDX-License-Identifier: Apache-2.0
// Words and numbers of users, growing text, and JSON in and out.
#pragma once
#include <nadir/core.h>

// ---- Text. Numbers are read and written here and nowhere else; the locale has no say.
bool nd_text_same(const char *a, const char *b); // ASCII, case-insensitive
bool nd_text_real(const char *text, double *number);
bool nd_text_size(const char *text, int64_t *number); // whole; may end in k, M, G
int nd_text_distance(const char *a, const char *b);   // edits between two words
static inline bool nd_text_is_set(const char *text)   // neither NULL nor empty
{
    return text && *text;
}
bool nd_text_ends(const char *text, const char *end); // ASCII, case-insensitive
// Is `word` one of a comma separated list without blanks? A NULL list is empty.
bool nd_text_listed(const char *list, const char *word);
// The nearest of `count` words, NULL if none is near enough to be meant.
const char *nd_text_nearest(const char *word, const char *const *words, size_t count);
// A double so that reading it gives the same bits, as short as may be: "0.1", "NaN".
const char *nd_text_of_real(nd_arena *arena, double number) ND_CHECKED;
// Bytes as nd_text_size reads them, in the largest unit that has no rest: "192M".
const char *nd_text_of_size(nd_arena *arena, int64_t bytes) ND_CHECKED;
// Items of a comma separated list, trimmed; see nd_list.
nd_status nd_text_split(nd_arena *arena, const char *text, const char *const **items,
                        size_t *count) ND_CHECKED;
// A regular expression as SNAP's graphs use them on names: . [] \d \w \s * + ? {} ( | ).
// It must match the whole text. One that would take too long matches nothing.
typedef struct nd_pattern nd_pattern;
const nd_pattern *nd_pattern_new(nd_arena *arena, const char *text) ND_CHECKED;
bool nd_pattern_matches(const nd_pattern *pattern, const char *text);
const char *nd_gettext(const char *words); // this language's; the words if none

// ---- Text that grows: an arena's. A failed append is kept and told by nd_buffer_text.
typedef struct nd_buffer {
    nd_arena *arena;
    char *text;
    size_t length, room;
    bool failed;
} nd_buffer;
void nd_buffer_add(nd_buffer *buffer, const char *format, ...) ND_PRINTF(2, 3);
void nd_buffer_put(nd_buffer *buffer, const void *bytes, size_t count);
// The whole as a C string, NULL after nd_fail if any append failed.
const char *nd_buffer_text(nd_buffer *buffer) ND_CHECKED;

// ---- JSON out: strict; a number that is not finite becomes null. Keys only in objects.
typedef struct nd_json_out {
    nd_buffer *to;
    bool comma;
} nd_json_out;
void nd_json_open(nd_json_out *out, const char *key, char bracket);      // '{' or '['
void nd_json_close(nd_json_out *out, char bracket);                      // '}' or ']'
void nd_json_text(nd_json_out *out, const char *key, const char *value); // NULL: null
void nd_json_real(nd_json_out *out, const char *key, double value);
void nd_json_whole(nd_json_out *out, const char *key, int64_t value);
void nd_json_bool(nd_json_out *out, const char *key, bool value);
void nd_json_null(nd_json_out *out, const char *key);
void nd_json_raw(nd_json_out *out, const char *key, const char *json);

// ---- JSON in: a tree in an arena; depth and size are bounded. RFC 8259.
typedef enum nd_json_kind {
    ND_JSON_NULL,
    ND_JSON_BOOL,
    ND_JSON_NUMBER,
    ND_JSON_TEXT,
    ND_JSON_LIST,
    ND_JSON_OBJECT
} nd_json_kind;
typedef struct nd_json {
    nd_json_kind kind;
    const char *key;             // of a member of an object
    const char *text;            // of a text
    double number;               // of a number; a bool is 0 or 1
    const struct nd_json *first; // of a list or object
    const struct nd_json *next;  // the next of the same list or object
    size_t count;                // of a list or object
    int line, column;            // where it starts, from 1
} nd_json;
// NULL after nd_fail (ND_E_DATA, noted "line:column"). `text` need not end in 0.
const nd_json *nd_json_parse(nd_arena *arena, const char *from, size_t length) ND_CHECKED;
const nd_json *nd_json_member(const nd_json *object, const char *key); // NULL: none
