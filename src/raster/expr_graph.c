// SPDX-License-Identifier: Apache-2.0
// The graph of values: what is equal stands once, what is known is a number.
#include "raster/expr.h"
#include <assert.h>
#include <math.h>
#include <string.h>

static bool is_bool_op(expr_op op)
{
    return op == E_FLAG || (op >= E_LT && op <= E_NOT);
}

// One value through the kernel that all values go through.
static double evaluate(const expr_node *n, const expr_node *const arg[3])
{
    double d[3] = {0}, d_out = 0;
    float f[3] = {0}, f_out = 0;
    const bool is_bool = is_bool_op(n->op);
    const bool floats = n->op == E_AND || n->op == E_OR || n->op == E_NOT;
    for (int i = 0; i < 3 && arg[i]; i++) d[i] = arg[i]->k, f[i] = (float)d[i];
    void *slot[] = {&d[0], &d[1], &d[2], &d_out, &f[0], &f[1], &f[2], &f_out};
    const int from = floats ? 4 : 0;
    expr_step step = {.code = EXPR_CODE(n->op, floats ? EXPR_F : EXPR_D),
                      .a = from,
                      .b = from + 1,
                      .c = from + 2,
                      .z = is_bool ? 7 : 3,
                      .k = n->k,
                      .k2 = n->k2,
                      .wanted_by = 1};
    if (n->op == E_SELECT) step.a = 4;
    expr_kernels_at[ND_CPU_C]->run(&step, 1,
                                   &(expr_piece){.slot = slot, .count = 1, .wanted = 1});
    return is_bool ? (double)f_out : d_out;
}

static uint64_t bits_of(double k)
{
    uint64_t bits;
    memcpy(&bits, &k, sizeof bits);
    return bits;
}

static bool same(const expr_node *a, const expr_node *b)
{
    return a->op == b->op && a->type == b->type && a->row == b->row &&
           memcmp(a->arg, b->arg, sizeof a->arg) == 0 && bits_of(a->k) == bits_of(b->k) &&
           bits_of(a->k2) == bits_of(b->k2);
}

static size_t hash_of(const expr_node *n)
{
    uint64_t bits[2], hash = (uint64_t)n->op * 31 + (uint64_t)n->row;
    memcpy(&bits[0], &n->k, sizeof bits[0]);
    memcpy(&bits[1], &n->k2, sizeof bits[1]);
    for (int i = 0; i < 3; i++) hash = (hash ^ (uint32_t)n->arg[i]) * 0x100000001b3;
    for (int i = 0; i < 2; i++) hash = (hash ^ bits[i]) * 0x9e3779b97f4a7c15;
    return (size_t)(hash >> 32) % EXPR_PLACES;
}

static int append(expr_graph *g, const expr_node *n)
{
    if (!g->place) g->place = nd_alloc(g->arena, EXPR_PLACES, sizeof *g->place);
    if (!g->place) return -1;
    size_t at = hash_of(n);
    for (; g->place[at]; at = (at + 1) % EXPR_PLACES)
        if (same(&g->node[g->place[at] - 1], n)) return g->place[at] - 1;
    if (g->nodes == EXPR_NODES) {
        (void)nd_fail(ND_E_PARAM,
                      "the expressions have more than %d different parts\n"
                      "split them over several operators",
                      EXPR_NODES);
        return -1;
    }
    if (g->nodes == g->room) {
        const int room = g->room ? 2 * g->room : 64;
        expr_node *grown = nd_alloc(g->arena, (size_t)room, sizeof *grown);
        if (!grown) return -1;
        if (g->nodes) memcpy(grown, g->node, (size_t)g->nodes * sizeof *grown);
        g->node = grown, g->room = room;
    }
    g->node[g->nodes] = *n;
    g->place[at] = g->nodes + 1;
    return g->nodes++;
}

int expr_constant(expr_graph *g, double value, nd_expr_type type)
{
    return expr_leaf(g, &(expr_node){.op = E_CONST, .type = type, .k = value});
}

static int real(expr_graph *g, double value)
{
    return expr_constant(g, value, ND_EXPR_REAL);
}

int expr_leaf(expr_graph *g, const expr_node *leaf)
{
    expr_node n = *leaf;
    n.arg[0] = n.arg[1] = n.arg[2] = -1;
    if (n.op == E_CONST && isnan(n.k)) n.k = (double)NAN; // one NaN, so that it is found
    n.is_float = n.op == E_ROW || n.op == E_FLAG ||
                 (n.op == E_CONST && (isnan(n.k) || (double)(float)n.k == n.k));
    if (n.op == E_CONST && n.k == trunc(n.k) && fabs(n.k) <= 16777216)
        n.most = fmax(fabs(n.k), 1);
    n.by = n.op == E_CONST ? 0 : n.op == E_ROW ? 1 : 2;
    return append(g, &n);
}

static nd_expr_type type_of(expr_op op, const expr_node *const arg[3])
{
    if (is_bool_op(op)) return ND_EXPR_BOOL;
    if (op >= E_TO_INT && op <= E_WRAP) return ND_EXPR_INT;
    const bool keeps = op <= E_MOD || op == E_NEG || op == E_ABS || op == E_SIGN;
    assert(op != E_SELECT || (arg[0] && arg[1] && arg[2]));
    if (op == E_SELECT && arg[1]->type == ND_EXPR_BOOL && arg[2]->type == ND_EXPR_BOOL)
        return ND_EXPR_BOOL;
    if (!keeps && op != E_SELECT && op != E_OUT) return ND_EXPR_REAL;
    for (int i = op == E_SELECT; i < 3 && arg[i]; i++)
        if (arg[i]->type == ND_EXPR_REAL) return ND_EXPR_REAL;
    return ND_EXPR_INT;
}

// Exact in float if the arguments are: nothing that these give needs more digits.
static bool keeps_float(expr_op op, const expr_node *const arg[3])
{
    if (is_bool_op(op)) return true;
    if (op == E_SELECT) return arg[1]->is_float && arg[2]->is_float;
    const bool may = op == E_NEG || op == E_ABS || op == E_SIGN || op == E_FLOOR ||
                     op == E_CEIL || op == E_ROUND || op == E_RINT || op == E_MIN ||
                     op == E_MAX;
    for (int i = 0; i < 3 && arg[i]; i++)
        if (!arg[i]->is_float) return false;
    return may;
}

// Sums and products of small whole numbers need no more digits than a float has.
static double most_of(expr_op op, const expr_node *const arg[3])
{
    const double exact = 16777216;
    const double a = arg[0] ? arg[0]->most : 0, b = arg[1] ? arg[1]->most : 0;
    double most = 0;
    if (op == E_NEG || op == E_ABS) most = a;
    if (a > 0 && b > 0 && (op == E_ADD || op == E_SUB)) most = a + b;
    if (a > 0 && b > 0 && op == E_MUL) most = a * b;
    return most <= exact ? most : 0;
}

static signed char by_of(expr_op op, const expr_node *const arg[3])
{
    const int a = arg[0] ? arg[0]->by : 2, b = arg[1] ? arg[1]->by : 0;
    if ((op == E_ADD || op == E_SUB || op == E_NEG) && a < 2 && b < 2) return 1;
    if (op == E_MUL && a + b < 2) return 1;
    return op == E_DIV && b == 0 && a == 1 ? 1 : 2;
}

// Constants stand on the right where the order is no matter, so that equals are found.
static void tidy(const expr_graph *g, expr_node *n)
{
    static const expr_op turned[] = {
        [E_ADD] = E_ADD, [E_MUL] = E_MUL, [E_MIN] = E_MIN,   [E_MAX] = E_MAX,
        [E_LT] = E_GT,   [E_LE] = E_GE,   [E_GT] = E_LT,     [E_GE] = E_LE,
        [E_EQ] = E_EQ,   [E_NE] = E_NE,   [E_WRAP] = E_CONST};
    const int a = n->arg[0], b = n->arg[1];
    if (b < 0 || n->arg[2] >= 0 || g->node[a].op != E_CONST) return;
    if (n->op <= E_WRAP && turned[n->op] != E_CONST)
        n->op = turned[n->op], n->arg[0] = b, n->arg[1] = a;
}

static int add_with(expr_graph *g, const expr_node *given)
{
    expr_node n = *given;
    tidy(g, &n);
    const expr_node *arg[3] = {0};
    bool known = n.arg[0] >= 0;
    for (int i = 0; i < 3 && n.arg[i] >= 0; i++) {
        arg[i] = &g->node[n.arg[i]];
        known = known && arg[i]->op == E_CONST;
    }
    n.type = type_of(n.op, arg);
    if (known && n.op != E_OUT) return expr_constant(g, evaluate(&n, arg), n.type);
    if (n.op == E_SELECT && arg[0]->op == E_CONST) return n.arg[arg[0]->k != 0 ? 1 : 2];
    n.most = most_of(n.op, arg);
    n.is_float = n.most > 0 || keeps_float(n.op, arg);
    n.by = by_of(n.op, arg);
    return append(g, &n);
}

static int arguments(expr_op op)
{
    if (op == E_SELECT) return 3;
    return (op >= E_ADD && op <= E_ATAN2) || (op >= E_LT && op <= E_NE) || op == E_AND ||
                   op == E_OR || (op >= E_INT_ADD && op <= E_BIT_XOR)
               ? 2
               : 1;
}

int expr_add(expr_graph *g, expr_op op, int a, int b, int c)
{
    const int count = arguments(op);
    if (a < 0 || (count > 1 && b < 0) || (count > 2 && c < 0)) return -1; // one failed
    return add_with(g, &(expr_node){.op = op, .arg = {a, b, c}});
}

// The number that a file holds, and back to the value.
static int whole(expr_graph *g, int node, const nd_expr_end *end)
{
    const bool is_scaled = (end->scale != 0 && end->scale != 1) || end->offset != 0;
    const double scale = end->scale != 0 ? end->scale : 1;
    const bool fits = end->low <= 0 && end->high >= 1 && !is_scaled;
    if (g->node[node].type == ND_EXPR_BOOL && fits) return node;
    if (is_scaled) {
        node = expr_add(g, E_SUB, node, real(g, end->offset), -1);
        node = expr_add(g, E_DIV, node, real(g, scale), -1);
    }
    if (node < 0) return -1;
    node = add_with(g, &(expr_node){.op = end->wraps ? E_WRAP : E_WHOLE,
                                    .arg = {node, -1, -1},
                                    .k = end->low,
                                    .k2 = end->high});
    if (!is_scaled) return node;
    node = expr_add(g, E_MUL, node, real(g, scale), -1);
    return expr_add(g, E_ADD, node, real(g, end->offset), -1);
}

int expr_end(expr_graph *g, int node, const nd_expr_end *end, int k)
{
    if (node >= 0 && end && end->whole) node = whole(g, node, end);
    if (node < 0) return -1;
    return add_with(g, &(expr_node){.op = E_OUT,
                                    .arg = {node, -1, -1},
                                    .row = k, // so that equal results stay two
                                    .k = end ? end->no_data : (double)NAN});
}

// Java's evalI: whole numbers all the way down, as far as the types are int.
int expr_as_int(expr_graph *g, int node)
{
    static const expr_op whole[] = {[E_ADD] = E_INT_ADD,
                                    [E_SUB] = E_INT_SUB,
                                    [E_MUL] = E_INT_MUL,
                                    [E_DIV] = E_INT_DIV,
                                    [E_MOD] = E_INT_MOD};
    if (node < 0) return -1;
    const expr_node n = g->node[node];
    if (n.op == E_CONST && n.k == (double)(int32_t)fmax(fmin(n.k, 2e9), -2e9))
        return node;
    if (n.op >= E_TO_INT && n.op < E_WHOLE) return node;
    if (n.type != ND_EXPR_INT || n.op > E_MOD || whole[n.op] == E_CONST)
        return expr_add(g, E_TO_INT, node, -1, -1);
    const int a = expr_as_int(g, n.arg[0]), b = expr_as_int(g, n.arg[1]);
    return a < 0 || b < 0 ? -1 : expr_add(g, whole[n.op], a, b, -1);
}
