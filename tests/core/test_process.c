// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include <nadir/pool.h>
#include <nadir/process.h>
#include <pthread.h>
#include <signal.h>

static nd_status run(nd_arena *arena, const char *line, double timeout_s)
{
    nd_work work = {.arena = arena};
    const char *const *argument = nd_process_split(arena, line);
    const char *words = file_path(arena, "words");
    static const char *const more[] = {"COLOUR=red", NULL};
    return argument ? nd_process_run(&(nd_process){.argument = argument,
                                                   .environment = more,
                                                   .words = words,
                                                   .timeout_s = timeout_s},
                                     &work)
                    : ND_E_PARAM;
}

TEST(words_are_split_as_a_shell_would)
{
    const char *const *w = nd_process_split(
        arena, " gdal_translate  -co 'A B' \"c \\\" d\" e\\ f ''x $HOME ");
    static const char *const want[] = {
        "gdal_translate", "-co", "A B", "c \" d", "e f", "x", "$HOME"};
    for (size_t i = 0; i < 7; i++) CHECK(w && w[i] && strcmp(w[i], want[i]) == 0);
    CHECK(w && !w[7]);
    CHECK(!nd_process_split(arena, "a 'b") &&
          error_says("a quote stays open in: a 'b\n"));
    CHECK(!nd_process_split(arena, "  ") && error_says("the command is empty\n"));
}

TEST(a_program_that_ends_well_is_well)
{
    CHECK(run(arena, "true", 0) == ND_OK);
    CHECK(run(arena, "sh -c 'test \"$COLOUR\" = red && test -n \"$PATH\"'", 0) == ND_OK);
    CHECK(run(arena, "cat", 5) == ND_OK); // there is nothing to read
}

TEST(a_failure_carries_its_last_words)
{
    CHECK(run(arena, "sh -c 'echo no such band >&2; echo; exit 3'", 0) == ND_E_DATA);
    CHECK(error_says("sh ended with 3; it said: no such band\ncorrect the command"));
    CHECK(run(arena, "sh -c 'kill -9 $$'", 0) == ND_E_DATA);
    CHECK(error_says("sh was ended by signal 9; it said: nothing\n"));
    CHECK(run(arena, "no-such-program-anywhere", 0) == ND_E_IO);
    CHECK(
        error_says("no-such-program-anywhere cannot be started: "
                   "there is no such program\ncheck its name and that it is installed"));
}

TEST(time_is_limited_and_children_end_too)
{
    const char *path = file_path(arena, "child");
    const double since = nd_seconds();
    CHECK(run(arena,
              nd_text(arena, "sh -c 'sleep 60 & echo $! >%s; echo waiting; wait'", path),
              0.3) == ND_E_DATA);
    CHECK(error_says("sh took longer than 0.3 s; it said: waiting\n"));
    CHECK(nd_seconds() - since < 10);
    FILE *file = fopen(path, "r");
    long pid = 0;
    CHECK(file && fscanf(file, "%ld", &pid) == 1 && pid > 1);
    if (file) fclose(file);
    // Its parent may be slow to take notice; a zombie counts as ended.
    char state[64] = "";
    FILE *about = fopen(nd_text(arena, "/proc/%ld/stat", pid), "r");
    if (about) {
        CHECK(fscanf(about, "%*d %*s %8s", state) == 1);
        fclose(about);
    }
    CHECK(!about || *state == 'Z' || *state == 'X');
}

static void *raise_flag(void *flag)
{
    nd_flag_raise(flag);
    return NULL;
}

TEST(a_cancelled_job_ends_its_programs)
{
    nd_flag *flag = nd_flag_new(arena);
    nd_work work = {.arena = arena, .cancel = flag};
    static const char *const argument[] = {"sleep", "60", NULL};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, raise_flag, flag) == 0);
    const double since = nd_seconds();
    CHECK(nd_process_run(
              &(nd_process){.argument = argument, .words = file_path(arena, "words")},
              &work) == ND_E_CANCELLED);
    CHECK(nd_seconds() - since < 10);
    pthread_join(thread, NULL);
}

TEST(scratch_folders_go_with_all_that_is_in_them)
{
    const char *a = nd_scratch_new(arena), *b = nd_scratch_new(arena);
    CHECK(a && b && strcmp(a, b) != 0 && access(a, W_OK) == 0);
    const char *inner = nd_text(arena, "%s/data", a);
    mkdir(inner, 0700);
    FILE *file = fopen(nd_text(arena, "%s/band.img", inner), "w");
    if (file) fclose(file);
    const char *kept = file_of(arena, "kept", "x");
    CHECK(symlink(kept, nd_text(arena, "%s/link", a)) == 0);
    nd_scratch_remove(a);
    CHECK(access(a, F_OK) != 0 && access(kept, F_OK) == 0);
    nd_scratch_remove(b);
}

TEST(what_a_killed_process_left_is_swept)
{
    const char *temporary = getenv("TMPDIR");
    // No process has this number: it is above the kernel's limit of 2^22.
    const char *left = nd_text(arena, "%s/nadir-scratch-99999999-abcdef",
                               temporary ? temporary : "/tmp");
    CHECK(mkdir(left, 0700) == 0);
    const char *fresh = nd_scratch_new(arena);
    CHECK(access(left, F_OK) != 0);
    if (fresh) nd_scratch_remove(fresh);
    rmdir(left);
}
