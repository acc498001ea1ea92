// SPDX-License-Identifier: Apache-2.0
// Bytes to and from the disk: all of them, or a failure that says why.
#include "io/write.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void close_fd(void *object)
{
    int *fd = object;
    if (*fd >= 0) close(*fd);
}

static int keep(nd_arena *arena, int fd)
{
    int *kept = nd_alloc(arena, 1, sizeof *kept);
    if (kept) *kept = fd;
    if (kept && nd_defer(arena, close_fd, kept) == ND_OK) return fd;
    close(fd);
    return -1;
}

int io_create(nd_arena *arena, const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0) return keep(arena, fd);
    (void)io_disk_failed(path, errno);
    return -1;
}

int io_out_scratch(io_out *out, nd_arena *arena)
{
    const char *path = io_out_inside(out, ".scratch");
    const int fd = path ? io_create(arena, path) : -1;
    if (fd >= 0) (void)unlink(path);
    return fd;
}

// What a descriptor was opened as; a file without a name keeps the one it had.
static nd_status failed(int fd, int reason)
{
    char link[64], path[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return io_disk_failed("the output", reason);
    path[length] = 0;
    return io_disk_failed(path, reason);
}

nd_status io_put(int fd, const void *bytes, size_t count, uint64_t at)
{
    for (const char *from = bytes; count;) {
        const ssize_t put = pwrite(fd, from, count, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return failed(fd, put ? errno : ENOSPC);
        from += put, at += (uint64_t)put, count -= (size_t)put;
    }
    return ND_OK;
}

nd_status io_get(int fd, void *bytes, size_t count, uint64_t at)
{
    for (char *to = bytes; count;) {
        const ssize_t got = pread(fd, to, count, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return failed(fd, got ? errno : EIO);
        to += got, at += (uint64_t)got, count -= (size_t)got;
    }
    return ND_OK;
}

nd_status io_put_file(nd_arena *arena, const char *path, const void *bytes, size_t count)
{
    const int fd = io_create(arena, path);
    return fd < 0 ? ND_E_IO : io_put(fd, bytes, count, 0);
}
