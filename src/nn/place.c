// SPDX-License-Identifier: Apache-2.0
// Memory of a plan: who lives when, and one stretch of bytes for all.
#include "nn/net.h"
#include <stdlib.h>
#include <string.h>

static void lifetimes(const nn_plan *plan)
{
    for (nd_tensor *x = plan->tape->tensor; x; x = x->next) x->first = x->last = -1;
    for (int i = 0; i < plan->records; i++) {
        const nn_record *r = plan->record[i];
        for (int k = 0; k < r->outs; k++) r->out[k]->first = r->out[k]->last = i;
        for (int k = 0; k < r->ins; k++)
            if (r->in[k]) r->in[k]->last = i;
    }
    for (int i = 0; i < plan->finals; i++) (*plan->final[i])->last = plan->records;
}

// Input k dies with record i, is as large as its output, and is read once.
static bool may_hold_output(const nn_record *r, int i, int k)
{
    const nd_tensor *in = r->in[k], *out = r->out[0];
    if (!in || in->place != NN_VALUE || in->last != i) return false;
    if (nn_bytes(in) != nn_bytes(out) || in->dtype != out->dtype) return false;
    for (int j = 0; j < r->ins; j++)
        if (j != k && r->in[j] == in) return false;
    return true;
}

// A point operation whose input dies with it works in place.
static void share(const nn_plan *plan)
{
    for (int i = 0; i < plan->records; i++) {
        const nn_record *r = plan->record[i];
        if (!r->op->is_point || r->outs != 1) continue;
        nd_tensor *out = r->out[0];
        for (int k = 0; k < r->ins && !out->inside; k++) {
            if (!may_hold_output(r, i, k)) continue;
            nd_tensor *in = r->in[k];
            nd_tensor *whole = in->inside ? in->inside : in;
            out->inside = whole;
            if (out->last > whole->last) whole->last = out->last;
        }
    }
}

static int larger_first(const void *a, const void *b)
{
    const nd_tensor *x = *(nd_tensor *const *)a, *y = *(nd_tensor *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

// The lowest gap between the values that live at the same time; `placed` is sorted by
// offset.
static size_t lowest(nd_tensor *const *placed, int count, const nd_tensor *x)
{
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        const nd_tensor *p = placed[i];
        if (p->last < x->first || p->first > x->last) continue;
        if (p->offset >= at + x->bytes) break;
        if (p->offset + p->bytes > at) at = p->offset + p->bytes;
    }
    return at;
}

// The largest first, each into the lowest gap; `by_offset` has room for them all.
static void lay(nn_plan *plan, nd_tensor **all, int count, nd_tensor **by_offset)
{
    qsort(all, (size_t)count, sizeof(nd_tensor *), larger_first);
    for (int i = 0; i < count; i++) {
        nd_tensor *x = all[i];
        x->offset = lowest(by_offset, i, x);
        if (x->offset + x->bytes > plan->bytes) plan->bytes = x->offset + x->bytes;
        int at = i;
        for (; at > 0 && by_offset[at - 1]->offset > x->offset; at--)
            by_offset[at] = by_offset[at - 1];
        by_offset[at] = x;
    }
}

nd_status nn_place_values(nn_plan *plan)
{
    plan->seconds =
        nd_alloc(plan->arena, (size_t)plan->records + 1, sizeof *plan->seconds);
    if (!plan->seconds) return ND_E_MEMORY;
    lifetimes(plan);
    share(plan);
    int count = 0;
    for (const nd_tensor *x = plan->tape->tensor; x; x = x->next)
        count += x->place == NN_VALUE && x->first >= 0 && !x->inside;
    nd_tensor **all = nd_alloc(plan->arena, (size_t)count + 1, sizeof(nd_tensor *));
    nd_tensor **by_offset = nd_alloc(plan->arena, (size_t)count + 1, sizeof(nd_tensor *));
    if (!all || !by_offset) return ND_E_MEMORY;
    count = 0;
    for (nd_tensor *x = plan->tape->tensor; x; x = x->next) {
        if (x->place != NN_VALUE || x->first < 0 || x->inside) continue;
        x->bytes = (nn_bytes(x) + 63) / 64 * 64;
        all[count++] = x;
    }
    lay(plan, all, count, by_offset);
    for (nd_tensor *x = plan->tape->tensor; x; x = x->next)
        if (x->inside) x->offset = x->inside->offset;
    for (int i = 0; i < plan->records; i++)
        if (plan->record[i]->scratch > plan->scratch)
            plan->scratch = plan->record[i]->scratch;
    return ND_OK;
}
