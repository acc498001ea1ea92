// SPDX-License-Identifier: Apache-2.0
// Networks: say once what to compute, and a compiled plan computes it for every batch.
#pragma once
#include <nadir/core.h>

typedef enum nd_dtype {
    ND_FLOAT32,
    ND_FLOAT64,  // everywhere or nowhere in a net: the oracle's
    ND_BFLOAT16, // activations and their gradients; weights stay float32
    ND_INT64,    // labels and indices
    ND_UINT8,
    ND_DTYPES
} nd_dtype;
size_t nd_dtype_bytes(nd_dtype dtype);
const char *nd_dtype_name(nd_dtype dtype); // "float32"

enum { ND_MAX_RANK = 6 };
typedef struct nd_shape {
    int rank; // 0: one number
    int64_t dim[ND_MAX_RANK];
} nd_shape;
#define ND_SHAPE(...)                                                                    \
    ((nd_shape){(int)(sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t)), {__VA_ARGS__}})
int64_t nd_shape_count(nd_shape shape);
bool nd_shape_same(nd_shape a, nd_shape b);

// Numbers outside any tape: a batch going in, a result coming out; last dimension fastest
// (NCHW for pictures). Borrowed for the call.
typedef struct nd_array {
    nd_dtype dtype;
    nd_shape shape;
    void *data;
} nd_array;

typedef struct nd_tensor nd_tensor; // a value of a tape; the tape's arena's
typedef struct nd_tape nd_tape;     // what one run of a forward function recorded
typedef struct nd_net nd_net;       // parameters by name, and the forward function
typedef struct nd_optim nd_optim;   // one net's optimiser and its state
typedef struct nd_runner nd_runner; // one thread's means to run a net

// The architecture: output from input. Runs once for each shape of batch; may branch on
// shapes and `user`, not on values. NULL after nd_fail stops the recording. While the
// function runs, its scopes give the parameters their names: layer1.0.conv1.weight.
typedef nd_tensor *nd_network(nd_tape *tape, nd_tensor *input, const void *user);
// A loss: one number from the output and the target.
typedef nd_tensor *nd_loss(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                           const void *settings);

// ---- A net. The arena's, with all that hangs on it. One thread at a time, but runners.
typedef struct nd_net_make {
    nd_network *forward;
    const void *user;    // lives as long as the net
    nd_shape input;      // of one batch; the batch itself may be any number: N, C, H, W
    nd_dtype dtype;      // ND_FLOAT32 or ND_FLOAT64
    nd_dtype compute;    // ND_BFLOAT16: activations are kept so; else as dtype
    uint64_t seed;       // of the first weights: streams of nd_random, not torch's bits
    int threads;         // of training and nd_infer; 0: one a core
    const char *backend; // "plain", "onednn"; NULL: the fastest there is
    bool exact;          // no Winograd
    bool blank;          // first weights are zeroes: others will be written over them
} nd_net_make;
// Runs the forward function once, so that all parameters exist. NULL after nd_fail.
nd_net *nd_net_new(nd_arena *arena, const nd_net_make *make) ND_CHECKED;

// One named array of the net: a parameter, or a buffer that training keeps (running
// means), in the order of PyTorch's state_dict.
typedef struct nd_named {
    const char *name;
    nd_array value;    // the net's; plain order; stays where it is
    bool is_parameter; // false: a buffer
    bool frozen;
} nd_named;
int nd_net_count(const nd_net *net); // parameters and buffers
nd_named nd_net_at(const nd_net *net, int at);
int nd_net_find(const nd_net *net, const char *name); // -1: none
int64_t nd_net_parameters(const nd_net *net);         // numbers that are trained
nd_status nd_net_pull(nd_net *net) ND_CHECKED;        // before reading values
nd_status nd_net_push(nd_net *net) ND_CHECKED;        // after writing values
// Parameters whose names begin so get no gradient; their batch norms use what they know.
nd_status nd_net_freeze(nd_net *net, const char *prefix, bool frozen) ND_CHECKED;
int nd_net_threads(const nd_net *net);
const char *nd_net_backend(const nd_net *net);
nd_dtype nd_net_compute(const nd_net *net); // bfloat16 asked for and not had: float32
// The error of a step that meets a number that is none names the first layer that made
// it.
void nd_net_check_finite(nd_net *net, bool on);

// ---- Training.
typedef enum nd_method { ND_SGD, ND_ADAM, ND_ADAMW } nd_method;
typedef struct nd_optim_make {
    nd_method method;
    double rate;           // learning rate
    double momentum;       // SGD's; Adam's beta 1 (0: 0.9)
    double beta2, epsilon; // Adam's; 0: 0.999, 1e-8
    double decay;          // SGD, Adam: coupled (L2); AdamW: decoupled
    bool nesterov;
    bool decay_all; // also on biases and norms, as torch does; else not
    double clip;    // global norm of the gradients at most; 0: any
    double ema;     // decay of averaged weights, warmed up; 0: none are kept
    int accumulate; // batches to a step; 0: 1
} nd_optim_make;
nd_optim *nd_optim_new(nd_arena *arena, nd_net *net,
                       const nd_optim_make *make) ND_CHECKED;
void nd_optim_rate(nd_optim *optim, double rate, double momentum); // momentum < 0: stays
// Parameters whose names begin so: rate times `factor`. The longest prefix wins.
nd_status nd_optim_group(nd_optim *optim, const char *prefix, double factor) ND_CHECKED;
// The state as arrays, for a checkpoint: the step (int64), then for each parameter its
// moments and average as "NAME.momentum", "NAME.square", "NAME.ema".
int nd_optim_count(const nd_optim *optim);
nd_named nd_optim_at(const nd_optim *optim, int at);
nd_status nd_optim_pull(nd_optim *optim) ND_CHECKED; // before reading the state
nd_status nd_optim_push(nd_optim *optim) ND_CHECKED; // after writing it
// The net's weights and running values, and the averaged ones, change places; again:
// back.
nd_status nd_optim_swap(nd_optim *optim) ND_CHECKED;

// Batch norm's running values anew, as the weights are now: those of all values of the
// batches given, as if they were one. `turn`: 0, 1, … counts them; all are of one size,
// dropout is off, and nothing else changes.
nd_status nd_net_measure(nd_net *net, const nd_array *x, int64_t turn) ND_CHECKED;

typedef struct nd_goal {
    nd_loss *loss;
    const void *settings; // of the loss; lives as long as the net
    bool keeps_output;    // nd_stepped has it
} nd_goal;
typedef struct nd_stepped {
    double loss, norm; // norm: of the gradients, before clipping; NaN unless clipped
    nd_array output;   // before the update; the net's until the next call
} nd_stepped;
// Forward, loss, backward, update. The first batch of a shape compiles; others replay.
// A loss that is not finite: ND_E_DATA, and the weights are as before.
nd_status nd_step(nd_net *net, nd_optim *optim, const nd_goal *goal, const nd_array *x,
                  const nd_array *y, nd_stepped *stepped) ND_CHECKED;
// For tests: the same without update; gradients of parameters in nd_net_at's order, NULL
// of those that have none, and of the input. The net's until the next call.
nd_status nd_gradients(nd_net *net, const nd_goal *goal, const nd_array *x,
                       const nd_array *y, double *loss, const nd_array **gradients,
                       nd_array *of_input) ND_CHECKED;

// ---- Use. Batch norm goes by its running values, dropout is off.
// `out` has the shape of the output; its memory is the caller's.
nd_status nd_infer(nd_net *net, const nd_array *x, nd_array *out) ND_CHECKED;
nd_status nd_net_output(nd_net *net, nd_shape input, nd_shape *output) ND_CHECKED;
// Like nd_infer, on one thread; any number of runners of one net at a time, so long as
// nobody trains it. For one shape of input. The arena's.
nd_runner *nd_runner_new(nd_arena *arena, nd_net *net, nd_shape input) ND_CHECKED;
nd_status nd_runner_run(nd_runner *runner, const nd_array *x, nd_array *out) ND_CHECKED;
size_t nd_runner_bytes(const nd_runner *runner);

// ---- For bench and explain.
typedef struct nd_layer_cost {
    const char *path, *what, *kernel; // kernel: "onednn jit:avx512_core", "plain"
    // Of the processor, all threads together, in all runs since; flops: of one run.
    double seconds, flops;
    int runs;
    nd_shape shape;
} nd_layer_cost;
typedef struct nd_plan_facts {
    int64_t arena_bytes, weight_bytes;
    double flops;          // 2 per multiply-add, of convolutions and matrix products
    int records, compiled; // compiled: how many plans this net has made so far
} nd_plan_facts;
// Of the plan for this shape. `train`: of a step, with the optimiser last used.
nd_status nd_net_facts(nd_net *net, nd_shape input, bool train,
                       nd_plan_facts *facts) ND_CHECKED;
// From now on each record is timed; nd_net_profile gives what was gathered for the plan
// last run: the arena's, `*count` of them, in the order of running.
void nd_net_time(nd_net *net, bool on);
// Most float32 operations a second of one thread here, in registers; takes 0.1 s.
double nd_net_peak(void);
nd_layer_cost *nd_net_profile(nd_arena *arena, const nd_net *net, int *count) ND_CHECKED;
