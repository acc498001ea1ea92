// SPDX-License-Identifier: Apache-2.0
// Files that are whole or not there, on the disk before anybody relies on them.
#include "learn/run.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static nd_status not_written(const char *path, int error)
{
    if (error == ENOSPC || error == EDQUOT)
        return nd_fail(
            ND_E_IO,
            "the disk is full: %s is not written, what was kept before is whole\n"
            "make room, then go on with nadir train --resume",
            path);
    return nd_fail(ND_E_IO, "%s cannot be written: %s\ncheck rights and the disk", path,
                   nd_system_error(error));
}

static bool put_all(int file, const char *bytes, size_t count)
{
    while (count) {
        const ssize_t n = write(file, bytes, count);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n, count -= (size_t)n;
    }
    return true;
}

static void sync_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) : 1;
    if (length >= sizeof folder) return;
    memcpy(folder, slash ? path : ".", length);
    folder[length] = 0;
    const int file = open(length ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return;
    (void)fsync(file);
    close(file);
}

nd_status learn_file_put(const char *path, const void *bytes, size_t count, bool is_quick)
{
    char name[4096];
    const int n = snprintf(name, sizeof name, "%s.tmp", path);
    if (n < 0 || (size_t)n >= sizeof name) return not_written(path, ENAMETOOLONG);
    const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return not_written(path, errno);
    bool ok = put_all(file, bytes, count) && (is_quick || fsync(file) == 0);
    int error = errno;
    if (close(file) != 0 && ok) ok = false, error = errno;
    if (ok && rename(name, path) != 0) ok = false, error = errno;
    if (!ok) {
        (void)unlink(name);
        return not_written(path, error);
    }
    if (!is_quick) sync_folder(path);
    return ND_OK;
}

nd_status learn_file_text(const char *path, nd_buffer *text, bool is_quick)
{
    const char *all = nd_buffer_text(text);
    return all && path ? learn_file_put(path, all, text->length, is_quick) : ND_E_MEMORY;
}

nd_status learn_file_move(const char *from, const char *to)
{
    const int file = open(from, O_RDONLY | O_CLOEXEC);
    if (file < 0) return not_written(to, errno);
    const bool ok = fsync(file) == 0;
    const int error = errno;
    close(file);
    if (!ok) return not_written(to, error);
    if (rename(from, to) != 0) return not_written(to, errno);
    sync_folder(to);
    return ND_OK;
}

const char *learn_file_read(nd_arena *arena, const char *path, size_t most,
                            size_t *length)
{
    FILE *file = fopen(path, "rbe");
    char *text = NULL;
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (file && size >= 0 && (size_t)size <= most && fseek(file, 0, SEEK_SET) == 0)
        text = nd_alloc(arena, (size_t)size + 1, 1);
    const int error = errno;
    bool ok = text != NULL;
    if (ok) ok = fread(text, 1, (size_t)size, file) == (size_t)size;
    if (file) fclose(file);
    if (ok) return *length = (size_t)size, text;
    (void)nd_fail(ND_E_IO, "%s cannot be read: %s\nlook whether it is there and whole",
                  path,
                  file ? nd_system_error(error ? error : EIO) : nd_system_error(error));
    return NULL;
}
