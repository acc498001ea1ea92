// SPDX-License-Identifier: Apache-2.0
// The folder of a run: made, locked against a second process, its log kept true.
#include "learn/run.h"
#include <errno.h>
#include <fcntl.h>
#include <nadir/file.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *learn_path(nd_arena *arena, const char *folder, const char *name)
{
    return nd_text(arena, "%s/%s", folder, name);
}

const char *learn_run_file(const learn_run *run, nd_arena *arena, const char *name)
{
    return learn_path(arena, run->path, name);
}

static nd_status make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return ND_OK;
    return nd_fail(ND_E_IO, "the folder %s cannot be made: %s\ncheck rights and the disk",
                   path, nd_system_error(errno));
}

static nd_status make_all(nd_arena *arena, const char *path)
{
    const size_t bytes = strlen(path) + 1;
    char *copy = nd_alloc(arena, bytes, 1);
    if (!copy) return ND_E_MEMORY;
    memcpy(copy, path, bytes);
    for (char *c = copy + 1; *c; c++) {
        if (*c != '/') continue;
        *c = 0;
        ND_TRY(make_folder(copy));
        *c = '/';
    }
    return make_folder(copy);
}

static void close_run(void *run)
{
    learn_run *r = run;
    if (r->metrics) fclose(r->metrics);
    if (r->lock >= 0) close(r->lock); // and the lock with it
    r->metrics = NULL, r->lock = -1;
}

// The lock belongs to the open file: a process that died holds nothing.
static nd_status take_lock(learn_run *run)
{
    const char *path = learn_run_file(run, run->arena, "lock");
    if (!path) return ND_E_MEMORY;
    char words[320] = "", host[200] = "";
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck its rights", path,
                       nd_system_error(errno));
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        const ssize_t n = read(file, words, sizeof words - 1);
        words[n > 0 ? n : 0] = 0;
        words[strcspn(words, "\n")] = 0;
        close(file);
        return nd_fail(ND_E_IO,
                       "the run %s is being trained by another process (%s)\n"
                       "stop that one first, or name another run",
                       run->path, words);
    }
    run->lock = file;
    (void)gethostname(host, sizeof host - 1);
    const int n =
        snprintf(words, sizeof words, "%s, process %ld\n", host, (long)getpid());
    if (ftruncate(file, 0) != 0 || pwrite(file, words, (size_t)n, 0) != n)
        nd_say(ND_WARN, "%s cannot be written: %s", path, nd_system_error(errno));
    return ND_OK;
}

static int open_control(const learn_run *run)
{
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s/control", run->path);
    if (n < 0 || (size_t)n >= sizeof path) return -1;
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static nd_status open_run(nd_arena *arena, const char *path, learn_run *run)
{
    learn_run *kept = nd_alloc(arena, 1, sizeof *kept);
    if (!kept) return ND_E_MEMORY;
    *run = (learn_run){.arena = arena, .path = path, .lock = -1};
    ND_TRY(take_lock(run));
    const char *log = learn_run_file(run, arena, "metrics.jsonl");
    if (log) run->metrics = fopen(log, "ae");
    const int control = open_control(run);
    if (control >= 0) run->control_at = (int64_t)lseek(control, 0, SEEK_END);
    if (control >= 0) close(control);
    *kept = *run;
    ND_TRY(nd_defer(arena, close_run, kept));
    if (!log) return ND_E_MEMORY;
    if (!run->metrics)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck its rights", log,
                       nd_system_error(errno));
    static const char *const inside[] = {"state", "pictures", "plots"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        const char *folder = learn_run_file(run, arena, inside[i]);
        if (!folder) return ND_E_MEMORY;
        ND_TRY(make_folder(folder));
    }
    return ND_OK;
}

nd_status learn_run_new(nd_arena *arena, const nd_train_ask *ask, const char *name,
                        nd_hash hash, learn_run *run)
{
    const char *path = ask->folder;
    if (!path) {
        char day[32];
        struct tm parts;
        const time_t now = time(NULL);
        (void)gmtime_r(&now, &parts);
        (void)strftime(day, sizeof day, "%Y-%m-%dT%H-%M-%S", &parts);
        path = nd_text(arena, "%s/%s_%s_%04x", ask->runs ? ask->runs : "runs", day, name,
                       (unsigned)(hash.a & 0xFFFF));
    }
    if (!path) return ND_E_MEMORY;
    const char *log = learn_path(arena, path, "metrics.jsonl");
    if (!log) return ND_E_MEMORY;
    if (access(log, F_OK) == 0)
        return nd_fail(ND_E_IO,
                       "%s holds a run already\n"
                       "go on with it by --resume, or name another folder",
                       path);
    ND_TRY(make_all(arena, path));
    return open_run(arena, path, run);
}

nd_status learn_run_open(nd_arena *arena, const char *path, learn_run *run)
{
    const char *state = learn_path(arena, path, "state");
    const char *copy = nd_text(arena, "%s", path);
    if (!state || !copy) return ND_E_MEMORY;
    if (access(state, F_OK) != 0)
        return nd_fail(ND_E_PARAM,
                       "%s is no run: it has no folder state\n"
                       "name a folder that nadir train has made",
                       path);
    return open_run(arena, copy, run);
}

// A whole line of ours that stands before `step` of `epoch`: what closes an epoch is
// written again when that epoch was not left.
static bool is_before(nd_arena *arena, const char *line, size_t length, int64_t step,
                      int epoch)
{
    const nd_json *all = nd_json_parse(arena, line, length);
    if (!all || all->kind != ND_JSON_OBJECT) return (void)nd_error_take(), false;
    const nd_json *at = nd_json_member(all, "step"), *what = nd_json_member(all, "t");
    const nd_json *of = nd_json_member(all, "epoch");
    if (!at || at->kind != ND_JSON_NUMBER || at->number > (double)step) return false;
    const bool closes = what && what->text && strcmp(what->text, "epoch") == 0;
    return !closes || !of || of->number < epoch;
}

nd_status learn_run_cut(learn_run *run, int64_t step, int epoch)
{
    enum { MOST = 1 << 30 };
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    size_t length = 0, keep = 0;
    const char *path = learn_run_file(run, arena, "metrics.jsonl");
    const char *text = path ? nd_file_read(arena, path, MOST, &length) : NULL;
    while (text && keep < length) {
        const char *end = memchr(text + keep, '\n', length - keep);
        const nd_mark mark = nd_arena_mark(arena);
        const bool stays = end && is_before(arena, text + keep,
                                            (size_t)(end - text) - keep, step, epoch);
        nd_arena_back(arena, mark);
        if (!stays) break;
        keep = (size_t)(end - text) + 1;
    }
    nd_status status = text ? ND_OK : ND_E_IO;
    if (text && keep < length && ftruncate(fileno(run->metrics), (off_t)keep) != 0)
        status = nd_fail(ND_E_IO, "%s cannot be cut: %s\ncheck its rights", path,
                         nd_system_error(errno));
    nd_arena_free(arena);
    return status;
}

nd_status learn_run_line(learn_run *run, nd_buffer *line)
{
    const char *text = nd_buffer_text(line);
    if (!text) return ND_E_MEMORY;
    if (fputs(text, run->metrics) >= 0 && fputc('\n', run->metrics) != EOF &&
        fflush(run->metrics) == 0)
        return ND_OK;
    return nd_fail(ND_E_IO,
                   "%s/metrics.jsonl cannot be written: %s\n"
                   "look at the folder and the disk",
                   run->path, nd_system_error(errno));
}

learn_order learn_run_order(learn_run *run)
{
    static const char *const words[] = {"", "stop", "pause", "resume", "save"};
    char text[256];
    const int file = open_control(run);
    if (file < 0) return LEARN_NO_ORDER;
    const ssize_t length = pread(file, text, sizeof text - 1, (off_t)run->control_at);
    close(file);
    if (length <= 0) return LEARN_NO_ORDER;
    text[length] = 0;
    char *end = strrchr(text, '\n');
    if (!end) return LEARN_NO_ORDER; // it is still being written
    run->control_at += end + 1 - text;
    *end = 0;
    const char *last = strrchr(text, '\n');
    last = last ? last + 1 : text;
    for (int i = LEARN_STOP; i <= LEARN_SAVE; i++)
        if (strcmp(last, words[i]) == 0) return (learn_order)i;
    return LEARN_NO_ORDER;
}

// ---- Texts: whole or not there.

nd_status learn_file_text(const char *path, nd_buffer *text)
{
    const char *all = nd_buffer_text(text);
    return all && path ? nd_file_write(path, all, text->length) : ND_E_MEMORY;
}

nd_status learn_file_show(const char *path, nd_buffer *text)
{
    const char *all = nd_buffer_text(text);
    return all && path ? nd_file_show(path, all, text->length) : ND_E_MEMORY;
}
