// SPDX-License-Identifier: Apache-2.0
// Compiling all texts into one program, and running it over rows.
#include "raster/expr.h"
#include <math.h>
#include <string.h>

nd_status nd_expr_compile(nd_arena *arena, const nd_expr_ask *ask, const nd_expr **made)
{
    expr_graph g = {.arena = arena, .strict = ask->strict};
    const size_t count = (size_t)ask->count;
    nd_expr *expr = nd_alloc(arena, 1, sizeof *expr);
    int *result = nd_alloc(arena, count, sizeof *result);
    if (!expr || !result) return ND_E_MEMORY;
    expr->type = nd_alloc(arena, count, sizeof *expr->type);
    expr->is_linear = nd_alloc(arena, count, sizeof *expr->is_linear);
    if (!expr->type || !expr->is_linear) return ND_E_MEMORY;
    for (int k = 0; k < ask->count; k++) {
        const int value = expr_parse(&g, ask, ask->text[k]);
        result[k] = expr_end(&g, value, ask->end ? &ask->end[k] : NULL, k);
        if (result[k] < 0) return nd_error_code(); // of memory, or the text
        expr->type[k] = g.node[value].type;
        const bool ends = ask->end && (ask->end[k].whole || !isnan(ask->end[k].no_data));
        expr->is_linear[k] = g.node[value].by < 2 && !ends;
    }
    ND_TRY(expr_code(&g, result, ask->count, expr));
    *made = expr;
    return ND_OK;
}

nd_expr_type nd_expr_type_of(const nd_expr *expr, int k)
{
    return expr->type[k];
}

bool nd_expr_is_linear(const nd_expr *expr, int k)
{
    return expr->is_linear[k];
}

// Kernels write to no row that comes in, but a step knows only slots.
static void *slot_of(const void *row)
{
    void *slot;
    memcpy(&slot, &row, sizeof slot);
    return slot;
}

void expr_run_with(const expr_kernels *kernels, const nd_expr *e,
                   const nd_expr_rows *rows, float *const *out)
{
    _Alignas(64) double registers[32 * EXPR_REGISTERS]; // 64 KiB; see chunk_of
    void *slot[EXPR_ROWS + EXPR_REGISTERS];
    const int first = e->rows + e->places + e->outs;
    expr_piece piece = {.slot = slot, .y = rows->y, .level = rows->level};
    for (int k = 0; k < e->outs; k++)
        if (out[k]) piece.wanted |= (uint64_t)1 << (k < 63 ? k : 63);
    for (int i = 0; i < e->registers; i++)
        slot[first + i] = registers + (ptrdiff_t)i * e->chunk;
    // Results beyond 63 share a bit: one that is not wanted still needs a place.
    float spare[1024];
    piece.count = e->chunk < rows->count ? e->chunk : rows->count;
    kernels->run(e->step, e->constants, &piece);
    for (int done = 0; done < rows->count; done += e->chunk) {
        const int left = rows->count - done;
        for (int i = 0; i < e->rows; i++) slot[i] = slot_of(rows->in[i] + done);
        for (int i = 0; i < e->places; i++)
            slot[e->rows + i] = slot_of(rows->place[i] + done);
        for (int k = 0; k < e->outs; k++)
            slot[e->rows + e->places + k] = out[k] ? out[k] + done : spare;
        piece.x = rows->x + done;
        piece.count = left < e->chunk ? left : e->chunk;
        kernels->run(e->step + e->constants, e->steps - e->constants, &piece);
    }
}

void nd_expr_run(const nd_expr *expr, const nd_expr_rows *rows, float *const *out)
{
    expr_run_with(expr_kernels_at[nd_cpu()], expr, rows, out);
}
