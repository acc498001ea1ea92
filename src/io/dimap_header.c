// SPDX-License-Identifier: Apache-2.0
// The header of BEAM-DIMAP: what SNAP wants to know of a product, in its order.
#include "io/raw.h"
#include <ctype.h>
#include <math.h>
#include <nadir/geo.h>
#include <stdio.h>
#include <string.h>

static void element(nd_buffer *out, int indent, const char *tag, const char *text)
{
    nd_buffer_add(out, "%*s<%s>", indent, "", tag);
    io_xml_text(out, text ? text : "");
    nd_buffer_add(out, "</%s>\n", tag);
}

static void number(nd_buffer *out, int indent, const char *tag, double value)
{
    element(out, indent, tag, nd_text_of_real(out->arena, value));
}

static const char *transform(nd_buffer *out, const nd_grid *g)
{
    const double six[] = {g->pixel_x, 0, 0, g->pixel_y, g->x, g->y};
    nd_buffer text = {.arena = out->arena};
    for (int i = 0; i < 6; i++) {
        const char *n = nd_text_of_real(out->arena, six[i]);
        nd_buffer_add(&text, "%s%s", i ? "," : "", n ? n : "0");
    }
    return nd_buffer_text(&text);
}

// "2018-01-01T10:54:41.024Z" as SNAP writes it: "01-JAN-2018 10:54:41.024000".
static const char *snap_time(nd_buffer *out, const char *iso)
{
    static const char month[][4] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                    "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    int y, m, d, h, min, s, taken = 0;
    char tail[7] = "000000";
    if (!iso ||
        sscanf(iso, "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &m, &d, &h, &min, &s, &taken) != 6 ||
        m < 1 || m > 12)
        return NULL;
    if (iso[taken] == '.')
        for (int i = 0; i < 6 && isdigit((unsigned char)iso[taken + 1 + i]); i++)
            tail[i] = iso[taken + 1 + i];
    return nd_text(out->arena, "%02d-%s-%04d %02d:%02d:%02d.%s", d, month[m - 1], y, h,
                   min, s, tail);
}

static void start(nd_buffer *out, const io_job *job, const char *name, const char *title)
{
    const nd_product *p = job->node->product;
    nd_buffer_add(out, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
                       "<Dimap_Document name=\"");
    io_xml_text(out, name);
    nd_buffer_add(out,
                  "\">\n    <Metadata_Id>\n"
                  "        <METADATA_FORMAT version=\"2.12.1\">DIMAP</METADATA_FORMAT>\n"
                  "        <METADATA_PROFILE>BEAM-DATAMODEL-V1</METADATA_PROFILE>\n"
                  "    </Metadata_Id>\n    <Dataset_Id>\n"
                  "        <DATASET_SERIES>BEAM-PRODUCT</DATASET_SERIES>\n");
    element(out, 8, "DATASET_NAME", title);
    if (p && p->simulated) element(out, 8, "DATASET_DESCRIPTION", "simulated pixels");
    nd_buffer_add(out, "    </Dataset_Id>\n    <Production>\n"
                       "        <DATASET_PRODUCER_NAME />\n");
    element(out, 8, "PRODUCT_TYPE", p && p->format ? p->format : "nadir");
    const char *from = snap_time(out, p ? p->start : NULL),
               *to = snap_time(out, p ? p->stop : NULL);
    if (from) element(out, 8, "PRODUCT_SCENE_RASTER_START_TIME", from);
    if (to) element(out, 8, "PRODUCT_SCENE_RASTER_STOP_TIME", to);
    nd_buffer_add(out, "    </Production>\n");
}

// `band` < 0: of the whole scene.
static nd_status geocoding(nd_buffer *out, const nd_grid *grid, int band)
{
    if (!grid->crs) return ND_OK;
    const char *wkt = nd_crs_wkt(out->arena, grid->crs);
    if (!wkt) return ND_E_PARAM;
    nd_buffer_add(out, "    <Coordinate_Reference_System>\n");
    element(out, 8, "WKT", wkt);
    nd_buffer_add(out, "    </Coordinate_Reference_System>\n    <Geoposition>\n");
    if (band >= 0) nd_buffer_add(out, "        <BAND_INDEX>%d</BAND_INDEX>\n", band);
    element(out, 8, "IMAGE_TO_MODEL_TRANSFORM", transform(out, grid));
    nd_buffer_add(out, "    </Geoposition>\n");
    return ND_OK;
}

static void coding(nd_buffer *out, const nd_band *band)
{
    const bool is_flags = band->kind == ND_FLAGS;
    if (!band->labels) return;
    nd_buffer_add(out, "    <%s_Coding name=\"", is_flags ? "Flag" : "Index");
    io_xml_text(out, band->name);
    nd_buffer_add(out, "\">\n");
    for (int i = 0; i < band->labels; i++) {
        const nd_label *l = &band->label[i];
        nd_buffer_add(out, "        <%s>\n", is_flags ? "Flag" : "Index");
        element(out, 12, is_flags ? "Flag_Name" : "INDEX_NAME", l->name);
        nd_buffer_add(out, "            <%s>%.0f</%s>\n",
                      is_flags ? "Flag_Index" : "INDEX_VALUE", l->value,
                      is_flags ? "Flag_Index" : "INDEX_VALUE");
        element(out, 12, is_flags ? "Flag_description" : "INDEX_DESCRIPTION", l->help);
        nd_buffer_add(out, "        </%s>\n", is_flags ? "Flag" : "Index");
    }
    nd_buffer_add(out, "    </%s_Coding>\n", is_flags ? "Flag" : "Index");
}

static void data_access(nd_buffer *out, const io_job *job, const char *const *file,
                        const char *folder)
{
    nd_buffer_add(
        out, "    <Data_Access>\n"
             "        <DATA_FILE_FORMAT>ENVI</DATA_FILE_FORMAT>\n"
             "        <DATA_FILE_FORMAT_DESC>ENVI File Format</DATA_FILE_FORMAT_DESC>\n"
             "        <DATA_FILE_ORGANISATION>BAND_SEPARATE</DATA_FILE_ORGANISATION>\n");
    for (int k = 0; k < job->bands.count; k++) {
        nd_buffer_add(out, "        <Data_File>\n            <DATA_FILE_PATH href=\"");
        io_xml_text(out, folder);
        nd_buffer_add(out,
                      "/%s.hdr\" />\n            <BAND_INDEX>%d</BAND_INDEX>\n"
                      "        </Data_File>\n",
                      file[k], k);
    }
    nd_buffer_add(out, "    </Data_Access>\n");
}

// The colours of classes.
static void display(nd_buffer *out, const nd_band *band, int k)
{
    if (band->kind != ND_CLASS || !band->labels || !band->label[0].colour) return;
    nd_buffer_add(out,
                  "    <Image_Display>\n        <Band_Statistics>\n"
                  "            <BAND_INDEX>%d</BAND_INDEX>\n"
                  "            <NUM_COLORS>%d</NUM_COLORS>\n",
                  k, band->labels);
    for (int i = 0; i < band->labels; i++) {
        const uint32_t c = band->label[i].colour;
        nd_buffer_add(out, "            <Color_Palette_Point>\n");
        number(out, 16, "SAMPLE", band->label[i].value);
        element(out, 16, "LABEL", band->label[i].name);
        nd_buffer_add(
            out,
            "                <COLOR red=\"%u\" green=\"%u\" blue=\"%u\" alpha=\"%u\" />\n"
            "            </Color_Palette_Point>\n",
            c >> 24, c >> 16 & 255, c >> 8 & 255, c & 255);
    }
    nd_buffer_add(out, "        </Band_Statistics>\n    </Image_Display>\n");
}

static void interpretation(nd_buffer *out, const io_job *job, int k, const io_pack *pack)
{
    const nd_band *b = &job->node->band[job->bands.band[k]];
    const nd_grid grid = nd_grid_at(b->grid, job->run->level);
    const bool is_float = io_sample_is_float(pack->sample);
    nd_buffer_add(
        out, "        <Spectral_Band_Info>\n            <BAND_INDEX>%d</BAND_INDEX>\n",
        k);
    element(out, 12, "BAND_DESCRIPTION", b->help);
    element(out, 12, "BAND_NAME", b->name);
    nd_buffer_add(out,
                  "            <BAND_RASTER_WIDTH>%d</BAND_RASTER_WIDTH>\n"
                  "            <BAND_RASTER_HEIGHT>%d</BAND_RASTER_HEIGHT>\n",
                  grid.width, grid.height);
    element(out, 12, "DATA_TYPE", io_sample_name(pack->sample));
    if (b->unit) element(out, 12, "PHYSICAL_UNIT", b->unit);
    number(out, 12, "SOLAR_FLUX", 0);
    if (b->wavelength_nm > 0)
        nd_buffer_add(out, "            <SPECTRAL_BAND_INDEX>%d</SPECTRAL_BAND_INDEX>\n",
                      k);
    number(out, 12, "BAND_WAVELEN", b->wavelength_nm);
    number(out, 12, "BANDWIDTH", b->bandwidth_nm);
    if (b->labels)
        element(out, 12, b->kind == ND_FLAGS ? "FLAG_CODING_NAME" : "INDEX_CODING_NAME",
                b->name);
    number(out, 12, "SCALING_FACTOR", pack->scale);
    number(out, 12, "SCALING_OFFSET", pack->offset);
    element(out, 12, "LOG10_SCALED", "false");
    element(out, 12, "NO_DATA_VALUE_USED",
            is_float || !isnan(pack->no_data) ? "true" : "false");
    element(out, 12, "NO_DATA_VALUE",
            is_float               ? "NaN"
            : isnan(pack->no_data) ? "0.0"
                                   : nd_text_of_real(out->arena, pack->no_data));
    element(out, 12, "IMAGE_TO_MODEL_TRANSFORM", transform(out, &grid));
    nd_buffer_add(out, "        </Spectral_Band_Info>\n");
}

static void attribute(nd_buffer *out, const char *name, const char *value)
{
    if (!value) return;
    nd_buffer_add(out, "            <MDATTR name=\"");
    io_xml_text(out, name);
    nd_buffer_add(out, "\" type=\"ascii\" mode=\"rw\">");
    io_xml_text(out, value);
    nd_buffer_add(out, "</MDATTR>\n");
}

static void sources(nd_buffer *out, const io_job *job)
{
    const nd_product *p = job->node->product;
    nd_buffer_add(out, "    <Dataset_Sources>\n        <MDElem name=\"metadata\">\n");
    attribute(out, "writer", "nadir " NADIR_VERSION);
    attribute(out, "history", job->write->history);
    if (p) {
        attribute(out, "mission", p->mission);
        attribute(out, "processing_level", p->level);
        attribute(out, "tile", p->tile);
        attribute(out, "processing_baseline", p->baseline);
        attribute(out, "orbit_direction", p->pass);
        for (size_t i = 0; i < p->mores; i++)
            attribute(out, p->more[i].name, p->more[i].value);
    }
    nd_buffer_add(out, "        </MDElem>\n    </Dataset_Sources>\n");
}

static bool one_size(const io_job *job, nd_grid *scene)
{
    const nd_band *band = job->node->band;
    bool same = true;
    *scene = band[job->bands.band[0]].grid;
    for (int k = 1; k < job->bands.count; k++) {
        const nd_grid *g = &band[job->bands.band[k]].grid;
        same &= nd_grid_same(g, &band[job->bands.band[0]].grid);
        if ((int64_t)g->width * g->height > (int64_t)scene->width * scene->height)
            *scene = *g;
    }
    *scene = nd_grid_at(*scene, job->run->level);
    return same;
}

const char *dimap_header(const io_job *job, const io_pack *pack, const char *const *file,
                         const char *folder)
{
    nd_buffer out = {.arena = job->arena};
    const nd_band *band = job->node->band;
    const char *name = io_out_main(job->out);
    const size_t length =
        strlen(name) - strlen(strrchr(name, '.') ? strrchr(name, '.') : "");
    nd_grid scene;
    const bool same = one_size(job, &scene);
    start(&out, job, name, nd_text(job->arena, "%.*s", (int)length, name));
    if (same && geocoding(&out, &scene, -1) != ND_OK) return NULL;
    for (int k = 0; !same && k < job->bands.count; k++) {
        const nd_grid grid = nd_grid_at(band[job->bands.band[k]].grid, job->run->level);
        if (geocoding(&out, &grid, k) != ND_OK) return NULL;
    }
    for (int k = 0; k < job->bands.count; k++) coding(&out, &band[job->bands.band[k]]);
    nd_buffer_add(&out,
                  "    <Raster_Dimensions>\n        <NCOLS>%d</NCOLS>\n"
                  "        <NROWS>%d</NROWS>\n        <NBANDS>%d</NBANDS>\n"
                  "    </Raster_Dimensions>\n",
                  scene.width, scene.height, job->bands.count);
    if (file) data_access(&out, job, file, folder);
    for (int k = 0; k < job->bands.count; k++)
        display(&out, &band[job->bands.band[k]], k);
    nd_buffer_add(&out, "    <Image_Interpretation>\n");
    for (int k = 0; k < job->bands.count; k++) interpretation(&out, job, k, &pack[k]);
    nd_buffer_add(&out, "    </Image_Interpretation>\n");
    sources(&out, job);
    nd_buffer_add(&out, "</Dimap_Document>\n");
    return nd_buffer_text(&out);
}
