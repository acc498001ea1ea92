// SPDX-License-Identifier: Apache-2.0
// Inside io: rasters of bare samples, big-endian as SNAP's, and the headers beside them.
#pragma once
#include "io/write.h"

// Where each band of a set that shares a grid goes.
typedef struct raw_band {
    int fd;
    uint64_t at; // its first byte
    io_pack pack;
} raw_band;
// Pulls `bands` into their files.
nd_status raw_fill(const io_job *job, nd_bands bands, const raw_band *band) ND_CHECKED;
// Text of an ENVI header over `bands`, whose samples are packed as `pack` says, each.
nd_status raw_envi_header(const io_job *job, nd_bands bands, const io_pack *pack,
                          nd_buffer *out) ND_CHECKED;
// How a band of its own file is held: its own type, NaN for no data of floats.
io_pack raw_pack(const io_job *job, const nd_band *band);
// Text for XML: < > & " and all that is not ASCII (UTF-8) as numbers.
void io_xml_text(nd_buffer *out, const char *text);
// The DIMAP header of what the job writes, whose bands are held as `pack` says, each;
// `file`: names of their files in `folder`; NULL: none, the header lies in the raster.
const char *dimap_header(const io_job *job, const io_pack *pack, const char *const *file,
                         const char *folder) ND_CHECKED;
