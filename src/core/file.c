// SPDX-License-Identifier: Apache-2.0
// Files: read or mapped whole; made so that one appears whole or not at all.
#define _GNU_SOURCE // madvise
#include <errno.h>
#include <fcntl.h>
#include <nadir/file.h>
#include <nadir/text.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 16, TRIES = 100 };

struct nd_file {
    const char *path, *hidden, *folder;
    int fd;
    bool is_in_place;
    uint64_t length;
    size_t waiting;
    unsigned char buffer[BUFFER];
};

static nd_status cannot_read(const char *path, int reason)
{
    if (reason == ENOENT)
        return nd_fail(ND_E_IO, "there is no file %s\ncheck the name", path);
    return nd_fail(ND_E_IO, "%s cannot be read: %s\nlook at its rights and at the disk",
                   path, nd_system_error(reason));
}

static nd_status cannot_write(const char *path, int reason)
{
    if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG)
        return nd_fail(ND_E_IO,
                       "there is no room on the disk for %s\n"
                       "free some space, or write to another disk",
                       path);
    if (reason == EISDIR)
        return nd_fail(ND_E_PARAM, "%s is a folder\ngive the name of a file", path);
    return nd_fail(ND_E_IO, "%s cannot be written: %s\nlook at the folder and the disk",
                   path, nd_system_error(reason));
}

typedef struct mapping {
    void *at;
    size_t count;
} mapping;

static void unmap(void *object)
{
    mapping *m = object;
    if (m->count) (void)munmap(m->at, m->count);
}

static nd_status map(int fd, const char *path, mapping *m)
{
    struct stat about;
    if (fstat(fd, &about) != 0) return cannot_read(path, errno);
    if (S_ISDIR(about.st_mode))
        return nd_fail(ND_E_PARAM, "%s is a folder\ngive the name of a file", path);
    if (!S_ISREG(about.st_mode) || about.st_size < 0)
        return nd_fail(ND_E_PARAM, "%s is no ordinary file\ngive the name of a file",
                       path);
    if (about.st_size == 0) return ND_OK;
    void *at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) return cannot_read(path, errno);
    *m = (mapping){at, (size_t)about.st_size};
    return ND_OK;
}

nd_status nd_file_map(nd_arena *arena, const char *path, nd_bytes *bytes)
{
    mapping *m = nd_alloc(arena, 1, sizeof *m);
    if (!m || nd_defer(arena, unmap, m) != ND_OK) return ND_E_MEMORY;
    // Opening a pipe to read would wait for one who writes.
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return cannot_read(path, errno);
    const nd_status status = map(fd, path, m);
    close(fd);
    if (status != ND_OK) return status;
    *bytes = (nd_bytes){m->count ? m->at : (const uint8_t *)"", m->count};
    return ND_OK;
}

void nd_file_rest(const void *at, size_t count)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t first = ((uintptr_t)at + page - 1) / page * page,
                    last = ((uintptr_t)at + count) / page * page;
    if (last > first) (void)madvise((void *)first, last - first, MADV_DONTNEED);
}

static nd_status read_all(int fd, const char *path, size_t most, nd_buffer *text)
{
    char piece[1 << 14];
    for (;;) {
        const ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EISDIR)
            return nd_fail(ND_E_PARAM, "%s is a folder\ngive the name of a file", path);
        if (n < 0) return cannot_read(path, errno);
        if (n == 0) return ND_OK;
        if ((size_t)n > most - text->length)
            return nd_fail(ND_E_DATA, "%s is longer than %zu bytes\nname another file",
                           path, most);
        nd_buffer_put(text, piece, (size_t)n);
    }
}

const char *nd_file_read(nd_arena *arena, const char *path, size_t most, size_t *length)
{
    nd_buffer text = {.arena = arena};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return (void)cannot_read(path, errno), NULL;
    const nd_status status = read_all(fd, path, most, &text);
    close(fd);
    if (status != ND_OK) return NULL;
    if (length) *length = text.length;
    return nd_buffer_text(&text);
}

static void undo(void *object)
{
    nd_file *file = object;
    if (file->fd < 0) return;
    if (!file->is_in_place) (void)unlink(file->hidden);
    close(file->fd);
}

// The hidden file is its own lock: one that nobody holds was left by a run that died.
static nd_status claim(nd_file *file)
{
    for (int i = 0; i < TRIES; i++) {
        struct stat mine, there;
        const int fd =
            open(file->hidden, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0) return cannot_write(file->path, errno);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            close(fd);
            return nd_fail(ND_E_IO,
                           "another run is writing %s\n"
                           "wait until it is done, or give another name",
                           file->path);
        }
        const bool is_mine = fstat(fd, &mine) == 0 && lstat(file->hidden, &there) == 0 &&
                             mine.st_ino == there.st_ino;
        if (is_mine && ftruncate(fd, 0) == 0) {
            file->fd = fd;
            return ND_OK;
        }
        close(fd);
    }
    return cannot_write(file->path, EBUSY);
}

nd_file *nd_file_new(nd_arena *arena, const char *path)
{
    struct stat about;
    nd_file *file = nd_alloc_raw(arena, 1, sizeof *file);
    if (!file) return NULL;
    *file = (nd_file){.fd = -1};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    file->path = nd_text(arena, "%s", path);
    file->folder =
        slash ? nd_text(arena, "%.*s", slash > path ? (int)(slash - path) : 1, path)
              : ".";
    file->hidden = nd_text(arena, "%.*s.%s.nadir-part", (int)(name - path), path, name);
    if (!file->path || !file->folder || !file->hidden ||
        nd_defer(arena, undo, file) != ND_OK)
        return NULL;
    const bool is_there = stat(path, &about) == 0;
    if (!*name || (is_there && S_ISDIR(about.st_mode)))
        return (void)cannot_write(path, EISDIR), NULL;
    // A device's name would go to the file.
    if (is_there && !S_ISREG(about.st_mode)) {
        (void)nd_fail(ND_E_PARAM, "%s is no ordinary file\ngive the name of a file",
                      path);
        return NULL;
    }
    return claim(file) == ND_OK ? file : NULL;
}

static nd_status put(nd_file *file, const unsigned char *from, size_t count)
{
    while (count) {
        const ssize_t n = write(file->fd, from, count);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return cannot_write(file->path, n ? errno : ENOSPC);
        from += n, count -= (size_t)n;
    }
    return ND_OK;
}

nd_status nd_file_put(nd_file *file, const void *bytes, size_t count)
{
    if (count > BUFFER - file->waiting) {
        ND_TRY(put(file, file->buffer, file->waiting));
        file->waiting = 0;
    }
    if (count > BUFFER)
        ND_TRY(put(file, bytes, count));
    else if (count)
        memcpy(file->buffer + file->waiting, bytes, count), file->waiting += count;
    file->length += count;
    return ND_OK;
}

uint64_t nd_file_length(const nd_file *file)
{
    return file->length;
}

static nd_status flush(nd_file *file)
{
    ND_TRY(put(file, file->buffer, file->waiting));
    file->waiting = 0;
    return ND_OK;
}

static nd_status settle(int fd, const char *path)
{
    // Some file systems know no fsync: EINVAL is their word for it.
    return fsync(fd) == 0 || errno == EINVAL ? ND_OK : cannot_write(path, errno);
}

static void settle_folder(const char *folder)
{
    const int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) (void)fsync(fd), close(fd);
}

static nd_status give_name(nd_file *file)
{
    if (rename(file->hidden, file->path) != 0) return cannot_write(file->path, errno);
    file->is_in_place = true;
    close(file->fd);
    file->fd = -1;
    return ND_OK;
}

// A name that outlives a power cut must not name bytes that did not.
nd_status nd_file_commit(nd_file *file)
{
    ND_TRY(flush(file));
    ND_TRY(settle(file->fd, file->path));
    ND_TRY(give_name(file));
    settle_folder(file->folder);
    return ND_OK;
}

static nd_status write_all(const char *path, nd_bytes bytes, bool is_shown)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    nd_file *file = nd_file_new(arena, path);
    nd_status status = file ? nd_file_put(file, bytes.at, bytes.count) : ND_E_IO;
    if (status == ND_OK && is_shown) status = flush(file);
    if (status == ND_OK) status = is_shown ? give_name(file) : nd_file_commit(file);
    const nd_error error = nd_error_take();
    nd_arena_free(arena);
    return status == ND_OK ? ND_OK : nd_error_give(&error);
}

nd_status nd_file_write(const char *path, const void *bytes, size_t count)
{
    return write_all(path, (nd_bytes){bytes, count}, false);
}

nd_status nd_file_show(const char *path, const void *bytes, size_t count)
{
    return write_all(path, (nd_bytes){bytes, count}, true);
}

nd_status nd_file_move(const char *from, const char *to)
{
    char folder[4096];
    const char *slash = strrchr(to, '/');
    const size_t length = slash ? (size_t)(slash - to) + (slash == to) : 1;
    if (length >= sizeof folder) return cannot_write(to, ENAMETOOLONG);
    memcpy(folder, slash ? to : ".", length);
    folder[length] = 0;
    const int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return cannot_read(from, errno);
    const nd_status status = settle(fd, to);
    close(fd);
    ND_TRY(status);
    if (rename(from, to) != 0) return cannot_write(to, errno);
    settle_folder(folder);
    return ND_OK;
}
