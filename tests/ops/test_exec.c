// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"
#include <dirent.h>
#include <nadir/pool.h>
#include <nadir/run.h>

// Scratch folders of this process that are still there.
static int left_behind(void)
{
    const char *temporary = getenv("TMPDIR");
    char begin[64];
    int count = 0;
    snprintf(begin, sizeof begin, "nadir-scratch-%ld-", (long)getpid());
    DIR *open = opendir(temporary ? temporary : "/tmp");
    for (struct dirent *entry; open && (entry = readdir(open));)
        count += strncmp(entry->d_name, begin, strlen(begin)) == 0;
    if (open) closedir(open);
    return count;
}

static const nd_crs utm31 = {"EPSG:32631", "WGS 84 / UTM zone 31N", false};

static nd_node *ground(nd_arena *arena)
{
    nd_node *in = PIXELS(4, 2, 1, 2, 3, 4, 5, 6, 7, 8);
    in->band[0].grid = (nd_grid){4, 2, 500000, 5700000, 10, -10, &utm31};
    return in;
}

TEST(a_copy_of_the_input_comes_back_and_nothing_is_left)
{
    nd_arena *own = nd_arena_new();
    nd_node *out =
        apply(own, "exec", FROM(ground(own)), WITH("command", "cp {in} {out}"));
    CHECK(left_behind() == 0); // nobody has looked yet
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(left_behind() == 1);
    nd_arena_free(own);
    CHECK(left_behind() == 0);
}

TEST(several_inputs_go_to_a_command_and_bands_get_their_names)
{
    if (system("command -v gdal_merge.py >/dev/null 2>&1") != 0)
        SKIP("gdal_merge.py is not installed");
    nd_node *b = PIXELS(4, 2, 9, 9, 9, 9, 0, 0, 0, 0);
    b->band[0].grid = ground(arena)->band[0].grid;
    nd_node *out =
        apply(arena, "exec", FROM(ground(arena), b),
              WITH("command", "gdal_merge.py -q -separate -o {out} {in} {in.1}", "bands",
                   "first,second"));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 0, 0, 0, 0));
    CHECK(out && strcmp(out->band[1].name, "second") == 0);
}

TEST(a_command_may_make_another_grid)
{
    if (system("command -v gdal_translate >/dev/null 2>&1") != 0)
        SKIP("gdal_translate is not installed");
    const char *command = "gdal_translate -q -srcwin 1 0 2 2 {in} {out}";
    nd_node *out = apply(arena, "exec", FROM(ground(arena)),
                         WITH("command", command, "grid", "run"));
    CHECK(READS(out, 2, 3, 6, 7));
    CHECK(out && out->band[0].grid.x == 500010 && out->band[0].grid.crs);
    // Without being told so, that is a broken promise.
    nd_work work = {.arena = arena};
    nd_tile tile;
    out = apply(arena, "exec", FROM(ground(arena)), WITH("command", command));
    CHECK(out &&
          nd_read(out, &work, ND_BANDS(0), 0, (nd_rect){0, 0, 1, 1}, &tile) == ND_E_DATA);
    CHECK(error_says("exec: the command made 2 x 2 pixels, not 4 x 2\nset grid to run"));
}

TEST(no_shell_runs_unless_asked)
{
    nd_node *in = ground(arena);
    CHECK(!apply(arena, "exec", FROM(in),
                 WITH("command", "cp {in} {out}; true", "grid", "run")));
    CHECK(error_says("exec: cp ended with 1; it said: "));
    CHECK(READS(apply(arena, "exec", FROM(in),
                      WITH("command", "cat {in} > {out}; test \"$MODE\" = fast", "shell",
                           "true", "environment", "MODE=fast")),
                1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(a_failure_is_told_once_and_leaves_nothing)
{
    const char *count = file_of(arena, "count", "");
    const char *command =
        nd_text(arena, "echo run >> %s; echo no such band >&2; exit 4 # {out}", count);
    nd_node *out = apply(arena, "exec", FROM(ground(arena)),
                         WITH("command", command, "shell", "true"));
    nd_work work = {.arena = arena};
    nd_tile tile;
    for (int i = 0; i < 3; i++) {
        CHECK(out && nd_read(out, &work, ND_BANDS(0), 0, (nd_rect){0, 0, 1, 1}, &tile) ==
                         ND_E_DATA);
        CHECK(error_says("exec: /bin/sh ended with 4; it said: no such band\n"
                         "correct the command"));
    }
    struct stat about;
    CHECK(stat(count, &about) == 0 && about.st_size == 4); // "run\n", once
    CHECK(left_behind() == 0);
}

TEST(a_command_that_writes_nothing_or_too_slowly_is_told)
{
    CHECK(!apply(arena, "exec", FROM(ground(arena)),
                 WITH("command", "true {out}", "grid", "run")));
    CHECK(error_says("exec: true ended well but left no picture in {out}\n"
                     "see that it writes the file it is given"));
    CHECK(!apply(
        arena, "exec", FROM(ground(arena)),
        WITH("command", "sh -c 'sleep 60 # {out}'", "grid", "run", "timeout", "0.2")));
    CHECK(error_says("exec: sh took longer than 0.2 s; it said: nothing\n"));
    CHECK(left_behind() == 0);
}

TEST(many_threads_wait_for_one_run)
{
    float value[64 * 64];
    for (int i = 0; i < 64 * 64; i++) value[i] = (float)i;
    const char *count = file_of(arena, "count", "");
    nd_node *in = picture(arena, 64, 64, value, 64 * 64);
    in->band[0].grid.crs = &utm31;
    nd_node *out =
        apply(arena, "exec", FROM(in),
              WITH("command", nd_text(arena, "echo run >> %s; cp {in} {out}", count),
                   "shell", "true"));
    nd_pool *pool = nd_pool_new(4);
    nd_cache *cache = nd_cache_new(1 << 20);
    const nd_run run = {.pool = pool, .cache = cache};
    nd_stats stats;
    CHECK(out && pool && cache && nd_stats_read(out, 0, &run, &stats) == ND_OK);
    CHECK(stats.count == 64 * 64 && stats.maximum == 64 * 64 - 1);
    struct stat about;
    CHECK(stat(count, &about) == 0 && about.st_size == 4);
    nd_cache_free(cache);
    nd_pool_free(pool);
}

TEST(mistakes_in_the_command_are_found_before_it_runs)
{
    nd_node *in = ground(arena);
    CHECK(!apply(arena, "exec", FROM(in), WITH("command", "cp {in} elsewhere")));
    CHECK(error_says("exec: command: {out} is not in it, so nothing comes out\n"));
    CHECK(!apply(arena, "exec", FROM(in), WITH("command", "cp {in.1} {out}")));
    CHECK(error_says("command: {in.1}, but the node has 1 inputs\n"));
    CHECK(!apply(arena, "exec", FROM(in), WITH("command", "cp {input} {out}")));
    CHECK(error_says("command: {input} stands for nothing\nwrite {in}, {in.1} or {out}"));
    CHECK(!apply(arena, "exec", FROM(NULL), WITH("command", "cp a {out}")));
    CHECK(error_says("grid: there is no input whose grid it could have\n"));
    CHECK(!apply(arena, "exec", FROM(in), WITH("command", "cp 'a {out}", "grid", "run")));
    CHECK(error_says("a quote stays open"));
    CHECK(!apply(arena, "exec", FROM(in),
                 WITH("command", "cp {in} {out}", "out", "../x.tif")));
    CHECK(error_says("out: ../x.tif with 1 inputs\n"));
    CHECK(left_behind() == 0);
}
