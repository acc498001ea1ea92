// SPDX-License-Identifier: Apache-2.0
// The loss of each example of a training batch, so that hard ones come more often.
#include "learn/loop.h"
#include <math.h>
#include <stdlib.h>

// Cross entropy at one place; logits and shares of classes lie `apart`. NaN: no label.
static double loss_at(const float *logit, int classes, int64_t apart,
                      const int64_t *label, const float *share)
{
    double top = (double)logit[0], sum = 0, loss = 0, all = 0;
    for (int k = 1; k < classes; k++) top = fmax(top, (double)logit[k * apart]);
    for (int k = 0; k < classes; k++) sum += exp((double)logit[k * apart] - top);
    for (int k = 0; k < classes; k++) {
        const double q = share ? (double)share[k * apart] : label && *label == k;
        all += q, loss += q * (log(sum) + top - (double)logit[k * apart]);
    }
    return all > 0 ? loss / all : (double)NAN;
}

static float loss_of(const nd_train *t, const nd_batch *batch, const float *logit, int i)
{
    const int64_t pixels = t->is_mask ? (int64_t)t->height * t->width : 1;
    const int64_t first = (int64_t)i * t->classes * pixels;
    if (t->value)
        return learn_value_loss_of(t, logit + first,
                                   (const float *)batch->y.data + i * pixels);
    const bool is_mixed = batch->y.dtype != ND_INT64;
    double sum = 0, count = 0;
    for (int64_t p = 0; p < pixels; p++) {
        const int64_t *label =
            is_mixed ? NULL : (const int64_t *)batch->y.data + i * pixels + p;
        const float *share = is_mixed ? (const float *)batch->y.data + first + p : NULL;
        const double loss = loss_at(logit + first + p, t->classes, pixels, label, share);
        if (isfinite(loss)) sum += loss, count++;
    }
    return count > 0 ? (float)(sum / count) : NAN;
}

nd_status learn_tell_hard(nd_train *train, const nd_batch *batch, const nd_array *output)
{
    float *loss = malloc((size_t)batch->count * sizeof *loss);
    if (!loss)
        return nd_fail(ND_E_MEMORY, "no memory for the losses of a batch\nclose other "
                                    "programs");
    for (int i = 0; i < batch->count; i++)
        loss[i] = loss_of(train, batch, output->data, i);
    const nd_losses told = {.epoch = (uint32_t)train->state.epoch,
                            .first = batch->first,
                            .count = batch->count,
                            .loss = loss,
                            .kept = batch->kept};
    const nd_status status = nd_dataset_tell(train->data, &told);
    free(loss);
    return status;
}
