// SPDX-License-Identifier: Apache-2.0
// Opens whatever a path is.
#include "io/reader.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

// Fetching is another room's work: a read never goes over the network by itself.
static bool is_remote(const char *path)
{
    static const char *const starts[] = {"/vsicurl",  "/vsis3",      "/vsigs",
                                         "/vsiaz",    "/vsiadls",    "/vsioss",
                                         "/vsiswift", "/vsiwebhdfs", "/vsihdfs"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strstr(path, starts[i])) return true;
    return strstr(path, "://") != NULL;
}

const nd_product *nd_product_open(nd_arena *arena, const char *path, const char *format)
{
    struct stat s;
    (void)format;
    if (!path || !*path) {
        nd_fail(ND_E_PARAM, "the name of the scene is empty\nname a file or a folder");
        return NULL;
    }
    if (is_remote(path)) {
        nd_fail(ND_E_UNSUPPORTED,
                "%s is on the network\nfetch it first, then open it here", path);
        return NULL;
    }
    const bool is_there = stat(path, &s) == 0;
    if (!is_there && !strchr(path, ':') && strncmp(path, "/vsi", 4) != 0) {
        nd_fail(ND_E_IO, "%s: %s\ncheck the name", path, strerror(errno));
        return NULL;
    }
    if (is_there && io_is_crop(arena, path)) return io_open_crop(arena, path);
    if (is_there && nd_text_ends(path, ".dim")) return io_open_dimap(arena, path);
    if (is_there && io_is_safe(path)) return io_open_safe(arena, path);
    return io_open_raster(arena, path, NULL);
}
