// SPDX-License-Identifier: Apache-2.0
// The functions of SNAP's expressions, each made of a few operations.
#include "raster/expr.h"
#include <nadir/text.h>
#include <string.h>

typedef struct function {
    const char *name;
    int least, most; // arguments; most < 0: any number
    int multiple;    // of which their count must be one
    int (*make)(expr_graph *g, const int *arg, int count);
    expr_op op; // without make
} function;

static int real(expr_graph *g, double value)
{
    return expr_constant(g, value, ND_EXPR_REAL);
}
static int two(expr_graph *g, expr_op op, int a, int b)
{
    return expr_add(g, op, a, b, -1);
}
static int one(expr_graph *g, expr_op op, int a)
{
    return expr_add(g, op, a, -1, -1);
}
static int square(expr_graph *g, int a)
{
    return two(g, E_MUL, a, a);
}

static int sum(expr_graph *g, const int *value, int count)
{
    int all = value[0];
    for (int i = 1; i < count; i++) all = two(g, E_ADD, all, value[i]);
    return all;
}

static int sq(expr_graph *g, const int *a, int count)
{
    (void)count;
    return square(g, a[0]);
}
static int deg(expr_graph *g, const int *a, int count)
{
    (void)count;
    return two(g, E_MUL, a[0], real(g, 57.29577951308232));
}
static int rad(expr_graph *g, const int *a, int count)
{
    (void)count;
    return two(g, E_MUL, a[0], real(g, 0.017453292519943295));
}
static int sech(expr_graph *g, const int *a, int count)
{
    (void)count;
    return two(g, E_DIV, real(g, 1), one(g, E_COSH, a[0]));
}
static int cosech(expr_graph *g, const int *a, int count)
{
    (void)count;
    return two(g, E_DIV, real(g, 1), one(g, E_SINH, a[0]));
}
static int ampl(expr_graph *g, const int *a, int count)
{
    (void)count;
    return one(g, E_SQRT, two(g, E_ADD, square(g, a[0]), square(g, a[1])));
}
static int phase(expr_graph *g, const int *a, int count)
{
    (void)count;
    return two(g, E_ATAN2, a[1], a[0]);
}

// Small whole powers and roots are much cheaper than what they are a case of.
static int power(expr_graph *g, const int *a, int count)
{
    (void)count;
    const expr_node *to = &g->node[a[1]];
    if (to->op != E_CONST || g->node[a[0]].op == E_CONST)
        return two(g, E_POW, a[0], a[1]);
    if (to->k == 1) return a[0];
    if (to->k == 2) return square(g, a[0]);
    if (to->k == 3) return two(g, E_MUL, square(g, a[0]), a[0]);
    if (to->k == 4) return square(g, square(g, a[0]));
    if (to->k == 0.5) return one(g, E_SQRT, a[0]);
    if (to->k == -1) return two(g, E_DIV, real(g, 1), a[0]);
    return two(g, E_POW, a[0], a[1]);
}

static int near(expr_graph *g, const int *a, int count)
{
    const int off = one(g, E_ABS, two(g, E_SUB, a[0], a[1]));
    return two(g, E_LE, off, count > 2 ? a[2] : real(g, 1e-6));
}
static int far(expr_graph *g, const int *a, int count)
{
    const int off = one(g, E_ABS, two(g, E_SUB, a[0], a[1]));
    return two(g, E_GT, off, count > 2 ? a[2] : real(g, 1e-6));
}

// SNAP's int variants: in strict mode their arguments are Java's whole numbers.
static int whole_or(expr_graph *g, expr_op op, const int *arg, int count)
{
    int a[2] = {arg[0], count > 1 ? arg[1] : -1};
    bool is_int = g->strict;
    count = count < 2 ? count : 2;
    for (int i = 0; i < count; i++) is_int = is_int && g->node[a[i]].type == ND_EXPR_INT;
    for (int i = 0; i < count && is_int; i++) a[i] = expr_as_int(g, a[i]);
    return expr_add(g, op, a[0], a[1], -1);
}
static int absolute(expr_graph *g, const int *a, int count)
{
    return whole_or(g, E_ABS, a, count);
}
static int sign(expr_graph *g, const int *a, int count)
{
    return whole_or(g, E_SIGN, a, count);
}
static int least(expr_graph *g, const int *a, int count)
{
    return whole_or(g, E_MIN, a, count);
}
static int greatest(expr_graph *g, const int *a, int count)
{
    return whole_or(g, E_MAX, a, count);
}

static int rounded(expr_graph *g, const int *a, int count)
{
    (void)count;
    const int value = one(g, E_ROUND, a[0]);
    if (!g->strict) return value;
    return expr_add(g, E_SELECT, one(g, E_NAN, a[0]), real(g, 0), value);
}

static int bit_set(expr_graph *g, const int *a, int count)
{
    (void)count;
    const int value = expr_as_int(g, a[0]), bit = expr_as_int(g, a[1]);
    // 2^bit as an int: the topmost is negative, as in Java.
    const int mask = one(g, E_TO_INT, two(g, E_POW, real(g, 2), bit));
    const int top = one(g, E_TO_INT, real(g, -2147483648.0));
    const int is_top = two(g, E_EQ, bit, real(g, 31));
    const int with = expr_add(g, E_SELECT, is_top, top, mask);
    return two(g, E_NE, two(g, E_BIT_AND, value, with), real(g, 0));
}

static int random_call(expr_graph *g, expr_op op)
{
    // Each call is another one, so that two of them differ.
    return expr_leaf(g, &(expr_node){.op = op, .type = ND_EXPR_REAL, .row = g->nodes});
}
static int uniform(expr_graph *g, const int *a, int count)
{
    (void)a, (void)count;
    return random_call(g, E_RANDOM);
}
static int gaussian(expr_graph *g, const int *a, int count)
{
    (void)a, (void)count;
    return random_call(g, E_GAUSS);
}

static int mean(expr_graph *g, const int *a, int count)
{
    return two(g, E_DIV, sum(g, a, count), real(g, count));
}

static int deviation(expr_graph *g, const int *a, int count)
{
    const int middle = mean(g, a, count);
    int all = real(g, 0);
    for (int i = 0; i < count && middle >= 0; i++) {
        const int part = square(g, two(g, E_SUB, a[i], middle));
        all = i ? two(g, E_ADD, all, part) : part;
    }
    return one(g, E_SQRT, two(g, E_DIV, all, real(g, count)));
}

// As SNAP has it: sqrt(mean(x^4) - mean(x^2)^2) / mean(x^2).
static int variation(expr_graph *g, const int *a, int count)
{
    int second = -1, fourth = -1;
    for (int i = 0; i < count; i++) {
        const int s = square(g, a[i]), f = s < 0 ? -1 : square(g, s);
        second = i ? two(g, E_ADD, second, s) : s;
        fourth = i ? two(g, E_ADD, fourth, f) : f;
    }
    second = two(g, E_DIV, second, real(g, count));
    fourth = two(g, E_DIV, fourth, real(g, count));
    const int inner = two(g, E_SUB, fourth, second < 0 ? -1 : square(g, second));
    return two(g, E_DIV, one(g, E_SQRT, inner), second);
}

// The n-th of a series: as it is, the step from the one before, or the sum so far.
enum { AS_IS, STEPS, SUMS };
static int nth(expr_graph *g, const int *a, int i, int how)
{
    if (how == AS_IS) return a[i];
    return how == STEPS ? two(g, E_SUB, a[i + 1], a[i]) : sum(g, a, i + 1);
}

static int distance_of(expr_graph *g, const int *a, int count, int how)
{
    const int n = count / 2, last = how == STEPS ? n - 1 : n;
    int all = real(g, 0);
    for (int i = 0; i < last; i++) {
        const int off = two(g, E_SUB, nth(g, a, i, how), nth(g, a + n, i, how));
        const int part = off < 0 ? -1 : square(g, off);
        all = i ? two(g, E_ADD, all, part) : part;
    }
    return one(g, E_SQRT, all);
}
static int distance(expr_graph *g, const int *a, int count)
{
    return distance_of(g, a, count, AS_IS);
}
static int distance_steps(expr_graph *g, const int *a, int count)
{
    return distance_of(g, a, count, STEPS);
}
static int distance_sums(expr_graph *g, const int *a, int count)
{
    return distance_of(g, a, count, SUMS);
}

static int within(expr_graph *g, const int *a, int count, int how)
{
    const int n = count / 3, last = how == STEPS ? n - 1 : n;
    int all = expr_constant(g, 1, ND_EXPR_BOOL);
    for (int i = 0; i < last; i++) {
        const int value = nth(g, a, i, how);
        const int above = two(g, E_GE, value, nth(g, a + n, i, how));
        const int below = two(g, E_LE, value, nth(g, a + 2 * (ptrdiff_t)n, i, how));
        const int both = two(g, E_AND, above, below);
        all = i ? two(g, E_AND, all, both) : both;
    }
    return all;
}
static int in_range(expr_graph *g, const int *a, int count)
{
    return within(g, a, count, AS_IS);
}
static int in_range_steps(expr_graph *g, const int *a, int count)
{
    return within(g, a, count, STEPS);
}
static int in_range_sums(expr_graph *g, const int *a, int count)
{
    return within(g, a, count, SUMS);
}

static const function functions[] = {
    {"sin", 1, 1, 1, NULL, E_SIN},
    {"cos", 1, 1, 1, NULL, E_COS},
    {"tan", 1, 1, 1, NULL, E_TAN},
    {"asin", 1, 1, 1, NULL, E_ASIN},
    {"acos", 1, 1, 1, NULL, E_ACOS},
    {"atan", 1, 1, 1, NULL, E_ATAN},
    {"atan2", 2, 2, 1, NULL, E_ATAN2},
    {"sinh", 1, 1, 1, NULL, E_SINH},
    {"cosh", 1, 1, 1, NULL, E_COSH},
    {"tanh", 1, 1, 1, NULL, E_TANH},
    {"sech", 1, 1, 1, sech, E_CONST},
    {"cosech", 1, 1, 1, cosech, E_CONST},
    {"exp", 1, 1, 1, NULL, E_EXP},
    {"exp10", 1, 1, 1, NULL, E_EXP10},
    {"log", 1, 1, 1, NULL, E_LOG},
    {"log10", 1, 1, 1, NULL, E_LOG10},
    {"sq", 1, 1, 1, sq, E_CONST},
    {"sqrt", 1, 1, 1, NULL, E_SQRT},
    {"pow", 2, 2, 1, power, E_CONST},
    {"abs", 1, 1, 1, absolute, E_CONST},
    {"sign", 1, 1, 1, sign, E_CONST},
    {"min", 2, 2, 1, least, E_CONST},
    {"max", 2, 2, 1, greatest, E_CONST},
    {"floor", 1, 1, 1, NULL, E_FLOOR},
    {"ceil", 1, 1, 1, NULL, E_CEIL},
    {"round", 1, 1, 1, rounded, E_CONST},
    {"rint", 1, 1, 1, NULL, E_RINT},
    {"deg", 1, 1, 1, deg, E_CONST},
    {"rad", 1, 1, 1, rad, E_CONST},
    {"ampl", 2, 2, 1, ampl, E_CONST},
    {"phase", 2, 2, 1, phase, E_CONST},
    {"feq", 2, 3, 1, near, E_CONST},
    {"fneq", 2, 3, 1, far, E_CONST},
    {"inf", 1, 1, 1, NULL, E_INF},
    {"nan", 1, 1, 1, NULL, E_NAN},
    {"bit_set", 2, 2, 1, bit_set, E_CONST},
    {"random_uniform", 0, 0, 1, uniform, E_CONST},
    {"random_gaussian", 0, 0, 1, gaussian, E_CONST},
    {"avg", 1, -1, 1, mean, E_CONST},
    {"stddev", 1, -1, 1, deviation, E_CONST},
    {"coef_var", 1, -1, 1, variation, E_CONST},
    {"distance", 2, -1, 2, distance, E_CONST},
    {"distance_deriv", 4, -1, 2, distance_steps, E_CONST},
    {"distance_integ", 2, -1, 2, distance_sums, E_CONST},
    {"inrange", 3, -1, 3, in_range, E_CONST},
    {"inrange_deriv", 6, -1, 3, in_range_steps, E_CONST},
    {"inrange_integ", 3, -1, 3, in_range_sums, E_CONST},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static nd_status unknown(const expr_call *call)
{
    const char *word[FUNCTIONS];
    for (int i = 0; i < FUNCTIONS; i++) word[i] = functions[i].name;
    const char *nearest = nd_text_nearest(call->name, word, FUNCTIONS);
    if (nearest)
        return nd_fail(ND_E_PARAM, "%s: there is no function %s\ndid you mean %s?",
                       call->where, call->name, nearest);
    return nd_fail(ND_E_PARAM,
                   "%s: there is no function %s\n"
                   "make it of others, such as min, max, abs, sqrt, pow, log, exp",
                   call->where, call->name);
}

static nd_status check(const expr_graph *g, const function *f, const expr_call *call)
{
    if (call->count < f->least || (f->most >= 0 && call->count > f->most))
        return nd_fail(ND_E_PARAM, "%s: %s has %d values, not %d\ngive it %d%s",
                       call->where, f->name, call->count, f->least, f->least,
                       f->most < 0 ? " or more" : "");
    if (call->count % f->multiple)
        return nd_fail(ND_E_PARAM,
                       "%s: %s has %d values, which make no %d rows of equal length\n"
                       "give as many of each",
                       call->where, f->name, call->count, f->multiple);
    for (int i = 0; i < call->count; i++)
        if (g->node[call->arg[i]].type == ND_EXPR_BOOL)
            return nd_fail(ND_E_PARAM,
                           "%s: value %d of %s is true or false, not a number\n"
                           "write (… ? 1 : 0) to make it one",
                           call->where, i + 1, f->name);
    return ND_OK;
}

int expr_function(expr_graph *g, const expr_call *call)
{
    const function *f = NULL;
    for (int i = 0; i < FUNCTIONS && !f; i++)
        if (nd_text_same(functions[i].name, call->name)) f = &functions[i];
    if (!f) {
        (void)unknown(call);
        return -1;
    }
    if (check(g, f, call) != ND_OK) return -1;
    if (f->make) return f->make(g, call->arg, call->count);
    return expr_add(g, f->op, call->arg[0], call->count > 1 ? call->arg[1] : -1, -1);
}
