// SPDX-License-Identifier: Apache-2.0
// nadir new-recipe: a commented recipe for training to start from.
#include "cli/cli.h"
#include <errno.h>
#include <nadir/train.h>
#include <string.h>

typedef struct options {
    nd_path output;
    bool force;
} options;
static const nd_param params[] = {
    ND_PARAM(options, output, {NULL}, .was = "o",
             .help = "File to write; the screen if not given"),
    ND_PARAM(options, force, false, .needs = "output",
             .help = "Replace a file that exists already"),
};

static nd_status list(cli_call *call)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    if (call->general->json) nd_json_open(&out, NULL, '[');
    for (const nd_recipe_start *s = nd_recipe_starts; s->name; s++) {
        if (!call->general->json) {
            nd_buffer_add(&text, "%-12s %s\n", s->name, nd_gettext(s->brief));
            continue;
        }
        nd_json_open(&out, NULL, '{');
        nd_json_text(&out, "name", s->name);
        nd_json_text(&out, "brief", s->brief);
        nd_json_close(&out, '}');
    }
    if (call->general->json) nd_json_close(&out, ']'), nd_buffer_put(&text, "\n", 1);
    return cli_put(&text);
}

static nd_status unknown(cli_call *call, const char *name)
{
    const char *word[16];
    size_t words = 0;
    nd_buffer all = {.arena = call->arena};
    for (const nd_recipe_start *s = nd_recipe_starts; s->name && words < 16; s++) {
        nd_buffer_add(&all, "%s%s", words ? ", " : "", s->name);
        word[words++] = s->name;
    }
    const char *nearest = nd_text_nearest(name, word, words);
    const char *names = nd_buffer_text(&all);
    if (!names) return ND_E_MEMORY;
    if (nearest)
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "there is no recipe %s to start from\n"
                                         "did you mean %s?",
                                         name, nearest));
    return cli_misused(call, nd_fail(ND_E_PARAM,
                                     "there is no recipe %s to start from\n"
                                     "take one of %s",
                                     name, names));
}

// "x": a file that came into being meanwhile is not lost.
static nd_status write(const options *own, const char *text)
{
    const char *path = own->output.text;
    FILE *file = fopen(path, own->force ? "w" : "wx");
    if (!file && errno == EEXIST)
        return nd_fail(ND_E_IO,
                       "%s exists already\n"
                       "replace it with --force, or give another name",
                       path);
    bool ok = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0) ok = false;
    return ok ? ND_OK
              : nd_fail(ND_E_IO,
                        "%s cannot be written: %s\ncheck the folder and the disk", path,
                        nd_system_error(errno));
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    if (!call->words) return list(call);
    for (const nd_recipe_start *s = nd_recipe_starts; s->name; s++) {
        if (!nd_text_same(s->name, call->word[0])) continue;
        if (own->output.text) return write(own, s->text);
        fputs(s->text, stdout);
        return cli_flush();
    }
    return unknown(call, call->word[0]);
}

const cli_command cli_cmd_new_recipe = {
    .name = "new-recipe",
    .brief = "Print a commented recipe for training to start from",
    .usage = "[NAME] [-o FILE]",
    .example = "nadir new-recipe pictures -o landcover.yaml",
    .help = "Without a name: what there is.",
    .table = ND_TABLE(params, options),
    .max_words = 1,
    .of = "recipe-template",
    .run = run,
};
