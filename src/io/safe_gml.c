// SPDX-License-Identifier: Apache-2.0
// Masks of Sentinel-2 before baseline 04.00: polygons in GML, burnt when read.
#include "io/safe.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 1 << 20 };

// Corners of rings in pixels of level 0; a ring closes on its first point.
typedef struct ring {
    const double *xy;
    int points, feature;
} ring;
typedef struct shapes {
    ring *ring; // those of a feature stand together
    int rings, points;
} shapes;

static int by_x(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Where a row's middle crosses the rings of one feature, from `first` on; inside is
// between the odd and the even ones. Gives the first ring of the next feature.
static int cross(const shapes *s, int first, double y, double *at, int *count)
{
    int r = first;
    *count = 0;
    for (; r < s->rings && s->ring[r].feature == s->ring[first].feature; r++) {
        const ring *k = &s->ring[r];
        for (int i = 0; i < k->points; i++) {
            const double *a = k->xy + (ptrdiff_t)2 * i,
                         *b = k->xy + (ptrdiff_t)2 * ((i + 1) % k->points);
            if ((a[1] <= y) != (b[1] <= y))
                at[(*count)++] = a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
        }
    }
    qsort(at, (size_t)*count, sizeof *at, by_x);
    return r;
}

// The first of `count` columns whose middle lies right of x; `count`: none.
static int first_right_of(double x, int count)
{
    return (int)fmin(fmax(ceil(x - 0.5), 0), count);
}

// A pixel is inside when its middle is.
static nd_status fill(const io_source *source, nd_work *work, nd_tile *tile)
{
    const shapes *s = source->state;
    const nd_rect r = tile->rect;
    double *at = nd_alloc_raw(work->arena, (size_t)s->points + 1, sizeof *at);
    if (!at) return ND_E_MEMORY;
    for (int y = r.y; y < r.y + r.height; y++) {
        float *row = nd_at(tile, 0, r.x, y);
        int count;
        for (int x = 0; x < r.width; x++) row[x] = 0;
        for (int next = 0; next < s->rings;) {
            next = cross(s, next, y + 0.5, at, &count);
            for (int i = 0; i + 1 < count; i += 2) {
                const int to = first_right_of(at[i + 1] - r.x, r.width);
                for (int x = first_right_of(at[i] - r.x, r.width); x < to; x++)
                    row[x] = 1;
            }
        }
    }
    return ND_OK;
}

static int words_of(const char *text)
{
    int count = 0;
    for (const char *c = text; *c && count < POINTS; c++)
        count += *c > ' ' && (c == text || c[-1] <= ' ');
    return count;
}

// A list that is no ring of numbers is left out.
static nd_status add_ring(const safe *s, shapes *to, const xmlNode *list, int feature,
                          const nd_grid *grid)
{
    const char *text = io_xml_content(s->arena, list);
    const char *dimension = io_xml_attribute(s->arena, list, "srsDimension");
    const int step = dimension && strcmp(dimension, "3") == 0 ? 3 : 2;
    const int room = text ? words_of(text) : 0;
    int count = 0;
    double *xy = nd_alloc(s->arena, (size_t)room + 1, sizeof *xy);
    if (!xy) return ND_E_MEMORY;
    if (room < 3 * step || !io_xml_numbers(list, xy, room, &count)) return ND_OK;
    for (int i = 0; i < count / step; i++) {
        const double x = (xy[(ptrdiff_t)step * i] - grid->x) / grid->pixel_x;
        const double y = (xy[step * i + 1] - grid->y) / grid->pixel_y;
        if (!(fabs(x) < 1e9) || !(fabs(y) < 1e9)) return ND_OK;
        xy[(ptrdiff_t)2 * i] = x, xy[2 * i + 1] = y;
    }
    to->ring[to->rings++] = (ring){xy, count / step, feature};
    to->points += count / step;
    return ND_OK;
}

// Which features of a file: their maskType, and how their gml:id begins; NULL: anyhow.
typedef struct wish {
    const char *type, *id;
} wish;

// What a feature inside this one holds is that one's own.
static const xmlNode *after(const xmlNode *feature, const xmlNode *node)
{
    node = io_xml_after(feature, node);
    while (io_xml_is(node, "MaskFeature")) node = io_xml_past(feature, node);
    return node;
}

static bool is_wanted(const safe *s, const xmlNode *feature, const wish *w)
{
    const xmlNode *n = feature;
    while (n && !io_xml_is(n, "maskType")) n = after(feature, n);
    const char *its = io_xml_content(s->arena, n);
    if (!its || !nd_text_same(its, w->type)) return false;
    const char *id = w->id ? io_xml_attribute(s->arena, feature, "id") : NULL;
    const size_t length = w->id ? strlen(w->id) : 0;
    return !w->id ||
           (id && strncmp(id, w->id, length) == 0 && (id[length] == '-' || !id[length]));
}

// The rings of all features that are wanted; holes are rings too. Each list is one
// feature's at most, so there are no more rings than lists.
static nd_status read_shapes(const safe *s, const xmlNode *root, const wish *w,
                             const nd_grid *grid, shapes *to)
{
    int rings = 0, features = 0;
    for (const xmlNode *n = root; n; n = io_xml_after(root, n))
        rings += io_xml_is(n, "posList");
    *to = (shapes){.ring = nd_alloc(s->arena, (size_t)rings + 1, sizeof(ring))};
    if (!to->ring) return ND_E_MEMORY;
    for (const xmlNode *f = root; f; f = io_xml_after(root, f)) {
        if (!io_xml_is(f, "MaskFeature") || !is_wanted(s, f, w)) continue;
        features++;
        for (const xmlNode *n = f; n; n = after(f, n))
            if (io_xml_is(n, "posList")) ND_TRY(add_ring(s, to, n, features, grid));
    }
    return ND_OK;
}

static nd_status add_mask(io_bands *bands, const nd_grid *grid, const char *name,
                          const char *help, const shapes *shape)
{
    nd_band band = safe_mask(grid, name);
    band.help = help;
    if (!name) return ND_E_MEMORY;
    return io_bands_add(bands, &band, &(io_source){.fill = fill, .state = shape});
}

static nd_status add_clouds(const safe *s, io_bands *bands, const xmlNode *root,
                            const char *type, const char *word)
{
    static const int resolution[] = {10, 20, 60};
    for (int i = 0; i < 3; i++) {
        const nd_grid *grid = safe_grid(s, resolution[i]);
        if (!grid) continue;
        shapes *to = nd_alloc(s->arena, 1, sizeof *to);
        if (!to) return ND_E_MEMORY;
        ND_TRY(read_shapes(s, root, &(wish){type, NULL}, grid, to));
        ND_TRY(add_mask(bands, grid,
                        nd_text(s->arena, "%s_clouds_%dm", word, resolution[i]),
                        "Clouds that the product's maker found", to));
    }
    return ND_OK;
}

// "MSK_DEFECT_B01.gml"; before 2016 "…_MSK_DEFECT_…_B01_MSIL1C.gml".
static const char *find_file(const safe *s, const char *kind, const char *band)
{
    const char *slash = strrchr(s->tile_path, '/');
    const size_t folder = slash ? (size_t)(slash + 1 - s->tile_path) : 0;
    char end[2][40];
    snprintf(end[0], sizeof end[0], "_%s.gml", band);
    snprintf(end[1], sizeof end[1], "_%s_MSIL%s.gml", band, s->is_l2a ? "2A" : "1C");
    for (size_t i = 0; i < s->entries; i++) {
        const char *name = s->entry[i];
        if (strncmp(name, s->tile_path, folder) != 0 ||
            strncmp(name + folder, "QI_DATA/", 8) != 0 || !strstr(name + folder, kind))
            continue;
        if (nd_text_ends(name, end[0]) || nd_text_ends(name, end[1]))
            return io_join(s->arena, s->root, name);
    }
    return NULL;
}

// A product whose masks cannot be read is still a product.
static const xmlNode *open_file(const safe *s, const char *kind, const char *band)
{
    const char *path = find_file(s, kind, band);
    const xmlNode *root = path ? io_xml_read(s->arena, path) : NULL;
    if (path && !root) {
        const nd_error error = nd_error_take();
        nd_say(ND_NOTE, "%s: its masks are left out", error.what);
    }
    return root;
}

nd_status safe_add_clouds(const safe *s, io_bands *bands)
{
    const xmlNode *root = open_file(s, "MSK_CLOUDS_", "B00");
    if (!root) return ND_OK;
    ND_TRY(add_clouds(s, bands, root, "OPAQUE", "opaque"));
    return add_clouds(s, bands, root, "CIRRUS", "cirrus");
}

// ---- Masks of single bands, under the names that SNAP gives them.

static const struct {
    const char *file, *type, *name, *help;
} qualities[] = {
    {"MSK_NODATA_", "QT_NODATA_PIXELS", "nodata", "Pixels without data"},
    {"MSK_NODATA_", "QT_PARTIALLY_CORRECTED_PIXELS", "partially_corrected_crosstalk",
     "Pixels whose crosstalk was corrected in part"},
    {"MSK_SATURA_", "QT_SATURATED_PIXELS_L1A", "saturated_l1a",
     "Pixels saturated before they were calibrated"},
    {"MSK_SATURA_", "QT_SATURATED_PIXELS_L1B", "saturated_l1b",
     "Pixels saturated after they were calibrated"},
    {"MSK_DEFECT_", "QT_DEFECTIVE_PIXELS", "defective", "Pixels of defective columns"},
    {"MSK_TECQUA_", "ANC_LOST", "ancillary_lost", "Ancillary data were lost"},
    {"MSK_TECQUA_", "ANC_DEG", "ancillary_degraded", "Ancillary data were degraded"},
    {"MSK_TECQUA_", "MSI_LOST", "msi_lost", "Data of the instrument were lost"},
    {"MSK_TECQUA_", "MSI_DEG", "msi_degraded", "Data of the instrument were degraded"}};

static nd_status add_detectors(const safe *s, io_bands *bands, const safe_band *row,
                               const nd_grid *grid)
{
    const xmlNode *root = open_file(s, "MSK_DETFOO_", row->file);
    for (int d = 1; root && d <= SAFE_DETECTORS; d++) {
        shapes *to = nd_alloc(s->arena, 1, sizeof *to);
        const char *name = safe_detector(s->arena, row, d);
        if (!to || !name) return ND_E_MEMORY;
        ND_TRY(read_shapes(s, root, &(wish){"DETECTOR_FOOTPRINT", name}, grid, to));
        if (to->rings) ND_TRY(add_mask(bands, grid, name, "What one detector saw", to));
    }
    return ND_OK;
}

nd_status safe_add_qualities(const safe *s, io_bands *bands, int b, const nd_grid *grid)
{
    const safe_band *row = &safe_band_rows[b];
    const char *file = "";
    const xmlNode *root = NULL;
    ND_TRY(add_detectors(s, bands, row, grid));
    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++) {
        if (strcmp(file, qualities[i].file) != 0)
            root = open_file(s, file = qualities[i].file, row->file);
        shapes *to = nd_alloc(s->arena, 1, sizeof *to);
        if (!to) return ND_E_MEMORY;
        if (!root) continue;
        ND_TRY(read_shapes(s, root, &(wish){qualities[i].type, NULL}, grid, to));
        ND_TRY(add_mask(bands, grid,
                        nd_text(s->arena, "%s_%s", qualities[i].name, row->name),
                        qualities[i].help, to));
    }
    return ND_OK;
}
