// SPDX-License-Identifier: Apache-2.0
// A list of scenes through one graph: a failed one does not stop the rest.
#include "cli/each.h"
#include <assert.h>
#include <glob.h>
#include <string.h>

nd_status cli_run_single(cli_session *session, const cli_list *list)
{
    const cli_call *call = list->call;
    const cli_item item = {call->variable, call->variables, list->output, list->preview};
    bool skipped = false;
    ND_TRY(list->run(list->call, session, call->arena, &item, &skipped));
    if (skipped) nd_say(ND_NOTE, "every output is there already: nothing to do");
    return ND_OK;
}

// The name of a file without folder and extension.
static const char *stem(nd_arena *arena, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    const char *name = path;
    for (size_t i = 0; i < length; i++)
        if (path[i] == '/') name = path + i + 1;
    length -= (size_t)(name - path);
    for (size_t i = length; i > 1; i--)
        if (name[i - 1] == '.') {
            length = i - 1;
            break;
        }
    return nd_text(arena, "%.*s", (int)length, name);
}

// `text` with `mark` replaced by `by` wherever it stands; NULL stays NULL.
static const char *with(nd_arena *arena, const char *text, const char *mark,
                        const char *by)
{
    nd_buffer out = {.arena = arena};
    if (!text) return NULL;
    for (const char *at; (at = strstr(text, mark)); text = at + strlen(mark)) {
        nd_buffer_put(&out, text, (size_t)(at - text));
        nd_buffer_put(&out, by, strlen(by));
    }
    nd_buffer_put(&out, text, strlen(text));
    return nd_buffer_text(&out);
}

typedef struct scenes {
    const cli_list *list;
    const char *name, *mark; // "scene", "{scene}"
    char **path;
    size_t paths;
    int64_t done, skipped, failed;
} scenes;

static void free_paths(void *found)
{
    globfree(found);
}

static nd_status find(cli_call *call, scenes *s)
{
    nd_variable v;
    if (!strchr(s->list->each, '=') || *s->list->each == '=')
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "--each %s names no variable\n"
                                         "write --each 'scene=*.SAFE'",
                                         s->list->each));
    ND_TRY(cli_variable(call->arena, s->list->each, &v));
    glob_t *found = nd_alloc(call->arena, 1, sizeof *found);
    if (!found) return ND_E_MEMORY;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread has been started
    const int answer = glob(v.value, 0, NULL, found);
    ND_TRY(nd_defer(call->arena, free_paths, found));
    if (answer != 0 || !found->gl_pathc)
        return nd_fail(ND_E_IO,
                       "no file is called %s\n"
                       "check the folder, and put the pattern in quotes",
                       v.value);
    s->name = v.name;
    s->mark = nd_text(call->arena, "{%s}", v.name);
    s->path = found->gl_pathv;
    s->paths = found->gl_pathc;
    return s->mark ? ND_OK : ND_E_MEMORY;
}

// All scenes into one file would leave the last one only.
static nd_status check_names(cli_call *call, const scenes *s)
{
    const char *output = s->list->output;
    bool differ = !output || strstr(output, s->mark);
    if (s->paths < 2 || differ) return ND_OK;
    return cli_misused(call, nd_fail(ND_E_PARAM,
                                     "every scene would be written to %s\n"
                                     "put %s into its name",
                                     output, s->mark));
}

static nd_status run_scene(cli_session *session, const scenes *s, const char *path,
                           bool *skipped)
{
    const cli_call *call = s->list->call;
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const char *name = stem(arena, path);
    nd_variable *v = nd_alloc(arena, call->variables + 1, sizeof *v);
    nd_status status = name && v ? ND_OK : ND_E_MEMORY;
    for (size_t i = 0; status == ND_OK && i < call->variables; i++) {
        v[i] = call->variable[i];
        v[i].value = with(arena, v[i].value, s->mark, name);
        if (!v[i].value) status = ND_E_MEMORY;
    }
    if (status == ND_OK) {
        v[call->variables] = (nd_variable){.name = s->name, .value = path};
        const cli_item item = {v, call->variables + 1,
                               with(arena, s->list->output, s->mark, name),
                               with(arena, s->list->preview, s->mark, name)};
        status = s->list->run(s->list->call, session, arena, &item, skipped);
    }
    cli_signals_to(NULL);
    nd_arena_free(arena);
    return status;
}

static void count_scene(scenes *s, const char *path, nd_status status, bool skipped)
{
    cli_call *call = s->list->call;
    if (status == ND_OK) {
        s->done += !skipped;
        s->skipped += skipped;
        return;
    }
    s->failed++;
    const nd_error error = nd_error_take();
    if (!call->is_told) cli_error_tell(call->general, &error);
    call->is_told = false;
    if (cli_signal() == 0) nd_say(ND_WARN, "%s failed; the others go on", path);
}

static void sum_up(const scenes *s)
{
    const cli_general *general = s->list->call->general;
    if (general->json)
        printf("{\"event\":\"list\",\"done\":%lld,\"skipped\":%lld,\"failed\":%lld}\n",
               (long long)s->done, (long long)s->skipped, (long long)s->failed);
    else if (!general->quiet)
        printf(nd_gettext("%lld done, %lld skipped, %lld failed"), (long long)s->done,
               (long long)s->skipped, (long long)s->failed),
            puts("");
}

nd_status cli_run_each(cli_session *session, const cli_list *list)
{
    scenes s = {.list = list};
    cli_call *call = list->call;
    ND_TRY(find(call, &s));
    assert(s.mark);
    ND_TRY(check_names(call, &s));
    for (size_t i = 0; i < s.paths && !cli_signal(); i++) {
        bool skipped = false;
        const nd_status status = run_scene(session, &s, s.path[i], &skipped);
        count_scene(&s, s.path[i], status, skipped);
        // Wrong words are wrong for every scene.
        if (call->is_misused) break;
    }
    sum_up(&s);
    if (!s.failed) return ND_OK;
    call->is_told = true;
    return ND_E_DATA;
}
