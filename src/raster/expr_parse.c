// SPDX-License-Identifier: Apache-2.0
// SNAP's grammar of expressions: binary operators by precedence, types checked on the
// way.
#include "raster/expr.h"
#include "raster/expr_lex.h"
#include <math.h>
#include <nadir/text.h>
#include <string.h>

typedef struct parser {
    lexer lex;
    expr_graph *graph;
    const nd_expr_ask *ask;
    int depth;
} parser;

static int conditional(parser *p);

static int fail(nd_status failed)
{
    (void)failed; // the words are kept
    return -1;
}

static const char *here(const parser *p)
{
    return lex_where(&p->lex, p->lex.token.start);
}

static bool is_bool(const parser *p, int node)
{
    return p->graph->node[node].type == ND_EXPR_BOOL;
}

static bool next(parser *p)
{
    return lex_next(&p->lex) == ND_OK;
}

static int missing(const parser *p, const char *what)
{
    if (p->lex.token.kind == T_END)
        return fail(nd_fail(ND_E_PARAM, "%s: the expression ends too early\nadd %s",
                            here(p), what));
    return fail(nd_fail(ND_E_PARAM, "%s: this does not fit here\nwrite %s before it",
                        here(p), what));
}

static bool expect(parser *p, token_kind kind, const char *what)
{
    if (p->lex.token.kind == kind) return next(p);
    (void)missing(p, what);
    return false;
}

static int constant_name(parser *p, const token *t, const char *nearest)
{
    if (strcmp(t->name, "NaN") == 0)
        return expr_constant(p->graph, (double)NAN, ND_EXPR_REAL);
    if (strcmp(t->name, "PI") == 0)
        return expr_constant(p->graph, 3.141592653589793, ND_EXPR_REAL);
    if (strcmp(t->name, "E") == 0)
        return expr_constant(p->graph, 2.718281828459045, ND_EXPR_REAL);
    const char *where = lex_where(&p->lex, t->start);
    if (nearest)
        return fail(nd_fail(ND_E_PARAM,
                            "%s: there is no band or mask %s\ndid you mean %s?", where,
                            t->name, nearest));
    return fail(nd_fail(ND_E_PARAM,
                        "%s: there is no band or mask %s\n"
                        "see nadir info for the names of the scene's bands",
                        where, t->name));
}

static int meant(expr_graph *g, const nd_expr_name *is)
{
    static const expr_op op[] = {
        [ND_EXPR_CONSTANT] = E_CONST, [ND_EXPR_ROW] = E_ROW, [ND_EXPR_FLAG] = E_FLAG,
        [ND_EXPR_PLACE] = E_PLACE,    [ND_EXPR_X] = E_X,     [ND_EXPR_Y] = E_Y};
    expr_node leaf = {.op = op[is->kind], .type = is->type};
    if (is->kind == ND_EXPR_CONSTANT) leaf.k = is->value;
    if (is->kind == ND_EXPR_FLAG)
        leaf.k = is->mask, leaf.k2 = is->bits, leaf.type = ND_EXPR_BOOL;
    if (is->kind == ND_EXPR_X || is->kind == ND_EXPR_Y) leaf.type = ND_EXPR_REAL;
    if (is->kind != ND_EXPR_CONSTANT) leaf.row = is->row;
    if (is->kind == ND_EXPR_ROW && !is->fills) leaf.most = is->most;
    const bool is_mask = is->kind == ND_EXPR_ROW && is->type == ND_EXPR_BOOL;
    if (is_mask) leaf.type = ND_EXPR_INT;
    int node = expr_leaf(g, &leaf);
    if (is->kind == ND_EXPR_ROW && is->fills && !is_mask) {
        const int none = expr_add(g, E_NAN, node, -1, -1);
        node = expr_add(g, E_SELECT, none, expr_constant(g, is->fill, is->type), node);
    }
    if (!is_mask) return node;
    return expr_add(g, E_GT, node, expr_constant(g, 0, ND_EXPR_INT), -1);
}

static int named(parser *p, const token *t)
{
    nd_expr_name meaning = {0};
    const char *nearest = NULL;
    if (!p->ask->resolve || !p->ask->resolve(p->ask->user, t->name, &meaning, &nearest))
        return constant_name(p, t, nearest);
    return meant(p->graph, &meaning);
}

static int call(parser *p, const token *t)
{
    int arg[EXPR_VALUES], count = 0;
    const char *where = lex_where(&p->lex, t->start);
    if (!next(p)) return -1;
    while (p->lex.token.kind != T_CLOSE) {
        if (count && !expect(p, T_COMMA, "a comma or )")) return -1;
        if (count == EXPR_VALUES)
            return fail(nd_fail(ND_E_PARAM,
                                "%s: %s has more than %d values\nsplit it in several",
                                where, t->name, EXPR_VALUES));
        arg[count] = conditional(p);
        if (arg[count++] < 0) return -1;
    }
    if (!next(p)) return -1;
    return expr_function(p->graph, &(expr_call){t->name, arg, count, where});
}

static int primary(parser *p)
{
    const token t = p->lex.token;
    switch (t.kind) {
    case T_NUMBER:
        if (!next(p)) return -1;
        return expr_constant(p->graph, t.number, t.is_int ? ND_EXPR_INT : ND_EXPR_REAL);
    case T_TRUE:
    case T_FALSE:
        if (!next(p)) return -1;
        return expr_constant(p->graph, t.kind == T_TRUE, ND_EXPR_BOOL);
    case T_NAME:
        if (!next(p)) return -1;
        return p->lex.token.kind == T_OPEN && !t.is_quoted ? call(p, &t) : named(p, &t);
    case T_OPEN: {
        if (!next(p)) return -1;
        const int inner = conditional(p);
        return inner >= 0 && expect(p, T_CLOSE, "a )") ? inner : -1;
    }
    case T_TEXT:
        return fail(nd_fail(ND_E_PARAM,
                            "%s: a text in double quotes has no use here\n"
                            "put the names of bands in single quotes",
                            here(p)));
    default: return missing(p, "a number, a band or a function");
    }
}

static int unary(parser *p)
{
    const token t = p->lex.token;
    if (t.kind != T_PLUS && t.kind != T_MINUS && t.kind != T_NOT && t.kind != T_BIT_NOT)
        return primary(p);
    if (++p->depth > EXPR_DEPTH)
        return fail(nd_fail(ND_E_PARAM,
                            "%s: more than %d levels deep\nsplit it in several", here(p),
                            EXPR_DEPTH));
    const char *where = here(p);
    if (!next(p)) return -1;
    const int of = unary(p);
    p->depth--;
    if (of < 0) return -1;
    if (t.kind == T_NOT && !is_bool(p, of))
        return fail(nd_fail(ND_E_PARAM,
                            "%s: not needs something true or false after it\n"
                            "compare, as in not (a > 0)",
                            where));
    if (t.kind != T_NOT && is_bool(p, of))
        return fail(nd_fail(ND_E_PARAM,
                            "%s: what is true or false has no sign and no bits\n"
                            "write not, or (… ? 1 : 0) to make it a number",
                            where));
    if (t.kind == T_PLUS) return of;
    if (t.kind == T_MINUS) return expr_add(p->graph, E_NEG, of, -1, -1);
    if (t.kind == T_NOT) return expr_add(p->graph, E_NOT, of, -1, -1);
    // ~x is x with every bit turned: x xor -1.
    return expr_add(p->graph, E_BIT_XOR, expr_as_int(p->graph, of),
                    expr_constant(p->graph, -1, ND_EXPR_INT), -1);
}

typedef struct binary {
    int level; // higher binds tighter; 0: none
    expr_op op;
} binary;
enum { OR = 1, AND, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SUM, PRODUCT };
static binary binary_of(token_kind kind)
{
    static const binary all[] = {[T_OR] = {OR, E_OR},
                                 [T_AND] = {AND, E_AND},
                                 [T_LT] = {COMPARE, E_LT},
                                 [T_LE] = {COMPARE, E_LE},
                                 [T_GT] = {COMPARE, E_GT},
                                 [T_GE] = {COMPARE, E_GE},
                                 [T_EQ] = {COMPARE, E_EQ},
                                 [T_NE] = {COMPARE, E_NE},
                                 [T_BIT_OR] = {BIT_OR, E_BIT_OR},
                                 [T_BIT_XOR] = {BIT_XOR, E_BIT_XOR},
                                 [T_BIT_AND] = {BIT_AND, E_BIT_AND},
                                 [T_PLUS] = {SUM, E_ADD},
                                 [T_MINUS] = {SUM, E_SUB},
                                 [T_TIMES] = {PRODUCT, E_MUL},
                                 [T_DIVIDE] = {PRODUCT, E_DIV},
                                 [T_MOD] = {PRODUCT, E_MOD},
                                 [T_STARS] = {0, E_CONST}};
    return all[kind];
}

static nd_status check(const parser *p, const token *t, int a, int b)
{
    const binary is = binary_of(t->kind);
    const char *where = lex_where(&p->lex, t->start);
    const int bools = is_bool(p, a) + is_bool(p, b);
    const bool ints = p->graph->node[is_bool(p, a) ? b : a].type == ND_EXPR_INT;
    if (is.level <= AND && bools < 2)
        return nd_fail(ND_E_PARAM,
                       "%s: and, or need something true or false on both sides\n"
                       "compare, as in a > 0",
                       where);
    if ((is.op == E_EQ || is.op == E_NE) && (bools != 1 || ints)) return ND_OK;
    if (is.level == COMPARE && bools)
        return nd_fail(ND_E_PARAM,
                       "%s: what is true or false has no size to compare\n"
                       "write a < b and b < c instead of a < b < c",
                       where);
    if (is.level >= BIT_OR && is.level <= BIT_AND && bools)
        return nd_fail(ND_E_PARAM,
                       "%s: what is true or false has no bits\nwrite and, or, != instead",
                       where);
    if (is.level > AND && bools)
        return nd_fail(ND_E_PARAM,
                       "%s: this needs numbers on both sides\n"
                       "write (… ? 1 : 0) to make a number of what is true or false",
                       where);
    return ND_OK;
}

static int combine(parser *p, const token *t, int a, int b)
{
    expr_graph *g = p->graph;
    const binary is = binary_of(t->kind);
    if (check(p, t, a, b) != ND_OK) return -1;
    const bool ints = g->node[a].type == ND_EXPR_INT && g->node[b].type == ND_EXPR_INT;
    const bool bits = is.level >= BIT_OR && is.level <= BIT_AND;
    if (bits || (is.level == COMPARE && ints && g->strict))
        a = expr_as_int(g, a), b = expr_as_int(g, b);
    return expr_add(g, is.op, a, b, -1);
}

static int climb(parser *p, int least)
{
    int left = unary(p);
    while (left >= 0) {
        const token t = p->lex.token;
        if (t.kind == T_STARS)
            return fail(
                nd_fail(ND_E_PARAM, "%s: there is no **\nwrite pow(a, b)", here(p)));
        if (t.kind == T_SHIFT)
            return fail(nd_fail(ND_E_PARAM,
                                "%s: bits cannot be shifted\n"
                                "multiply or divide by a power of two",
                                here(p)));
        const int level = binary_of(t.kind < T_STARS ? t.kind : T_STARS).level;
        if (!level || level < least) break;
        if (!next(p)) return -1;
        const int right = climb(p, level + 1);
        left = right < 0 ? -1 : combine(p, &t, left, right);
    }
    return left;
}

static int choose(parser *p, const char *where, int condition, token_kind between)
{
    const int yes = conditional(p);
    if (yes < 0) return -1;
    if (!expect(p, between, between == T_COLON ? "a : and what else" : "else")) return -1;
    const int no = conditional(p);
    if (no < 0) return -1;
    if (!is_bool(p, condition))
        return fail(nd_fail(ND_E_PARAM,
                            "%s: a choice needs something true or false before it\n"
                            "compare, as in a > 0 ? 1 : 0",
                            where));
    if (is_bool(p, yes) != is_bool(p, no))
        return fail(nd_fail(ND_E_PARAM,
                            "%s: a choice is between a number and what is true or false\n"
                            "make both numbers, or both true or false",
                            where));
    return expr_add(p->graph, E_SELECT, condition, yes, no);
}

static int conditional(parser *p)
{
    const char *where = here(p);
    if (++p->depth > EXPR_DEPTH)
        return fail(nd_fail(ND_E_PARAM,
                            "%s: more than %d levels deep\nsplit it in several", where,
                            EXPR_DEPTH));
    int value = -1;
    if (p->lex.token.kind == T_IF) {
        if (!next(p)) return -1;
        value = conditional(p);
        if (value < 0 || !expect(p, T_THEN, "then")) return -1;
        value = choose(p, where, value, T_ELSE);
    } else {
        value = climb(p, OR);
        if (value >= 0 && p->lex.token.kind == T_QUESTION)
            value = next(p) ? choose(p, where, value, T_COLON) : -1;
    }
    p->depth--;
    return value;
}

int expr_parse(expr_graph *g, const nd_expr_ask *ask, const char *text)
{
    parser p = {
        .lex = {.arena = g->arena, .text = text ? text : ""}, .graph = g, .ask = ask};
    if (strnlen(p.lex.text, EXPR_TEXT + 1) > EXPR_TEXT)
        return fail(nd_fail(ND_E_PARAM,
                            "the expression is longer than %d characters\nsplit it",
                            EXPR_TEXT));
    if (!next(&p)) return -1;
    if (p.lex.token.kind == T_END)
        return fail(
            nd_fail(ND_E_PARAM, "the expression is empty\nwrite one, as in B8 - B4"));
    const int value = conditional(&p);
    if (value < 0) return -1;
    if (p.lex.token.kind == T_ASSIGN)
        return fail(nd_fail(
            ND_E_PARAM, "%s: = gives a value to nothing\nwrite == to compare", here(&p)));
    if (p.lex.token.kind != T_END) return missing(&p, "an operator, such as + or *,");
    return value;
}
