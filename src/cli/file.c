// SPDX-License-Identifier: Apache-2.0
// Small files as text, and files read by the operator Read.
#include "cli/pull.h"

const char *cli_file_read(nd_arena *arena, const char *path, size_t *length)
{
    enum { MOST = 64 << 20 };
    nd_buffer text = {.arena = arena};
    char part[1 << 14];
    FILE *file = fopen(path, "rb");
    bool is_whole = file != NULL;
    for (size_t n; file && text.length < MOST && (n = fread(part, 1, sizeof part, file));)
        nd_buffer_put(&text, part, n);
    if (file) {
        is_whole = !ferror(file);
        (void)fclose(file);
    }
    if (!is_whole)
        return (void)nd_fail(ND_E_IO, "%s cannot be read\ncheck its name and rights",
                             path),
               NULL;
    *length = text.length;
    return nd_buffer_text(&text);
}

nd_node *cli_read(nd_arena *arena, const char *path, const char *format)
{
    const nd_op *op = nd_op_find(nd_ops, "Read");
    nd_settings settings;
    if (!op)
        return (void)nd_fail(ND_E_UNSUPPORTED, "there is no operator Read\nreport this"),
               NULL;
    if (nd_settings_new(arena, &op->table, &settings) != ND_OK ||
        nd_settings_set(arena, &settings, "file", path) != ND_OK ||
        (format && nd_settings_set(arena, &settings, "formatName", format) != ND_OK))
        return NULL;
    return nd_node_new(arena, &(nd_make){.op = op, .settings = &settings, .place = path});
}
