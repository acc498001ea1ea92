// SPDX-License-Identifier: Apache-2.0
// Coordinate systems from whatever words people and files have for them.
#include "geo/geo.h"
#include <ctype.h>
#include <math.h>
#include <nadir/text.h>
#include <proj_experimental.h> // proj_crs_demote_to_2D
#include <string.h>

enum { LONGEST = 1 << 16 }; // bytes of a WKT; real ones stay under 10 000

typedef struct place {
    bool known;
    double longitude, latitude;
} place;

static bool starts(const char *text, const char *with)
{
    for (; *with; text++, with++)
        if (toupper((unsigned char)*text) != toupper((unsigned char)*with)) return false;
    return true;
}

static bool is_number(const char *text)
{
    if (!*text) return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9') return false;
    return true;
}

static const char *trim(nd_arena *arena, const char *text)
{
    while (isspace((unsigned char)*text)) text++;
    size_t length = strnlen(text, LONGEST + 1);
    if (length > LONGEST) {
        nd_fail(ND_E_PARAM,
                "a coordinate system of more than %d bytes\nsay EPSG: and a number",
                LONGEST);
        return NULL;
    }
    while (length && isspace((unsigned char)text[length - 1])) length--;
    return nd_text(arena, "%.*s", (int)length, text);
}

// SNAP's AUTO:42001 (UTM) and AUTO:42002 (transverse Mercator), at a place.
static const char *automatic(nd_arena *arena, const char *text, place at)
{
    const bool is_utm = starts(text, "AUTO:42001"), is_tm = starts(text, "AUTO:42002");
    const char *const *item;
    size_t items = 0;
    if (nd_text_split(arena, text, &item, &items) != ND_OK) return NULL;
    const bool is_given = items > 2 && nd_text_real(item[items - 2], &at.longitude) &&
                          nd_text_real(item[items - 1], &at.latitude);
    if (!is_utm && !is_tm) {
        nd_fail(ND_E_PARAM,
                "there is no %.100s\n"
                "say AUTO:42001 for UTM or AUTO:42002 for transverse Mercator",
                text);
        return NULL;
    }
    if (!at.known && !is_given) {
        nd_fail(ND_E_PARAM, "%.100s needs a place\nsay %.10s,longitude,latitude", text,
                text);
        return NULL;
    }
    if (!(fabs(at.longitude) <= 360) || !(fabs(at.latitude) <= 90)) {
        nd_fail(ND_E_PARAM, "%.100s is no place on Earth\nsay %.10s,longitude,latitude",
                text, text);
        return NULL;
    }
    const double east = at.longitude - 360 * floor((at.longitude + 180) / 360);
    const bool is_south = at.latitude < 0;
    if (is_utm)
        return nd_text(arena, "EPSG:%d",
                       (is_south ? 32700 : 32600) +
                           (int)fmin(floor((east + 180) / 6), 59) + 1);
    const char *meridian = nd_text_of_real(arena, east);
    return meridian ? nd_text(arena,
                              "+proj=tmerc +lat_0=0 +lon_0=%s +k=0.9996 +x_0=500000 "
                              "+y_0=%d +datum=WGS84 +units=m +type=crs",
                              meridian, is_south ? 10000000 : 0)
                    : NULL;
}

// The spellings that PROJ does not take by itself.
static const char *spell(nd_arena *arena, const char *text, place at)
{
    if (is_number(text)) return nd_text(arena, "EPSG:%s", text);
    if (starts(text, "AUTO")) return automatic(arena, text, at);
    if (nd_text_same(text, "WGS84(DD)") || nd_text_same(text, "WGS84"))
        return "EPSG:4326";
    if (starts(text, "EPSG:")) return nd_text(arena, "EPSG:%s", text + 5);
    const bool is_proj = strstr(text, "proj=") || starts(text, "+init=");
    if (is_proj && !strstr(text, "type=crs")) return nd_text(arena, "%s +type=crs", text);
    return text;
}

// "EPGS:4326" and unknown codes, each with what to do.
static void refuse(nd_arena *arena, const char *text)
{
    static const char *const known[] = {"EPSG", "ESRI", "AUTO", "IGNF", "OGC"};
    const char *colon = strchr(text, ':');
    if (colon && colon - text < 12 && strlen(colon) < 24) {
        const char *word = nd_text(arena, "%.*s", (int)(colon - text), text);
        const char *near = word ? nd_text_nearest(word, known, 5) : NULL;
        if (near && nd_text_same(near, word)) {
            nd_fail(ND_E_PARAM,
                    "PROJ's database has no %.100s\nlook the code up at https://epsg.org",
                    text);
            return;
        }
        if (near) {
            nd_fail(ND_E_PARAM,
                    "there is no coordinate system %.100s\ndid you mean %s%s?", text,
                    near, colon);
            return;
        }
    }
    nd_fail(ND_E_PARAM,
            "%.150s is no coordinate system that PROJ understands\n"
            "say EPSG: and a number, a PROJ string or WKT",
            *text ? text : "nothing");
}

// What lies on a map: heights and wrappings are taken off; NULL for anything else.
static PJ *horizontal(geo_session *s, PJ *pj)
{
    for (int depth = 0; pj && depth < 4; depth++) {
        switch (proj_get_type(pj)) {
        case PJ_TYPE_COMPOUND_CRS:
            pj = geo_keep(s, proj_crs_get_sub_crs(s->context, pj, 0));
            break;
        case PJ_TYPE_GEOGRAPHIC_3D_CRS:
            pj = geo_keep(s, proj_crs_demote_to_2D(s->context, NULL, pj));
            break;
        case PJ_TYPE_GEOGRAPHIC_2D_CRS:
        case PJ_TYPE_PROJECTED_CRS:
        case PJ_TYPE_BOUND_CRS: return pj;
        default: return NULL;
        }
    }
    return NULL;
}

static PJ *unbound(geo_session *s, PJ *pj)
{
    return proj_get_type(pj) == PJ_TYPE_BOUND_CRS
               ? geo_keep(s, proj_get_source_crs(s->context, pj))
               : pj;
}

// SNAP writes WGS 84 as GEOGCS["WGS84(DD)", DATUM["WGS84", …]]: a name no database has.
static bool is_wgs84(geo_session *s, PJ *pj)
{
    if (proj_get_type(pj) != PJ_TYPE_GEOGRAPHIC_2D_CRS) return false;
    PJ *datum = geo_keep(s, proj_crs_get_datum_forced(s->context, pj));
    PJ *ball = geo_keep(s, proj_get_ellipsoid(s->context, pj));
    PJ *start = geo_keep(s, proj_get_prime_meridian(s->context, pj));
    double a = 0, flat = 0, meridian = 1;
    if (!datum || !ball || !start ||
        !proj_ellipsoid_get_parameters(s->context, ball, &a, NULL, NULL, &flat) ||
        !proj_prime_meridian_get_parameters(s->context, start, &meridian, NULL, NULL))
        return false;
    static const char *const names[] = {"WGS84",
                                        "WGS_84",
                                        "WGS 84",
                                        "WGS_1984",
                                        "D_WGS_1984",
                                        "World Geodetic System 1984",
                                        "World_Geodetic_System_1984"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (nd_text_same(proj_get_name(datum), names[i]))
            return a == 6378137 && fabs(flat - 298.257223563) < 1e-8 && meridian == 0;
    return false;
}

// Easting comes first here whatever a database says: WKT 1 does not tell, so axes are
// brought to that order before the two are compared.
static bool is_same(geo_session *s, PJ *a, PJ *b)
{
    PJ *first = proj_normalize_for_visualization(s->context, a),
       *other = proj_normalize_for_visualization(s->context, b);
    const bool is =
        proj_is_equivalent_to_with_ctx(s->context, first ? first : a, other ? other : b,
                                       PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS);
    proj_destroy(first);
    proj_destroy(other);
    return is;
}

// The code of the database whose entry is the same, not only alike; 0: none.
static int identify(geo_session *s, PJ *pj)
{
    if (is_wgs84(s, pj)) return 4326;
    int *confidence = NULL, code = 0;
    PJ_OBJ_LIST *list = proj_identify(s->context, pj, "EPSG", NULL, &confidence);
    const int count = list ? proj_list_get_count(list) : 0;
    for (int i = 0; i < count && i < 8 && !code; i++) {
        PJ *other = proj_list_get(s->context, list, i);
        int64_t number;
        const char *text = other ? proj_get_id_code(other, 0) : NULL;
        if (text && nd_text_size(text, &number) && number < 1 << 30 &&
            (confidence[i] == 100 || is_same(s, pj, other)))
            code = (int)number;
        proj_destroy(other);
    }
    proj_int_list_destroy(confidence);
    proj_list_destroy(list);
    return code;
}

// "EPSG:4326" for what has a code; the whole of it for what has none.
static const char *canonical(nd_arena *arena, geo_session *s, PJ *pj, bool is_bound)
{
    const char *authority = proj_get_id_auth_name(pj, 0), *id = proj_get_id_code(pj, 0);
    if (!is_bound && authority && id) {
        const char *text = nd_text(arena, "%s:%s", authority, id);
        if (!text) return NULL;
        PJ *stated = geo_keep(s, proj_create(s->context, text)); // files may lie
        if (stated && is_same(s, pj, stated)) return text;
    }
    const int code = is_bound ? 0 : identify(s, pj);
    if (code) return nd_text(arena, "EPSG:%d", code);
    static const char *const one_line[] = {"MULTILINE=NO", NULL};
    const char *text = proj_as_wkt(s->context, pj, PJ_WKT2_2019, one_line);
    if (!text) {
        nd_fail(ND_E_UNSUPPORTED,
                "the coordinate system %.100s cannot be written as WKT\n"
                "name one that has an EPSG code",
                proj_get_name(pj));
        return NULL;
    }
    return nd_text(arena, "%s", text);
}

static const nd_crs *make(nd_arena *arena, geo_session *s, const char *given, place at)
{
    const char *text = trim(arena, given);
    const char *spelt = text ? spell(arena, text, at) : NULL;
    if (!spelt) return NULL;
    PJ *any = geo_keep(s, proj_create(s->context, spelt));
    if (!any) {
        refuse(arena, text);
        return NULL;
    }
    PJ *pj = horizontal(s, any), *plain = pj ? unbound(s, pj) : NULL;
    plain = plain ? horizontal(s, plain) : NULL;
    if (!plain) {
        nd_fail(ND_E_PARAM,
                "%.150s is not the coordinate system of a map\n"
                "take a projected or a geographic one",
                text);
        return NULL;
    }
    nd_crs *crs = nd_alloc(arena, 1, sizeof *crs);
    if (!crs) return NULL;
    crs->text = canonical(arena, s, pj, pj != plain);
    // The database's name, not a file's misspelling of it.
    PJ *known = crs->text ? geo_keep(s, proj_create(s->context, crs->text)) : NULL;
    crs->name = known ? nd_text(arena, "%s", proj_get_name(known)) : NULL;
    crs->is_geographic = proj_get_type(plain) == PJ_TYPE_GEOGRAPHIC_2D_CRS;
    return crs->text && crs->name ? crs : NULL;
}

const nd_crs *nd_crs_new_at(nd_arena *arena, const char *text, double longitude,
                            double latitude)
{
    geo_session session;
    if (geo_open(&session) != ND_OK) return NULL;
    const nd_crs *crs =
        make(arena, &session, text,
             (place){!isnan(longitude) && !isnan(latitude), longitude, latitude});
    geo_close(&session);
    return crs;
}

const nd_crs *nd_crs_new(nd_arena *arena, const char *text)
{
    return nd_crs_new_at(arena, text, (double)NAN, (double)NAN);
}

const char *nd_crs_wkt(nd_arena *arena, const nd_crs *crs)
{
    static const char *const one_line[] = {"MULTILINE=NO", NULL};
    geo_session session;
    if (geo_open(&session) != ND_OK) return NULL;
    PJ *pj = geo_crs(&session, crs);
    const char *text =
        pj ? proj_as_wkt(session.context, pj, PJ_WKT1_GDAL, one_line) : NULL;
    const char *wkt = text ? nd_text(arena, "%s", text) : NULL;
    if (pj && !text)
        nd_fail(ND_E_UNSUPPORTED,
                "%.150s cannot be written as WKT 1\n"
                "reproject to a coordinate system with an EPSG code",
                crs->name);
    geo_close(&session);
    return wkt;
}

bool nd_crs_area(const nd_crs *crs, nd_box *area)
{
    geo_session session;
    double w, s, e, n;
    if (geo_open(&session) != ND_OK) return false;
    PJ *pj = proj_create(session.context, crs->text);
    const bool is_known =
        pj && proj_get_area_of_use(session.context, pj, &w, &s, &e, &n, NULL) &&
        w > -1000;
    proj_destroy(pj);
    geo_close(&session);
    if (is_known) *area = (nd_box){w, s, e < w ? e + 360 : e, n};
    return is_known;
}
