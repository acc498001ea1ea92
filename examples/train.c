// SPDX-License-Identifier: Apache-2.0
// Ten kinds of land from pictures of 64 x 64 pixels, on one page.
// cc train.c $(pkg-config --cflags --libs nadir) && ./a.out data/eurosat/pictures.zip
#include <nadir/dataset.h>
#include <nadir/layer.h>
#include <stdio.h>

static nd_tensor *block(nd_tape *t, const char *name, nd_tensor *x, int width)
{
    const nd_conv2d same = {.out = width, .kernel = 3, .pad = 1, .no_bias = true};
    nd_scope_enter(t, "%s", name);
    x = nd_relu(nd_batch_norm(t, "norm", nd_conv(t, "conv", x, same), (nd_norm){0}));
    nd_scope_leave(t);
    return nd_max_pool(x, (nd_pool2d){.kernel = 2});
}

static nd_tensor *network(nd_tape *t, nd_tensor *x, const void *classes)
{
    x = block(t, "stage1", x, 16);
    x = block(t, "stage2", x, 32);
    x = block(t, "stage3", x, 64);
    x = nd_flatten(nd_mean_pool_to(x, 1, 1));
    return nd_linear(t, "head", x, (nd_dense){.out = *(const int *)classes});
}

static nd_status train(nd_arena *arena, const char *pictures)
{
    nd_data *data;
    ND_TRY(nd_data_new(arena, &data));
    data->pictures.text = pictures;
    const nd_dataset *set = nd_dataset_open(arena, data, NULL, 0);
    if (!set) return ND_E_DATA;
    int classes, bands, height, width;
    nd_dataset_classes(set, &classes);
    nd_dataset_shape(set, &bands, &height, &width);
    nd_net *net =
        nd_net_new(arena, &(nd_net_make){.forward = network,
                                         .user = &classes,
                                         .input = ND_SHAPE(1, bands, height, width)});
    if (!net) return ND_E_MEMORY;
    nd_optim *optim = nd_optim_new(
        arena, net, &(nd_optim_make){.method = ND_ADAMW, .rate = 2e-3, .decay = 0.01});
    if (!optim) return ND_E_MEMORY;
    const nd_goal goal = {nd_cross_entropy, NULL};
    for (unsigned epoch = 0; epoch < 5; epoch++) {
        nd_loader *loader = nd_loader_new(
            arena, set,
            &(nd_loader_make){.epoch = epoch, .batch = 16, .drop_last = true});
        nd_batch batch;
        nd_stepped stepped = {0};
        while (loader && nd_loader_next(loader, &batch) == ND_OK && batch.count)
            ND_TRY(nd_step(net, optim, &goal, &batch.x, &batch.y, &stepped));
        printf("epoch %u  loss %.3f\n", epoch + 1, stepped.loss);
    }
    nd_weight *weight;
    int count;
    ND_TRY(nd_weights_of(arena, net, ND_STORED_F32, &weight, &count));
    return nd_weights_save("land.safetensors", weight, count, NULL);
}

int main(int argc, char **argv)
{
    nd_arena *arena = nd_arena_new();
    if (!arena || argc != 2 || train(arena, argv[1]) != ND_OK) {
        const nd_error error = nd_error_take();
        (void)fprintf(stderr, "%s\n%s\n", error.what, error.remedy);
        return 1;
    }
    nd_arena_free(arena);
    return 0;
}
