// SPDX-License-Identifier: Apache-2.0
// PROJ's contexts: silent, offline, one owner at a time.
#include "geo/geo.h"
#include <math.h>
#include <string.h>

static void silent(void *data, int level, const char *words)
{
    (void)data, (void)level, (void)words;
}

PJ_CONTEXT *geo_context_new(void)
{
    PJ_CONTEXT *context = proj_context_create();
    if (!context) {
        nd_fail(ND_E_MEMORY, "PROJ could not start\nfree some memory");
        return NULL;
    }
    proj_log_func(context, NULL, silent);
    proj_context_set_enable_network(context, 0);
    return context;
}

nd_status geo_open(geo_session *session)
{
    *session = (geo_session){.context = geo_context_new()};
    return session->context ? ND_OK : ND_E_MEMORY;
}

PJ *geo_keep(geo_session *session, PJ *made)
{
    const int room = (int)(sizeof session->made / sizeof *session->made);
    if (made && session->count == room) {
        proj_destroy(made);
        nd_fail(ND_E_BUG, "more than %d PROJ objects in one go\nreport this", room);
        return NULL;
    }
    if (made) session->made[session->count++] = made;
    return made;
}

void geo_close(geo_session *session)
{
    for (int i = 0; i < session->count; i++) proj_destroy(session->made[i]);
    proj_context_destroy(session->context);
}

PJ *geo_crs(geo_session *session, const nd_crs *crs)
{
    PJ *pj = geo_keep(session, proj_create(session->context, crs->text));
    if (!pj)
        nd_fail(ND_E_IO,
                "PROJ does not know %.200s any more\n"
                "check that PROJ's proj.db is where it was installed",
                crs->text);
    return pj;
}

// Of the projections, only cylinders repeat to the east.
static bool is_cylinder(geo_session *s, PJ *crs)
{
    PJ *way = geo_keep(s, proj_crs_get_coordoperation(s->context, crs));
    const char *name = NULL;
    if (!way || !proj_coordoperation_get_method_info(s->context, way, &name, NULL, NULL))
        return false;
    if (strstr(name, "Transverse") || strstr(name, "Oblique")) return false;
    return strstr(name, "Mercator") || strstr(name, "Cylindrical");
}

double geo_period(geo_session *s, const nd_crs *crs)
{
    if (crs->is_geographic) return 360;
    PJ *pj = proj_create(s->context, crs->text);
    pj = geo_keep(s, pj);
    if (!pj || !is_cylinder(s, pj)) return 0;
    PJ *ground = geo_keep(s, proj_crs_get_geodetic_crs(s->context, pj));
    PJ *way = ground ? geo_keep(s, proj_create_crs_to_crs_from_pj(s->context, ground, pj,
                                                                  NULL, NULL))
                     : NULL;
    way = way ? geo_keep(s, proj_normalize_for_visualization(s->context, way)) : NULL;
    if (!way) return 0;
    // Two meridians 90 degrees apart, clear of any seam: a quarter of the world.
    const PJ_COORD zero = proj_trans(way, PJ_FWD, proj_coord(0, 0, 0, 0));
    double best = 0;
    for (int lon = -90; lon <= 90; lon += 180) {
        const PJ_COORD at = proj_trans(way, PJ_FWD, proj_coord(lon, 0, 0, 0));
        const double quarter = fabs(at.xy.x - zero.xy.x);
        if (isfinite(quarter) && (best == 0 || quarter < best)) best = quarter;
    }
    return 4 * best;
}
