// SPDX-License-Identifier: Apache-2.0
// The server over run folders, and a map of the made-up scene where asked for: prints its
// address, runs until its input ends. usage: train_server [--map] RUN…
#include "scene.h"
#include <pthread.h>
#include <stdio.h>

static void *wait_for_end(void *dash)
{
    while (getchar() != EOF) {
    }
    nd_dash_stop(dash);
    return NULL;
}

static nd_status open_all(nd_dash *dash, const nd_dash_map *map, int count, char **word)
{
    for (int i = 1; i < count; i++)
        if (strcmp(word[i], "--map") == 0)
            ND_TRY(nd_dash_open(dash, map));
        else
            ND_TRY(nd_dash_watch(dash, word[i]));
    return ND_OK;
}

int main(int count, char **word)
{
    nd_dash *dash;
    const nd_dash_settings settings = {.threads = 1};
    nd_arena *arena = nd_arena_new();
    const nd_dash_map map = {.title = "hills.yaml",
                             .command = "nadir run hills.yaml",
                             .graph = arena ? scene_graph(arena, NULL, 0) : NULL};
    if (!map.graph || nd_dash_new(&settings, &dash) != ND_OK ||
        open_all(dash, &map, count, word) != ND_OK) {
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
