// SPDX-License-Identifier: Apache-2.0
// Auxiliary data on this machine: where they are sought, and the sentence when they lack.
#pragma once
#include <nadir/geo.h>

// Folders in which auxiliary data are sought, in order: beside the scene, $NADIR_AUX,
// $XDG_DATA_HOME/nadir/aux or ~/.local/share/nadir/aux, SNAP's own ~/.snap/auxdata. The
// network is never asked. `scene`: a path, or NULL.
nd_status nd_aux_folders(nd_arena *arena, const char *scene, nd_list *folders) ND_CHECKED;
// The first of `names` (paths below a folder; ends with NULL) that some folder has; the
// first folder wins. NULL, and no error: none of them is there.
const char *nd_aux_find(nd_arena *arena, const nd_list *folders,
                        const char *const *names);

// Heights that cover `ground` (degrees, longitude first).
typedef struct nd_dem_ask {
    const char *file;  // one that the user named; NULL: seek
    const char *scene; // to look beside; NULL: nowhere
    nd_box ground;
    bool missing_is_sea; // SRTM has no tiles of open sea: take what lacks for that
} nd_dem_ask;
// Files that nd_product_open reads: the one named, or the tiles of SRTM 1 arc-second,
// else of Copernicus 30 m, else of SRTM 3 arc-seconds, whichever is complete first; what
// was taken is said in a note. Fails with one sentence naming each tile that lacks, each
// place looked at and how to get it.
nd_status nd_aux_dem(nd_arena *arena, const nd_dem_ask *ask, nd_list *files) ND_CHECKED;
