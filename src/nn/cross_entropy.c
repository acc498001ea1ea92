// SPDX-License-Identifier: Apache-2.0
// Cross entropy of logits {N, K, …} with classes {N, …} or probabilities {N, K, …}.
#include "nn/cross_entropy.h"

// Softmax, logarithm and gradient in one: (p - y) / sum of weights.
static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nn_record *d = nn_record_new(tape, &nn_op_cross_entropy_back, NULL, 4, 1);
    if (!d) return ND_E_MEMORY;
    d->set = r->set;
    d->in[0] = from[0], d->in[1] = r->in[0], d->in[2] = r->in[1], d->in[3] = r->out[1];
    return nn_give(tape, r->in[0], nn_out(tape, d, 0, r->in[0]->dtype, r->in[0]->shape));
}

const nn_op nn_op_cross_entropy = {
    .name = "cross entropy", .plain = NN_PAIR(cross_entropy), .gradient = gradient};
const nn_op nn_op_cross_entropy_back = {.name = "cross entropy gradient",
                                        .plain = NN_PAIR(cross_entropy_back)};

nd_status nn_class_target(const nd_tensor *output, const nd_tensor *target,
                          const char *name)
{
    const nd_shape o = output->shape, t = target->shape;
    bool fits = o.rank >= 2 && target->dtype == ND_INT64 && t.rank == o.rank - 1 &&
                t.dim[0] == o.dim[0];
    for (int i = 1; i < t.rank && fits; i++) fits = t.dim[i] == o.dim[i + 1];
    if (fits || (nd_shape_same(o, t) && target->dtype == nn_real(output->tape)))
        return ND_OK;
    char a[96], b[96];
    return nd_fail(ND_E_PARAM,
                   "%s: the output is %s, the target %s %s\n"
                   "give a class (int64) for each picture or pixel, or probabilities",
                   name, nn_shape_text(a, o), nd_dtype_name(target->dtype),
                   nn_shape_text(b, t));
}

nd_status nn_class_settings(const nd_tensor *output, const nd_class_loss *set,
                            const char *name)
{
    if (set->weight && set->weights != output->shape.dim[1])
        return nd_fail(ND_E_PARAM,
                       "%s: %d class weights for %lld classes\n"
                       "give one for each class",
                       name, set->weights, (long long)output->shape.dim[1]);
    if (!(set->smoothing >= 0 && set->smoothing <= 1))
        return nd_fail(ND_E_PARAM,
                       "%s: a smoothing of %g\n"
                       "take a share from 0 to 1",
                       name, set->smoothing);
    return ND_OK;
}

nd_status nn_wrong_class(int64_t y, int64_t at, int64_t classes, int64_t size)
{
    return nd_fail(
        ND_E_DATA,
        "label %lld of picture %lld, pixel %lld of the batch: there are classes "
        "0 to %lld\n"
        "mend the labels, or say which value to ignore",
        (long long)y, (long long)(at / size), (long long)(at % size),
        (long long)classes - 1);
}

nd_tensor *nd_cross_entropy(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                            const void *settings)
{
    if (!output || !target || nn_class_target(output, target, "cross entropy"))
        return NULL;
    const nd_class_loss none = {0}, *given = settings ? settings : &none;
    if (nn_class_settings(output, given, "cross entropy")) return NULL;
    nn_record *r = nn_record_new(tape, &nn_op_cross_entropy, "loss", 2, 2);
    if (!r || nn_record_set(r, tape, given, sizeof *given)) return NULL;
    r->in[0] = output, r->in[1] = target;
    nd_tensor *loss = nn_out(tape, r, 0, nn_real(tape), (nd_shape){0});
    return nn_out(tape, r, 1, nn_real(tape), (nd_shape){0}) ? loss : NULL;
}
