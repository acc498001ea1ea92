// SPDX-License-Identifier: Apache-2.0
// Inside of networks: values, records, operations and the kernels that run them.
#pragma once
#include <nadir/layer.h>
#include <nadir/pool.h>
#include <nadir/text.h>

// How the numbers of a value lie. Only values of rank 4 may be blocked.
typedef enum nn_layout {
    NN_PLAIN,   // last dimension fastest
    NN_BLOCKED, // N, C/16, H, W, 16: channels filled up with zeroes, which stay zeroes
    NN_FOLLOW   // of a kernel: whatever the first input has; all others the same
} nn_layout;
typedef enum nn_place {
    NN_VALUE,  // in the plan's arena
    NN_INPUT,  // the batch, as the caller has it
    NN_TARGET, // what it should be
    NN_STATE   // a parameter or a buffer of the net: `slot`
} nn_place;

typedef struct nn_op nn_op;
typedef struct nn_kernel nn_kernel;
typedef struct nn_record nn_record;
struct nn_plan;

struct nd_tensor {
    nd_tape *tape;
    nd_shape shape;
    nd_dtype dtype;
    nn_layout layout; // chosen by compile
    nn_place place;
    int slot;           // NN_STATE: number in the net
    nn_record *made_by; // NULL: not by a record
    bool needs_gradient;
    nd_tensor *gradient; // while the backward half is recorded
    // Of compile: where it lies and from which record to which it lives.
    size_t offset, bytes;
    int first, last;
    nd_tensor *inside; // shares the memory of this one
    nd_tensor *next;
};

// One call of an operation. `set` is a copy of the settings, or what the operation made.
struct nn_record {
    const nn_op *op;
    const char *path; // scope and name, for people
    const void *set;
    nd_tensor **in, **out; // an input may be NULL where the operation allows it
    int ins, outs;
    int number; // its turn
    bool is_backward;
    const nn_kernel *kernel;
    void *ready;    // what the kernel prepared; the plan's
    size_t scratch; // bytes it needs while it runs
    nn_record *next;
};

// What a kernel is given. Memory of in and out is 64-byte aligned; in[k] of buffers and
// of optimiser state may be written.
typedef struct nn_call {
    const nn_record *record;
    void *const *in, *const *out;
    void *scratch;
    int threads;       // to use, by nn_team
    uint64_t seed;     // of dropout
    int64_t step;      // of the optimiser: 1, 2, …; while measuring: batches before
    const void *optim; // of updates
} nn_call;

typedef nd_status nn_run(const nn_call *call);

// One thing that can be computed: its plain kernels are the oracle and take and give
// plain layouts, all of one type: float32 or float64 (and int64 where the operation
// says).
struct nn_op {
    const char *name;
    nn_run *plain[2]; // float32, float64
    // Records what gives the inputs' gradients from the outputs' (NULL: that output has
    // none) and hands them over by nn_give. NULL: no input ever has a gradient.
    nd_status (*gradient)(nd_tape *tape, nn_record *record, nd_tensor *const *from);
    double (*flops)(const nn_record *record); // NULL: not counted
    bool is_point;    // out[0][i] from in[k][i] alone: any layout, may work in place
    bool may_be_bf16; // its activations may be kept so (a kernel permitting)
    bool has_effect;  // stays though nobody reads what it gives
    bool is_update;   // changes the net: runs after the loss is known to be finite
};

// A faster way. A table of them is a backend; the first that fits is taken.
struct nn_kernel {
    const char *name; // "onednn", "own": goes into profiles, with more by `detail`
    const nn_op *op;
    bool (*fits)(const nn_record *record);
    // What it takes and gives; called after fits, once the inputs' types are known. in
    // and out come filled with NN_PLAIN. NULL: NN_FOLLOW all through.
    void (*layouts)(const nn_record *record, nn_layout *in, nn_layout *out);
    // Once a plan: makes record->ready and sets record->scratch. NULL: nothing to do.
    nd_status (*prepare)(nd_arena *arena, nn_record *record);
    // Makes anew in record->ready what is made of weights; called before the first run
    // and whenever weights have changed, never while somebody runs. NULL: nothing is.
    nn_run *renew;
    nn_run *run;
    bool wants_float32; // of pictures it is given, whatever they are kept as
    const char *(*detail)(const nn_record *record); // NULL: the name says it
};
typedef struct nn_backend {
    const char *name;
    bool (*is_there)(void);         // may load a library
    const nn_kernel *const *kernel; // ends with NULL
    bool (*computes_bf16)(void);
    // Makes one record of several that a kernel does in one; NULL: nothing to do.
    nd_status (*fuse)(struct nn_plan *plan);
} nn_backend;
extern const nn_backend nn_backend_plain, nn_backend_onednn;

// ---- Recording. All are the tape's arena's; NULL after nd_fail.
struct nd_tape {
    nd_arena *arena;
    nd_net *net;
    bool training, backward; // backward: records are now of the backward half
    bool measuring;          // training, but only batch norm's running values change
    nn_record *record, *last_record;
    nd_tensor *tensor, *last_tensor;
    int records;
    char scope[512];
    size_t scope_length, scope_start[32];
    int scopes;
    bool is_too_deep;
};
nd_tensor *nn_tensor(nd_tape *tape, nd_dtype dtype, nd_shape shape);
// A record with room for its ins and outs; `set` is copied. Outputs are filled by the
// caller with nn_tensor; `name` goes behind the scope.
nn_record *nn_record_new(nd_tape *tape, const nn_op *op, const char *name, int ins,
                         int outs);
nd_status nn_record_set(nn_record *record, nd_tape *tape, const void *set, size_t bytes);
// Output k of a record; wants a gradient when an input does and the operation has one.
nd_tensor *nn_out(nd_tape *tape, nn_record *record, int k, nd_dtype dtype,
                  nd_shape shape);
// One input, one output of the same shape and type.
nd_tensor *nn_point(const nn_op *op, nd_tensor *x, const void *set, size_t bytes);
// The one output of a new record, of the net's own type; NULL after nd_fail. For
// gradients and for layers without parameters.
typedef struct nn_making {
    const nn_op *op;
    const char *name; // NULL: the scope's
    const void *set;
    size_t bytes; // of set, copied; 0: it is the arena's already
    nd_tensor *in[5];
    int ins;
    nd_shape shape;
} nn_making;
nd_tensor *nn_made(nd_tape *tape, nn_making making);
// NAME.`what` of the net: made when it does not exist. Only for forward functions.
typedef struct nn_first {
    double bound;     // uniform in +-bound
    double deviation; // normal, when bound is 0
    double value;     // when both are 0
} nn_first;
nd_tensor *nn_state(nd_tape *tape, const char *name, const char *what, nd_shape shape,
                    nn_first first);
nd_tensor *nn_buffer(nd_tape *tape, const char *name, const char *what, nd_dtype dtype,
                     nd_shape shape, double value);
// The gradient of `x` gains `g`; does nothing where none is wanted. NULL: passes on the
// failure to make it.
nd_status nn_give(nd_tape *tape, nd_tensor *x, nd_tensor *g);
// A wrong shape, in two lines: path, layer, shapes.
nd_status nn_wrong(const nd_tape *tape, const char *name, const char *what,
                   const nd_tensor *x);
const char *nn_shape_text(char text[96], nd_shape shape); // "2 x 3 x 8 x 8"
// Base type of the net: ND_FLOAT32 or ND_FLOAT64.
nd_dtype nn_real(const nd_tape *tape);
bool nn_is_frozen(const nd_tape *tape, const nd_tensor *parameter);

// ---- Running.
// Calls fn(user, thread, threads) on each thread of a team and waits. 1: calls directly.
// Says to libraries how many threads calls of this thread may use, until said otherwise.
void nn_team_here(int threads);
void nn_team(int threads, void (*fn)(void *user, int thread, int threads), void *user);
// The part of 0 … count that is this thread's; always the same cut.
static inline int64_t nn_cut(int64_t count, int part, int parts)
{
    return count * part / parts;
}
static inline int64_t nn_channels_kept(int64_t channels, nn_layout layout)
{
    return layout == NN_BLOCKED ? (channels + 15) / 16 * 16 : channels;
}
size_t nn_bytes(const nd_tensor *x); // of its memory, in its layout
// What a kernel of the record computes in: bfloat16 where it gives a picture of that, or,
// giving none, is given one.
nd_dtype nn_working_type(const nn_record *record);
// Numbers that lie another way: any float type and layout of rank 4 to any other.
extern const nn_op nn_op_convert;
// `from`, `to`: where the numbers of both are, which are of one shape.
void nn_convert_run(const nd_tensor *in, const void *from, const nd_tensor *out, void *to,
                    int threads);
static inline float nn_from_bf16(uint16_t x)
{
    union {
        uint32_t bits;
        float value;
    } u = {(uint32_t)x << 16};
    return u.value;
}
// Nearest, ties to even; NaN stays NaN.
static inline uint16_t nn_to_bf16(float x)
{
    union {
        float value;
        uint32_t bits;
    } u = {x};
    if ((u.bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(u.bits >> 16 | 0x40);
    return (uint16_t)((u.bits + 0x7FFF + (u.bits >> 16 & 1)) >> 16);
}
