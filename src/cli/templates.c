// SPDX-License-Identifier: Apache-2.0
// Graphs to start from: each runs as it stands, and says what may be changed.
#include "cli/templates.h"

// What all of them say at their top. The scene and the file come from the command line.
#define HEAD(title, file)                                                                \
    "# " title "\n"                                                                      \
    "# run it:   nadir run " file " -P scene=S2A_….SAFE -P out=map.tif\n"              \
    "# see it:   nadir map " file " -P scene=S2A_….SAFE -P out=map.tif\n"              \
    "# nadir help OPERATOR explains a step and all its settings\n\n"

static const char ndvi[] = HEAD(
    "Vegetation (NDVI) of a Sentinel-2 scene, on the web's map",
    "ndvi.yaml") "input: { Read: { file: \"${scene}\" } }\n\n"
                 "steps:\n"
                 "  # all bands on one grid of 10 m\n"
                 "  - Resample: { targetResolution: 10 }\n"
                 "  # -1 … 1: water is below 0, bare soil near 0.1, dense green above "
                 "0.6\n"
                 "  - BandMaths: { expression: \"(B8 - B4) / (B8 + B4)\", name: ndvi }\n"
                 "  # leave this out to stay in the scene's own UTM zone\n"
                 "  - Reproject: { crs: \"EPSG:3857\", resampling: Bilinear }\n\n"
                 "# COG: a GeoTIFF that zooms fast; by another name: GeoTIFF, "
                 "BEAM-DIMAP, PNG …\n"
                 "output: { Write: { file: \"${out}\", formatName: COG } }\n";

static const char true_colour[] =
    HEAD("The scene as the eye sees it: red, green and blue",
         "true-colour.yaml") "input: { Read: { file: \"${scene}\" } }\n\n"
                             "steps:\n"
                             "  # B8, B4, B3 instead show plants in red\n"
                             "  - BandSelect: { sourceBands: \"B4, B3, B2\" }\n\n"
                             "# a name that ends in .png gives a picture, stretched for "
                             "the screen\n"
                             "output: { Write: { file: \"${out}\" } }\n";

static const char water[] = HEAD(
    "Open water by NDWI (McFeeters 1996): 1 is water, 0 is land",
    "water.yaml") "input: { Read: { file: \"${scene}\" } }\n\n"
                  "steps:\n"
                  "  - Resample: { targetResolution: 10 }\n"
                  "  - BandMaths: { expression: \"(B3 - B8) / (B3 + B8)\", name: ndwi }\n"
                  "  # a higher threshold finds less, but surer, water\n"
                  "  - BandMaths: { expression: \"ndwi > 0.0 ? 1 : 0\", name: water }\n\n"
                  "output: { Write: { file: \"${out}\", formatName: COG } }\n";

static const char subset[] =
    HEAD("A part of the scene, some of its bands",
         "subset.yaml") "input: { Read: { file: \"${scene}\" } }\n\n"
                        "steps:\n"
                        "  - Subset:\n"
                        "      sourceBands: \"B4, B8\"\n"
                        "      # longitude and latitude, first point last; or region: "
                        "\"x,y,width,height\"\n"
                        "      geoRegion: \"POLYGON((1.0 41.9, 1.1 41.9, 1.1 42.0, 1.0 "
                        "42.0, 1.0 41.9))\"\n\n"
                        "output: { Write: { file: \"${out}\" } }\n";

static const char change[] =
    "# What changed between two scenes of one place: the difference of their NDVI\n"
    "# run it:   nadir run change.yaml -P before=A.SAFE -P after=B.SAFE -P out=map.tif\n"
    "# nadir help OPERATOR explains a step and all its settings\n\n"
    "input:\n"
    "  - Read: { file: \"${before}\" }\n"
    "    id: before\n"
    "  - Read: { file: \"${after}\" }\n"
    "    id: after\n\n"
    "steps:\n"
    "  - Resample: { targetResolution: 10 }\n"
    "    id: early\n"
    "    from: before\n"
    "  - BandMaths: { expression: \"(B8 - B4) / (B8 + B4)\", name: ndvi_before }\n"
    "    id: ndvi_early\n"
    "    from: early\n"
    "  - Resample: { targetResolution: 10 }\n"
    "    id: late\n"
    "    from: after\n"
    "  - BandMaths: { expression: \"(B8 - B4) / (B8 + B4)\", name: ndvi_after }\n"
    "    id: ndvi_late\n"
    "    from: late\n"
    "  # two scenes of one tile lie on one grid; elsewhere take Collocate\n"
    "  - BandMerge: {}\n"
    "    id: both\n"
    "    from: [ndvi_early, ndvi_late]\n"
    "  - BandMaths: { expression: \"ndvi_after - ndvi_before\", name: change }\n"
    "    from: both\n\n"
    "output: { Write: { file: \"${out}\", formatName: COG } }\n";

const cli_start cli_templates[] = {
    {"ndvi", "Vegetation of a Sentinel-2 scene, on the map", ndvi},
    {"true-colour", "Red, green and blue of a scene", true_colour},
    {"water", "Open water by NDWI and a threshold", water},
    {"subset", "A part of a scene, some of its bands", subset},
    {"change", "The difference of two scenes", change},
    {NULL, NULL, NULL},
};
