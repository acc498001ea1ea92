// SPDX-License-Identifier: Apache-2.0
// The words of SNAP's gpt: -Pname=value, -Sid=file, -t, -f, -p FILE, -c, -q and the rest.
#include "cli/gpt.h"
#include <ctype.h>
#include <nadir/file.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    cli_call *call;
    cli_gpt *gpt;
    int at, files;
    const char *properties; // of -p; -P wins over it
} reader;

// The same name again takes the place of the former value.
static void put(nd_variable *list, size_t *count, nd_variable v, bool wins)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i].name, v.name) == 0) {
            if (wins) list[i] = v;
            return;
        }
    list[(*count)++] = v;
}

static nd_status pair(reader *r, const char *text, bool is_source)
{
    nd_variable v;
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return nd_fail(ND_E_PARAM, "-%c%s gives no value\nwrite -%cname=value",
                       is_source ? 'S' : 'P', text, is_source ? 'S' : 'P');
    ND_TRY(cli_variable(r->call->arena, text, &v));
    if (is_source)
        put(r->gpt->source, &r->gpt->sources, v, true);
    else
        put(r->gpt->param, &r->gpt->params, v, true);
    return ND_OK;
}

static nd_status next(reader *r, const char *option, const char **value)
{
    if (r->at == r->call->words)
        return nd_fail(ND_E_PARAM, "%s needs a value\ngive it as the next word", option);
    *value = r->call->word[r->at++];
    return ND_OK;
}

static nd_status whole(reader *r, const char *option, int64_t *number)
{
    const char *text = "";
    ND_TRY(next(r, option, &text));
    if (nd_text_size(text, number) && *number >= 0) return ND_OK;
    return nd_fail(ND_E_PARAM, "%s %s is not a whole number from 0 on\ngive one, as in 4",
                   option, text);
}

// SNAP has any file bear three names: sourceProduct for the first, and two with numbers.
static nd_status file(reader *r, const char *path)
{
    static const char *const forms[] = {"sourceProduct", "sourceProduct.%d",
                                        "sourceProduct%d"};
    char name[40];
    r->files++;
    for (int i = r->files > 1; i < 3; i++) {
        const char *point = i == 1 ? "." : "";
        if (i == 0)
            snprintf(name, sizeof name, "%s", forms[0]);
        else
            snprintf(name, sizeof name, "sourceProduct%s%d", point, r->files);
        const char *kept = nd_text(r->call->arena, "%s", name);
        if (!kept) return ND_E_MEMORY;
        put(r->gpt->source, &r->gpt->sources, (nd_variable){.name = kept, .value = path},
            false);
    }
    return ND_OK;
}

static nd_status threads(reader *r, const char *word)
{
    int64_t number;
    ND_TRY(whole(r, word, &number));
    r->gpt->pulling.threads = number > 1024 ? 1024 : (int)number;
    return ND_OK;
}

static nd_status memory(reader *r, const char *word)
{
    const int64_t least = 1 << 20; // 0 disables SNAP's cache; ours still needs a tile
    int64_t number;
    ND_TRY(whole(r, word, &number));
    r->gpt->pulling.memory = number < least ? least : number;
    return ND_OK;
}

static nd_status long_option(reader *r, const char *word)
{
    static const struct {
        const char *name;
        size_t at;
    } flags[] = {{"diag", offsetof(cli_gpt, is_diagnosis)},
                 {"help", offsetof(cli_gpt, is_help)},
                 {"quiet", offsetof(cli_gpt, general.quiet)},
                 {"json", offsetof(cli_gpt, general.json)},
                 {"snap-strict", offsetof(cli_gpt, is_strict)}};
    const char *names[sizeof flags / sizeof *flags];
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        names[i] = flags[i].name;
        if (strcmp(flags[i].name, word + 2) != 0) continue;
        *(bool *)((char *)r->gpt + flags[i].at) = true;
        return ND_OK;
    }
    const char *nearest = nd_text_nearest(word + 2, names, sizeof names / sizeof *names);
    if (nearest)
        return nd_fail(ND_E_PARAM, "there is no option %s\ndid you mean --%s?", word,
                       nearest);
    return nd_fail(ND_E_PARAM, "there is no option %s\nnadir gpt -h lists all options",
                   word);
}

static nd_status option(reader *r, const char *word)
{
    const char *ignored = "";
    if (word[1] == '-') return long_option(r, word);
    if (word[1] == 'P' || word[1] == 'S') {
        const char *value = word + 2;
        if (!*value) ND_TRY(next(r, word, &value));
        return pair(r, value, word[1] == 'S');
    }
    if (strcmp(word, "-t") == 0) return next(r, word, &r->gpt->target);
    if (strcmp(word, "-f") == 0) return next(r, word, &r->gpt->format);
    if (strcmp(word, "-p") == 0) return next(r, word, &r->properties);
    if (strcmp(word, "-q") == 0) return threads(r, word);
    if (strcmp(word, "-c") == 0) return memory(r, word);
    if (strcmp(word, "-h") == 0) return r->gpt->is_help = true, ND_OK;
    if (strcmp(word, "-x") == 0 || strcmp(word, "-e") == 0) return ND_OK;
    if (strcmp(word, "-oformat") == 0) return r->gpt->formats = "oformat", ND_OK;
    if (strcmp(word, "-iformat") == 0) return r->gpt->formats = "iformat", ND_OK;
    if (word[1] == 'D' || word[1] == 'J') return ND_OK; // Java's own
    if (strcmp(word, "-v") == 0 || strcmp(word, "-m") == 0) {
        ND_TRY(next(r, word, &ignored));
        nd_say(ND_WARN, "%s %s has no effect: there are no templates here", word,
               ignored);
        return ND_OK;
    }
    return nd_fail(ND_E_PARAM, "there is no option %s\nnadir gpt -h lists all options",
                   word);
}

// One line of a Java properties file: key = value, key: value, \ before what is special.
static const char *unescaped(nd_arena *arena, const char *from, size_t length)
{
    nd_buffer out = {.arena = arena};
    for (size_t i = 0; i < length; i++) {
        static const char names[] = "tnrf", means[] = "\t\n\r\f";
        const char *found;
        if (from[i] != '\\' || i + 1 == length) {
            nd_buffer_put(&out, from + i, 1);
            continue;
        }
        i++;
        found = strchr(names, from[i]);
        nd_buffer_put(&out, found && *found ? &means[found - names] : from + i, 1);
    }
    return nd_buffer_text(&out);
}

static nd_status property(reader *r, const char *line, size_t length)
{
    size_t key = 0;
    while (length && isspace((unsigned char)*line)) line++, length--;
    if (!length || *line == '#' || *line == '!') return ND_OK;
    while (key < length && line[key] != '=' && line[key] != ':' &&
           !isspace((unsigned char)line[key]))
        key += line[key] == '\\' && key + 1 < length ? 2 : 1;
    size_t value = key;
    while (value < length && isspace((unsigned char)line[value])) value++;
    if (value < length && (line[value] == '=' || line[value] == ':')) value++;
    while (value < length && isspace((unsigned char)line[value])) value++;
    while (length > value && isspace((unsigned char)line[length - 1])) length--;
    const nd_variable v = {.name = unescaped(r->call->arena, line, key),
                           .value =
                               unescaped(r->call->arena, line + value, length - value)};
    if (!v.name || !v.value) return ND_E_MEMORY;
    put(r->gpt->param, &r->gpt->params, v, false);
    return ND_OK;
}

// What stands between two tags, its entities read.
static const char *content(nd_arena *arena, const char *from, const char *end)
{
    static const char *const entity[] = {"&lt;", "&gt;", "&quot;", "&apos;", "&amp;"};
    static const char means[] = "<>\"'&";
    nd_buffer out = {.arena = arena};
    while (from < end) {
        size_t e = 0;
        while (e < 5 && strncmp(from, entity[e], strlen(entity[e])) != 0) e++;
        nd_buffer_put(&out, e < 5 ? &means[e] : from, 1);
        from += e < 5 ? strlen(entity[e]) : 1;
    }
    return nd_buffer_text(&out);
}

// <parameters><name>value</name>…: what SNAP's graph tools save.
static nd_status elements(reader *r, const char *text)
{
    nd_arena *arena = r->call->arena;
    for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<')) {
        const size_t name = strcspn(at + 1, "<> /?!\t\n");
        const char *open = at + 1 + name;
        if (!name || *open != '>') continue;
        const size_t length = strcspn(open + 1, "<");
        const char *end = open + 1 + length;
        if (strncmp(end, "</", 2) != 0 || strncmp(end + 2, at + 1, name) != 0) continue;
        const nd_variable v = {.name = nd_text(arena, "%.*s", (int)name, at + 1),
                               .value = content(arena, open + 1, end)};
        if (!v.name || !v.value) return ND_E_MEMORY;
        put(r->gpt->param, &r->gpt->params, v, false);
    }
    return ND_OK;
}

// Lines of a Java properties file; one that ends in \ goes on in the next.
static nd_status lines(reader *r, const char *text)
{
    nd_buffer line = {.arena = r->call->arena};
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, "\n");
        size_t keep = n && at[n - 1] == '\r' ? n - 1 : n;
        const bool goes_on = keep && at[keep - 1] == '\\';
        if (goes_on) keep--;
        while (line.length && keep && isspace((unsigned char)*at)) at++, keep--;
        nd_buffer_put(&line, at, keep);
        at = strchr(at, '\n');
        at = at ? at + 1 : "";
        if (goes_on && *at) continue;
        const char *whole_line = nd_buffer_text(&line);
        if (!whole_line) return ND_E_MEMORY;
        ND_TRY(property(r, whole_line, line.length));
        line = (nd_buffer){.arena = r->call->arena};
    }
    return ND_OK;
}

// There may be as many parameters as the file has lines or elements.
static nd_status properties(reader *r)
{
    size_t most = r->gpt->params + 1;
    const char *text = nd_file_read(r->call->arena, r->properties, CLI_TEXT, NULL);
    if (!text) return ND_E_IO;
    for (const char *c = text; *c; c++) most += *c == '\n' || *c == '<';
    nd_variable *grown = nd_alloc(r->call->arena, most, sizeof *grown);
    if (!grown) return ND_E_MEMORY;
    memcpy(grown, r->gpt->param, r->gpt->params * sizeof *grown);
    r->gpt->param = grown;
    return text[strspn(text, " \t\r\n")] == '<' ? elements(r, text) : lines(r, text);
}

bool cli_gpt_is_graph(const char *word)
{
    return strpbrk(word, "/\\") || nd_text_ends(word, ".xml") ||
           nd_text_ends(word, ".yaml") || nd_text_ends(word, ".yml");
}

nd_status cli_gpt_parse(cli_call *call, cli_gpt *gpt)
{
    const size_t most = 3 * (size_t)call->words + 1;
    reader r = {.call = call, .gpt = gpt};
    *gpt = (cli_gpt){.param = nd_alloc(call->arena, most, sizeof *gpt->param),
                     .source = nd_alloc(call->arena, most, sizeof *gpt->source),
                     .pulling = *call->pulling};
    if (!gpt->param || !gpt->source) return ND_E_MEMORY;
    while (r.at < call->words) {
        const char *word = call->word[r.at++];
        if (word[0] == '-' && word[1])
            ND_TRY(option(&r, word));
        else if (!gpt->what)
            gpt->what = word;
        else
            ND_TRY(file(&r, word));
    }
    return r.properties ? properties(&r) : ND_OK;
}
