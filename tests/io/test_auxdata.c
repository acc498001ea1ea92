// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"
#include <nadir/auxdata.h>

const nd_op *const nd_ops[] = {NULL};

// A home of this test's own, empty, and nothing else set.
static const char *home(nd_arena *arena)
{
    const char *path = file_path(arena, "home");
    if (path) mkdir(path, 0700);
    unsetenv("NADIR_AUX");
    unsetenv("XDG_DATA_HOME");
    setenv("HOME", path ? path : "/nowhere", 1);
    return path;
}

static const nd_box eindhoven = {5.2, 51.1, 5.9, 51.8};

TEST(folders_come_in_a_fixed_order)
{
    const char *at = home(arena);
    nd_list folders;
    setenv("NADIR_AUX", "/data/aux", 1);
    CHECK(nd_aux_folders(arena, "/scenes/S2A.SAFE/", &folders) == ND_OK);
    CHECK(folders.count == 4 && strcmp(folders.item[0], "/scenes") == 0);
    CHECK(strcmp(folders.item[1], "/data/aux") == 0);
    CHECK(strcmp(folders.item[2], nd_text(arena, "%s/.local/share/nadir/aux", at)) == 0);
    CHECK(strcmp(folders.item[3], nd_text(arena, "%s/.snap/auxdata", at)) == 0);
    setenv("XDG_DATA_HOME", "/xdg", 1);
    CHECK(nd_aux_folders(arena, "S2A.SAFE", &folders) == ND_OK);
    CHECK(strcmp(folders.item[0], ".") == 0 &&
          strcmp(folders.item[2], "/xdg/nadir/aux") == 0);
    (void)home(arena);
}

TEST(a_tile_is_found_under_any_name_it_goes_by)
{
    (void)home(arena);
    const char *tile = file_of(arena, "N51E005.hgt", "");
    const char *scene = file_path(arena, "scene.tif");
    nd_list files;
    CHECK(nd_aux_dem(arena, &(nd_dem_ask){.scene = scene, .ground = eindhoven}, &files) ==
          ND_OK);
    CHECK(files.count == 1 && strcmp(files.item[0], tile) == 0);
}

TEST(a_complete_family_comes_before_an_incomplete_one)
{
    (void)home(arena);
    (void)file_of(arena, "N51E005.hgt", "");
    const char *a = file_of(arena, "Copernicus_DSM_COG_10_N51_00_E005_00_DEM.tif", "");
    (void)file_of(arena, "Copernicus_DSM_COG_10_N51_00_E006_00_DEM.tif", "");
    const char *scene = file_path(arena, "scene.tif");
    const nd_box wide = {5.2, 51.1, 6.1, 51.8};
    nd_list files;
    CHECK(nd_aux_dem(arena, &(nd_dem_ask){.scene = scene, .ground = wide}, &files) ==
          ND_OK);
    CHECK(files.count == 2 && strcmp(files.item[0], a) == 0);
}

TEST(what_lacks_is_one_sentence_with_each_place_looked_at)
{
    const char *at = home(arena);
    const nd_box box = {-0.5, -0.5, 0.5, 0.5};
    nd_list files;
    CHECK(nd_aux_dem(arena, &(nd_dem_ask){.ground = box}, &files) == ND_E_DATA);
    CHECK(error_says(nd_text(
        arena,
        "heights lack, 4 of 4 tiles: S01W001.SRTMGL1.hgt.zip, S01E000.SRTMGL1.hgt.zip, "
        "N00W001.SRTMGL1.hgt.zip, N00E000.SRTMGL1.hgt.zip; looked in "
        "%s/.local/share/nadir/aux, %s/.snap/auxdata\n"
        "get them from https://step.esa.int/auxdata/dem/SRTMGL1/, put them into "
        "%s/.local/share/nadir/aux, or name a file of heights",
        at, at, at)));
    CHECK(nd_aux_dem(arena, &(nd_dem_ask){.ground = box, .missing_is_sea = true},
                     &files) == ND_OK);
    CHECK(files.count == 0);
}

TEST(a_file_that_was_named_is_taken_or_missed)
{
    nd_list files;
    const char *mine = file_of(arena, "mine.tif", "");
    CHECK(nd_aux_dem(arena, &(nd_dem_ask){.file = mine}, &files) == ND_OK);
    CHECK(files.count == 1 && strcmp(files.item[0], mine) == 0);
    CHECK(nd_aux_dem(arena, &(nd_dem_ask){.file = "/no/dem.tif"}, &files) == ND_E_IO);
    CHECK(error_says("there is no file of heights /no/dem.tif\ncheck its path"));
}

TEST(the_whole_world_asks_for_one_file)
{
    nd_list files;
    const nd_box world = {-180, -60, 180, 60};
    CHECK(nd_aux_dem(arena, &(nd_dem_ask){.ground = world}, &files) == ND_E_UNSUPPORTED);
    CHECK(error_says("name one file of heights"));
}
