// SPDX-License-Identifier: Apache-2.0
// A node into a file: bands chosen, format found, output locked, made, and put in place.
#include "io/write.h"
#include <string.h>

static bool is_wanted(const io_format *format, const nd_band *band)
{
    return band->role != ND_MASK && (band->role != ND_ANGLE || format->many_grids);
}

// What goes out when nobody names bands: what was measured or computed. Masks stay; so
// do coarse fields where a format holds one grid; so does what the product lacks.
static nd_status choose_bands(io_job *job)
{
    const nd_node *node = job->node;
    const char *missing = NULL;
    int *number = nd_alloc(job->arena, (size_t)node->bands, sizeof *number), count = 0;
    if (!number) return ND_E_MEMORY;
    for (int i = 0; i < node->bands; i++) {
        const nd_band *band = &node->band[i];
        if (!is_wanted(job->format, band)) continue;
        if (band->missing)
            missing = band->missing;
        else
            number[count++] = i;
    }
    for (int i = 0; missing && count && i < node->bands; i++)
        if (node->band[i].missing && is_wanted(job->format, &node->band[i]))
            nd_say(ND_WARN, "band %s is missing in the input and left out",
                   node->band[i].name);
    job->bands = (nd_bands){number, count};
    if (!count && missing) return nd_fail(ND_E_DATA, "%s", missing);
    if (!count)
        return nd_fail(ND_E_DATA, "there is no band to write\nname the bands to write");
    return ND_OK;
}

static nd_status check_bands(const io_job *job)
{
    const nd_band *band = job->node->band;
    for (int k = 0; k < job->bands.count; k++)
        if (band[job->bands.band[k]].missing)
            return nd_fail(ND_E_DATA, "%s", band[job->bands.band[k]].missing);
    return ND_OK;
}

static nd_status write_in(io_job *job)
{
    ND_TRY(io_format_choose(job->arena, job->write, &job->format, &job->path));
    ND_TRY(io_options_read(job));
    if (job->bands.count)
        ND_TRY(check_bands(job));
    else
        ND_TRY(choose_bands(job));
    job->out = io_out_open(job->arena, job->path, job->write->replace);
    if (!job->out) return ND_E_IO;
    ND_TRY(job->format->write(job));
    if (atomic_load(job->lost))
        nd_say(ND_WARN,
               "pixels without data became 0 in %s: a band has no value for them; "
               "type=float32 keeps them apart",
               job->path);
    return io_out_commit(job->out);
}

nd_status nd_write_node(const nd_node *node, nd_bands bands, const nd_write *write,
                        const nd_run *run)
{
    atomic_bool lost = false;
    io_job job = {
        .node = node, .bands = bands, .write = write, .run = run, .lost = &lost};
    job.arena = nd_arena_new();
    if (!job.arena) return ND_E_MEMORY;
    const nd_status status = write_in(&job);
    // Takes back whatever is not in place.
    nd_arena_free(job.arena);
    return status;
}

const char *nd_write_path(nd_arena *arena, const nd_write *write)
{
    const io_format *format;
    const char *path;
    return io_format_choose(arena, write, &format, &path) == ND_OK ? path : NULL;
}

int nd_write_count(const nd_node *node, const nd_write *write)
{
    nd_arena *arena = nd_arena_new();
    const io_format *format;
    const char *path;
    int count = 0;
    if (arena && io_format_choose(arena, write, &format, &path) == ND_OK)
        for (int i = 0; i < node->bands; i++)
            count += is_wanted(format, &node->band[i]) && !node->band[i].missing;
    nd_arena_free(arena);
    return count;
}

static nd_status add_option(nd_arena *arena, nd_write *write, const char *name,
                            const char *value)
{
    nd_pair *grown = nd_alloc(arena, write->options + 1, sizeof *grown);
    if (!grown) return ND_E_MEMORY;
    if (write->options) memcpy(grown, write->option, write->options * sizeof *grown);
    grown[write->options] = (nd_pair){name, value};
    write->option = grown, write->options++;
    return ND_OK;
}

static nd_status add_options(nd_arena *arena, const nd_write_settings *set,
                             nd_write *write)
{
    static const char *const overviews[] = {NULL, "yes", "no"};
    const nd_pair own[] = {
        {"compress", set->compress},
        {"predictor", set->predictor},
        {"type", set->type},
        {"overviews", overviews[set->overviews.at]},
        {"level", set->level ? nd_text(arena, "%d", set->level) : NULL}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i].value) ND_TRY(add_option(arena, write, own[i].name, own[i].value));
    for (size_t i = 0; i < set->options.count; i++) {
        const char *text = set->options.item[i], *sign = strchr(text, '=');
        if (!sign)
            return nd_fail(ND_E_PARAM, "the option %s has no value\nwrite NAME=value",
                           text);
        const char *name = nd_text(arena, "%.*s", (int)(sign - text), text);
        if (!name) return ND_E_MEMORY;
        ND_TRY(add_option(arena, write, name, sign + 1));
    }
    return ND_OK;
}

static nd_status named_bands(nd_arena *arena, const nd_node *node, const nd_list *names,
                             nd_bands *bands)
{
    bool *wanted = nd_alloc(arena, (size_t)node->bands, sizeof *wanted);
    int *number = nd_alloc(arena, (size_t)node->bands, sizeof *number), count = 0;
    if (!wanted || !number) return ND_E_MEMORY;
    for (size_t i = 0; i < names->count; i++) {
        int band;
        ND_TRY(nd_band_choose(node, names->item[i], 0, &band));
        wanted[band] = true;
    }
    for (int i = 0; i < node->bands; i++)
        if (wanted[i]) number[count++] = i;
    *bands = (nd_bands){number, count};
    return ND_OK;
}

static nd_status sink_in(nd_arena *arena, const nd_node *sink, const nd_write *base,
                         const nd_run *run)
{
    const nd_write_settings *set = sink->state;
    nd_write write = *base;
    nd_bands bands = {0};
    write.path = set->file.text;
    if (set->format_name) write.format = set->format_name;
    ND_TRY(add_options(arena, set, &write));
    if (set->bands.count) ND_TRY(named_bands(arena, sink->input[0], &set->bands, &bands));
    return nd_write_node(sink->input[0], bands, &write, run);
}

nd_status nd_write_sink(const nd_node *sink, const nd_write *base, const nd_run *run)
{
    nd_arena *arena = nd_arena_new();
    const nd_status status = arena ? sink_in(arena, sink, base, run) : ND_E_MEMORY;
    if (status != ND_OK) nd_note("%s", sink->place);
    nd_arena_free(arena);
    return status;
}
