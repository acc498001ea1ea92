// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include <nadir/file.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static bool holds(nd_arena *arena, const char *path, const char *text)
{
    nd_bytes bytes;
    if (nd_file_map(arena, path, &bytes) != ND_OK) return (void)nd_error_take(), false;
    return bytes.count == strlen(text) && memcmp(bytes.at, text, bytes.count) == 0;
}

TEST(a_file_is_mapped_whole)
{
    CHECK(holds(arena, file_of(arena, "a", "some words"), "some words"));
    CHECK(holds(arena, file_of(arena, "empty", ""), ""));
}

TEST(what_is_no_file_is_refused)
{
    nd_bytes bytes;
    CHECK(nd_file_map(arena, "/nowhere/x", &bytes) == ND_E_IO);
    CHECK(error_says("there is no file /nowhere/x\ncheck the name"));
    CHECK(nd_file_map(arena, "/tmp", &bytes) == ND_E_PARAM);
    CHECK(error_says("/tmp is a folder\ngive the name of a file"));
    CHECK(nd_file_map(arena, "/dev/zero", &bytes) == ND_E_PARAM);
    CHECK(error_says("/dev/zero is no ordinary file\n"));
}

TEST(a_file_appears_when_it_is_whole)
{
    const char *path = file_of(arena, "b", "before");
    nd_file *file = nd_file_new(arena, path);
    CHECK(file && nd_file_put(file, "aft", 3) == ND_OK && holds(arena, path, "before"));
    CHECK(file && nd_file_put(file, "er", 2) == ND_OK && nd_file_length(file) == 5);
    CHECK(file && nd_file_commit(file) == ND_OK && holds(arena, path, "after"));
}

TEST(a_file_given_up_leaves_nothing)
{
    const char *path = file_path(arena, "c");
    nd_arena *own = nd_arena_new();
    nd_file *file = own ? nd_file_new(own, path) : NULL;
    const char *hidden =
        nd_text(arena, "%.*s.c.nadir-part", (int)(strrchr(path, '/') - path + 1), path);
    CHECK(file && nd_file_put(file, "x", 1) == ND_OK && access(hidden, F_OK) == 0);
    CHECK(!nd_file_new(arena, path) && error_says("another run is writing"));
    nd_arena_free(own);
    CHECK(access(hidden, F_OK) != 0 && access(path, F_OK) != 0);
}

TEST(what_a_killed_run_left_is_taken_over)
{
    const char *path = file_path(arena, "d");
    const pid_t child = fork();
    if (child == 0) {
        nd_arena *own = nd_arena_new();
        nd_file *file = own ? nd_file_new(own, path) : NULL;
        if (file && nd_file_put(file, "half", 4) == ND_OK) raise(SIGKILL);
        _exit(1);
    }
    int how = 0;
    CHECK(child > 0 && waitpid(child, &how, 0) == child && WIFSIGNALED(how));
    CHECK(access(path, F_OK) != 0);
    CHECK(nd_file_write(path, "whole", 5) == ND_OK && holds(arena, path, "whole"));
}

// More than a process may write looks like a disk that is full.
TEST(a_full_disk_is_told_and_leaves_nothing)
{
    const char *path = file_path(arena, "e");
    static char much[1 << 18];
    struct rlimit old;
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 16, old.rlim_max}) == 0);
    CHECK(nd_file_write(path, much, sizeof much) == ND_E_IO);
    CHECK(error_says("there is no room on the disk for "));
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    CHECK(access(path, F_OK) != 0);
}

TEST(a_small_file_is_read_whole_and_a_large_one_refused)
{
    size_t length = 0;
    const char *path = file_of(arena, "f", "twelve bytes");
    const char *text = nd_file_read(arena, path, 12, &length);
    CHECK(text && length == 12 && strcmp(text, "twelve bytes") == 0);
    CHECK(!nd_file_read(arena, path, 11, NULL) &&
          error_says("/f is longer than 11 bytes\nname another file"));
    CHECK(!nd_file_read(arena, "/tmp", 11, NULL) && error_says("/tmp is a folder\n"));
    CHECK(!nd_file_read(arena, "/nowhere/x", 11, NULL) &&
          error_says("there is no file /nowhere/x\n"));
    text = nd_file_read(arena, file_of(arena, "g", ""), 0, &length);
    CHECK(text && !*text && length == 0);
}

TEST(what_is_shown_is_whole_too)
{
    const char *path = file_of(arena, "h", "before");
    CHECK(nd_file_show(path, "after", 5) == ND_OK && holds(arena, path, "after"));
    CHECK(nd_file_show("/nowhere/at/all", "x", 1) == ND_E_IO);
    CHECK(error_says("/nowhere/at/all cannot be written: "));
}

TEST(a_file_that_is_there_takes_the_name_of_another)
{
    const char *from = file_of(arena, "i", "new"), *to = file_of(arena, "j", "old");
    CHECK(nd_file_move(from, to) == ND_OK && holds(arena, to, "new"));
    CHECK(access(from, F_OK) != 0);
    CHECK(nd_file_move(from, to) == ND_E_IO && error_says("there is no file "));
    CHECK(nd_file_move(to, "/nowhere/j") == ND_E_IO && holds(arena, to, "new"));
    CHECK(error_says("/nowhere/j cannot be written: "));
}

TEST(a_place_that_does_not_take_it_is_told)
{
    CHECK(nd_file_write("/nowhere/at/all", "x", 1) == ND_E_IO);
    CHECK(error_says("/nowhere/at/all cannot be written: "));
    CHECK(nd_file_write("/tmp", "x", 1) == ND_E_PARAM &&
          error_says("/tmp is a folder\n"));
    CHECK(nd_file_write("/dev/full", "x", 1) == ND_E_PARAM);
    CHECK(error_says("/dev/full is no ordinary file\n"));
}
