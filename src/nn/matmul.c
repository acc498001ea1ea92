// SPDX-License-Identifier: Apache-2.0
// Products of matrices; leading axes broadcast.
#include "nn/broadcast.h"
#include "nn/transpose.h"

static int64_t last(nd_shape s, int from_end)
{
    return s.dim[s.rank - from_end];
}

static double flops(const nn_record *r)
{
    const nn_product *set = r->set;
    const int64_t inner = last(r->in[0]->shape, set->turn_a ? 2 : 1);
    return 2.0 * (double)nd_shape_count(r->out[0]->shape) * (double)inner;
}

// The shape of a product, rank -1 where there is none.
static nd_shape shape_of(nd_shape a, nd_shape b, nn_product set)
{
    if (a.rank < 2 || b.rank < 2 ||
        last(a, set.turn_a ? 2 : 1) != last(b, set.turn_b ? 1 : 2))
        return (nd_shape){.rank = -1};
    const int64_t rows = last(a, set.turn_a ? 1 : 2),
                  columns = last(b, set.turn_b ? 2 : 1);
    a.rank -= 2, b.rank -= 2;
    nd_shape out = nn_broadcast(a, b);
    if (out.rank < 0) return out;
    out.dim[out.rank] = rows, out.dim[out.rank + 1] = columns;
    out.rank += 2;
    return out;
}

static nd_tensor *product(nd_tensor *a, nd_tensor *b, nn_product set)
{
    return nn_made(a->tape, (nn_making){.op = &nn_op_matmul,
                                        .set = &set,
                                        .bytes = sizeof set,
                                        .in = {a, b},
                                        .ins = 2,
                                        .shape = shape_of(a->shape, b->shape, set)});
}

// Of forward records only, where nothing is turned: da = g bᵀ, db = aᵀ g, summed over
// what was broadcast.
static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *a = r->in[0], *b = r->in[1], *g = from[0];
    if (a->needs_gradient)
        ND_TRY(nn_give(tape, a,
                       nn_sum_to(product(g, b, (nn_product){.turn_b = true}), a->shape)));
    if (b->needs_gradient)
        ND_TRY(nn_give(tape, b,
                       nn_sum_to(product(a, g, (nn_product){.turn_a = true}), b->shape)));
    return ND_OK;
}

const nn_op nn_op_matmul = {
    .name = "matmul", .plain = NN_PAIR(matmul), .gradient = gradient, .flops = flops};

nd_tensor *nd_matmul(nd_tensor *a, nd_tensor *b)
{
    if (!a || !b) return NULL;
    if (shape_of(a->shape, b->shape, (nn_product){0}).rank < 0) {
        char x[96], y[96];
        (void)nd_fail(ND_E_PARAM,
                      "%smatmul: the inputs are %s and %s\n"
                      "give matrices whose inner sizes agree, and leading axes that do",
                      a->tape->scope, nn_shape_text(x, a->shape),
                      nn_shape_text(y, b->shape));
        return NULL;
    }
    return product(a, b, (nn_product){0});
}
