// SPDX-License-Identifier: Apache-2.0
// Pictures by formula, written by nadir, opened by Debian's GDAL through Python.
#pragma once
#include "../harness.h"
#include <dirent.h>
#include <math.h>
#include <nadir/io.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern const nd_op *const nd_ops[];
const nd_op *const nd_ops[] = {NULL};

// Band k at (x, y): (k + 1) * 1000 + x + 2 * y, and no data where (x + y) % 31 is 0; with
// `classes`: (x / 7 + y / 5) % 4.
typedef struct formula {
    int width, height, bands;
    bool classes, whole; // whole: no pixel without data
    nd_status fails_at;  // of the tile that holds pixel (0, 0)
} formula;

static nd_status formula_plan(nd_node *self)
{
    const formula *f = self->state;
    static const nd_crs crs = {"EPSG:32631", "WGS 84 / UTM zone 31N", false};
    self->bands = f->bands;
    self->band = nd_alloc(self->arena, (size_t)f->bands, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int b = 0; b < f->bands; b++)
        self->band[b] =
            (nd_band){.name = nd_text(self->arena, "b%d", b + 1),
                      .unit = "m",
                      .no_data = NAN,
                      .grid = {f->width, f->height, 300000, 4900020, 10, -10, &crs}};
    return ND_OK;
}

static nd_status formula_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const formula *f = self->state;
    const nd_rect r = tile->rect;
    (void)work;
    if (f->fails_at && !r.x && !r.y)
        return nd_fail(f->fails_at, "the tile is broken\nmend it");
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) =
                    f->classes ? (float)((x / 7 + y / 5) % 4)
                    : !f->whole && (x + y) % 31 == 0
                        ? NAN
                        : (float)((tile->bands.band[k] + 1) * 1000 + x + 2 * y);
    return ND_OK;
}

static const nd_op op_formula = {.name = "formula",
                                 .plan = formula_plan,
                                 .compute = formula_compute,
                                 .levels = ND_FULL};

static inline nd_node *formula_node(nd_arena *arena, formula f)
{
    formula *kept = nd_alloc(arena, 1, sizeof *kept);
    if (!kept) return NULL;
    *kept = f;
    static const nd_table none;
    return nd_node_new(
        arena, &(nd_make){.op = &op_formula, .settings = &(nd_settings){&none, kept, 0}});
}

static void remove_folder(void *path)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", (const char *)path);
    if (system(command) != 0) printf("# %s stays\n", (const char *)path);
}

// A folder of this test's own, gone with the arena.
static inline const char *folder_new(nd_arena *arena)
{
    char *path = nd_alloc(arena, 64, 1);
    if (!path) return NULL;
    snprintf(path, 64, "/tmp/nadir-test-XXXXXX");
    if (!mkdtemp(path) || nd_defer(arena, remove_folder, path) != ND_OK) return NULL;
    return path;
}

// Entries of a folder, hidden ones too.
static inline int entries(const char *folder)
{
    int count = -2; // . and ..
    DIR *open = opendir(folder);
    while (open && readdir(open)) count++;
    if (open) closedir(open);
    return count;
}

static void pool_gone(void *pool)
{
    nd_pool_free(pool);
}

#define OPTIONS(...)                                                                     \
    (const nd_pair[]){__VA_ARGS__},                                                      \
        sizeof((const nd_pair[]){__VA_ARGS__}) / sizeof(nd_pair)
// All default bands into `path`, on two workers.
static inline nd_status write_with(nd_arena *arena, const nd_node *node, nd_write write)
{
    nd_pool *pool = nd_pool_new(2);
    if (!node || !pool || nd_defer(arena, pool_gone, pool) != ND_OK) return ND_E_MEMORY;
    const nd_run run = {.pool = pool};
    return nd_write_node(node, (nd_bands){0}, &write, &run);
}

// Looked up once. A test goes on without them: what it can check itself, it checks.
static inline bool has_python(void)
{
    static int is_there = -1;
    if (is_there < 0)
        is_there = system("/usr/bin/python3 -c 'import numpy; from osgeo import gdal' "
                          ">/dev/null 2>&1") == 0;
    if (!is_there) skipped = "python3-gdal and python3-numpy are not installed";
    return is_there;
}

// Runs Python over a file: `body` sees ds (the data set), a (its pixels, band first), np,
// gdal, path, and x, y (columns and rows of the first band). True if nothing is raised.
static inline bool python_says(nd_arena *arena, const char *path, const char *body)
{
    if (!has_python()) return true;
    const char *script = nd_text(arena, "/tmp/nadir-test-%d.py", (int)getpid());
    FILE *file = script ? fopen(script, "w") : NULL;
    if (!file) return false;
    fprintf(file,
            "import sys\nimport numpy as np\nfrom osgeo import gdal, osr\n"
            "gdal.UseExceptions()\npath = r'''%s'''\nds = gdal.Open(path)\n"
            "a = ds.ReadAsArray()\na = a if a.ndim == 3 else a[None]\n"
            "y, x = np.mgrid[0:a.shape[1], 0:a.shape[2]]\n%s",
            path, body);
    fclose(file);
    const char *command = nd_text(arena,
                                  "/usr/bin/python3 %s 2>&1 | sed s,^,\\#,; "
                                  "exit ${PIPESTATUS[0]}",
                                  script);
    const char *shell = command ? nd_text(arena, "bash -c '%s'", command) : NULL;
    fflush(stdout);
    const bool is_true = shell && system(shell) == 0;
    unlink(script);
    return is_true;
}

// Every line of `claims` is one expression that must hold, or a name => an expression.
static inline bool gdal_says(nd_arena *arena, const char *path, const char *claims)
{
    const char *body = nd_text(arena,
                               "claims = '''%s'''\nbad = 0\n"
                               "for claim in claims.strip().splitlines():\n"
                               "    if '=>' in claim:\n"
                               "        exec(claim.replace('=>', '=').strip())\n"
                               "    elif not eval(claim.strip()):\n"
                               "        bad = 1\n        print('not so:', claim)\n"
                               "sys.exit(bad)\n",
                               claims);
    return body && python_says(arena, path, body);
}
