// SPDX-License-Identifier: Apache-2.0
// Pools: the maximum or the mean of windows; adaptive maxima.
#include "nn/pool.h"

static nd_status back(nd_tape *tape, const nn_record *r, nd_tensor *g, const nn_op *op)
{
    nd_tensor *x = r->in[0];
    const bool is_mean = op == &nn_op_mean_pool_back;
    return nn_give(tape, x,
                   nn_made(tape, (nn_making){.op = op,
                                             .set = r->set,
                                             .in = {g, is_mean ? NULL : x},
                                             .ins = is_mean ? 1 : 2,
                                             .shape = x->shape}));
}

static nd_status max_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return back(tape, r, from[0], &nn_op_max_pool_back);
}

static nd_status max_to_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return back(tape, r, from[0], &nn_op_max_pool_to_back);
}

static nd_status mean_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return back(tape, r, from[0], &nn_op_mean_pool_back);
}

const nn_op nn_op_max_pool = {.name = "max pool",
                              .plain = NN_PAIR(max_pool),
                              .gradient = max_gradient,
                              .may_be_bf16 = true};
const nn_op nn_op_max_pool_back = {
    .name = "max pool gradient", .plain = NN_PAIR(max_pool_back), .may_be_bf16 = true};
const nn_op nn_op_max_pool_to = {.name = "adaptive max pool",
                                 .plain = NN_PAIR(max_pool),
                                 .gradient = max_to_gradient,
                                 .may_be_bf16 = true};
const nn_op nn_op_max_pool_to_back = {.name = "adaptive max pool gradient",
                                      .plain = NN_PAIR(max_pool_back),
                                      .may_be_bf16 = true};
const nn_op nn_op_mean_pool = {.name = "mean pool",
                               .plain = NN_PAIR(mean_pool),
                               .gradient = mean_gradient,
                               .may_be_bf16 = true};
const nn_op nn_op_mean_pool_back = {
    .name = "mean pool gradient", .plain = NN_PAIR(mean_pool_back), .may_be_bf16 = true};

// In ceil mode a window that would begin in the padding behind is left out.
static int64_t windows(int64_t in, const nd_pool2d *set)
{
    const int64_t room = in + 2 * (int64_t)set->pad - set->kernel;
    if (room < 0) return 0;
    if (!set->ceil_mode) return room / set->stride + 1;
    const int64_t count = (room + set->stride - 1) / set->stride + 1;
    return (count - 1) * set->stride >= in + set->pad ? count - 1 : count;
}

static nd_tensor *pool(const nn_op *op, const char *name, nd_tensor *x, nd_pool2d set)
{
    if (!x) return NULL;
    if (!set.stride) set.stride = set.kernel;
    if (set.kernel < 1 || set.stride < 1 || set.pad < 0 || 2 * set.pad > set.kernel) {
        (void)nd_fail(ND_E_PARAM,
                      "%s%s: kernel %d, stride %d, pad %d\n"
                      "take at least 1 pixel, and padding of at most half the kernel",
                      x->tape->scope, name, set.kernel, set.stride, set.pad);
        return NULL;
    }
    const bool is_picture = x->shape.rank == 4;
    const int64_t high = is_picture ? windows(x->shape.dim[2], &set) : 0;
    const int64_t wide = is_picture ? windows(x->shape.dim[3], &set) : 0;
    if (high < 1 || wide < 1) {
        (void)nn_wrong(x->tape, name,
                       "four dimensions, and at least as many pixels as the kernel has",
                       x);
        return NULL;
    }
    const nn_pool p = {set, false};
    return nn_made(x->tape, (nn_making){.op = op,
                                        .set = &p,
                                        .bytes = sizeof p,
                                        .in = {x},
                                        .ins = 1,
                                        .shape = ND_SHAPE(x->shape.dim[0],
                                                          x->shape.dim[1], high, wide)});
}

nd_tensor *nd_max_pool(nd_tensor *x, nd_pool2d set)
{
    return pool(&nn_op_max_pool, "max pool", x, set);
}

nd_tensor *nd_mean_pool(nd_tensor *x, nd_pool2d set)
{
    return pool(&nn_op_mean_pool, "mean pool", x, set);
}

nd_tensor *nd_max_pool_to(nd_tensor *x, int height, int width)
{
    if (!x) return NULL;
    if (x->shape.rank != 4 || height < 1 || width < 1 || !x->shape.dim[2] ||
        !x->shape.dim[3]) {
        (void)nn_wrong(x->tape, "adaptive max pool",
                       "four dimensions with pixels, and a size of at least 1 x 1", x);
        return NULL;
    }
    const nn_pool p = {.is_adaptive = true};
    return nn_made(
        x->tape,
        (nn_making){.op = &nn_op_max_pool_to,
                    .set = &p,
                    .bytes = sizeof p,
                    .in = {x},
                    .ins = 1,
                    .shape = ND_SHAPE(x->shape.dim[0], x->shape.dim[1], height, width)});
}
