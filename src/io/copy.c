// SPDX-License-Identifier: Apache-2.0
// Reduced copies of large bands without overviews, kept in the cache folder: made in one
// pass over the file when a coarse level is first wanted, true means like any level.
#include "io/reader.h"
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST = 3,       // finest level kept; those below it are soon read from the file
    WANTED = 4,      // the level whose first touch makes the copy
    LEAST = 1 << 24, // pixels of a band that are worth a copy
    STRIP = 1 << 24, // floats read at once
    SMALL = 64       // no level of a copy is smaller on both sides
};
static const int64_t usual_limit = (int64_t)10 << 30; // bytes, as `nadir cache` has it
static const char magic[8] = "nadirL1";

typedef enum state { NEW, BUSY, READY, NONE } state;
struct io_copy {
    pthread_mutex_t lock;
    state state;
    int file, last; // coarsest level
    nd_hash key;
};
typedef struct head {
    char magic[8];
    int32_t width, height, first, last;
} head;

static void close_copy(void *object)
{
    io_copy *copy = object;
    if (copy->file >= 0) (void)close(copy->file);
    pthread_mutex_destroy(&copy->lock);
}

io_copy *io_copy_new(nd_arena *arena, const io_source *source, const nd_band *band)
{
    const nd_grid *g = &band->grid;
    if (!source->file || (int64_t)g->width * g->height < LEAST || band->kind == ND_CLASS)
        return NULL;
    for (int l = 1; l < IO_LEVELS; l++)
        if (source->overview[l]) return NULL;
    io_copy *copy = nd_alloc(arena, 1, sizeof *copy);
    const char *identity = io_identity(arena, io_file_path(source->file));
    if (!copy || !identity) return NULL; // a copy is never needed
    const double numbers[] = {source->band, source->part, source->bits,
                              band->kind,   band->sample, source->is_flipped,
                              band->scale,  band->offset, band->no_data,
                              g->width,     g->height,    source->is_masked};
    copy->file = -1;
    copy->key = nd_hash_text(copy->key, identity);
    copy->key = nd_hash_more(copy->key, numbers, sizeof numbers);
    copy->last = FIRST;
    while (copy->last < 12 && (nd_grid_at(*g, copy->last).width > SMALL ||
                               nd_grid_at(*g, copy->last).height > SMALL))
        copy->last++;
    pthread_mutex_init(&copy->lock, NULL);
    return nd_defer(arena, close_copy, copy) == ND_OK ? copy : NULL;
}

static off_t place(const nd_band *band, int level, int64_t row)
{
    off_t at = sizeof(head);
    for (int l = FIRST; l < level; l++) {
        const nd_grid g = nd_grid_at(band->grid, l);
        at += (off_t)g.width * g.height * (off_t)sizeof(float);
    }
    return at + (off_t)nd_grid_at(band->grid, level).width * row * (off_t)sizeof(float);
}

// ---- The folder.

static bool folder_of(char *path, size_t size)
{
    static const char *const below[] = {"", "/nadir", "/levels"};
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = 0;
    if (cache && *cache == '/')
        n = snprintf(path, size, "%s", cache);
    else if (home && *home == '/')
        n = snprintf(path, size, "%s/.cache", home);
    if (n < 1 || (size_t)n + 16 >= size) return false;
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        n += snprintf(path + n, size - (size_t)n, "%s", below[i]);
        (void)mkdir(path, 0700);
    }
    return true;
}

static bool path_of(const io_copy *copy, char *path, size_t size)
{
    char name[33];
    if (!folder_of(path, size - 48)) return false;
    const size_t n = strlen(path);
    nd_hash_print(copy->key, name);
    snprintf(path + n, size - n, "/%s", name);
    return true;
}

static int64_t limit_of(const char *folder)
{
    char path[4096], text[32] = "";
    int64_t limit = usual_limit;
    if (snprintf(path, sizeof path, "%s/../limit", folder) >= (int)sizeof path)
        return limit;
    FILE *file = fopen(path, "r");
    if (!file) return limit;
    if (fgets(text, sizeof text, file)) text[strcspn(text, "\n")] = 0;
    (void)fclose(file);
    return nd_text_size(text, &limit) && limit >= 0 ? limit : usual_limit;
}

// The oldest go first until there is room for `more` bytes.
static bool make_room(int64_t more)
{
    char folder[4096], path[4400], oldest[4400];
    if (!folder_of(folder, sizeof folder)) return false;
    const int64_t limit = limit_of(folder);
    if (more > limit) return false;
    for (int tries = 0; tries < 1000; tries++) {
        int64_t bytes = 0;
        time_t age = 0;
        DIR *dir = opendir(folder);
        if (!dir) return false;
        *oldest = 0;
        for (struct dirent *e; (e = readdir(dir));) {
            struct stat s;
            snprintf(path, sizeof path, "%s/%.255s", folder, e->d_name);
            if (lstat(path, &s) != 0 || !S_ISREG(s.st_mode)) continue;
            bytes += s.st_size;
            if (*oldest && s.st_mtime >= age) continue;
            age = s.st_mtime;
            memcpy(oldest, path, sizeof oldest);
        }
        (void)closedir(dir);
        if (bytes + more <= limit || !*oldest) return true;
        if (unlink(oldest) != 0) return false;
    }
    return false;
}

// ---- Making it: sums of one row of each level, handed up when the row is whole.

typedef struct making {
    const io_source *source;
    const nd_band *band;
    int file, last;
    double *sum[16];
    uint32_t *count[16];
    float *row;
} making;

static nd_status failed(const char *what)
{
    return nd_fail(ND_E_IO, "a reduced copy cannot be %s\nmake room in the cache folder",
                   what);
}

static float value_of(const making *m, int level, int x, int64_t total)
{
    const double sum = m->sum[level][x];
    const uint32_t count = m->count[level][x];
    if (!count || 2 * (int64_t)count < total) return NAN;
    if (m->band->kind == ND_FLAGS) return (float)sum;
    const double mean = sum / count;
    return (float)(m->band->kind == ND_AMPLITUDE ? sqrt(mean) : mean);
}

static nd_status write_row(making *m, int level, int y, int width)
{
    const int side = 1 << level;
    const int below = m->band->grid.height - y * side;
    const size_t bytes = (size_t)width * sizeof(float);
    for (int x = 0; x < width; x++) {
        const int right = m->band->grid.width - x * side;
        m->row[x] = value_of(m, level, x,
                             (int64_t)(right < side ? right : side) *
                                 (below < side ? below : side));
    }
    if (pwrite(m->file, m->row, bytes, place(m->band, level, y)) != (ssize_t)bytes)
        return failed("written");
    return ND_OK;
}

static void hand_up(making *m, int level, int width)
{
    for (int x = 0; x < width; x++) {
        double *up = &m->sum[level + 1][x / 2];
        const double own = m->sum[level][x];
        *up = m->band->kind == ND_FLAGS ? (double)((uint32_t)*up | (uint32_t)own)
                                        : *up + own;
        m->count[level + 1][x / 2] += m->count[level][x];
    }
}

static nd_status emit(making *m, int level, int y)
{
    for (;; level++, y /= 2) {
        const nd_grid g = nd_grid_at(m->band->grid, level);
        ND_TRY(write_row(m, level, y, g.width));
        if (level < m->last) hand_up(m, level, g.width);
        memset(m->sum[level], 0, (size_t)g.width * sizeof(double));
        memset(m->count[level], 0, (size_t)g.width * sizeof(uint32_t));
        if (level == m->last || (y % 2 == 0 && y + 1 < g.height)) return ND_OK;
    }
}

static void take_row(making *m, const float *value)
{
    double *sum = m->sum[FIRST];
    uint32_t *count = m->count[FIRST];
    const nd_kind kind = m->band->kind;
    for (int x = 0; x < m->band->grid.width; x++) {
        const float v = value[x];
        const int c = x >> FIRST;
        if (isnan(v)) continue;
        count[c]++;
        if (kind == ND_FLAGS)
            sum[c] = (double)((uint32_t)sum[c] | (uint32_t)v);
        else
            sum[c] += kind == ND_AMPLITUDE ? (double)v * (double)v : (double)v;
    }
}

static nd_status make_rows(making *m, nd_work *work)
{
    const nd_grid g = m->band->grid;
    const int block = m->band->block_height > 0 ? m->band->block_height : 1;
    int rows = (block + 255) / 256 * 256;
    while (rows > 8 && (int64_t)rows * g.width > STRIP) rows /= 2;
    rows = rows / 8 * 8;
    if ((int64_t)rows * g.width > STRIP) return failed("made of so wide a band");
    float *strip =
        nd_alloc_raw(work->arena, (size_t)rows * (size_t)g.width, sizeof *strip);
    if (!strip) return ND_E_MEMORY;
    for (int y = 0; y < g.height; y += rows) {
        const int height = g.height - y < rows ? g.height - y : rows;
        const int band = 0;
        nd_tile tile = {{0, y, g.width, height}, 0, {&band, 1}, g.width, 0, strip};
        ND_TRY(nd_work_go_on(work));
        ND_TRY(io_source_read(m->source, m->band, work, &tile));
        for (int i = 0; i < height; i++) {
            take_row(m, strip + (ptrdiff_t)i * g.width);
            if ((y + i) % 8 == 7 || y + i == g.height - 1)
                ND_TRY(emit(m, FIRST, (y + i) / 8));
        }
    }
    return ND_OK;
}

static nd_status make(const io_copy *copy, making *m, nd_work *work)
{
    const nd_grid g = m->band->grid;
    const nd_mark mark = nd_arena_mark(work->arena);
    m->last = copy->last;
    for (int l = FIRST; l <= m->last; l++) {
        const size_t width = (size_t)nd_grid_at(g, l).width;
        m->sum[l] = nd_alloc(work->arena, width, sizeof *m->sum[l]);
        m->count[l] = nd_alloc(work->arena, width, sizeof *m->count[l]);
        if (!m->sum[l] || !m->count[l]) return ND_E_MEMORY;
    }
    m->row = nd_alloc(work->arena, (size_t)g.width, sizeof *m->row);
    if (!m->row) return ND_E_MEMORY;
    head h = {.width = g.width, .height = g.height, .first = FIRST, .last = m->last};
    memcpy(h.magic, magic, sizeof magic);
    if (pwrite(m->file, &h, sizeof h, 0) != (ssize_t)sizeof h) return failed("written");
    ND_TRY(make_rows(m, work));
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

// Whole under its own name, or not there.
static nd_status build(io_copy *copy, const io_source *source, const nd_band *band,
                       nd_work *work)
{
    char path[4096], part[4200];
    making m = {.source = source, .band = band};
    if (!path_of(copy, path, sizeof path) ||
        !make_room((int64_t)place(band, copy->last + 1, 0)))
        return failed("kept");
    snprintf(part, sizeof part, "%s.%ld.part", path, (long)getpid());
    m.file = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (m.file < 0) return failed("made");
    nd_status status = make(copy, &m, work);
    if (status == ND_OK && rename(part, path) != 0) status = failed("named");
    if (status == ND_OK) {
        copy->file = m.file;
        return ND_OK;
    }
    (void)close(m.file);
    (void)unlink(part);
    return status;
}

static bool open_kept(io_copy *copy, const nd_band *band)
{
    char path[4096];
    head h = {0};
    struct stat s;
    if (!path_of(copy, path, sizeof path)) return false;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool is_good =
        pread(file, &h, sizeof h, 0) == (ssize_t)sizeof h &&
        memcmp(h.magic, magic, sizeof magic) == 0 && h.width == band->grid.width &&
        h.height == band->grid.height && h.first == FIRST && h.last == copy->last &&
        fstat(file, &s) == 0 && s.st_size == place(band, copy->last + 1, 0);
    if (is_good)
        copy->file = file;
    else
        (void)close(file);
    return is_good;
}

// One worker makes it; the others read the file as if there were none.
static nd_status prepare(io_copy *copy, const io_source *source, const nd_band *band,
                         nd_work *work, int level)
{
    pthread_mutex_lock(&copy->lock);
    const bool is_mine = copy->state == NEW;
    if (is_mine) copy->state = BUSY;
    pthread_mutex_unlock(&copy->lock);
    if (!is_mine) return ND_OK;
    nd_status status = ND_OK;
    state now = NEW;
    if (open_kept(copy, band)) {
        now = READY;
    } else if (level >= WANTED) {
        status = build(copy, source, band, work);
        now = status == ND_OK ? READY : status == ND_E_CANCELLED ? NEW : NONE;
    }
    pthread_mutex_lock(&copy->lock);
    copy->state = now;
    pthread_mutex_unlock(&copy->lock);
    if (status == ND_OK || status == ND_E_CANCELLED) return status;
    const nd_error error = nd_error_take(); // the file itself will tell what is wrong
    nd_say(ND_DEBUG, "%s", error.what);
    return ND_OK;
}

nd_status io_copy_read(io_copy *copy, const io_source *source, const nd_band *band,
                       nd_work *work, nd_tile *tile, bool *done)
{
    const nd_rect r = tile->rect;
    *done = false;
    if (tile->level < FIRST || tile->level > copy->last) return ND_OK;
    ND_TRY(prepare(copy, source, band, work, tile->level));
    pthread_mutex_lock(&copy->lock);
    const bool is_ready = copy->state == READY;
    pthread_mutex_unlock(&copy->lock);
    const size_t bytes = (size_t)r.width * sizeof(float);
    for (int y = 0; is_ready && y < r.height; y++)
        if (pread(copy->file, tile->data + y * tile->stride, bytes,
                  place(band, tile->level, r.y + y) +
                      (off_t)r.x * (off_t)sizeof(float)) != (ssize_t)bytes)
            return ND_OK;
    *done = is_ready;
    return ND_OK;
}
