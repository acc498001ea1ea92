// SPDX-License-Identifier: Apache-2.0
// Words of the command line become settings: --name value, --name=value, -n value, -P.
#include "cli/cli.h"
#include <ctype.h>
#include <string.h>

static const nd_param general[] = {
    ND_PARAM(cli_general, help, false, .was = "h", .help = "Explain the command"),
    ND_PARAM(cli_general, json, false, .help = "Print JSON for programs"),
    ND_PARAM(cli_general, quiet, false, .was = "q",
             .help = "Print no progress and no notes, only errors"),
};
const nd_table cli_general_table = ND_TABLE(general, cli_general);

static const nd_param pulling[] = {
    ND_PARAM(cli_pulling, threads, 0, .was = "j", .min = 0, .max = 1024,
             .help = "How many tiles are computed at once; 0: one on each core"),
    ND_PARAM(cli_pulling, memory, (int64_t)192 << 20, .min = 1 << 20, .max = 0x1p44,
             .help = "Budget for tiles that are kept because they are needed again"),
};
const nd_table cli_pulling_table = ND_TABLE(pulling, cli_pulling);

// What a word may be called: skip-existing is the row skip_existing, -j a row that
// answers to j, source-bands SNAP's sourceBands.
static const nd_param *row_of(const nd_table *table, const char *name, size_t length)
{
    char plain[64];
    if (!table || length >= sizeof plain) return NULL;
    for (size_t i = 0; i < length; i++) plain[i] = name[i] == '-' ? '_' : name[i];
    plain[length] = 0;
    const nd_param *row = nd_param_find(table, plain);
    if (row || !memchr(name, '-', length)) return row;
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        if (name[i] != '-') plain[n++] = name[i];
    plain[n] = 0;
    return nd_param_find(table, plain);
}

static const nd_param *find(const cli_syntax *syntax, const char *name, size_t length,
                            int *table)
{
    for (int i = 0; i < CLI_TABLES; i++) {
        const nd_param *row = row_of(syntax->table[i], name, length);
        if (row) return *table = i, row;
    }
    return NULL;
}

// The name of the row that is most like --word.
static const char *nearest_row(const cli_syntax *syntax, const char *word, size_t length)
{
    enum { MOST = 256 };
    const char *name[MOST];
    size_t names = 0;
    for (int t = 0; t < CLI_TABLES; t++)
        for (size_t i = 0; syntax->table[t] && i < syntax->table[t]->count; i++)
            if (names < MOST) name[names++] = syntax->table[t]->row[i].name;
    char plain[64];
    size_t n = 0;
    for (size_t i = 0; i < length && n < sizeof plain - 1; i++)
        if (word[i] != '-' || n) plain[n++] = word[i] == '-' ? '_' : word[i];
    plain[n] = 0;
    return n > 1 ? nd_text_nearest(plain, name, names) : NULL;
}

static const char *dashed(nd_arena *arena, const char *name)
{
    char *made = nd_alloc(arena, strlen(name) + 1, 1);
    for (size_t i = 0; made && name[i]; i++) made[i] = name[i] == '_' ? '-' : name[i];
    return made;
}

static nd_status unknown(nd_arena *arena, const cli_syntax *syntax, const char *word)
{
    const size_t length = strcspn(word, "=");
    const char *nearest = nearest_row(syntax, word, length);
    const char *meant = nearest ? dashed(arena, nearest) : NULL;
    if (meant)
        return nd_fail(ND_E_PARAM, "there is no option %.*s\ndid you mean --%s?",
                       (int)length, word, meant);
    return nd_fail(ND_E_PARAM,
                   "there is no option %.*s\n"
                   "leave it out; --help lists all options",
                   (int)length, word);
}

static const char *trimmed(nd_arena *arena, const char *from, size_t length)
{
    while (length && isspace((unsigned char)*from)) from++, length--;
    while (length && isspace((unsigned char)from[length - 1])) length--;
    return nd_text(arena, "%.*s", (int)length, from);
}

nd_status cli_variable(nd_arena *arena, const char *text, nd_variable *variable)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return nd_fail(ND_E_PARAM, "-P %s gives no value\nwrite -P name=value", text);
    variable->name = trimmed(arena, text, (size_t)(equals - text));
    variable->value = trimmed(arena, equals + 1, strlen(equals + 1));
    return variable->name && variable->value ? ND_OK : ND_E_MEMORY;
}

// What stands between the words: where the next one is read.
typedef struct reader {
    nd_arena *arena;
    const cli_syntax *syntax;
    const char *const *word;
    int count, at;
    cli_words *to;
} reader;

// -P name=value, in one word or two.
static nd_status variable(reader *r, const char *value)
{
    if (!value && r->at == r->count)
        return nd_fail(ND_E_PARAM, "-P gives no value\nwrite -P name=value");
    return cli_variable(r->arena, value ? value : r->word[r->at++],
                        &r->to->variable[r->to->variables++]);
}

static nd_status option(reader *r, const char *word)
{
    const bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    const size_t length = is_long ? strcspn(name, "=") : 1;
    const char *value = is_long   ? (name[length] ? name + length + 1 : NULL)
                        : name[1] ? name + 1 + (name[1] == '=')
                                  : NULL;
    int t;
    if (r->syntax->variables && !is_long && *name == 'P') return variable(r, value);
    const nd_param *row = length ? find(r->syntax, name, length, &t) : NULL;
    if (!row || (is_long && length == 1 && row->name[1]))
        return unknown(r->arena, r->syntax, word);
    if (row->type == ND_BOOL && !value) value = "true";
    if (!value && r->at == r->count)
        return nd_fail(ND_E_PARAM, "%s needs a value\ngive it: %s", word,
                       nd_gettext(row->help));
    if (!value) value = r->word[r->at++];
    return nd_settings_set(r->arena, &r->to->set[t], row->name, value);
}

nd_status cli_parse(nd_arena *arena, const cli_syntax *syntax, const char *const *word,
                    int count, cli_words *words)
{
    reader r = {arena, syntax, word, count, 0, words};
    *words = (cli_words){.word = nd_alloc(arena, (size_t)count + 1, sizeof *words->word),
                         .variable =
                             nd_alloc(arena, (size_t)count + 1, sizeof *words->variable)};
    if (!words->word || !words->variable) return ND_E_MEMORY;
    for (int i = 0; i < CLI_TABLES; i++)
        if (syntax->table[i])
            ND_TRY(nd_settings_new(arena, syntax->table[i], &words->set[i]));
    bool only_words = false;
    while (r.at < count) {
        const char *one = word[r.at++];
        if (!only_words && strcmp(one, "--") == 0)
            only_words = true;
        else if (!only_words && one[0] == '-' && one[1])
            ND_TRY(option(&r, one));
        else
            words->word[words->words++] = one;
    }
    return ND_OK;
}
