// SPDX-License-Identifier: Apache-2.0
// Inside io: XML files of scenes, read with nothing of the language's dangers.
#pragma once
#include <libxml/tree.h>
#include <nadir/text.h>

// The root of a document that the arena keeps. Refuses DOCTYPEs, so there are no
// entities; asks nobody for anything. NULL after nd_fail, which names `name`.
const xmlNode *io_xml_parse(nd_arena *arena, const char *name, const char *text,
                            size_t length) ND_CHECKED;
const xmlNode *io_xml_read(nd_arena *arena, const char *path) ND_CHECKED;
// Names are without their prefix. NULL: none; a NULL node has none.
const xmlNode *io_xml_first(const xmlNode *node, const char *name); // child
const xmlNode *io_xml_next(const xmlNode *node, const char *name);  // sibling after it
const xmlNode *io_xml_any(const xmlNode *top, const char *name);    // at any depth
const xmlNode *io_xml_at(const xmlNode *node, const char *path);    // "a/b/c"
// The node that follows `node` below `top` in the text; NULL: none.
const xmlNode *io_xml_after(const xmlNode *top, const xmlNode *node);
// The same, past all that `node` holds.
const xmlNode *io_xml_past(const xmlNode *top, const xmlNode *node);
bool io_xml_is(const xmlNode *node, const char *name);
// Trimmed; NULL: no node, no text, or no memory.
const char *io_xml_content(nd_arena *arena, const xmlNode *node);
const char *io_xml_attribute(nd_arena *arena, const xmlNode *node, const char *name);
bool io_xml_real(const xmlNode *node, double *number); // finite
bool io_xml_whole(const xmlNode *node, int low, int high, int *number);
// The numbers of a text with blanks between; false: not a number, or more than `room`.
bool io_xml_numbers(const xmlNode *node, double *number, int room, int *count);
