// SPDX-License-Identifier: Apache-2.0
// One raster into another file, as bench/write.sh compares it with gdal_translate.
// usage: bench_write IN OUT FORMAT [NAME=value …]
#include <nadir/io.h>
#include <stdio.h>
#include <string.h>

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    return self->product->read(self->product, work, tile);
}

static nd_status plan(nd_node *self)
{
    self->product = self->state;
    self->bands = self->product->bands;
    self->band = nd_alloc(self->arena, (size_t)self->bands, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    memcpy(self->band, self->product->band, (size_t)self->bands * sizeof *self->band);
    return ND_OK;
}

static nd_status run(nd_arena *arena, int count, char **word)
{
    static const nd_op op = {.name = "source", .plan = plan, .compute = compute};
    static const nd_table none;
    nd_pair *option = nd_alloc(arena, (size_t)count, sizeof *option);
    const nd_product *product = nd_product_open(arena, word[1], NULL);
    nd_pool *pool = nd_pool_new(0);
    if (!option || !product || !pool) return ND_E_MEMORY;
    for (int i = 4; i < count; i++) {
        char *sign = strchr(word[i], '=');
        if (!sign) return nd_fail(ND_E_PARAM, "%s\nwrite NAME=value", word[i]);
        *sign = 0;
        option[i - 4] = (nd_pair){word[i], sign + 1};
    }
    void *state = (void *)(uintptr_t)product;
    nd_node *node = nd_node_new(
        arena, &(nd_make){.op = &op, .settings = &(nd_settings){&none, state, 0}});
    const nd_write write = {.path = word[2],
                            .format = word[3],
                            .option = option,
                            .options = (size_t)(count - 4),
                            .replace = true};
    const nd_status status =
        node ? nd_write_node(node, (nd_bands){0}, &write, &(nd_run){.pool = pool})
             : ND_E_MEMORY;
    nd_pool_free(pool);
    return status;
}

int main(int count, char **word)
{
    char text[1024];
    nd_arena *arena = nd_arena_new();
    if (count < 4)
        return fprintf(stderr, "usage: %s IN OUT FORMAT [NAME=value …]\n", word[0]), 2;
    const nd_status status = arena ? run(arena, count, word) : ND_E_MEMORY;
    const nd_error error = nd_error_take();
    nd_error_print(&error, text, sizeof text);
    if (status != ND_OK) fprintf(stderr, "%s\n", text);
    nd_arena_free(arena);
    return status != ND_OK;
}
