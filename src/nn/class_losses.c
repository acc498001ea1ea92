// SPDX-License-Identifier: Apache-2.0
// Losses of classes beside cross entropy: dice, Jaccard, focal, Lovász, and mixtures.
#include "nn/class_losses.h"
#include "nn/cross_entropy.h"

static nd_status back(nd_tape *tape, const nn_record *r, nd_tensor *g, const nn_op *op)
{
    nd_tensor *z = r->in[0];
    nd_tensor *dz = nn_made(tape, (nn_making){.op = op,
                                              .set = r->set,
                                              .in = {g, z, r->in[1], r->out[1]},
                                              .ins = 4,
                                              .shape = z->shape});
    if (dz) dz->made_by->scratch = r->scratch;
    return nn_give(tape, z, dz);
}

static nd_status overlap_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return back(tape, r, from[0], &nn_op_overlap_back);
}

static nd_status focal_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return back(tape, r, from[0], &nn_op_focal_back);
}

static nd_status lovasz_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return back(tape, r, from[0], &nn_op_lovasz_back);
}

const nn_op nn_op_overlap = {
    .name = "overlap loss", .plain = NN_PAIR(overlap), .gradient = overlap_gradient};
const nn_op nn_op_overlap_back = {.name = "overlap loss gradient",
                                  .plain = NN_PAIR(overlap_back)};
const nn_op nn_op_focal = {
    .name = "focal loss", .plain = NN_PAIR(focal), .gradient = focal_gradient};
const nn_op nn_op_focal_back = {.name = "focal loss gradient",
                                .plain = NN_PAIR(focal_back)};
const nn_op nn_op_lovasz = {
    .name = "lovasz loss", .plain = NN_PAIR(lovasz), .gradient = lovasz_gradient};
const nn_op nn_op_lovasz_back = {.name = "lovasz loss gradient",
                                 .plain = NN_PAIR(lovasz_back)};

// A loss and beside it what its gradient needs, of shape `more`.
static nd_tensor *loss(nd_tape *tape, const nn_making *making, nd_shape more,
                       size_t scratch)
{
    nn_record *r = nn_record_new(tape, making->op, making->name, 2, 2);
    if (!r || nn_record_set(r, tape, making->set, making->bytes)) return NULL;
    r->in[0] = making->in[0], r->in[1] = making->in[1];
    r->scratch = scratch;
    nd_tensor *out = nn_out(tape, r, 0, nn_real(tape), (nd_shape){0});
    return nn_out(tape, r, 1, nn_real(tape), more) ? out : NULL;
}

static nd_tensor *overlap(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                          bool is_jaccard)
{
    const char *name = is_jaccard ? "jaccard" : "dice";
    if (!output || !target || nn_class_target(output, target, name)) return NULL;
    const nn_making m = {.op = &nn_op_overlap,
                         .name = name,
                         .set = &is_jaccard,
                         .bytes = sizeof is_jaccard,
                         .in = {output, target}};
    const int64_t classes = output->shape.dim[1];
    return loss(tape, &m, ND_SHAPE(classes, 3), (size_t)classes * 3 * sizeof(double));
}

nd_tensor *nd_dice(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                   const void *settings)
{
    (void)settings;
    return overlap(tape, output, target, false);
}

nd_tensor *nd_jaccard(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                      const void *settings)
{
    (void)settings;
    return overlap(tape, output, target, true);
}

nd_tensor *nd_focal(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                    const void *settings)
{
    if (!output || !target || nn_class_target(output, target, "focal")) return NULL;
    nd_class_loss set = settings ? *(const nd_class_loss *)settings : (nd_class_loss){0};
    if (!(set.gamma > 0)) set.gamma = 2;
    if (nn_class_settings(output, &set, "focal")) return NULL;
    const nn_making m = {.op = &nn_op_focal,
                         .name = "focal",
                         .set = &set,
                         .bytes = sizeof set,
                         .in = {output, target}};
    return loss(tape, &m, (nd_shape){0}, 0);
}

nd_tensor *nd_lovasz(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                     const void *settings)
{
    (void)settings;
    if (!output || !target || nn_class_target(output, target, "lovasz")) return NULL;
    if (target->dtype != ND_INT64) {
        (void)nd_fail(ND_E_PARAM, "lovasz: the target is made of probabilities\n"
                                  "give it classes (no mixup), or take dice or jaccard");
        return NULL;
    }
    const nn_making m = {.op = &nn_op_lovasz, .name = "lovasz", .in = {output, target}};
    return loss(tape, &m, (nd_shape){0},
                ((size_t)nd_shape_count(target->shape) + 1) * sizeof(nn_ranked));
}

nd_tensor *nd_mixed_loss(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                         const void *settings)
{
    if (!output || !target) return NULL;
    nd_class_loss set = settings ? *(const nd_class_loss *)settings : (nd_class_loss){0};
    const struct {
        nd_loss *loss;
        double share;
    } part[] = {{nd_cross_entropy, set.ce},
                {nd_dice, set.dice},
                {nd_focal, set.focal},
                {nd_jaccard, set.jaccard},
                {nd_lovasz, set.lovasz}};
    const size_t parts = sizeof part / sizeof *part;
    bool is_default = true;
    for (size_t i = 0; i < parts; i++) is_default &= !(part[i].share > 0);
    nd_tensor *sum = NULL;
    for (size_t i = 0; i < parts; i++) {
        const double share = is_default ? i < 2 : part[i].share;
        if (!(share > 0)) continue;
        nd_tensor *one = nd_scale(part[i].loss(tape, output, target, settings), share);
        sum = sum ? nd_add(sum, one) : one;
        if (!sum) return NULL;
    }
    return sum;
}
