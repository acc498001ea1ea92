// SPDX-License-Identifier: Apache-2.0
// Texts to start from, for the commands that give them.
#include "cli/start.h"
#include <errno.h>

const nd_param cli_start_params[2] = {
    ND_PARAM(cli_start_options, output, {NULL}, .was = "o",
             .help = "File to write; the screen if not given"),
    ND_PARAM(cli_start_options, force, false, .needs = "output",
             .help = "Replace a file that exists already"),
};
static nd_status list(cli_call *call, const cli_start *start)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    if (call->general->json) nd_json_open(&out, NULL, '[');
    for (const cli_start *s = start; s->name; s++) {
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

static nd_status say_unknown(cli_call *call, const cli_start *start,
                             cli_start_unknown *unknown)
{
    const char *word[32];
    size_t words = 0;
    nd_buffer all = {.arena = call->arena};
    for (const cli_start *s = start; s->name && words < 32; s++) {
        nd_buffer_add(&all, "%s%s", words ? ", " : "", s->name);
        word[words++] = s->name;
    }
    const char *names = nd_buffer_text(&all);
    if (!names) return ND_E_MEMORY;
    const char *name = call->word[0];
    return cli_misused(call, unknown(name, nd_text_nearest(name, word, words), names));
}

// "x": a file that came into being meanwhile is not lost.
static nd_status write(const cli_start_options *own, const char *text)
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

nd_status cli_start_run(cli_call *call, const cli_start *start,
                        cli_start_unknown *unknown)
{
    const cli_start_options *own = call->own;
    if (!call->words) return list(call, start);
    for (const cli_start *s = start; s->name; s++) {
        if (!nd_text_same(s->name, call->word[0])) continue;
        if (own->output.text) return write(own, s->text);
        fputs(s->text, stdout);
        return cli_flush();
    }
    return say_unknown(call, start, unknown);
}
