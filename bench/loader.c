// SPDX-License-Identifier: Apache-2.0
// Pictures a second of the loader alone: zip, JPEG, symmetries, brightness, scale, batch.
// usage: bench_loader ZIP [WORKERS [EPOCHS]]
#include <nadir/dataset.h>
#include <nadir/pool.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(void)
{
    char text[1024];
    const nd_error error = nd_error_take();
    nd_error_print(&error, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return 1;
}

int main(int count, char **word)
{
    nd_arena *arena = nd_arena_new();
    nd_data *data;
    const int workers = count > 2 ? (int)strtol(word[2], NULL, 10) : 0;
    const uint32_t epochs = count > 3 ? (uint32_t)strtol(word[3], NULL, 10) : 3;
    if (count < 2 || !arena || nd_data_new(arena, &data) != ND_OK) return fail();
    data->pictures.text = word[1];
    data->split.valid = 0;
    data->workers = workers;
    data->augment.contrast = 0;
    const double opened = nd_seconds(), opened_cpu = nd_cpu_seconds();
    nd_dataset *set = nd_dataset_open(arena, data, NULL, 0);
    if (!set) return fail();
    printf("open %.2f s, %.2f CPU s; %s\n", nd_seconds() - opened,
           nd_cpu_seconds() - opened_cpu, nd_dataset_proof(set));
    const double start = nd_seconds(), start_cpu = nd_cpu_seconds();
    int64_t pictures = 0;
    float sum = 0;
    for (uint32_t epoch = 0; epoch < epochs; epoch++) {
        nd_arena *own = nd_arena_new();
        nd_loader *loader = nd_loader_new(
            own, set, &(nd_loader_make){.epoch = epoch, .batch = 64, .workers = workers});
        nd_batch batch;
        if (!loader) return fail();
        for (;;) {
            if (nd_loader_next(loader, &batch) != ND_OK) return fail();
            if (!batch.count) break;
            pictures += batch.count;
            sum += ((const float *)batch.x.data)[4095];
        }
        nd_arena_free(own);
    }
    const double wall = nd_seconds() - start, cpu = nd_cpu_seconds() - start_cpu;
    printf("%lld pictures, %.0f /s, %.0f /CPU s (%g)\n", (long long)pictures,
           (double)pictures / wall, (double)pictures / cpu, (double)sum);
    nd_arena_free(arena);
    return 0;
}
