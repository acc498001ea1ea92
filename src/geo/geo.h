// SPDX-License-Identifier: Apache-2.0
// Inside geo: PROJ objects that go away together.
#pragma once
#include <nadir/geo.h>
#include <proj.h>

// A PROJ context, silent and without network, and what was made in it.
typedef struct geo_session {
    PJ_CONTEXT *context;
    PJ *made[16];
    int count;
} geo_session;
nd_status geo_open(geo_session *session) ND_CHECKED;
void geo_close(geo_session *session);
PJ *geo_keep(geo_session *session, PJ *made); // destroyed by geo_close; NULL stays NULL
// Never network, never a word on the terminal; NULL after nd_fail.
PJ_CONTEXT *geo_context_new(void) ND_CHECKED;
// The CRS as PROJ sees it; its text was canonical, so failure is our fault.
PJ *geo_crs(geo_session *session, const nd_crs *crs) ND_CHECKED;
// The width of the world in a CRS, 0: none. Numerically, for cylinders.
double geo_period(geo_session *session, const nd_crs *crs);
