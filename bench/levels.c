// SPDX-License-Identifier: Apache-2.0
// How live a picture feels far out: wall seconds of one 256 x 256 tile on every level,
// for a whole scene, parts of it that begin anywhere, and a filter that needs every
// pixel.
#include <nadir/run.h>
#include <stdio.h>
#include <stdlib.h>

extern const nd_op *const nd_ops[];
enum { SIDE = 256, LEVELS = 7 };
static const int64_t budget = (int64_t)1 << 22; // what the map page allows a tile

static nd_node *make(nd_arena *arena, const char *op, nd_node *in,
                     const char *const *with)
{
    const nd_op *found = nd_op_find(nd_ops, op);
    nd_settings settings;
    if (!found || nd_settings_new(arena, &found->table, &settings) != ND_OK) return NULL;
    for (; *with; with += 2)
        if (nd_settings_set(arena, &settings, with[0], with[1]) != ND_OK) return NULL;
    return nd_node_new(arena, &(nd_make){.op = found,
                                         .input = &in,
                                         .inputs = in != NULL,
                                         .settings = &settings});
}

// The tile in the middle; with a fresh cache, and again.
static bool time_tile(nd_node *node, int level, double seconds[2], nd_honesty *honesty)
{
    nd_cache *cache = nd_cache_new((int64_t)192 << 20);
    const nd_grid grid = nd_grid_at(node->band[0].grid, level);
    bool ok = cache != NULL;
    for (int i = 0; i < 2 && ok; i++) {
        nd_work work = {.arena = nd_arena_new(), .cache = cache};
        nd_tile tile;
        const int x = grid.width > SIDE ? (grid.width - SIDE) / 2 / SIDE * SIDE : 0;
        const int y = grid.height > SIDE ? (grid.height - SIDE) / 2 / SIDE * SIDE : 0;
        const nd_look look = {ND_BANDS(0), {x, y, SIDE, SIDE}, level, budget};
        const double since = nd_seconds();
        ok = nd_preview(node, &work, &look, &tile, honesty) == ND_OK;
        seconds[i] = nd_seconds() - since;
        nd_arena_free(work.arena);
    }
    nd_cache_free(cache);
    return ok;
}

static void row(const char *name, nd_node *node)
{
    static const char *const words[] = {[ND_IS_BLANK] = "blank",
                                        [ND_IS_PART] = "part",
                                        [ND_IS_REDUCED] = "reduced",
                                        [ND_IS_EXACT] = "exact"};
    nd_settle(&node, 1);
    for (int level = 0; level < LEVELS; level++) {
        double seconds[2];
        nd_honesty honesty;
        if (!time_tile(node, level, seconds, &honesty)) {
            const nd_error error = nd_error_take();
            printf("%-24s %5d  %s\n", name, level, error.what);
            continue;
        }
        printf("%-24s %5d %9.1f %9.1f  %s\n", name, level, 1000 * seconds[0],
               1000 * seconds[1], words[honesty]);
    }
}

// usage: bench_levels SCENE.tif
int main(int count, char **word)
{
    nd_arena *arena = nd_arena_new();
    if (!arena || count < 2) return 2;
    nd_node *scene =
        make(arena, "read", NULL, (const char *const[]){"file", word[1], NULL});
    nd_node *even = make(arena, "subset", scene,
                         (const char *const[]){"region", "64,64,10816,10816", NULL});
    nd_node *odd = make(arena, "subset", scene,
                        (const char *const[]){"region", "63,61,10815,10817", NULL});
    nd_node *box =
        make(arena, "box_filter", scene, (const char *const[]){"size", "5", NULL});
    if (!scene || !even || !odd || !box) {
        const nd_error error = nd_error_take();
        return (void)printf("%s\n%s\n", error.what, error.remedy), 1;
    }
    printf("%-24s %5s %9s %9s\n", "256 x 256 tile", "level", "first ms", "again ms");
    row("read", scene);
    row("subset at 64, 64", even);
    row("subset at 63, 61", odd);
    row("box_filter 5 x 5", box);
    nd_arena_free(arena);
    return 0;
}
