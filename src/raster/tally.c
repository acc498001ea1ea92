// SPDX-License-Identifier: Apache-2.0
// Pixels counted by kind, each once, however often rows of them pass.
#include <nadir/op.h>
#include <stdatomic.h>

// A piece of a row counts when it first passes whole: tiles begin at multiples of it.
enum { PIECE = 64, BITS = 32 };

struct nd_tally {
    int width, across; // pixels and pieces of a row
    atomic_uint *seen; // a bit for each piece
    atomic_llong left; // pieces
    atomic_llong count[ND_TALLIED];
};

nd_tally *nd_tally_new(nd_arena *arena, const nd_grid *grid)
{
    const int across = (grid->width - 1) / PIECE + 1;
    const size_t pieces = (size_t)across * (size_t)grid->height;
    nd_tally *t = nd_alloc(arena, 1, sizeof *t);
    atomic_uint *seen = nd_alloc(arena, pieces / BITS + 1, sizeof *seen);
    if (!t || !seen) return NULL;
    t->width = grid->width, t->across = across, t->seen = seen;
    t->left = (long long)pieces;
    return t;
}

static bool is_first(nd_tally *t, size_t piece)
{
    const unsigned bit = 1u << piece % BITS;
    return !(atomic_fetch_or(&t->seen[piece / BITS], bit) & bit);
}

// Is it the last one?
static bool add(nd_tally *t, const uint8_t *kind, int width)
{
    int count[ND_TALLIED] = {0};
    for (int i = 0; i < width; i++) count[kind[i]]++;
    for (int k = 0; k < ND_TALLIED; k++) t->count[k] += count[k];
    return !--t->left;
}

bool nd_tally_row(nd_tally *t, const nd_ctx *ctx, const uint8_t *kind,
                  int64_t count[ND_TALLIED])
{
    const int end = ctx->x + ctx->count;
    bool is_done = false;
    for (int p = (ctx->x + PIECE - 1) / PIECE; p < t->across && !ctx->level; p++) {
        const int x = p * PIECE, rest = t->width - x, width = rest < PIECE ? rest : PIECE;
        if (x + width > end) break;
        if (is_first(t, (size_t)ctx->y * (size_t)t->across + (size_t)p))
            is_done |= add(t, kind + (x - ctx->x), width);
    }
    for (int k = 0; k < ND_TALLIED && is_done; k++) count[k] = t->count[k];
    return is_done;
}
