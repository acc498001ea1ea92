// SPDX-License-Identifier: Apache-2.0
// Inside io: how shapes are kept between reading, laying out and burning.
#pragma once
#include <nadir/vector.h>

typedef enum vector_form { VECTOR_POINT, VECTOR_LINE, VECTOR_RING } vector_form;
typedef struct vector_point {
    double x, y;
} vector_point;
typedef struct vector_part { // a ring is closed by an edge from its last point
    vector_form form;
    int shape;
    vector_point *point;
    size_t count;
    double box[4]; // of a part that is laid out: left, top, right, bottom
} vector_part;
struct nd_vector {
    int shapes, fields;
    const char **field; // names
    const char **value; // shape by shape, field by field
    vector_part *part;  // those of a shape stand together, in order of shapes
    size_t parts, points;
    const char *crs; // WKT; NULL: none
    const char *identity;
};
struct nd_layout {
    int shapes, width, height;
    vector_part *part;
    size_t parts;
    size_t *first; // of each shape, and one more: the end
};
