// SPDX-License-Identifier: Apache-2.0
// nadir cache: reduced copies of sources in $XDG_CACHE_HOME/nadir: list, limit, clear.
// Files may lie in folders of it; `limit` holds how many bytes they may take.
#include "cli/pull.h"
#include <dirent.h>
#include <errno.h>
#include <nadir/file.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 4, MOST = 100000 };
static const int64_t usual_limit = (int64_t)10 << 30;

typedef struct kept {
    const char *path;
    int64_t bytes;
    time_t used;
} kept;
typedef struct store {
    nd_arena *arena;
    const char *folder;
    kept *file;
    size_t files, room;
    int64_t bytes, limit;
} store;

static const char *folder_of(nd_arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/') return nd_text(arena, "%s/nadir", cache);
    if (home && *home == '/') return nd_text(arena, "%s/.cache/nadir", home);
    return (void)nd_fail(ND_E_IO, "there is no home folder to keep a cache in\n"
                                  "set XDG_CACHE_HOME to a folder"),
           NULL;
}

static nd_status add(store *s, const char *path, const struct stat *about)
{
    if (s->files == s->room) {
        const size_t room = s->room ? 2 * s->room : 64;
        kept *grown = nd_alloc(s->arena, room, sizeof *grown);
        if (!grown) return ND_E_MEMORY;
        if (s->files) memcpy(grown, s->file, s->files * sizeof *grown);
        s->file = grown;
        s->room = room;
    }
    const time_t used =
        about->st_atime > about->st_mtime ? about->st_atime : about->st_mtime;
    s->file[s->files++] = (kept){path, about->st_size, used};
    s->bytes += about->st_size;
    return ND_OK;
}

// Regular files only; a link is neither followed nor counted.
static nd_status scan(store *s, const char *folder, int depth)
{
    DIR *dir = depth < DEPTH ? opendir(folder) : NULL;
    if (!dir) return ND_OK;
    nd_status status = ND_OK;
    for (struct dirent *e; status == ND_OK && s->files < MOST && (e = readdir(dir));) {
        struct stat about;
        if (e->d_name[0] == '.') continue;
        const char *path = nd_text(s->arena, "%s/%s", folder, e->d_name);
        if (!path) status = ND_E_MEMORY;
        if (!path || lstat(path, &about) != 0) continue;
        if (S_ISDIR(about.st_mode))
            status = scan(s, path, depth + 1);
        else if (S_ISREG(about.st_mode) &&
                 !(depth == 0 && strcmp(e->d_name, "limit") == 0))
            status = add(s, path, &about);
    }
    (void)closedir(dir);
    return status;
}

static int by_use(const void *a, const void *b)
{
    const kept *x = a, *y = b;
    return (x->used > y->used) - (x->used < y->used);
}

static nd_status open_store(nd_arena *arena, store *s)
{
    char text[32] = "";
    *s = (store){.arena = arena, .folder = folder_of(arena), .limit = usual_limit};
    if (!s->folder) return ND_E_IO;
    const char *path = nd_text(arena, "%s/limit", s->folder);
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
        if (fgets(text, sizeof text, file)) text[strcspn(text, "\n")] = 0;
        (void)fclose(file);
        int64_t limit;
        if (nd_text_size(text, &limit) && limit >= 0) s->limit = limit;
    }
    ND_TRY(scan(s, s->folder, 0));
    if (s->files) qsort(s->file, s->files, sizeof *s->file, by_use);
    return ND_OK;
}

// The longest unused go first, until no more than `limit` bytes are left.
static nd_status shrink(store *s, int64_t limit)
{
    for (size_t i = 0; i < s->files && s->bytes > limit; i++) {
        if (unlink(s->file[i].path) != 0 && errno != ENOENT)
            return nd_fail(ND_E_IO, "%s cannot be removed: %s\ncheck its rights",
                           s->file[i].path, nd_system_error(errno));
        s->bytes -= s->file[i].bytes;
    }
    return ND_OK;
}

static nd_status list(const cli_call *call, const store *s)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    char size[32], limit[32];
    if (call->general->json) {
        nd_json_open(&out, NULL, '{');
        nd_json_text(&out, "folder", s->folder);
        nd_json_whole(&out, "bytes", s->bytes);
        nd_json_whole(&out, "limit", s->limit);
        nd_json_open(&out, "files", '[');
        for (size_t i = 0; i < s->files; i++) {
            nd_json_open(&out, NULL, '{');
            nd_json_text(&out, "path", s->file[i].path);
            nd_json_whole(&out, "bytes", s->file[i].bytes);
            nd_json_whole(&out, "used", (int64_t)s->file[i].used);
            nd_json_close(&out, '}');
        }
        nd_json_close(&out, ']');
        nd_json_close(&out, '}');
        nd_buffer_put(&text, "\n", 1);
        return cli_put(&text);
    }
    for (size_t i = 0; i < s->files; i++) {
        cli_bytes_print(s->file[i].bytes, size);
        nd_buffer_add(&text, "%8s  %s\n", size, s->file[i].path);
    }
    cli_bytes_print(s->bytes, size);
    cli_bytes_print(s->limit, limit);
    if (s->files == 1)
        nd_buffer_add(&text, nd_gettext("%s: 1 file, %s of at most %s\n"), s->folder,
                      size, limit);
    else
        nd_buffer_add(&text, nd_gettext("%s: %zu files, %s of at most %s\n"), s->folder,
                      s->files, size, limit);
    return cli_put(&text);
}

static nd_status make_folder(nd_arena *arena, const char *folder)
{
    char *part = nd_alloc(arena, strlen(folder) + 1, 1);
    if (!part) return ND_E_MEMORY;
    for (size_t i = 0; folder[i]; i++) {
        if (i && folder[i] == '/') (void)mkdir(part, 0777);
        part[i] = folder[i];
    }
    if (mkdir(folder, 0700) == 0 || errno == EEXIST) return ND_OK;
    return nd_fail(ND_E_IO, "%s cannot be made: %s\ncheck its rights", folder,
                   nd_system_error(errno));
}

static nd_status set_limit(cli_call *call, store *s, const char *text)
{
    int64_t limit;
    if (!nd_text_size(text, &limit) || limit < 0)
        return cli_misused(
            call, nd_fail(ND_E_PARAM, "%s is no size\ngive one, as in 5G", text));
    ND_TRY(make_folder(call->arena, s->folder));
    const char *path = nd_text(call->arena, "%s/limit", s->folder);
    if (!path) return ND_E_MEMORY;
    const char *line = nd_text(call->arena, "%lld\n", (long long)limit);
    if (!line) return ND_E_MEMORY;
    ND_TRY(nd_file_write(path, line, strlen(line)));
    s->limit = limit;
    ND_TRY(shrink(s, limit));
    return open_store(call->arena, s);
}

static nd_status run(cli_call *call)
{
    store s;
    const char *job = call->words ? call->word[0] : "list";
    const char *const jobs[] = {"list", "limit", "clear"};
    ND_TRY(open_store(call->arena, &s));
    if (strcmp(job, "clear") == 0 && call->words == 1) {
        ND_TRY(shrink(&s, -1));
        ND_TRY(open_store(call->arena, &s));
    } else if (strcmp(job, "limit") == 0 && call->words == 2) {
        ND_TRY(set_limit(call, &s, call->word[1]));
    } else if (strcmp(job, "list") != 0 || call->words > 1) {
        const char *nearest = nd_text_nearest(job, jobs, 3);
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "nadir cache does not understand %s\n"
                                         "write nadir cache %s",
                                         job,
                                         nearest && *nearest == 'c' ? "clear"
                                         : nearest && nearest[2] == 'm'
                                             ? "limit SIZE"
                                             : "list, clear or limit SIZE"));
    }
    return call->general->quiet ? ND_OK : list(call, &s);
}

const cli_command cli_cmd_cache = {
    .name = "cache",
    .brief = "List, limit or clear the reduced copies kept of sources",
    .usage = "[list|clear|limit SIZE]",
    .example = "nadir cache limit 5G",
    .help = "A source without smaller copies of its own gets one when a page first\n"
            "looks at it. It is made again when it is missing: clearing loses nothing.",
    .max_words = 2,
    .run = run,
};
