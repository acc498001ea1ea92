// SPDX-License-Identifier: Apache-2.0
// A run must not replace what it reads: it would read its own output.
#define _GNU_SOURCE
#include "cli/pull.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

// Is the file that is there `source`, one of its pictures, or a part of its folder?
static bool belongs_to(nd_arena *arena, const char *path, const char *source)
{
    static const char *const kin[] = {"", ".img", ".dat", ".bin"};
    if (same_file(path, source)) return true;
    const size_t stem = nd_text_ends(path, ".hdr") ? strlen(path) - 4 : 0;
    for (size_t i = 0; stem && i < sizeof kin / sizeof *kin; i++) {
        const char *other = nd_text(arena, "%.*s%s", (int)stem, path, kin[i]);
        if (other && same_file(other, source)) return true;
    }
    char *real = realpath(path, NULL), *folder = realpath(source, NULL);
    const size_t length = folder ? strlen(folder) : 0;
    const bool is_part =
        real && folder && strncmp(real, folder, length) == 0 && real[length] == '/';
    free(real), free(folder);
    return is_part;
}

static const char *file_of_setting(const nd_planned_step *step, size_t row)
{
    const nd_param *p = &step->settings.table->row[row];
    if (p->type != ND_PATH || !step->settings.data) return NULL;
    return ((const nd_path *)(const void *)((const char *)step->settings.data +
                                            p->offset))
        ->text;
}

// The scene of a node or of its inputs that `path` belongs to.
static const char *scene_at(nd_arena *arena, const char *path, const nd_node *node)
{
    for (int k = -1; k < node->inputs; k++) {
        const nd_node *one = k < 0 ? node : node->input[k];
        if (one->product && !one->inputs && belongs_to(arena, path, one->product->path))
            return one->product->path;
    }
    return NULL;
}

// The file that a step's settings name and `path` belongs to.
static const char *setting_at(nd_arena *arena, const char *path,
                              const nd_planned_step *step)
{
    const nd_table *table = step->settings.table;
    for (size_t r = 0; table && r < table->count; r++) {
        const char *file = file_of_setting(step, r);
        if (file && belongs_to(arena, path, file)) return file;
    }
    return NULL;
}

nd_status cli_check_unread(nd_arena *arena, const nd_planned *planned, const char *path)
{
    const char *source = NULL;
    for (int i = 0; i < planned->nodes && !source; i++) {
        const nd_node *node = planned->node[i];
        source = scene_at(arena, path, node);
        if (!source && planned->step && !node->op->sink)
            source = setting_at(arena, path, &planned->step[i]);
    }
    if (!source) return ND_OK;
    return nd_fail(ND_E_PARAM,
                   "%s cannot be replaced: this run reads %s\n"
                   "write to another file",
                   path, source);
}
