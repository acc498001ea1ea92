// SPDX-License-Identifier: Apache-2.0
// Outputs that appear whole or not at all: a hidden folder beside the target is both the
// workshop and the lock.
#include "io/write.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char suffix[] = ".nadir-part", lock_name[] = "lock";
enum { MADE = 16, TRIES = 100, DEPTH = 8 };

struct io_out {
    nd_arena *arena;
    const char *folder, *stage, *main;
    const char *made[MADE]; // folders that did not exist, outermost first
    int mades, lock;
    bool replace, committed;
};

// The file that is asked for, where `path` lies in the workshop that it is made in.
static const char *asked_for(const char *path, char *room, size_t size)
{
    const char *end = strstr(path, suffix), *start = end;
    while (start && start > path && start[-1] != '/') start--;
    if (!start || *start != '.') return path;
    snprintf(room, size, "%.*s%.*s", (int)(start - path), path, (int)(end - start) - 1,
             start + 1);
    return room;
}

nd_status io_disk_failed(const char *name, int reason)
{
    char words[128] = "", room[4096];
    const char *path = asked_for(name, room, sizeof room);
    if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG)
        return nd_fail(ND_E_IO,
                       "there is no room on the disk for %s\n"
                       "free some space, or write to another disk",
                       path);
    if (reason == EACCES || reason == EPERM || reason == EROFS)
        return nd_fail(ND_E_IO,
                       "%s may not be written\n"
                       "choose a folder of your own, or ask for the right to write",
                       path);
    (void)strerror_r(reason, words, sizeof words);
    return nd_fail(ND_E_IO, "%s cannot be written: %s\nlook at the folder and the disk",
                   path, words);
}

static bool exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

static const char *join(nd_arena *arena, const char *folder, const char *name)
{
    return nd_text(arena, "%s/%s", folder, name);
}

// Calls `each` for every entry of `folder` but . and ..
static void walk(nd_arena *arena, const char *folder,
                 void (*each)(nd_arena *, const char *path, int depth), int depth)
{
    DIR *open = opendir(folder);
    if (!open) return;
    for (struct dirent *d; (d = readdir(open));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
        const char *path = join(arena, folder, d->d_name);
        if (path) each(arena, path, depth);
    }
    closedir(open);
}

static void erase(nd_arena *arena, const char *path, int depth)
{
    struct stat info;
    if (depth > DEPTH || lstat(path, &info) != 0) return;
    if (!S_ISDIR(info.st_mode)) {
        (void)unlink(path);
        return;
    }
    walk(arena, path, erase, depth + 1);
    (void)rmdir(path);
}

// Takes the lock of a workshop: its descriptor; -1: somebody else has it; -2: it went
// away meanwhile.
static int take_lock(const char *path)
{
    struct stat mine, there;
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return errno == ENOENT ? -2 : -3;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(fd);
        return -1;
    }
    if (fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino)
        return fd;
    close(fd);
    return -2;
}

// A workshop whose writer died is nobody's: whoever gets its lock may clear it away.
static void clear_stale(nd_arena *arena, const char *path, int depth)
{
    (void)depth;
    const char *lock = nd_text_ends(path, suffix) ? join(arena, path, lock_name) : NULL;
    if (!lock || !exists(lock)) return;
    const int fd = take_lock(lock);
    if (fd < 0) return;
    erase(arena, path, 0);
    close(fd);
}

static void undo(void *object)
{
    io_out *out = object;
    // Without the lock it is another's workshop.
    nd_arena *arena = out->lock >= 0 ? nd_arena_new() : NULL;
    if (arena) erase(arena, out->stage, 0);
    nd_arena_free(arena);
    if (!out->committed)
        for (int i = out->mades - 1; i >= 0; i--) (void)rmdir(out->made[i]);
    if (out->lock >= 0)
        close(out->lock);
    else
        (void)rmdir(out->stage); // only if it is empty
}

static nd_status make_folders(io_out *out)
{
    char path[4096];
    const size_t length = strlen(out->folder);
    if (length >= sizeof path) return io_disk_failed(out->folder, ENAMETOOLONG);
    for (size_t i = 1; i <= length; i++) {
        if (out->folder[i] && out->folder[i] != '/') continue;
        snprintf(path, sizeof path, "%.*s", (int)i, out->folder);
        if (mkdir(path, 0777) == 0) {
            if (out->mades < MADE)
                out->made[out->mades++] = nd_text(out->arena, "%s", path);
        } else if (errno != EEXIST && !exists(path)) {
            return io_disk_failed(path, errno);
        }
    }
    return ND_OK;
}

static nd_status claim_stage(io_out *out)
{
    const char *lock = join(out->arena, out->stage, lock_name);
    if (!lock) return ND_E_MEMORY;
    for (int i = 0; i < TRIES; i++) {
        if (mkdir(out->stage, 0777) != 0 && errno != EEXIST)
            return io_disk_failed(out->folder, errno);
        out->lock = take_lock(lock);
        if (out->lock >= 0) return ND_OK;
        // A neighbour that clears leftovers holds it for a moment only.
        if (out->lock == -1 && i < 3)
            (void)nanosleep(&(struct timespec){0, 20000000}, NULL);
        if (out->lock == -1 && i >= 3)
            return nd_fail(ND_E_IO,
                           "another run is writing %s\n"
                           "wait until it is done, or give another name",
                           join(out->arena, out->folder, out->main));
        if (out->lock == -3) return io_disk_failed(lock, errno);
    }
    return nd_fail(ND_E_IO, "%s changes all the time\ngive another name", out->stage);
}

static void clear_contents(nd_arena *arena, const char *path, int depth)
{
    const char *slash = strrchr(path, '/');
    if (slash && strcmp(slash + 1, lock_name) != 0) erase(arena, path, depth);
}

io_out *io_out_open(nd_arena *arena, const char *path, bool replace)
{
    io_out *out = nd_alloc(arena, 1, sizeof *out);
    if (!out) return NULL;
    const char *slash = strrchr(path, '/');
    *out = (io_out){.arena = arena, .replace = replace, .lock = -1};
    out->main = nd_text(arena, "%s", slash ? slash + 1 : path);
    out->folder = !slash          ? "."
                  : slash == path ? "/"
                                  : nd_text(arena, "%.*s", (int)(slash - path), path);
    if (!out->main || !out->folder) return NULL;
    if (!*out->main)
        return (void)nd_fail(ND_E_PARAM, "%s is a folder\ngive the name of a file", path),
               NULL;
    out->stage = nd_text(arena, "%s/.%s%s", out->folder, out->main, suffix);
    // Deferred after the folders: a failure there must take them back, too.
    if (!out->stage || nd_defer(arena, undo, out) != ND_OK ||
        make_folders(out) != ND_OK || claim_stage(out) != ND_OK)
        return NULL;
    walk(arena, out->stage, clear_contents, 1);
    walk(arena, out->folder, clear_stale, 0);
    return io_out_file(out, out->main) ? out : NULL;
}

const char *io_out_main(const io_out *out)
{
    return out->main;
}

const char *io_out_file(io_out *out, const char *name)
{
    struct stat info;
    const char *target = join(out->arena, out->folder, name);
    if (!target) return NULL;
    const bool is_there = stat(target, &info) == 0;
    if (is_there && S_ISDIR(info.st_mode) && strcmp(name, out->main) == 0)
        return (void)nd_fail(ND_E_PARAM, "%s is a folder\ngive the name of a file",
                             target),
               NULL;
    if (is_there && !out->replace)
        return (void)nd_fail(ND_E_IO,
                             "%s exists already\n"
                             "replace it with --force, or give another name",
                             target),
               NULL;
    return io_out_inside(out, name);
}

const char *io_out_inside(io_out *out, const char *name)
{
    return join(out->arena, out->stage, name);
}

static nd_status flush(nd_arena *arena, const char *path, int depth);

static nd_status flush_folder(nd_arena *arena, const char *path, int depth)
{
    DIR *open = opendir(path);
    nd_status status = ND_OK;
    if (!open) return io_disk_failed(path, errno);
    for (struct dirent *d; status == ND_OK && (d = readdir(open));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
        const char *inner = join(arena, path, d->d_name);
        status = inner ? flush(arena, inner, depth + 1) : ND_E_MEMORY;
    }
    closedir(open);
    return status;
}

// A name that outlives a power cut must not name bytes that did not.
static nd_status flush(nd_arena *arena, const char *path, int depth)
{
    struct stat info;
    if (depth > DEPTH || lstat(path, &info) != 0) return ND_OK;
    if (S_ISDIR(info.st_mode)) ND_TRY(flush_folder(arena, path, depth));
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return io_disk_failed(path, errno);
    // Some file systems know no fsync of folders: EINVAL is their word for it.
    const int reason = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    close(fd);
    return reason ? io_disk_failed(path, reason) : ND_OK;
}

static nd_status move_in(io_out *out, const char *name)
{
    const char *from = join(out->arena, out->stage, name),
               *to = join(out->arena, out->folder, name),
               *old = nd_text(out->arena, "%s/.old-%s", out->stage, name);
    if (!from || !to || !old) return ND_E_MEMORY;
    if (strcmp(name, out->main) != 0 && exists(to) && rename(to, old) != 0)
        return io_disk_failed(to, errno);
    return rename(from, to) == 0 ? ND_OK : io_disk_failed(to, errno);
}

static nd_status list_stage(io_out *out, nd_buffer *names, int *count)
{
    DIR *open = opendir(out->stage);
    if (!open) return io_disk_failed(out->stage, errno);
    for (struct dirent *d; (d = readdir(open));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
            strcmp(d->d_name, lock_name) != 0 && strcmp(d->d_name, out->main) != 0)
            nd_buffer_put(names, d->d_name, strlen(d->d_name) + 1), ++*count;
    closedir(open);
    return ND_OK;
}

// What GDAL keeps beside a picture (statistics, smaller copies, a mask) is of the pixels
// that it was made from: beside new ones it would lie.
static nd_status forget_neighbours(io_out *out)
{
    static const char *const ends[] = {".aux.xml", ".ovr", ".msk"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *name = nd_text(out->arena, "%s%s", out->main, ends[i]);
        const char *made = name ? join(out->arena, out->stage, name) : NULL;
        const char *old = name ? join(out->arena, out->folder, name) : NULL;
        if (!made || !old) return ND_E_MEMORY;
        if (!exists(made) && exists(old) && unlink(old) != 0)
            return io_disk_failed(old, errno);
    }
    return ND_OK;
}

// The header last: a file of several parts is whole when its header has its name.
static nd_status move_all(io_out *out)
{
    int count = 0;
    nd_buffer names = {.arena = out->arena};
    ND_TRY(list_stage(out, &names, &count));
    const char *name = nd_buffer_text(&names), *target = NULL;
    if (!name || !(target = join(out->arena, out->folder, out->main))) return ND_E_MEMORY;
    if (out->replace && exists(target)) ND_TRY(forget_neighbours(out));
    // An old header must not stand beside new data.
    if (count && exists(target) && unlink(target) != 0)
        return io_disk_failed(target, errno);
    for (int i = 0; i < count; i++, name += strlen(name) + 1) ND_TRY(move_in(out, name));
    return move_in(out, out->main);
}

nd_status io_out_commit(io_out *out)
{
    ND_TRY(flush(out->arena, out->stage, 0));
    ND_TRY(move_all(out));
    out->committed = true;
    if (out->mades)
        nd_say(ND_NOTE, "the folder %s was not there and is made", out->folder);
    const int fd = open(out->folder, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) (void)fsync(fd), close(fd);
    return ND_OK;
}
