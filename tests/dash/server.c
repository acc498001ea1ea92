// SPDX-License-Identifier: Apache-2.0
// The server over the made-up scene: prints its address, runs until its input ends.
// usage: dash_server [SECONDS for a head [WIDTH of the scene | grids]]
#include "scene.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void *wait_for_end(void *dash)
{
    while (getchar() != EOF) {
    }
    nd_dash_stop(dash);
    return NULL;
}

int main(int count, char **word)
{
    nd_dash *dash;
    const nd_dash_settings settings = {.head_s = count > 1 ? atof(word[1]) : 0};
    const nd_variable width = {"scene.width", count > 2 ? word[2] : "", NULL};
    const bool has_grids = count > 2 && strcmp(word[2], "grids") == 0;
    nd_arena *arena = nd_arena_new();
    const nd_graph *graph = !arena      ? NULL
                            : has_grids ? scene_two_grids(arena)
                                        : scene_graph(arena, &width, count > 2);
    const nd_dash_map map = {
        .title = "hills.yaml", .command = "nadir run hills.yaml", .graph = graph};
    if (!map.graph || nd_dash_new(&settings, &dash) != ND_OK ||
        nd_dash_open(dash, &map) != ND_OK) {
        const nd_error error = nd_error_take();
        fprintf(stderr, "%s\n%s\n", error.what, error.remedy);
        return 1;
    }
    printf("%s\n", nd_dash_url(dash));
    fflush(stdout);
    pthread_t waiter;
    const bool has_waiter = pthread_create(&waiter, NULL, wait_for_end, dash) == 0;
    const nd_status status = nd_dash_run(dash);
    if (has_waiter && status == ND_OK) (void)pthread_join(waiter, NULL);
    nd_dash_free(dash);
    nd_arena_free(arena);
    return status != ND_OK;
}
