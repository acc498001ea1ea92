// SPDX-License-Identifier: Apache-2.0
// From the graph of values to steps: float or double for each, registers, slots.
#include "raster/expr.h"
#include <string.h>

// A step before it has slots: operands are numbers of steps, or ~row, or ~(rows + place).
typedef struct draft {
    expr_step step;
    int operand[3];
    int last; // the last step that reads it
    int slot;
} draft;

enum { NOTHING = INT32_MIN };

typedef struct coder {
    const expr_graph *graph;
    const int *result;
    int count;
    bool *used, *demands; // by node: is it needed, are its doubles needed
    int *as[2];           // by form (D, F) and node: the draft that makes it
    int rows, places;
    draft *draft;
    int drafts, constants;
} coder;

// Rounding to float may be done before these instead of after: the bits are the same.
static bool commutes(expr_op op)
{
    return op == E_SELECT || op == E_NEG || op == E_ABS || op == E_MIN || op == E_MAX;
}

// For + - * / and the root of floats, a double rounded to float is the float operation's
// own result (Figueroa 1995: 53 >= 2 * 24 + 2).
static bool is_innocuous(expr_op op)
{
    return (op >= E_ADD && op <= E_DIV) || op == E_SQRT;
}

static bool floats_in(const expr_graph *g, const expr_node *n)
{
    for (int i = n->op == E_SELECT; i < 3 && n->arg[i] >= 0; i++)
        if (!g->node[n->arg[i]].is_float) return false;
    return true;
}

static void count_rows(coder *c, const expr_node *n)
{
    const bool is_row = n->op == E_ROW || n->op == E_FLAG;
    if (is_row && n->row >= c->rows) c->rows = n->row + 1;
    if (n->op == E_PLACE && n->row >= c->places) c->places = n->row + 1;
}

// From the results back: what is needed, and where a double must stay one.
static void look_back(coder *c)
{
    for (int k = 0; k < c->count; k++) c->used[c->result[k]] = true;
    for (int i = c->graph->nodes - 1; i >= 0; i--) {
        const expr_node *n = &c->graph->node[i];
        if (!c->used[i]) continue;
        const bool free = n->op == E_OUT || (commutes(n->op) && !c->demands[i]);
        for (int j = 0; j < 3 && n->arg[j] >= 0; j++) {
            c->used[n->arg[j]] = true;
            if (!free) c->demands[n->arg[j]] = true;
        }
        count_rows(c, n);
    }
}

static int form_of(const coder *c, int node)
{
    const expr_node *n = &c->graph->node[node];
    if (n->is_float) return EXPR_F;
    if (c->demands[node]) return EXPR_D;
    if (commutes(n->op)) return EXPR_F;
    return is_innocuous(n->op) && floats_in(c->graph, n) ? EXPR_F : EXPR_D;
}

static int put(coder *c, expr_step step, int a, int b, int d)
{
    c->draft[c->drafts] = (draft){.step = step, .operand = {a, b, d}, .last = -1};
    return c->drafts++;
}

// The draft or row that gives `node` in that form; made from the other form if need be.
static int operand(coder *c, int node, int form)
{
    const expr_node *n = &c->graph->node[node];
    if (n->op == E_ROW && form == EXPR_F) return ~n->row;
    if (n->op == E_PLACE && form == EXPR_D) return ~(c->rows + n->row);
    if (c->as[form][node] != NOTHING) return c->as[form][node];
    if (n->op == E_CONST)
        return c->as[form][node] =
                   put(c, (expr_step){.code = EXPR_CODE(E_CONST, form), .k = n->k},
                       NOTHING, NOTHING, NOTHING);
    const int from = operand(c, node, !form);
    return c->as[form][node] =
               put(c,
                   (expr_step){.code = form == EXPR_D ? EXPR_CODE(E_WIDEN, EXPR_D)
                                                      : EXPR_CODE(E_NARROW, EXPR_F)},
                   from, NOTHING, NOTHING);
}

// In which form a node takes its arguments.
static int takes(const coder *c, const expr_node *n, int form)
{
    if (n->op == E_AND || n->op == E_OR || n->op == E_NOT) return EXPR_F;
    if (n->op >= E_LT && n->op <= E_INF) return floats_in(c->graph, n) ? EXPR_F : EXPR_D;
    if (n->op == E_OUT) return form_of(c, n->arg[0]);
    return form;
}

static bool may_hold_constant(expr_op op, int which)
{
    if (op >= E_LT && op <= E_NE) return which == 1;
    return (op >= E_ADD && op <= E_ATAN2) || (op >= E_INT_ADD && op <= E_BIT_XOR);
}

static void draft_node(coder *c, int i)
{
    const expr_node *n = &c->graph->node[i];
    const int form = n->op == E_OUT ? EXPR_F : form_of(c, i), in = takes(c, n, form);
    expr_step step = {.row = n->row, .k = n->k, .k2 = n->k2};
    int from[3] = {NOTHING, NOTHING, NOTHING}, shape = EXPR_RR;
    for (int j = 0; j < 3 && n->arg[j] >= 0; j++) {
        const expr_node *arg = &c->graph->node[n->arg[j]];
        if (arg->op == E_CONST && shape == EXPR_RR && may_hold_constant(n->op, j)) {
            shape = j ? EXPR_RK : EXPR_KR;
            step.k = arg->k;
        } else {
            const bool is_condition = n->op == E_SELECT && j == 0;
            from[j] = operand(c, n->arg[j], is_condition ? EXPR_F : in);
        }
    }
    if (n->op == E_FLAG) from[0] = ~n->row;
    step.code = EXPR_CODE(n->op, in | shape);
    c->as[form][i] = put(c, step, from[0], from[1], from[2]);
}

static void draft_all(coder *c)
{
    for (int i = 0; i < c->graph->nodes; i++) {
        const expr_op op = c->graph->node[i].op;
        if (c->used[i] && op != E_CONST && op != E_ROW && op != E_PLACE) draft_node(c, i);
    }
}

// Constants first: they are filled once for all pieces.
static void sort(coder *c, int *place)
{
    int at = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < c->drafts; i++)
            if ((c->draft[i].step.code >> 3 == E_CONST) == (pass == 0)) {
                place[i] = at++;
                c->constants += pass == 0;
            }
}

static uint64_t bit_of(int k)
{
    return (uint64_t)1 << (k < 63 ? k : 63);
}

// Who wants each step, and who reads it last.
static void live(draft *d, int drafts, const int *result_at, int count)
{
    for (int k = 0; k < count; k++) d[result_at[k]].step.wanted_by |= bit_of(k);
    for (int i = drafts - 1; i >= 0; i--)
        for (int j = 0; j < 3; j++) {
            const int o = d[i].operand[j];
            if (o < 0) continue;
            d[o].step.wanted_by |= d[i].step.wanted_by;
            if (d[o].last < 0) d[o].last = i;
        }
}

// A register each, taken back when its last reader has run. Constants keep theirs.
static nd_status allot(draft *d, int drafts, int constants, nd_expr *expr)
{
    static const int none = -1;
    int free[EXPR_REGISTERS], frees = 0, registers = 0;
    for (int i = 0; i < drafts; i++) {
        if (d[i].slot == none) continue; // a result: it has its slot
        if (!frees && registers == EXPR_REGISTERS)
            return nd_fail(ND_E_PARAM,
                           "the expressions need more than %d values at the same time\n"
                           "split them over several operators",
                           EXPR_REGISTERS);
        d[i].slot = frees ? free[--frees] : registers++;
        for (int j = 0; j < 3; j++) {
            const int o = d[i].operand[j];
            const bool again =
                (j > 0 && o == d[i].operand[0]) || (j > 1 && o == d[i].operand[1]);
            if (o >= constants && !again && d[o].last == i) free[frees++] = d[o].slot;
        }
    }
    expr->registers = registers;
    return ND_OK;
}

static int slot_of(const nd_expr *expr, const draft *d, int operand)
{
    if (operand == NOTHING) return 0;
    return operand < 0 ? ~operand
                       : expr->rows + expr->places + expr->outs + d[operand].slot;
}

static nd_status finish(coder *c, const int *place, nd_expr *expr)
{
    const size_t count = (size_t)c->drafts;
    nd_arena *arena = c->graph->arena;
    draft *d = nd_alloc(arena, count + 1, sizeof *d);
    expr_step *step = nd_alloc(arena, count + 1, sizeof *step);
    int *at = nd_alloc(arena, (size_t)c->count + 1, sizeof *at);
    if (!d || !step || !at) return ND_E_MEMORY;
    for (int i = 0; i < c->drafts; i++) {
        draft *to = &d[place[i]];
        *to = c->draft[i];
        for (int j = 0; j < 3; j++)
            if (to->operand[j] >= 0) to->operand[j] = place[to->operand[j]];
    }
    expr->rows = c->rows, expr->places = c->places, expr->outs = c->count;
    for (int k = 0; k < c->count; k++) at[k] = place[c->as[EXPR_F][c->result[k]]];
    live(d, c->drafts, at, c->count);
    for (int k = 0; k < c->count; k++) d[at[k]].slot = -1;
    ND_TRY(allot(d, c->drafts, c->constants, expr));
    for (int i = 0; i < c->drafts; i++) {
        step[i] = d[i].step;
        step[i].a = slot_of(expr, d, d[i].operand[0]);
        step[i].b = slot_of(expr, d, d[i].operand[1]);
        step[i].c = slot_of(expr, d, d[i].operand[2]);
        step[i].z = slot_of(expr, d, i);
    }
    for (int k = 0; k < c->count; k++) step[at[k]].z = expr->rows + expr->places + k;
    expr->step = step, expr->steps = c->drafts, expr->constants = c->constants;
    return ND_OK;
}

// Registers share half of a first cache of 48 KiB; rows in and out take the rest.
static int chunk_of(int registers)
{
    const int pixels = 24576 / (8 * (registers ? registers : 1)) / 32 * 32;
    return pixels < 32 ? 32 : pixels > 1024 ? 1024 : pixels;
}

nd_status expr_code(expr_graph *g, const int *result, int count, nd_expr *expr)
{
    const size_t nodes = (size_t)g->nodes + 1;
    coder c = {.graph = g,
               .result = result,
               .count = count,
               .used = nd_alloc(g->arena, nodes, sizeof *c.used),
               .demands = nd_alloc(g->arena, nodes, sizeof *c.demands),
               .as = {nd_alloc(g->arena, nodes, sizeof *c.as[0]),
                      nd_alloc(g->arena, nodes, sizeof *c.as[1])},
               .draft = nd_alloc(g->arena, 2 * nodes, sizeof *c.draft)};
    int *place = nd_alloc(g->arena, 2 * nodes, sizeof *place);
    if (!c.used || !c.demands || !c.as[0] || !c.as[1] || !c.draft || !place)
        return ND_E_MEMORY;
    for (size_t i = 0; i < nodes; i++) c.as[0][i] = c.as[1][i] = NOTHING;
    look_back(&c);
    if (c.rows + c.places + count > EXPR_ROWS)
        return nd_fail(ND_E_PARAM,
                       "the expressions use %d bands and make %d\n"
                       "split them over several operators",
                       c.rows + c.places, count);
    draft_all(&c);
    sort(&c, place);
    ND_TRY(finish(&c, place, expr));
    expr->chunk = chunk_of(expr->registers);
    return ND_OK;
}
