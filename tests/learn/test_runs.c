// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include <math.h>
#include <nadir/evaluate.h>

static const char *run_folder(nd_arena *arena, const char *metrics, const char *yaml)
{
    // Files are gone before their folder: deferred last, undone first.
    const char *folder = file_path(arena, "run");
    if (!folder || mkdir(folder, 0700) != 0) return NULL;
    file_of(arena, "run/metrics.jsonl", metrics);
    file_of(arena, "run/resolved.yaml", yaml);
    file_of(arena, "run/status.json", "{\"state\":\"done\",\"epoch\":2}");
    return folder;
}

static const char metrics[] =
    "{\"v\":1,\"t\":\"step\",\"step\":1,\"epoch\":0,\"lr\":0.5,\"loss\":2.5}\n"
    "{\"v\":1,\"t\":\"epoch\",\"epoch\":0,\"step\":100,\"train\":{\"loss\":1.5},"
    "\"valid\":{\"loss\":1.2,\"acc\":0.8,\"n\":50,\"ci95\":[0.7,0.9]},\"seconds\":90}\n"
    "this is no JSON\n"
    "{\"v\":1,\"t\":\"epoch\",\"epoch\":1,\"step\":200,\"train\":{\"loss\":1.0},"
    "\"valid\":{\"loss\":null,\"acc\":0.85,\"n\":50,\"ci95\":[0.75,0.92]},"
    "\"ema\":{\"loss\":0.7,\"acc\":0.9,\"n\":50,\"ci95\":[0.8,0.95]},\"seconds\":30}\n"
    "{\"v\":1,\"t\":\"epoch\",\"epoch\":2,\"step\":300,\"train\":{\"loss\":0.9},"
    "\"valid\":{\"loss\":0.8,\"acc\":0.86,\"n\":50},\"seconds\":60}\n"
    "{\"v\":1,\"t\":\"epoch\",\"epo";

TEST(a_run_tells_its_epochs_its_best_and_its_time)
{
    nd_run_told run;
    const char *folder = run_folder(
        arena, metrics,
        "data: { bands: [VV, VH], split: { seed: 1 } }\nmodel: { name: unet } # given\n");
    CHECK(folder && nd_run_read(arena, folder, &run) == ND_OK);
    CHECK(run.epochs == 3 && run.best == 1 && run.minutes == 3);
    CHECK(run.epoch[0].train_loss == 1.5 && run.epoch[0].rate == 0.5);
    CHECK(run.epoch[0].low == 0.7 && run.epoch[0].high == 0.9 && run.epoch[0].n == 50);
    CHECK(run.epoch[1].accuracy == 0.9 && run.epoch[1].valid_loss == 0.7);
    CHECK(isnan(run.epoch[2].low) && run.epoch[2].step == 300);
    CHECK(strcmp(run.state, "done") == 0 && strcmp(run.name, "run") == 0);
    CHECK(run.keys == 3 && strcmp(run.key[0].name, "data.bands") == 0);
    CHECK(strcmp(run.key[0].value, "[VV, VH]") == 0);
    CHECK(strcmp(run.key[1].name, "data.split.seed") == 0);
    CHECK(strcmp(run.key[2].value, "unet") == 0);
}

TEST(a_folder_that_is_no_run_is_refused)
{
    nd_run_told run;
    CHECK(nd_run_read(arena, "/nonexistent", &run) != ND_OK);
    CHECK(error_says("/nonexistent is no run: there is no metrics.jsonl in it\n"
                     "give a folder that nadir train made"));
}

TEST(runs_are_found_in_a_folder_and_in_themselves)
{
    nd_run_told *run = NULL;
    int count = 0;
    const char *folder = run_folder(arena, metrics, "a: [1\n");
    CHECK(folder && nd_runs_find(arena, folder, &run, &count) == ND_OK && count == 1);
    CHECK(run && run->keys == 0); // broken YAML has no keys, and is no failure
    const char *above = nd_text(arena, "%.*s", (int)strlen(folder) - 4, folder);
    CHECK(above && nd_runs_find(arena, above, &run, &count) == ND_OK && count == 1);
    CHECK(nd_runs_find(arena, "/nonexistent", &run, &count) != ND_OK);
    CHECK(error_says("there is no folder /nonexistent\ngive one with runs in it"));
}
