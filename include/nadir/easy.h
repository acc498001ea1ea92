// SPDX-License-Identifier: Apache-2.0
// For other languages: graphs, windows and models through plain numbers and texts.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// Calls give NULL, or a number that is not 0, when they fail; then nd_easy_error has the
// two lines, of this thread, until its next call. Texts are UTF-8; those that are given
// back live as long as what gave them. One thread at a time per handle.
const char *nd_easy_error(void);
const char *nd_easy_version(void);
// All operators as JSON: what `nadir describe --json` prints. Lives as long as the
// program.
const char *nd_easy_operators(void);

// ---- A graph: XML or YAML. `text` NULL: `path` is read; else path is only its name.
// variables: name, value, name, value, …, NULL.
typedef struct nd_easy_graph nd_easy_graph;
nd_easy_graph *nd_easy_graph_open(const char *path, const char *text,
                                  const char *const *variables);
void nd_easy_graph_close(nd_easy_graph *graph);
// {"nodes":[{"id","operator","levels","bands":[{"name","unit","kind","width","height","x",
// "y","pixel_x","pixel_y","crs","wavelength_nm","labels":[{"value","name","colour"}]}]}],
// "outputs":["id"]}; what ends the graph by writing stands for its input.
const char *nd_easy_graph_describe(nd_easy_graph *graph);
// Pixels of bands of one grid: float, NaN is no data, {bands, height, width}; on all
// cores. Beyond the grid there is no data.
typedef struct nd_easy_window {
    const char *node; // its id; NULL: the graph's first output
    const int *band;  // ascending
    int bands, level, x, y, width, height;
} nd_easy_window;
int nd_easy_read(nd_easy_graph *graph, const nd_easy_window *window, float *out);

// ---- A trained model: weights with a card.
typedef struct nd_easy_model nd_easy_model;
nd_easy_model *nd_easy_model_open(const char *path);
void nd_easy_model_close(nd_easy_model *model);
const char *nd_easy_model_card(nd_easy_model *model); // JSON
int nd_easy_model_outputs(nd_easy_model *model);
bool nd_easy_model_is_mask(nd_easy_model *model);
// Windows {count, bands, side, side} in the card's units, NaN where there is no data;
// out: {count, outputs}, or {count, outputs, side, side} of a mask.
int nd_easy_predict(nd_easy_model *model, const float *x, int count, int side,
                    float *out);

// ---- Training: a recipe, values for its variables; gives the run's folder, this
// thread's until its next call. `hear` (may be NULL) gets what happens as lines of JSON:
// {"what": "step", "loss", …}; anything but 0 stops after that batch, with all saved.
typedef int nd_easy_hear(void *user, const char *line);
const char *nd_easy_train(const char *recipe, const char *const *variables,
                          nd_easy_hear *hear, void *user);
