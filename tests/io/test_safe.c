// SPDX-License-Identifier: Apache-2.0
// Expected values: read off the XML of T31TDH, averaged with numpy, decoded with GDAL.
#include "scenes.h"
#include <cpl_vsi.h>
#include <gdal.h>

#define SCENE "S2A_MSIL1C_20180101T105441_N0206_R051_T31TDH_20180101T124911"
#define TILE  "GRANULE/L1C_T31TDH_A013204_20180101T105435"
static const char *const whole = NADIR_DATA "/T31TDH/" SCENE ".SAFE";

static const char *copy(nd_arena *arena, const char *name)
{
    const char *to = folder(arena);
    char command[2000];
    snprintf(command, sizeof command, "cp -r '%s' '%s/%s' && chmod -R u+w '%s'", whole,
             to, name, to);
    if (system(command) != 0) abort();
    return nd_text(arena, "%s/%s", to, name);
}

static float at(nd_arena *arena, const nd_product *p, const char *name, int x, int y)
{
    const nd_band *band = band_named(p, name);
    float *got =
        band ? read_rect(arena, p, (int)(band - p->band), 0, (nd_rect){x, y, 1, 1})
             : NULL;
    return got ? *got : -1;
}

TEST(a_safe_says_what_its_metadata_say)
{
    const nd_product *p = nd_product_open(arena, whole, NULL);
    CHECK(p && strcmp(p->name, SCENE) == 0 && strcmp(p->mission, "Sentinel-2A") == 0);
    if (!p) return;
    CHECK(strcmp(p->level, "L1C") == 0 && strcmp(p->mode, "INS-NOBS") == 0);
    CHECK(strcmp(p->tile, "T31TDH") == 0 && strcmp(p->baseline, "02.06") == 0);
    CHECK(strcmp(p->start, "2018-01-01T10:54:41.026Z") == 0);
    CHECK(strcmp(p->pass, "DESCENDING") == 0 && p->orbit == 13204);
    CHECK(p->relative_orbit == 51 && !p->simulated);
    const nd_band *b8a = band_named(p, "B8A");
    CHECK(b8a && b8a->grid.width == 5490 && b8a->grid.pixel_x == 20);
    CHECK(b8a && b8a->grid.x == 399960 && b8a->grid.y == 4800000);
    CHECK(b8a && strcmp(b8a->grid.crs->text, "EPSG:32631") == 0);
    CHECK(b8a && b8a->wavelength_nm == 865 && b8a->scale == 1e-4 && b8a->offset == 0);
}

TEST(a_product_is_the_same_by_whatever_part_it_is_named)
{
    static const char *const parts[] = {"", "/", "/MTD_MSIL1C.xml", "/" TILE,
                                        "/" TILE "/MTD_TL.xml"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const nd_product *p =
            nd_product_open(arena, nd_text(arena, "%s%s", whole, parts[i]), NULL);
        CHECK(p && strcmp(p->name, SCENE) == 0 && p->relative_orbit == 51);
        CHECK(p && at(arena, p, "B1", 0, 0) == (float)0.1981);
    }
}

TEST(pixels_are_those_that_gdal_decodes)
{
    const nd_product *p = nd_product_open(arena, whole, NULL);
    if (!p) return;
    CHECK(at(arena, p, "B1", 0, 0) == (float)0.1981);
    CHECK(at(arena, p, "B1", 300, 900) == (float)0.1433);
    CHECK(at(arena, p, "B1", 100, 1829) == (float)0.1773);
    CHECK(isnan(at(arena, p, "B1", 1829, 0)));
    const float *all = read_named(arena, p, "B1");
    double sum = 0, valid = 0;
    for (int i = 0; all && i < 1830 * 1830; i++)
        if (!isnan(all[i])) sum += round((double)all[i] * 1e4), valid++;
    CHECK(sum == 4161071169.0 && fabs(valid / (1830 * 1830) - 0.5913655230075537) < 1e-9);
    float *small = read_rect(arena, p, 0, 2, (nd_rect){50, 100, 1, 1});
    CHECK(small && *small == (float)0.1457);
}

TEST(angles_are_those_of_the_metadata)
{
    const nd_product *p = nd_product_open(arena, whole, NULL);
    const nd_band *sun = band_named(p, "sun_zenith");
    if (!sun) return;
    CHECK(sun->role == ND_ANGLE && sun->grid.width == 23 && sun->grid.height == 23);
    // The first node lies on the corner of the tile: the middle of the first cell.
    CHECK(sun->grid.pixel_x == 5000 && sun->grid.x + 2500 == 399960);
    CHECK(sun->grid.y - 2500 == 4800000);
    CHECK(at(arena, p, "sun_zenith", 0, 0) == 67.6356f);
    CHECK(at(arena, p, "sun_zenith", 22, 0) == 67.4117f);
    CHECK(at(arena, p, "sun_zenith", 22, 22) == 66.4359f);
    CHECK(at(arena, p, "sun_azimuth", 0, 0) == 165.685f);
    CHECK(at(arena, p, "view_zenith_B1", 0, 0) == 5.91101f);
    CHECK(fabsf(at(arena, p, "view_zenith_B1", 5, 2) - 7.966835f) < 1e-5f);
    CHECK(fabsf(at(arena, p, "view_azimuth_B1", 4, 5) - 285.444f) < 1e-4f);
    CHECK(fabsf(at(arena, p, "view_zenith_mean", 5, 2) - 7.87811f) < 1e-5f);
    CHECK(fabsf(at(arena, p, "view_azimuth_mean", 3, 22) - 277.83338f) < 1e-4f);
    CHECK(isnan(at(arena, p, "view_zenith_B1", 22, 0)));
}

TEST(a_band_that_is_not_there_is_a_sentence)
{
    const nd_product *p = nd_product_open(arena, whole, NULL);
    const nd_band *b4 = band_named(p, "B4");
    CHECK(b4 && b4->missing &&
          strstr(b4->missing, "IMG_DATA/T31TDH_20180101T105441_B04"));
    CHECK(b4 && strstr(b4->missing, "\nfetch the whole product"));
    CHECK(b4 && !read_rect(arena, p, 3, 0, (nd_rect){0, 0, 1, 1}));
    CHECK(error_says("band B4 is missing"));
}

TEST(a_band_of_the_wrong_size_is_refused_when_it_is_asked_for)
{
    const char *safe = copy(arena, "x.SAFE");
    char command[3000];
    snprintf(command, sizeof command,
             "cp '%s/" TILE "/IMG_DATA/'*B01.jp2 '%s/" TILE
             "/IMG_DATA/T31TDH_20180101T105441_B04.jp2'",
             safe, safe);
    CHECK(system(command) == 0);
    const nd_product *p = nd_product_open(arena, safe, NULL);
    CHECK(p && !read_rect(arena, p, 3, 0, (nd_rect){0, 0, 1, 1}));
    CHECK(error_says("is 1830 x 1830 pixels, its metadata say 10980 x 10980\nfetch"));
}

static void replace(const char *path, const char *from, const char *to)
{
    char command[3000];
    snprintf(command, sizeof command, "sed -i 's|%s|%s|' '%s'", from, to, path);
    if (system(command) != 0) abort();
}

TEST(the_radiometric_offset_of_a_band_is_applied)
{
    const char *safe = copy(arena, "x.SAFE");
    replace(nd_text(arena, "%s/MTD_MSIL1C.xml", safe), "<Reflectance_Conversion>",
            "<Radiometric_Offset_List><RADIO_ADD_OFFSET band_id=\"0\">-1000"
            "</RADIO_ADD_OFFSET></Radiometric_Offset_List><Reflectance_Conversion>");
    const nd_product *p = nd_product_open(arena, safe, NULL);
    CHECK(fabsf(at(arena, p, "B1", 0, 0) - 0.0981f) < 1e-8f);
    CHECK(isnan(at(arena, p, "B1", 1829, 0))); // a raw 0 is no data, not -0.1
}

TEST(a_tile_folder_alone_opens_too)
{
    const char *safe = copy(arena, "x.SAFE"), *alone = folder(arena);
    char command[2000];
    snprintf(command, sizeof command, "mv '%s'/" TILE " '%s/tile'", safe, alone);
    CHECK(system(command) == 0);
    const nd_product *p = nd_product_open(arena, nd_text(arena, "%s/tile", alone), NULL);
    CHECK(p && strcmp(p->tile, "T31TDH") == 0 && strcmp(p->baseline, "02.06") == 0);
    CHECK(p && at(arena, p, "B1", 0, 0) == (float)0.1981);
}

// As ESA delivered until 2016: long names, several tiles in one product. Made of the one
// tile here, the second moved 100 km to the west.
static const char *several_tiles(nd_arena *arena)
{
    const char *to = folder(arena);
    char command[4000];
    snprintf(command, sizeof command,
             "cd '%s' && S=p.SAFE && cp -r '%s' $S && chmod -R u+w $S && "
             "mv $S/MTD_MSIL1C.xml "
             "$S/S2A_OPER_MTD_SAFL1C_PDMC_20180101T140007_R051.xml && mv $S/GRANULE one "
             "&& mkdir $S/GRANULE && for t in T31TCH T31TDH; do "
             "G=$S/GRANULE/S2A_OPER_MSI_L1C_TL_SGS__20180101T124911_A013204_${t}_N02.06; "
             "cp -r one/* $G; mv $G/MTD_TL.xml "
             "$G/S2A_OPER_MTD_L1C_TL_SGS__20180101T124911_A013204_$t.xml; "
             "mv $G/IMG_DATA/*.jp2 "
             "$G/IMG_DATA/S2A_OPER_MSI_L1C_TL_SGS__20180101T124911_A013204_${t}_B01.jp2; "
             "done; sed -i -e 's/<ULX>399960/<ULX>299999/' -e 's/_T31TDH_/_T31TCH_/' "
             "$S/GRANULE/*T31TCH*/*.xml; rm -r one; chmod -R u+w .",
             to, whole);
    if (system(command) != 0) abort();
    return nd_text(arena, "%s/p.SAFE", to);
}

#define OLD_TILE "S2A_OPER_MSI_L1C_TL_SGS__20180101T124911_A013204_T31TCH_N02.06"

TEST(a_tile_of_several_is_named_after_the_product)
{
    const char *safe = several_tiles(arena);
    static const char *const parts[] = {
        "/T31TCH", "/t31tch/", "/" OLD_TILE, "/GRANULE/" OLD_TILE,
        "/GRANULE/" OLD_TILE
        "/S2A_OPER_MTD_L1C_TL_SGS__20180101T124911_A013204_T31TCH.xml"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const nd_product *p =
            nd_product_open(arena, nd_text(arena, "%s%s", safe, parts[i]), NULL);
        const nd_band *b1 = band_named(p, "B1");
        CHECK(p && strcmp(p->name, SCENE "_T31TCH") == 0 && p->relative_orbit == 51);
        CHECK(p && strcmp(p->tile, "T31TCH") == 0 && b1 && b1->grid.x == 299999);
        CHECK(at(arena, p, "B1", 300, 900) == (float)0.1433);
    }
    const nd_product *p = nd_product_open(arena, nd_text(arena, "%s/T31TDH", safe), NULL);
    const nd_band *b1 = band_named(p, "B1");
    CHECK(p && strcmp(p->name, SCENE "_T31TDH") == 0 && b1 && b1->grid.x == 399960);
}

TEST(a_product_of_several_tiles_lists_them)
{
    const char *safe = several_tiles(arena);
    static const char *const parts[] = {
        "", "/", "/S2A_OPER_MTD_SAFL1C_PDMC_20180101T140007_R051.xml"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        CHECK(!nd_product_open(arena, nd_text(arena, "%s%s", safe, parts[i]), NULL));
        CHECK(error_says(" holds 2 tiles: T31TCH, T31TDH\n"
                         "name one after the product, as in "));
        CHECK(!nd_product_open(arena, nd_text(arena, "%s%s", safe, parts[i]), NULL));
        CHECK(error_says(nd_text(arena, "as in %s/T31TCH", safe)));
    }
    CHECK(!nd_product_open(arena, nd_text(arena, "%s/T31TXX", safe), NULL));
    CHECK(error_says("p.SAFE has no tile T31TXX\nit has T31TCH, T31TDH"));
    CHECK(!nd_product_open(arena, nd_text(arena, "%s/T31", safe), NULL));
    CHECK(error_says("p.SAFE has no tile T31\nit has T31TCH, T31TDH"));
    CHECK(!nd_product_open(arena, nd_text(arena, "%s.SAFE/T31TCH", safe), NULL));
    CHECK(error_says("cannot be opened: No such file or directory\ncheck the name"));
}

TEST(a_tile_of_a_zip_is_named_after_it)
{
    if (access("/usr/bin/python3", X_OK) != 0) SKIP("/usr/bin/python3 is not there");
    const char *safe = several_tiles(arena);
    char command[3000];
    snprintf(command, sizeof command,
             "cd '%s/..' && /usr/bin/python3 -m zipfile -c p.zip p.SAFE", safe);
    CHECK(system(command) == 0);
    static const char *const parts[] = {"/T31TCH", "/p.SAFE/T31TCH",
                                        "/p.SAFE/GRANULE/" OLD_TILE};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const nd_product *p =
            nd_product_open(arena, nd_text(arena, "%s/../p.zip%s", safe, parts[i]), NULL);
        const nd_band *b1 = band_named(p, "B1");
        CHECK(b1 && b1->grid.x == 299999 && at(arena, p, "B1", 0, 0) == (float)0.1981);
    }
    CHECK(!nd_product_open(arena, nd_text(arena, "%s/../p.zip", safe), NULL));
    CHECK(error_says("/p.zip/T31TCH"));
    static const char *const vague[] = {"/p.SAFE", "/GRANULE", "/p.SAFE/GRANULE/"};
    for (size_t i = 0; i < sizeof vague / sizeof *vague; i++) {
        const char *path = nd_text(arena, "%s/../p.zip%s", safe, vague[i]);
        CHECK(!nd_product_open(arena, path, NULL));
        CHECK(error_says(" holds 2 tiles: " OLD_TILE ", "));
        CHECK(!nd_product_open(arena, path, NULL));
        CHECK(error_says("/p.zip/" OLD_TILE));
    }
    CHECK(
        !nd_product_open(arena, nd_text(arena, "%s/../p.zip/q.SAFE/T31TCH", safe), NULL));
    CHECK(error_says("p.zip has no tile q.SAFE/T31TCH\nit has T31TCH, T31TDH"));
}

TEST(a_product_of_one_tile_in_a_zip_opens_by_its_folder)
{
    if (access("/usr/bin/python3", X_OK) != 0) SKIP("/usr/bin/python3 is not there");
    const char *safe = copy(arena, "p.SAFE");
    char command[3000];
    snprintf(command, sizeof command,
             "cd '%s/..' && /usr/bin/python3 -m zipfile -c p.zip p.SAFE", safe);
    CHECK(system(command) == 0);
    static const char *const parts[] = {"", "/p.SAFE", "/p.SAFE/", "/GRANULE"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const nd_product *p =
            nd_product_open(arena, nd_text(arena, "%s/../p.zip%s", safe, parts[i]), NULL);
        CHECK(p && at(arena, p, "B1", 0, 0) == (float)0.1981);
    }
}

TEST(a_tile_that_a_product_has_twice_is_named_by_its_folder)
{
    const char *safe = several_tiles(arena);
    char command[3000];
    snprintf(command, sizeof command,
             "cd '%s/GRANULE' && mkdir again_T31TCH && cp -r " OLD_TILE "/* again_T31TCH",
             safe);
    CHECK(system(command) == 0);
    CHECK(!nd_product_open(arena, nd_text(arena, "%s/T31TCH", safe), NULL));
    CHECK(
        error_says("p.SAFE holds 2 tiles: " OLD_TILE ", again_T31TCH\nname one after "));
    const nd_product *p =
        nd_product_open(arena, nd_text(arena, "%s/again_T31TCH", safe), NULL);
    const nd_band *b1 = band_named(p, "B1");
    CHECK(p && strcmp(p->tile, "T31TCH") == 0 && b1 && b1->grid.x == 299999);
}

TEST(dangerous_or_broken_metadata_are_refused)
{
    const char *safe = copy(arena, "x.SAFE");
    const char *xml = nd_text(arena, "%s/MTD_MSIL1C.xml", safe);
    const char *bomb =
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]>"
        "<n1:Level-1C_User_Product xmlns:n1=\"x\">&c;</n1:Level-1C_User_Product>";
    write_file(xml, bomb, strlen(bomb));
    CHECK(!nd_product_open(arena, safe, NULL) && error_says("has a DOCTYPE"));
    write_file(xml, "<a><b></a>", 10);
    CHECK(!nd_product_open(arena, safe, NULL) && error_says("MTD_MSIL1C.xml:1: "));
    write_file(xml, "<a/>", 4);
    CHECK(!nd_product_open(arena, safe, NULL) && error_says("it begins with a\ngive"));
    write_file(xml, "", 0);
    CHECK(!nd_product_open(arena, safe, NULL) && error_says("MTD_MSIL1C.xml"));
}

TEST(sizes_and_places_that_make_no_sense_are_refused)
{
    const char *safe = copy(arena, "x.SAFE");
    const char *xml = nd_text(arena, "%s/" TILE "/MTD_TL.xml", safe);
    replace(xml, "<NROWS>1830</NROWS>", "<NROWS>-1830</NROWS>");
    CHECK(!nd_product_open(arena, safe, NULL) && error_says("\nfetch the product again"));
    replace(xml, "<NROWS>-1830</NROWS>", "<NROWS>1e9</NROWS>");
    CHECK(!nd_product_open(arena, safe, NULL) && error_says("\nfetch the product again"));
    replace(xml, "EPSG:32631", "EPSG:nonsense");
    CHECK(!nd_product_open(arena, safe, NULL) && error_says("EPSG:nonsense"));
}

TEST(a_truncated_image_fails_when_it_is_read)
{
    const char *safe = copy(arena, "x.SAFE");
    const char *image =
        nd_text(arena, "%s/" TILE "/IMG_DATA/T31TDH_20180101T105441_B01.jp2", safe);
    CHECK(truncate(image, 700000) == 0);
    const nd_product *p = nd_product_open(arena, safe, NULL);
    CHECK(p && !read_level(arena, p, 0, 0) && error_says("B01.jp2"));
    CHECK(truncate(image, 30) == 0);
    p = nd_product_open(arena, safe, NULL);
    CHECK(p && p->band[0].missing && !read_level(arena, p, 0, 0));
    CHECK(error_says("B01.jp2 cannot be opened"));
}

// A zip of stored members, made by GDAL; `evil` adds a name that leads out of it.
static const char *zip(nd_arena *arena, bool evil)
{
    const char *where = folder(arena);
    char command[3000];
    snprintf(command, sizeof command,
             "cd '%s' && mkdir -p a/b && cp -r '%s' a/b/ && cd a/b && "
             "/usr/bin/python3 -c \"import zipfile,os\n"
             "z=zipfile.ZipFile('../../p.zip','w',zipfile.ZIP_DEFLATED)\n"
             "[z.write(os.path.join(r,f)) for r,_,s in os.walk('%s.SAFE') for f in s]\n"
             "%s\"",
             where, whole, SCENE,
             evil ? "z.writestr('../../MTD_MSIL1C.xml','<a/>')\n"
                    "z.writestr('/tmp/MTD_TL.xml','<a/>')"
                  : "");
    if (system(command) != 0) return NULL;
    return nd_text(arena, "%s/p.zip", where);
}

TEST(a_zip_is_read_as_it_is)
{
    if (access("/usr/bin/python3", X_OK) != 0) SKIP("/usr/bin/python3 is not there");
    for (int evil = 0; evil < 2; evil++) {
        const char *path = zip(arena, evil);
        const nd_product *p = path ? nd_product_open(arena, path, NULL) : NULL;
        CHECK(p && strcmp(p->name, SCENE) == 0);
        CHECK(p && at(arena, p, "B1", 0, 0) == (float)0.1981);
    }
}

TEST(a_level_2a_product_has_classes_and_quality)
{
    const char *data = getenv("NADIR_TEST_DATA");
    if (!data) SKIP("NADIR_TEST_DATA is not set");
    const nd_product *p = nd_product_open(
        arena,
        nd_text(arena,
                "%s/s2/safe_metadata_only/S2A_MSIL2A_20230821T221941_N0509_R029_T01KAB_"
                "20230822T021825.SAFE.zip",
                data),
        NULL);
    CHECK(p && strcmp(p->level, "L2A") == 0 && strcmp(p->baseline, "05.09") == 0);
    const nd_band *b1 = band_named(p, "B1"), *b4 = band_named(p, "B4");
    CHECK(b1 && b1->grid.width == 5490 && b1->missing);
    CHECK(b4 && b4->grid.width == 10980 && b4->offset == -0.1);
    CHECK(b4 && strcmp(b4->grid.crs->text, "EPSG:32701") == 0);
    const nd_band *scl = band_named(p, "quality_scene_classification");
    CHECK(scl && scl->kind == ND_CLASS && scl->labels == 12);
    CHECK(scl && strcmp(scl->label[4].name, "vegetation") == 0);
    CHECK(band_named(p, "scl_water") && band_named(p, "quality_aot"));
    CHECK(band_named(p, "scl_topographic_and_casted_shadows"));
    CHECK(!band_named(p, "B10") && band_named(p, "view_zenith_B10"));
}

TEST(a_tile_of_the_public_buckets_is_read)
{
    const char *data = getenv("NADIR_TEST_DATA");
    if (!data) SKIP("NADIR_TEST_DATA is not set");
    const nd_product *p = nd_product_open(
        arena, nd_text(arena, "%s/s2/l1c_19UDP_20170729_160m_13band_jp2", data), NULL);
    CHECK(p && p->bands == 13 && strcmp(p->mission, "Sentinel-2A") == 0);
    CHECK(p && strcmp(p->tile, "T19UDP") == 0 && strcmp(p->baseline, "02.05") == 0);
    CHECK(p && strcmp(p->start, "2017-07-29T15:35:57.455Z") == 0);
    const nd_band *b4 = band_named(p, "B4");
    CHECK(b4 && b4->grid.width == 687 && b4->grid.x == 399960 && b4->grid.y == 5400000);
    CHECK(b4 && fabs(b4->grid.pixel_x - 109800.0 / 687) < 1e-9);
    CHECK(b4 && strcmp(b4->grid.crs->text, "EPSG:32619") == 0 && !b4->missing);
    CHECK(at(arena, p, "B4", 500, 300) == (float)0.0276);
    CHECK(at(arena, p, "B11", 600, 600) == (float)0.1834);
}

static double sum(const float *value, int count)
{
    double all = 0;
    for (int i = 0; value && i < count; i++) all += (double)value[i];
    return value ? all : -1;
}

TEST(cloud_polygons_of_older_products_are_masks)
{
    const char *safe = copy(arena, "x.SAFE");
    const char *qi = nd_text(arena, "%s/" TILE "/QI_DATA", safe);
    // Pixels 10 to 19 and 5 to 14 of 60 m, less a hole of 2 x 2; a cirrus triangle.
    const char *gml =
        "<eop:Mask xmlns:eop=\"e\" xmlns:gml=\"g\"><eop:maskMembers><eop:MaskFeature>"
        "<eop:maskType>OPAQUE</eop:maskType><eop:extentOf><gml:Polygon><gml:exterior>"
        "<gml:LinearRing><gml:posList srsDimension=\"2\">400560 4799700 401160 4799700 "
        "401160 4799100 400560 4799100 400560 4799700</gml:posList></gml:LinearRing>"
        "</gml:exterior><gml:interior><gml:LinearRing><gml:posList srsDimension=\"2\">"
        "400680 4799580 400800 4799580 400800 4799460 400680 4799460 400680 4799580"
        "</gml:posList></gml:LinearRing></gml:interior></gml:Polygon></eop:extentOf>"
        "</eop:MaskFeature><eop:MaskFeature><eop:maskType>OPAQUE</eop:maskType>"
        "<gml:posList>400560 4799700 400680 4799700 400680 4799580 400560 4799580"
        "</gml:posList></eop:MaskFeature><eop:MaskFeature><eop:maskType>CIRRUS"
        "</eop:maskType><gml:posList>399960 4800000 400560 4800000 399960 4799400"
        "</gml:posList></eop:MaskFeature></eop:maskMembers></eop:Mask>";
    if (mkdir(qi, 0700) != 0) abort();
    write_file(nd_text(arena, "%s/T31TDH_MSK_CLOUDS_B00.gml", qi), gml, strlen(gml));
    const nd_product *p = nd_product_open(arena, safe, NULL);
    const nd_band *mask = band_named(p, "opaque_clouds_60m");
    CHECK(mask && mask->role == ND_MASK && mask->grid.width == 1830);
    CHECK(sum(read_named(arena, p, "opaque_clouds_60m"), 1830 * 1830) == 100 - 4);
    CHECK(at(arena, p, "opaque_clouds_60m", 10, 5) == 1); // two features overlap there
    CHECK(at(arena, p, "opaque_clouds_60m", 9, 5) == 0);
    CHECK(at(arena, p, "opaque_clouds_60m", 12, 7) == 0);
    // Half of 10 x 10 pixels; a middle on the edge counts on one side of it.
    const double half = sum(read_named(arena, p, "cirrus_clouds_60m"), 1830 * 1830);
    CHECK(half == 45 || half == 55);
    CHECK(at(arena, p, "opaque_clouds_10m", 60, 30) == 1 &&
          at(arena, p, "opaque_clouds_10m", 59, 30) == 0);
    write_file(nd_text(arena, "%s/T31TDH_MSK_CLOUDS_B00.gml", qi), "<a", 2);
    p = nd_product_open(arena, safe, NULL);
    CHECK(p && p->bands == 43);
}

// ---- Masks of single bands. SNAP's names; places in pixels of 60 m, from the corner.

#define FEATURE(id, type, list)                                                          \
    "<eop:MaskFeature gml:id=\"" id "\"><eop:maskType codeSpace=\"urn\">" type           \
    "</eop:maskType><gml:posList srsDimension=\"3\">" list                               \
    "</gml:posList></eop:MaskFeature>"

static void write_gml(nd_arena *arena, const char *folder_of, const char *name,
                      const char *features)
{
    const char *all = nd_text(arena,
                              "<eop:Mask xmlns:eop=\"e\" xmlns:gml=\"g\">"
                              "<eop:maskMembers>%s</eop:maskMembers></eop:Mask>",
                              features);
    write_file(nd_text(arena, "%s/%s", folder_of, name), all, strlen(all));
}

TEST(a_feature_within_another_keeps_its_polygons_to_itself)
{
    const char *safe = copy(arena, "x.SAFE");
    const char *qi = nd_text(arena, "%s/" TILE "/QI_DATA", safe);
    if (mkdir(qi, 0700) != 0) abort();
    // 5 x 5 pixels of clouds at (0, 0); within: 2 x 1 of clouds, 1 x 3 of cirrus, and a
    // type that only the innermost has.
    write_gml(arena, qi, "MSK_CLOUDS_B00.gml",
              "<eop:MaskFeature><eop:maskType>OPAQUE</eop:maskType>"
              "<gml:posList>399960 4800000 400260 4800000 400260 4799700 399960 4799700"
              "</gml:posList><eop:MaskFeature><eop:maskType>OPAQUE</eop:maskType>"
              "<gml:posList>400020 4799880 400140 4799880 400140 4799820 400020 4799820"
              "</gml:posList><eop:MaskFeature><eop:MaskFeature><eop:maskType>CIRRUS"
              "</eop:maskType><gml:posList>400200 4800000 400260 4800000 400260 4799820 "
              "400200 4799820</gml:posList></eop:MaskFeature>"
              "<gml:posList>399960 4800000 400260 4800000 400260 4799700 399960 4799700"
              "</gml:posList></eop:MaskFeature></eop:MaskFeature></eop:MaskFeature>");
    const nd_product *p = nd_product_open(arena, safe, NULL);
    const int all = 1830 * 1830;
    CHECK(sum(read_named(arena, p, "opaque_clouds_60m"), all) == 25);
    CHECK(sum(read_named(arena, p, "cirrus_clouds_60m"), all) == 3);
}

TEST(polygons_of_single_bands_are_masks_under_snaps_names)
{
    const char *safe = copy(arena, "x.SAFE");
    const char *qi = nd_text(arena, "%s/" TILE "/QI_DATA", safe);
    if (mkdir(qi, 0700) != 0) abort();
    // 2 x 1 pixels at (1, 2); 1 x 3 at (4, 0); 5 x 5 at (0, 0).
    const char *a = "400020 4799880 0 400140 4799880 0 400140 4799820 0 400020 4799820 0";
    const char *b = "400200 4800000 0 400260 4800000 0 400260 4799820 0 400200 4799820 0";
    const char *c = "399960 4800000 0 400260 4800000 0 400260 4799700 0 399960 4799700 0";
    write_gml(arena, qi, "MSK_SATURA_B01.gml",
              nd_text(arena,
                      FEATURE("QT-0", "QT_SATURATED_PIXELS_L1A", "%s")
                          FEATURE("QT-1", "QT_SATURATED_PIXELS_L1B", "%s"),
                      a, b));
    write_gml(arena, qi, "S2A_OPER_MSK_TECQUA_SGS__20180101_A013204_B04_MSIL1C.gml",
              nd_text(arena, FEATURE("T-0", "MSI_LOST", "%s"), c));
    write_gml(arena, qi, "MSK_DETFOO_B01.gml",
              nd_text(arena,
                      FEATURE("detector_footprint-B01-02-0", "DETECTOR_FOOTPRINT", "%s")
                          FEATURE("detector_footprint-B01-02-1", "DETECTOR_FOOTPRINT",
                                  "%s") FEATURE("detector_footprint-B01-12-2",
                                                "DETECTOR_FOOTPRINT", "%s"),
                      a, b, c));
    write_gml(arena, qi, "MSK_DEFECT_B01.gml", "");
    const nd_product *p = nd_product_open(arena, safe, NULL);
    const int all = 1830 * 1830;
    CHECK(sum(read_named(arena, p, "saturated_l1a_B1"), all) == 2);
    CHECK(at(arena, p, "saturated_l1a_B1", 2, 2) == 1);
    CHECK(sum(read_named(arena, p, "saturated_l1b_B1"), all) == 3);
    CHECK(at(arena, p, "saturated_l1b_B1", 4, 2) == 1);
    CHECK(sum(read_named(arena, p, "defective_B1"), all) == 0);
    CHECK(sum(read_named(arena, p, "detector_footprint-B01-02"), all) == 5);
    CHECK(sum(read_named(arena, p, "detector_footprint-B01-12"), all) == 25);
    CHECK(!band_named(p, "detector_footprint-B01-01") && !band_named(p, "nodata_B1"));
    const nd_band *lost = band_named(p, "msi_lost_B4");
    CHECK(lost && lost->role == ND_MASK && lost->grid.pixel_x == 10);
    CHECK(at(arena, p, "msi_lost_B4", 29, 29) == 1 &&
          at(arena, p, "msi_lost_B4", 30, 29) == 0);
    CHECK(band_named(p, "msi_degraded_B4") && band_named(p, "ancillary_lost_B4"));
}

// From baseline 04.00 on masks are pictures: here 1830 x 1830 whose value is x mod 13.
static void write_detectors(const char *path)
{
    GDALAllRegister();
    GDALDatasetH from =
        GDALCreate(GDALGetDriverByName("MEM"), "", 1830, 1830, 1, GDT_Byte, NULL);
    unsigned char row[1830];
    for (int x = 0; x < 1830; x++) row[x] = (unsigned char)(x % 13);
    for (int y = 0; y < 1830; y++)
        if (GDALRasterIO(GDALGetRasterBand(from, 1), GF_Write, 0, y, 1830, 1, row, 1830,
                         1, GDT_Byte, 0, 0) != CE_None)
            abort();
    char *options[] = {(char[]){"QUALITY=100"}, (char[]){"REVERSIBLE=YES"}, NULL};
    GDALDatasetH to = GDALCreateCopy(GDALGetDriverByName("JP2OpenJPEG"), path, from,
                                     FALSE, options, NULL, NULL);
    GDALClose(from);
    if (!to) abort();
    GDALClose(to);
}

TEST(pictures_of_detectors_are_masks_under_snaps_names)
{
    const char *safe = copy(arena, "x.SAFE");
    const char *qi = nd_text(arena, "%s/" TILE "/QI_DATA", safe);
    if (mkdir(qi, 0700) != 0) abort();
    write_detectors(nd_text(arena, "%s/MSK_DETFOO_B01.jp2", qi));
    const nd_product *p = nd_product_open(arena, safe, NULL);
    const nd_band *all = band_named(p, "B_detector_footprint_B1");
    CHECK(all && all->labels == 12 && at(arena, p, all->name, 25, 3) == 12);
    // 1830 = 140 * 13 + 10: columns 7, 20, … are 141, columns 12, 25, … are 140.
    CHECK(sum(read_named(arena, p, "detector_footprint-B01-07"), 1830 * 1830) ==
          141 * 1830);
    CHECK(sum(read_named(arena, p, "detector_footprint-B01-12"), 1830 * 1830) ==
          140 * 1830);
    const nd_band *one = band_named(p, "detector_footprint-B01-12");
    CHECK(one && one->role == ND_MASK &&
          strcmp(one->expression, "B_detector_footprint_B1 == 12") == 0);
    CHECK(!band_named(p, "detector_footprint-B01-13"));
}
