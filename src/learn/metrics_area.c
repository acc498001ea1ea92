// SPDX-License-Identifier: Apache-2.0
// Area on the ellipsoid, and what a stratified sample says of a map's accuracy and areas.
#include <math.h>
#include <nadir/metrics.h>

// Area of the ellipsoid between the equator and a latitude, over Δλ b²/2.
static double zone(double latitude)
{
    const double f = 1 / 298.257223563, e = sqrt(f * (2 - f)); // WGS 84
    const double s = sin(latitude), es = e * s;
    return s / (1 - es * es) + log((1 + es) / (1 - es)) / (2 * e);
}

double nd_cell_area(double south_deg, double north_deg, double width_deg)
{
    const double a = 6378137, b = a * (1 - 1 / 298.257223563); // WGS 84, m
    const double degree = acos(-1.0) / 180;
    return width_deg * degree * (b * b / 2) *
           (zone(north_deg * degree) - zone(south_deg * degree));
}

static const double Z = 1.96; // as the paper rounds it

// The sample with what is used again and again: row sums, shares, N̂.
typedef struct strata {
    const nd_map_sample *sample;
    double *row;       // n_i
    double *share;     // W_i
    double *reference; // N̂_j = Σ N_i n_ij / n_i
    double mapped;     // Σ N_i
} strata;

static double at(const strata *s, int i, int j)
{
    return s->sample->count[i * s->sample->classes + j];
}

// n_ij / n_i; a map class without points: NaN if it has area, 0 if it has none.
static double part(const strata *s, int i, int j)
{
    if (s->row[i] > 0) return at(s, i, j) / s->row[i];
    return s->share[i] > 0 ? (double)NAN : 0;
}

static double variance(const strata *s, int i, int j)
{
    const double p = part(s, i, j);
    if (s->share[i] <= 0) return 0;
    return s->row[i] > 1 ? p * (1 - p) / (s->row[i] - 1) : (double)NAN;
}

static nd_status strata_fill(nd_arena *arena, const nd_map_sample *sample, strata *s)
{
    const int k = sample->classes;
    s->sample = sample;
    s->row = nd_alloc(arena, (size_t)k, sizeof *s->row);
    s->share = nd_alloc(arena, (size_t)k, sizeof *s->share);
    s->reference = nd_alloc(arena, (size_t)k, sizeof *s->reference);
    if (!s->row || !s->share || !s->reference) return ND_E_MEMORY;
    for (int i = 0; i < k; i++) s->mapped += sample->mapped[i];
    for (int i = 0; i < k; i++) {
        s->share[i] = sample->mapped[i] / s->mapped;
        for (int j = 0; j < k; j++) s->row[i] += at(s, i, j);
    }
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) s->reference[j] += sample->mapped[i] * part(s, i, j);
    return ND_OK;
}

static nd_estimate producer_of(const strata *s, int j)
{
    const double *mapped = s->sample->mapped;
    const double p = mapped[j] * part(s, j, j) / s->reference[j];
    double others = 0;
    for (int i = 0; i < s->sample->classes; i++)
        if (i != j) others += mapped[i] * mapped[i] * variance(s, i, j);
    const double own = mapped[j] * (1 - p);
    const double v = (own * own * variance(s, j, j) + p * p * others) /
                     (s->reference[j] * s->reference[j]);
    return (nd_estimate){p, Z * sqrt(v)};
}

static nd_estimate area_of(const strata *s, int j)
{
    const double whole = s->mapped * s->sample->unit;
    double p = 0, v = 0;
    for (int i = 0; i < s->sample->classes; i++) {
        p += s->share[i] * part(s, i, j);
        v += s->share[i] * s->share[i] * variance(s, i, j);
    }
    return (nd_estimate){whole * p, Z * whole * sqrt(v)};
}

nd_status nd_map_accuracy_of(nd_arena *arena, const nd_map_sample *sample,
                             nd_map_accuracy *accuracy)
{
    const int k = sample->classes;
    strata s = {0};
    ND_TRY(strata_fill(arena, sample, &s));
    nd_map_accuracy all = {.user = nd_alloc(arena, (size_t)k, sizeof *all.user),
                           .producer = nd_alloc(arena, (size_t)k, sizeof *all.producer),
                           .area = nd_alloc(arena, (size_t)k, sizeof *all.area)};
    if (!all.user || !all.producer || !all.area) return ND_E_MEMORY;
    double v = 0;
    for (int j = 0; j < k; j++) {
        const double own = variance(&s, j, j);
        all.overall.value += s.share[j] * part(&s, j, j);
        v += s.share[j] * s.share[j] * own;
        all.user[j] = (nd_estimate){s.row[j] > 0 ? part(&s, j, j) : (double)NAN,
                                    s.row[j] > 0 ? Z * sqrt(own) : (double)NAN};
        all.producer[j] = producer_of(&s, j);
        all.area[j] = area_of(&s, j);
    }
    all.overall.margin = Z * sqrt(v);
    *accuracy = all;
    return ND_OK;
}

double nd_map_sample_size(int classes, const double *share, const double *user,
                          double target)
{
    double sum = 0;
    for (int i = 0; i < classes; i++) sum += share[i] * sqrt(user[i] * (1 - user[i]));
    return sum * sum / (target * target);
}
