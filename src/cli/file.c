// SPDX-License-Identifier: Apache-2.0
// Files read by the operator Read.
#include "cli/pull.h"

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
