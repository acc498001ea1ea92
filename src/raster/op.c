// SPDX-License-Identifier: Apache-2.0
// The catalogue of operators: found by any of their names, told as JSON.
#include <nadir/op.h>

const nd_op *nd_op_find(const nd_op *const *catalogue, const char *name)
{
    for (; *catalogue; catalogue++)
        if (nd_text_same((*catalogue)->name, name) ||
            ((*catalogue)->snap && nd_text_same((*catalogue)->snap, name)) ||
            nd_text_listed((*catalogue)->was, name))
            return *catalogue;
    return NULL;
}

const char *nd_op_nearest(const nd_op *const *catalogue, const char *name)
{
    const char *word[512] = {0};
    size_t words = 0;
    for (; *catalogue && words < 510; catalogue++) {
        if ((*catalogue)->snap) word[words++] = (*catalogue)->snap;
        word[words++] = (*catalogue)->name;
    }
    return nd_text_nearest(name, word, words);
}

nd_status nd_op_describe(const nd_op *op, nd_json_out *out)
{
    static const char *const levels[] = {
        [ND_FULL] = "full", [ND_REDUCED] = "reduced", [ND_EXACT] = "exact"};
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", op->name);
    if (op->snap) nd_json_text(out, "snap", op->snap);
    if (op->was) nd_json_text(out, "was", op->was);
    nd_json_text(out, "brief", op->brief);
    nd_json_text(out, "example", op->example);
    if (op->help) nd_json_text(out, "help", op->help);
    if (op->ignores) nd_json_text(out, "ignores", op->ignores);
    nd_json_whole(out, "min_inputs", op->min_inputs);
    nd_json_whole(out, "max_inputs", op->max_inputs);
    nd_json_text(out, "levels", levels[op->levels]);
    if (op->level_error > 0) {
        nd_json_real(out, "level_error_percent", op->level_error);
        nd_json_whole(out, "level_error_at", ND_LEVEL_MEASURED);
    }
    if (op->sink) nd_json_bool(out, "sink", true);
    if (op->materialises) nd_json_bool(out, "materialises", true);
    ND_TRY(nd_table_describe(&op->table, out));
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}
