// SPDX-License-Identifier: Apache-2.0
// Reshape: the same numbers under another shape.
#include "nn/reshape.h"

static nd_tensor *as(nd_tensor *x, nd_shape shape);

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    (void)tape;
    return nn_give(tape, r->in[0], as(from[0], r->in[0]->shape));
}

const nn_op nn_op_reshape = {
    .name = "reshape", .plain = NN_PAIR(copy), .gradient = gradient};

static nd_tensor *as(nd_tensor *x, nd_shape shape)
{
    nn_record *r = nn_record_new(x->tape, &nn_op_reshape, NULL, 1, 1);
    if (!r) return NULL;
    r->in[0] = x;
    return nn_out(x->tape, r, 0, x->dtype, shape);
}

nd_tensor *nd_reshape(nd_tensor *x, nd_shape shape)
{
    if (!x) return NULL;
    int64_t known = 1;
    int open = -1, opens = 0;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i] == -1)
            open = i, opens++;
        else
            known *= shape.dim[i];
    }
    const int64_t count = nd_shape_count(x->shape);
    if (opens == 1 && known > 0) shape.dim[open] = count / known;
    if (opens > 1 || nd_shape_count(shape) != count) {
        char text[96];
        (void)nn_wrong(x->tape, "reshape", "as many numbers as the new shape holds", x);
        nd_note("reshape to %s", nn_shape_text(text, shape));
        return NULL;
    }
    return as(x, shape);
}

nd_tensor *nd_flatten(nd_tensor *x)
{
    if (!x) return NULL;
    if (x->shape.rank < 1) {
        (void)nn_wrong(x->tape, "flatten", "at least one dimension", x);
        return NULL;
    }
    int64_t rest = 1;
    for (int i = 1; i < x->shape.rank; i++) rest *= x->shape.dim[i];
    return nd_reshape(x, ND_SHAPE(x->shape.dim[0], rest));
}

nd_tensor *nd_parameter(nd_tape *tape, const char *name, nd_shape shape, double bound)
{
    return nn_state(tape, name, NULL, shape, (nn_first){.bound = bound});
}
