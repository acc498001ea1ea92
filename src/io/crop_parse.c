// SPDX-License-Identifier: Apache-2.0
// The text of a crop.yaml, key by key, each mistake with its line.
#include "io/crop.h"
#include "io/safe.h"
#include <math.h>
#include <string.h>
#include <yaml.h>

enum { BANDS = 4096, PAIRS = 256 };

typedef struct text {
    nd_arena *arena;
    const char *name;
    yaml_document_t document;
} text;

static nd_status at(const text *t, yaml_mark_t mark, nd_status code)
{
    nd_note("%s:%zu:%zu", t->name, mark.line + 1, mark.column + 1);
    return code;
}

static const char *scalar(const text *t, int index)
{
    yaml_node_t *node = yaml_document_get_node((yaml_document_t *)&t->document, index);
    if (!node || node->type != YAML_SCALAR_NODE) return NULL;
    const char *value = (const char *)node->data.scalar.value;
    if (strlen(value) != node->data.scalar.length) return NULL; // a 0 inside
    return nd_text(t->arena, "%.2000s", value);
}

// One key of a mapping: the sort of its value and where it goes.
typedef enum sort { TEXT, REAL, WHOLE, NO_DATA, CHOICE, BOOL, SKIP } sort;
typedef struct key {
    const char *name;
    sort sort;
    void *to;
    const char *const *choices; // of CHOICE, an enum's names; ends with NULL
    bool *given;                // may be NULL
} key;

static bool set(const key *k, const char *value)
{
    double number = 0;
    switch (k->sort) {
    case TEXT: *(const char **)k->to = value; return true;
    case NO_DATA:
        if (nd_text_same(value, "none")) {
            *(double *)k->to = (double)NAN;
            return true;
        }
        return nd_text_real(value, k->to);
    case REAL: return nd_text_real(value, k->to) && isfinite(*(double *)k->to);
    case WHOLE:
        if (!nd_text_real(value, &number) || !(number >= 0 && number < 1e9)) return false;
        *(int *)k->to = (int)number;
        return true;
    case CHOICE:
        for (int i = 0; k->choices[i]; i++)
            if (nd_text_same(k->choices[i], value)) {
                *(int *)k->to = i;
                return true;
            }
        return false;
    case BOOL:
        *(bool *)k->to = nd_text_same(value, "true") || nd_text_same(value, "yes");
        return *(bool *)k->to || nd_text_same(value, "false") ||
               nd_text_same(value, "no");
    case SKIP: return true;
    }
    return false;
}

static const key *find(const key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0) return keys;
    return NULL;
}

static nd_status unknown(const text *t, const yaml_node_t *node, const char *name,
                         const key *keys)
{
    const char *words[64];
    size_t count = 0;
    for (; keys->name && count < 64; keys++) words[count++] = keys->name;
    const char *nearest = nd_text_nearest(name, words, count);
    if (nearest)
        return at(t, node->start_mark,
                  nd_fail(ND_E_DATA, "%.80s is no key of a crop\ndid you mean %s?", name,
                          nearest));
    return at(t, node->start_mark,
              nd_fail(ND_E_DATA, "%.80s is no key of a crop\nleave it out", name));
}

static nd_status read_keys(const text *t, const yaml_node_t *map, const key *keys)
{
    yaml_document_t *document = (yaml_document_t *)&t->document;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
         p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *node = yaml_document_get_node(document, p->key);
        const yaml_node_t *to = yaml_document_get_node(document, p->value);
        const char *name = scalar(t, p->key), *value = scalar(t, p->value);
        if (!name)
            return at(t, map->start_mark,
                      nd_fail(ND_E_DATA, "a key is no plain word\nwrite name: value"));
        const key *k = find(keys, name);
        if (!k) return unknown(t, node, name, keys);
        if (k->given) *k->given = true;
        if (k->sort == SKIP) continue;
        if (!value || !set(k, value))
            return at(t, to->start_mark,
                      nd_fail(ND_E_DATA, "%s cannot be %.80s\nsee data/31UFS/crop.yaml",
                              name, value ? value : "that"));
    }
    return ND_OK;
}

static const yaml_node_t *member(const text *t, const yaml_node_t *map, const char *name)
{
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
         p < map->data.mapping.pairs.top; p++) {
        const char *key_name = scalar(t, p->key);
        if (key_name && strcmp(key_name, name) == 0)
            return yaml_document_get_node((yaml_document_t *)&t->document, p->value);
    }
    return NULL;
}

// Not out of the crop's own folder.
static bool is_beside(const char *file)
{
    return *file && *file != '/' && strncmp(file, "..", 2) != 0 && !strstr(file, "/..") &&
           !strchr(file, ':') && !strchr(file, '\\');
}

static nd_status read_band(const text *t, const yaml_node_t *from, crop_band *b)
{
    static const char *const kinds[] = {"continuous", "amplitude", "class",
                                        "flags",      "scl",       NULL};
    static const char *const roles[] = {"data", "angle", "mask", NULL};
    int kind = 0, role = 0;
    const key keys[] = {{"file", TEXT, &b->file, NULL, NULL},
                        {"band", WHOLE, &b->number, NULL, NULL},
                        {"unit", TEXT, &b->band.unit, NULL, NULL},
                        {"help", TEXT, &b->band.help, NULL, NULL},
                        {"kind", CHOICE, &kind, kinds, NULL},
                        {"role", CHOICE, &role, roles, NULL},
                        {"wavelength", REAL, &b->band.wavelength_nm, NULL, NULL},
                        {"bandwidth", REAL, &b->band.bandwidth_nm, NULL, NULL},
                        {"quantification", REAL, &b->quantification, NULL, &b->has_scale},
                        {"offset", REAL, &b->offset, NULL, &b->has_scale},
                        {"no_data", NO_DATA, &b->no_data, NULL, &b->has_none},
                        {0}};
    if (from->type != YAML_MAPPING_NODE)
        return at(t, from->start_mark,
                  nd_fail(ND_E_DATA, "band %.80s says nothing\nwrite { file: name.tif }",
                          b->band.name));
    ND_TRY(read_keys(t, from, keys));
    if (!b->file || !is_beside(b->file) || b->number < 1 || b->quantification == 0)
        return at(t, from->start_mark,
                  nd_fail(ND_E_DATA,
                          "band %.80s names no file beside the crop, or no band of it\n"
                          "write file: name.tif",
                          b->band.name));
    b->band.role = (nd_role)role;
    b->band.kind = kind == 4 ? ND_CLASS : (nd_kind)kind;
    if (kind == 4) b->band.label = safe_classes, b->band.labels = 12;
    return ND_OK;
}

static nd_status read_bands(const text *t, const yaml_node_t *list, const crop_band *all,
                            crop *out)
{
    const ptrdiff_t count = list->data.mapping.pairs.top - list->data.mapping.pairs.start;
    if (count < 1 || count > BANDS)
        return at(t, list->start_mark,
                  nd_fail(ND_E_DATA, "there are %td bands\nname at least one", count));
    out->band = nd_alloc(t->arena, (size_t)count, sizeof *out->band);
    if (!out->band) return ND_E_MEMORY;
    for (yaml_node_pair_t *p = list->data.mapping.pairs.start;
         p < list->data.mapping.pairs.top; p++) {
        crop_band *b = &out->band[out->bands++];
        *b = *all;
        b->band.name = scalar(t, p->key);
        if (!b->band.name || !*b->band.name)
            return at(t, list->start_mark,
                      nd_fail(ND_E_DATA, "a band has no name\nwrite B4: { file: … }"));
        ND_TRY(read_band(
            t, yaml_document_get_node((yaml_document_t *)&t->document, p->value), b));
    }
    return ND_OK;
}

static nd_status read_pairs(const text *t, const yaml_node_t *map, nd_product *p)
{
    nd_pair *pair = nd_alloc(t->arena, PAIRS, sizeof *pair);
    if (!pair) return ND_E_MEMORY;
    p->more = pair;
    if (!map || map->type != YAML_MAPPING_NODE) return ND_OK;
    for (yaml_node_pair_t *m = map->data.mapping.pairs.start;
         m < map->data.mapping.pairs.top && p->mores < PAIRS - 1; m++) {
        const char *name = scalar(t, m->key), *value = scalar(t, m->value);
        if (name && value) pair[p->mores++] = (nd_pair){name, value};
    }
    return ND_OK;
}

static nd_status read_root(const text *t, const yaml_node_t *root, crop *out)
{
    nd_product *p = &out->product;
    const char *date = NULL;
    crop_band all = {.number = 1, .quantification = 1};
    const key keys[] = {
        {"name", TEXT, &p->name, NULL, NULL},
        {"mission", TEXT, &p->mission, NULL, NULL},
        {"level", TEXT, &p->level, NULL, NULL},
        {"mode", TEXT, &p->mode, NULL, NULL},
        {"tile", TEXT, &p->tile, NULL, NULL},
        {"baseline", TEXT, &p->baseline, NULL, NULL},
        {"pass", TEXT, &p->pass, NULL, NULL},
        {"date", TEXT, &date, NULL, NULL},
        {"stop", TEXT, &p->stop, NULL, NULL},
        {"orbit", WHOLE, &p->orbit, NULL, NULL},
        {"relative_orbit", WHOLE, &p->relative_orbit, NULL, NULL},
        {"simulated", BOOL, &p->simulated, NULL, NULL},
        {"file", TEXT, &all.file, NULL, NULL},
        {"quantification", REAL, &all.quantification, NULL, &all.has_scale},
        {"offset", REAL, &all.offset, NULL, &all.has_scale},
        {"no_data", NO_DATA, &all.no_data, NULL, &all.has_none},
        {"bands", SKIP, NULL, NULL, NULL},
        {"metadata", SKIP, NULL, NULL, NULL},
        {0}};
    if (root->type != YAML_MAPPING_NODE)
        return at(t, root->start_mark,
                  nd_fail(ND_E_DATA, "it is no list of keys\nwrite name: value"));
    ND_TRY(read_keys(t, root, keys));
    const yaml_node_t *bands = member(t, root, "bands");
    if (!bands || bands->type != YAML_MAPPING_NODE)
        return at(t, root->start_mark,
                  nd_fail(ND_E_DATA, "it names no bands\nwrite bands: and one a line"));
    if (date && !nd_text_same(date, "unknown")) p->start = date;
    if (!p->stop) p->stop = p->start;
    ND_TRY(read_pairs(t, member(t, root, "metadata"), p));
    return read_bands(t, bands, &all, out);
}

nd_status crop_parse(nd_arena *arena, const char *name, const char *bytes, size_t length,
                     crop *out)
{
    text t = {.arena = arena, .name = name};
    yaml_parser_t parser;
    *out = (crop){0};
    if (!yaml_parser_initialize(&parser))
        return nd_fail(ND_E_MEMORY, "there is no memory for %s\nclose programs", name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    if (!yaml_parser_load(&parser, &t.document)) {
        nd_fail(ND_E_DATA, "%.200s\nwrite it as YAML",
                parser.problem ? parser.problem : "it cannot be read");
        at(&t, parser.problem_mark, ND_E_DATA);
        yaml_parser_delete(&parser);
        return ND_E_DATA;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&t.document);
    nd_status status = root ? read_root(&t, root, out)
                            : nd_fail(ND_E_DATA, "%s is empty\nname its bands", name);
    yaml_document_delete(&t.document);
    yaml_parser_delete(&parser);
    return status;
}
