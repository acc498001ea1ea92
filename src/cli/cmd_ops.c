// SPDX-License-Identifier: Apache-2.0
// nadir ops: the catalogue of operators, a line each.
#include "cli/cli.h"
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const nd_op *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static nd_status json(nd_buffer *text, const nd_op *const *op, size_t ops)
{
    nd_json_out out = {.to = text};
    nd_json_open(&out, NULL, '[');
    for (size_t i = 0; i < ops; i++) {
        nd_json_open(&out, NULL, '{');
        nd_json_text(&out, "name", op[i]->name);
        if (op[i]->snap) nd_json_text(&out, "snap", op[i]->snap);
        nd_json_text(&out, "brief", op[i]->brief);
        nd_json_close(&out, '}');
    }
    nd_json_close(&out, ']');
    nd_buffer_put(text, "\n", 1);
    return cli_put(text);
}

static nd_status run(cli_call *call)
{
    size_t ops = 0;
    int width = 0;
    while (nd_ops[ops]) ops++;
    const nd_op **op = nd_alloc(call->arena, ops + 1, sizeof *op);
    nd_buffer text = {.arena = call->arena};
    if (!op) return ND_E_MEMORY;
    if (ops) memcpy(op, nd_ops, ops * sizeof *op);
    qsort(op, ops, sizeof *op, by_name);
    if (call->general->json) return json(&text, op, ops);
    for (size_t i = 0; i < ops; i++)
        if ((int)strlen(op[i]->name) > width) width = (int)strlen(op[i]->name);
    for (size_t i = 0; i < ops; i++)
        nd_buffer_add(&text, "%-*s  %s\n", width, op[i]->name, nd_gettext(op[i]->brief));
    return cli_put(&text);
}

const cli_command cli_cmd_ops = {
    .name = "ops",
    .brief = "List all operators",
    .usage = "",
    .example = "nadir ops",
    .run = run,
};
