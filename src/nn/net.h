// SPDX-License-Identifier: Apache-2.0
// What the files that record, compile and run share: nets, plans, optimisers.
#pragma once
#include "nn/plain.h"

NN_DECLARE(sum2);
extern const nn_op nn_op_sum2;

typedef struct nn_variable {
    const char *name;
    nd_dtype dtype;
    nd_shape shape;
    void *data; // in plain order
    bool is_parameter, frozen;
} nn_variable;
const nn_variable *nn_variable_at(const nd_net *net, int slot);
// Its number, or -1 after nd_fail; the name is copied and the first value drawn.
int nn_variable_add(nd_net *net, const nn_variable *variable, nn_first first);

typedef enum nn_mode { NN_INFER, NN_TRAIN, NN_GRADIENTS, NN_MEASURE } nn_mode;
// What a plan is for; equal keys share one.
typedef struct nn_key {
    nn_mode mode;
    nd_shape input, target;
    nd_dtype input_dtype, target_dtype;
    nd_goal goal;
    const nd_optim *optim;
    int threads;
    int64_t frozen; // net->frozen when it was made
} nn_key;

// A compiled tape. Belongs to an arena of its own that the net's undoes.
typedef struct nn_plan {
    nd_arena *arena;
    nd_net *net;
    nn_key key;
    nd_tape *tape;
    nn_record **record;
    int records;
    size_t bytes, scratch; // of a context
    nd_tensor *input, *target, *output, *loss, *norm;
    int loss_at;        // the record that makes the loss
    nd_tensor ***final; // what is read after a run: plain, not in bfloat16
    int finals;
    double flops;
    int64_t version; // of the weights that were renewed last
    double *seconds; // of each record while the net is timed
    int runs;
    struct nn_plan *next;
} nn_plan;

// Memory for one run of a plan at a time.
typedef struct nn_context {
    const nn_plan *plan;
    char *memory, *scratch;
    size_t bytes;
} nn_context;

struct nd_net {
    nd_arena *arena;
    nd_net_make make;
    const nn_backend *backend;
    nn_variable *variable;
    int count, room;
    nn_plan *plan;
    nn_context *context; // of nd_step and nd_infer; grown to the largest plan
    nd_arena *context_arena;
    int compiled;
    int64_t version, frozen;
    bool checks_finite, is_timed;
    const nn_plan *timed; // the plan last run
};

struct nd_optim {
    nd_arena *arena;
    nd_net *net;
    nd_optim_make make;
    double rate, momentum;
    int64_t step;                                   // updates done
    int batch;                                      // batches gathered towards the next
    void **moment, **square, **average, **gathered; // of each variable; NULL: none
    double *factor;                                 // of the rate
    int *prefix;                                    // length of the one that set it
    nd_named *named;                                // nd_optim_at's
    int names;
};

nn_plan *nn_plan_find(nd_net *net, const nn_key *key);
nd_status nn_compile(nd_net *net, const nn_key *key, nn_plan **made) ND_CHECKED;
nd_status nn_choose_kernels(nn_plan *plan) ND_CHECKED;
nd_status nn_place_values(nn_plan *plan) ND_CHECKED;
nd_status nn_record_updates(nd_tape *tape, const nd_optim *optim,
                            nd_tensor **norm) ND_CHECKED;

nn_context *nn_context_new(nd_arena *arena, const nn_plan *plan) ND_CHECKED;
typedef struct nn_edges {
    const void *input, *target;
    const nd_optim *optim;
    int64_t turn; // of NN_MEASURE: batches before this one
} nn_edges;
nd_status nn_plan_renew(nn_plan *plan) ND_CHECKED;
nd_status nn_plan_run(const nn_plan *plan, nn_context *context,
                      const nn_edges *edges) ND_CHECKED;
void *nn_where(const nn_context *context, const nn_edges *edges, const nd_tensor *x);
