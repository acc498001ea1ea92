// SPDX-License-Identifier: Apache-2.0
#include "written.h"
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

static nd_node *any(nd_arena *arena)
{
    return formula_node(arena, (formula){.width = 300, .height = 200, .bands = 1});
}

TEST(a_failure_leaves_nothing_behind_not_even_new_folders)
{
    const char *folder = folder_new(arena);
    static const char *const names[] = {"a.tif", "new/b.tif", "new/deep/c.cog"};
    nd_node *broken = formula_node(
        arena, (formula){.width = 9, .height = 9, .bands = 1, .fails_at = ND_E_DATA});
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = nd_text(arena, "%s/%s", folder, names[i]);
        CHECK(write_with(arena, broken, (nd_write){.path = path}) == ND_E_DATA);
        CHECK(error_says("the tile is broken"));
        CHECK(entries(folder) == 0);
    }
}

TEST(an_existing_file_is_replaced_only_on_demand_and_only_by_a_whole_one)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.tif", folder);
    nd_node *broken = formula_node(
        arena, (formula){.width = 9, .height = 9, .bands = 1, .fails_at = ND_E_DATA});
    FILE *file = fopen(path, "w");
    CHECK(file && fputs("old", file) >= 0 && fclose(file) == 0);
    CHECK(write_with(arena, any(arena), (nd_write){.path = path}) == ND_E_IO);
    CHECK(error_says("exists already"));
    CHECK(write_with(arena, broken, (nd_write){.path = path, .replace = true}) != ND_OK);
    char word[8] = "";
    file = fopen(path, "r");
    CHECK(file && fgets(word, sizeof word, file) && strcmp(word, "old") == 0);
    if (file) fclose(file);
    CHECK(write_with(arena, any(arena), (nd_write){.path = path, .replace = true}) ==
          ND_OK);
    CHECK(gdal_says(arena, path, "a.shape == (1, 200, 300)\n"));
    CHECK(entries(folder) == 1);
}

TEST(what_gdal_kept_beside_the_old_pixels_goes_with_them)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.tif", folder);
    CHECK(write_with(arena, any(arena), (nd_write){.path = path}) == ND_OK);
    static const char *const ends[] = {".aux.xml", ".ovr", ".xml"};
    for (int i = 0; i < 3; i++) {
        FILE *file = fopen(nd_text(arena, "%s%s", path, ends[i]), "w");
        CHECK(file && fclose(file) == 0);
    }
    CHECK(entries(folder) == 4);
    CHECK(write_with(arena, any(arena), (nd_write){.path = path, .replace = true}) ==
          ND_OK);
    CHECK(entries(folder) == 2); // a.tif, and a.tif.xml, which is none of GDAL's
}

// Waits in its first tile until it is told to go on.
static int go_on[2], here[2];
static nd_status slow_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    char c = 0;
    (void)self, (void)work;
    if (write(here[1], "", 1) != 1 || read(go_on[0], &c, 1) != 1) return ND_E_BUG;
    memset(tile->data, 0, sizeof *tile->data);
    return ND_OK;
}
static const nd_op op_slow = {
    .name = "slow", .plan = formula_plan, .compute = slow_compute};

// A child that writes `path` and has come as far as its first tile.
static pid_t slow_writer(nd_arena *arena, const char *path)
{
    static const nd_table none;
    static formula one = {.width = 1, .height = 1, .bands = 1};
    char c;
    if (pipe(go_on) != 0 || pipe(here) != 0) return -1;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        nd_node *node =
            nd_node_new(arena, &(nd_make){.op = &op_slow,
                                          .settings = &(nd_settings){&none, &one, 0}});
        _exit(write_with(arena, node, (nd_write){.path = path}) != ND_OK);
    }
    return child > 0 && read(here[0], &c, 1) == 1 ? child : -1;
}

TEST(of_two_writers_of_one_output_the_second_fails)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.tif", folder);
    int status = -1;
    const pid_t child = slow_writer(arena, path);
    CHECK(child > 0);
    CHECK(write_with(arena, any(arena), (nd_write){.path = path}) == ND_E_IO);
    CHECK(error_says("another run is writing"));
    CHECK(entries(folder) == 1); // the first one's workshop still stands
    CHECK(write(go_on[1], "", 1) == 1 && waitpid(child, &status, 0) == child);
    CHECK(status == 0 && entries(folder) == 1);
    CHECK(gdal_says(arena, path, "a.shape == (1, 1, 1)\n"));
}

TEST(what_a_killed_writer_left_is_cleared_by_the_next_one)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.tif", folder);
    const pid_t child = slow_writer(arena, path);
    CHECK(child > 0 && kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    CHECK(entries(folder) == 1 && access(path, F_OK) != 0); // no half file under its name
    // The next writer in this folder, whatever it writes.
    const char *other = nd_text(arena, "%s/b.tif", folder);
    CHECK(write_with(arena, any(arena), (nd_write){.path = other}) == ND_OK);
    CHECK(entries(folder) == 1);
    CHECK(write_with(arena, any(arena), (nd_write){.path = path}) == ND_OK);
    CHECK(entries(folder) == 2);
}

TEST(a_full_disk_is_two_lines_and_leaves_nothing)
{
    const char *folder = folder_new(arena);
    struct rlimit before, low;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    low = before, low.rlim_cur = 100000;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    static const char *const names[] = {"a.tif", "b.cog"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = nd_text(arena, "%s/%s", folder, names[i]);
        CHECK(setrlimit(RLIMIT_FSIZE, &low) == 0);
        const nd_status status = write_with(
            arena, any(arena),
            (nd_write){path, NULL, OPTIONS({"compress", "none"}), false, NULL});
        CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
        CHECK(status == ND_E_IO);
        CHECK(error_says("there is no room on the disk"));
        CHECK(entries(folder) == 0);
    }
    signal(SIGXFSZ, old);
}

TEST(a_request_to_stop_leaves_nothing)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.tif", folder);
    nd_flag *flag = nd_flag_new(arena);
    nd_pool *pool = nd_pool_new(1);
    nd_flag_raise(flag);
    const nd_run run = {.pool = pool, .cancel = flag};
    CHECK(nd_write_node(any(arena), (nd_bands){0}, &(nd_write){.path = path}, &run) ==
          ND_E_CANCELLED);
    CHECK(entries(folder) == 0);
    nd_pool_free(pool);
}

TEST(a_place_that_may_not_be_written_is_named)
{
    CHECK(write_with(arena, any(arena), (nd_write){.path = "/proc/none/a.tif"}) ==
          ND_E_IO);
    CHECK(error_says("/proc/none"));
    const char *folder = nd_text(arena, "%s/", folder_new(arena));
    CHECK(write_with(arena, any(arena), (nd_write){.path = folder, .format = "GTiff"}) !=
          ND_OK);
    CHECK(error_says("is a folder\ngive the name of a file"));
}
