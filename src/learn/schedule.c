// SPDX-License-Identifier: Apache-2.0
// The learning rate as a function of the step: a resumed run needs nothing else.
#include <math.h>
#include <nadir/train.h>

static double or_else(double value, double other)
{
    return value > 0 ? value : other;
}

// From `a` to `b` along half a cosine; part in [0, 1].
static double cosine(double a, double b, double part)
{
    return a + (b - a) * 0.5 * (1 - cos(acos(-1) * part));
}

typedef struct cycle {
    double first, peak, last; // rates
    double turn;              // part of the steps at which the peak is
    double low, high;         // momentum
} cycle;

static nd_rate cycle_at(const cycle *c, double part)
{
    const bool rises = part < c->turn;
    const double inside = rises           ? part / c->turn
                          : c->turn < 1.0 ? (part - c->turn) / (1 - c->turn)
                                          : 1;
    return (nd_rate){.rate = rises ? cosine(c->first, c->peak, inside)
                                   : cosine(c->peak, c->last, inside),
                     .momentum = rises ? cosine(c->high, c->low, inside)
                                       : cosine(c->low, c->high, inside)};
}

// fast.ai's: position = batches done / all batches, before each batch.
static nd_rate one_cycle(const nd_rate_plan *plan, double part)
{
    const cycle c = {.first = plan->rate / or_else(plan->divide, 25),
                     .peak = plan->rate,
                     .last = plan->rate / or_else(plan->divide_last, 1e5),
                     .turn = or_else(plan->rise, 0.25),
                     .low = plan->low,
                     .high = plan->high};
    return cycle_at(&c, part);
}

// PyTorch's: the peak at step rise * total - 1, the end at total - 1, which is the start
// divided once more.
static nd_rate one_cycle_torch(const nd_rate_plan *plan, int64_t step, int64_t total)
{
    const double first = plan->rate / or_else(plan->divide, 25);
    const double turn = or_else(plan->rise, 0.3) * (double)total - 1;
    const double end = (double)total - 1, at = (double)step;
    const cycle c = {.first = first,
                     .peak = plan->rate,
                     .last = first / or_else(plan->divide_last, 1e4),
                     .turn = 0.5,
                     .low = plan->low,
                     .high = plan->high};
    if (at <= turn) return cycle_at(&c, turn > 0 ? 0.5 * at / turn : 0.5);
    const double part = end > turn ? (at - turn) / (end - turn) : 1;
    return cycle_at(&c, 0.5 + 0.5 * fmin(part, 1));
}

static double other(const nd_rate_plan *plan, int64_t step, int64_t total)
{
    const double part = total > 0 ? fmin((double)step / (double)total, 1) : 1;
    if (plan->schedule == ND_COSINE) return cosine(plan->rate, 0, part);
    if (plan->schedule == ND_STEP) {
        const int64_t each = plan->step_every > 0 ? plan->step_every : total;
        const int64_t falls = each > 0 ? step / each : 0;
        return plan->rate * pow(plan->step_factor, (double)falls);
    }
    if (plan->schedule == ND_FLAT_COSINE) {
        const double flat = or_else(plan->rise, 0.75);
        if (part < flat) return plan->rate;
        return cosine(plan->rate, plan->rate / or_else(plan->divide_last, 1e5),
                      (part - flat) / (1 - flat));
    }
    return plan->rate;
}

static nd_rate scheduled(const nd_rate_plan *plan, int64_t step, int64_t total)
{
    if (plan->schedule == ND_ONE_CYCLE_TORCH) return one_cycle_torch(plan, step, total);
    if (plan->schedule == ND_ONE_CYCLE)
        return one_cycle(plan, total > 0 ? (double)step / (double)total : 1);
    nd_rate r = {.rate = other(plan, step, total), .momentum = (double)NAN};
    const double warm = plan->warmup * (double)total;
    if ((double)step < warm) r.rate *= (double)step / warm;
    return r;
}

// fast.ai's fine_tune: the head alone at the full rate, nearly all of it rising; then all
// layers at half the rate, rising from a fifth of it over three tenths.
nd_rate nd_rate_at(const nd_rate_plan *plan, int64_t step, int64_t total)
{
    nd_rate_plan part = *plan;
    if (step < plan->freeze) {
        part.schedule = ND_ONE_CYCLE, part.rise = 0.99;
        nd_rate r = scheduled(&part, step, plan->freeze < total ? plan->freeze : total);
        r.frozen = true;
        return r;
    }
    if (plan->freeze > 0) {
        part.rate /= 2;
        part.rise = or_else(plan->rise, plan->schedule == ND_FLAT_COSINE ? 0.75 : 0.3);
        part.divide = or_else(plan->divide, 5);
    }
    return scheduled(&part, step - plan->freeze, total - plan->freeze);
}
