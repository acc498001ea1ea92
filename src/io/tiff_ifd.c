// SPDX-License-Identifier: Apache-2.0
// Directories of a TIFF file (TIFF 6.0, BigTIFF), little-endian as this machine.
#include "io/tiff.h"
#include <string.h>

static size_t type_bytes(uint16_t type)
{
    return type == TIFF_ASCII ? 1 : type == TIFF_SHORT ? 2 : type == TIFF_LONG ? 4 : 8;
}

static size_t field_bytes(const tiff_field *f)
{
    return (size_t)f->count * type_bytes(f->type);
}

void tiff_add(tiff_ifd *ifd, tiff_field field)
{
    if (field.data && field.count && ifd->fields < TIFF_FIELDS)
        ifd->field[ifd->fields++] = field;
}

size_t tiff_ifd_bytes(const tiff_ifd *ifd, bool big)
{
    const size_t inside = big ? 8 : 4;
    size_t bytes = big ? 16 + (size_t)ifd->fields * 20 : 6 + (size_t)ifd->fields * 12;
    bytes = (bytes + 7) / 8 * 8;
    for (int i = 0; i < ifd->fields; i++)
        if (field_bytes(&ifd->field[i]) > inside)
            bytes += (field_bytes(&ifd->field[i]) + 7) / 8 * 8;
    return bytes;
}

static char *put(char *to, uint64_t value, size_t bytes)
{
    memcpy(to, &value, bytes);
    return to + bytes;
}

void tiff_ifd_put(const tiff_ifd *ifd, bool big, uint64_t at, uint64_t next, char *out)
{
    const size_t word = big ? 8 : 4;
    size_t beyond = big ? 16 + (size_t)ifd->fields * 20 : 6 + (size_t)ifd->fields * 12;
    beyond = (beyond + 7) / 8 * 8;
    memset(out, 0, tiff_ifd_bytes(ifd, big));
    char *to = put(out, (uint64_t)ifd->fields, big ? 8 : 2);
    for (int i = 0; i < ifd->fields; i++) {
        const tiff_field *f = &ifd->field[i];
        const size_t bytes = field_bytes(f);
        to = put(to, f->tag, 2);
        to = put(to, f->type, 2);
        to = put(to, f->count, word);
        if (bytes <= word) {
            memcpy(to, f->data, bytes);
        } else {
            put(to, at + beyond, word);
            memcpy(out + beyond, f->data, bytes);
            beyond += (bytes + 7) / 8 * 8;
        }
        to += word;
    }
    put(to, next, word);
}

size_t tiff_header_put(bool big, uint64_t first, char out[16])
{
    memcpy(out, big ? "II\x2B\0\x8\0\0\0" : "II\x2A\0", big ? 8 : 4);
    put(out + (big ? 8 : 4), first, big ? 8 : 4);
    return big ? 16 : 8;
}
