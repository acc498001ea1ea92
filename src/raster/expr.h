// SPDX-License-Identifier: Apache-2.0
// Inside the expression compiler: its operations, the graph of values, the steps.
#pragma once
#include <nadir/cpu.h>
#include <nadir/expr.h>

enum {
    EXPR_TEXT = 65536, // bytes of one text
    EXPR_NODES = 4096, // different values of one program
    EXPR_PLACES = 8192,
    EXPR_VALUES = 256, // of one call
    EXPR_DEPTH = 200,  // parentheses in parentheses
    EXPR_REGISTERS = 256,
    EXPR_ROWS = 1024 // rows in, places and rows out
};

// Values of a node are doubles, floats (of those that are exact in float) or bools, which
// are floats too: 0 or 1.
typedef enum expr_op {
    E_CONST,
    E_ROW,
    E_PLACE,
    E_X,
    E_Y,
    E_RANDOM,
    E_GAUSS,
    E_FLAG,
    E_ADD,
    E_SUB,
    E_MUL,
    E_DIV,
    E_MIN,
    E_MAX,
    E_MOD,
    E_POW,
    E_ATAN2,
    E_NEG,
    E_ABS,
    E_SIGN,
    E_FLOOR,
    E_CEIL,
    E_ROUND,
    E_RINT,
    E_SQRT,
    E_SIN,
    E_COS,
    E_TAN,
    E_ASIN,
    E_ACOS,
    E_ATAN,
    E_SINH,
    E_COSH,
    E_TANH,
    E_EXP,
    E_EXP10,
    E_LOG,
    E_LOG10,
    E_LT,
    E_LE,
    E_GT,
    E_GE,
    E_EQ,
    E_NE,
    E_NAN,
    E_INF,
    E_AND,
    E_OR,
    E_NOT,
    E_SELECT,
    E_TO_INT, // as Java casts a double to an int
    E_INT_ADD,
    E_INT_SUB,
    E_INT_MUL,
    E_INT_DIV,
    E_INT_MOD,
    E_BIT_AND,
    E_BIT_OR,
    E_BIT_XOR,
    E_WHOLE, // k is the least, k2 the greatest
    E_WRAP,
    E_OUT, // the last of each result; k means no data
    E_WIDEN,
    E_NARROW
} expr_op;

typedef struct expr_node {
    expr_op op;
    nd_expr_type type;
    int arg[3]; // numbers of earlier nodes; -1: none
    int row;    // of rows, places; which call of random
    double k, k2;
    bool is_float;  // its value is exact in float
    double most;    // it is a whole number of at most this size; 0: not known to be
    signed char by; // 0 a constant, 1 linear in the bands, 2 neither
} expr_node;

typedef struct expr_graph {
    nd_arena *arena;
    expr_node *node;
    int nodes, room;
    int *place; // a hash table: numbers of nodes, from 1
    bool strict;
} expr_graph;

// Adds a value, or finds it, or folds it to a constant; -1 after nd_fail.
int expr_add(expr_graph *graph, expr_op op, int a, int b, int c) ND_CHECKED;
int expr_constant(expr_graph *graph, double value, nd_expr_type type) ND_CHECKED;
int expr_leaf(expr_graph *graph, const expr_node *leaf) ND_CHECKED;
// A function of SNAP by its name; -1 after nd_fail, which says `where`.
typedef struct expr_call {
    const char *name;
    const int *arg;
    int count;
    const char *where; // "column 3 of 'f(x)'"
} expr_call;
int expr_function(expr_graph *graph, const expr_call *call) ND_CHECKED;
// The same value as Java's int evaluation gives it.
int expr_as_int(expr_graph *graph, int node) ND_CHECKED;

// One text to a node; -1 after nd_fail.
int expr_parse(expr_graph *graph, const nd_expr_ask *ask, const char *text) ND_CHECKED;
// The end of result number `k`.
int expr_end(expr_graph *graph, int node, const nd_expr_end *end, int k) ND_CHECKED;

// Forms of a step: D or F, and where k stands.
enum { EXPR_D, EXPR_F, EXPR_RR = 0, EXPR_RK = 2, EXPR_KR = 4 };
#define EXPR_CODE(op, form) ((int)(op) << 3 | (form))
typedef struct expr_step {
    int code;
    int z, a, b, c; // slots
    int row;
    double k, k2;
    uint64_t wanted_by; // results, by number; from 63 on they share the last bit
} expr_step;

struct nd_expr {
    const expr_step *step;
    int steps, constants; // the first steps fill constants
    int rows, places, outs, registers;
    int chunk; // pixels of a register
    nd_expr_type *type;
    bool *is_linear;
};
nd_status expr_code(expr_graph *graph, const int *result, int count,
                    nd_expr *expr) ND_CHECKED;

// A piece of a row: `slot` points to its pixels in rows, places, results, registers.
typedef struct expr_piece {
    void *const *slot;
    int x, y, level, count;
    uint64_t wanted;
} expr_piece;
typedef struct expr_kernels {
    void (*run)(const expr_step *step, int steps, const expr_piece *piece);
} expr_kernels;
ND_KERNEL_TABLES(expr_kernels, expr_kernels);
// The same with kernels of one's own choice, for tests.
void expr_run_with(const expr_kernels *kernels, const nd_expr *expr,
                   const nd_expr_rows *rows, float *const *out);
