// SPDX-License-Identifier: Apache-2.0
// Training on values: the loss, what it is of one pixel, and how far off a chip is.
#include "learn/data.h"
#include "learn/loop.h"
#include <math.h>
#include <string.h>

// A sum of parts, as the recipe says.
nd_tensor *learn_value_loss(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                            const void *settings)
{
    const nd_train_loss *l = settings;
    nd_loss *const loss[] = {nd_l1, nd_mse, nd_huber};
    const double share[] = {l->l1, l->l2, l->huber};
    nd_tensor *sum = NULL;
    for (int i = 0; i < 3; i++) {
        if (!(share[i] > 0)) continue;
        nd_tensor *part = nd_scale(loss[i](tape, output, target, NULL), share[i]);
        if (!part) return NULL;
        sum = sum ? nd_add(sum, part) : part;
        if (!sum) return NULL;
    }
    return sum;
}

// Of one pixel that is so far off, in units of the network.
static double loss_of(const nd_train_loss *l, double off)
{
    const double far = fabs(off);
    return l->l1 * far + l->l2 * off * off +
           l->huber * (far < 1 ? 0.5 * off * off : far - 0.5);
}

float learn_value_loss_of(const nd_train *t, const float *answer, const float *truth)
{
    const int64_t pixels = (int64_t)t->height * t->width;
    double sum = 0, count = 0;
    for (int64_t p = 0; p < pixels; p++)
        if (isfinite(truth[p]))
            sum += loss_of(&t->recipe->loss, (double)answer[p] - (double)truth[p]),
                count++;
    return count > 0 ? (float)(sum / count) : NAN;
}

void learn_value_add(const nd_train *t, const float *answer, const float *truth,
                     nd_values *values)
{
    const int64_t pixels = (int64_t)t->height * t->width;
    for (int64_t p = 0; p < pixels; p++)
        if (isfinite(truth[p]))
            nd_values_add(values, (double)nd_card_unscale(t->value, truth[p]),
                          (double)nd_card_unscale(t->value, answer[p]), (double)NAN);
}

uint8_t learn_value_shade(float scaled)
{
    const double share = data_value_share(scaled);
    return isnan(share) ? 255 : (uint8_t)lround(share * 254);
}
