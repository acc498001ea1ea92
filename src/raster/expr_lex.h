// SPDX-License-Identifier: Apache-2.0
// Between lexer and parser of expressions: tokens, and where they stand.
#pragma once
#include <nadir/core.h>

typedef enum token_kind {
    T_END,
    T_NUMBER,
    T_NAME,
    T_TEXT, // in double quotes
    T_OR,
    T_AND,
    T_LT,
    T_LE,
    T_GT,
    T_GE,
    T_EQ,
    T_NE,
    T_BIT_OR,
    T_BIT_XOR,
    T_BIT_AND,
    T_PLUS,
    T_MINUS,
    T_TIMES,
    T_DIVIDE,
    T_MOD,
    T_NOT,
    T_BIT_NOT,
    T_TRUE,
    T_FALSE,
    T_IF,
    T_THEN,
    T_ELSE,
    T_QUESTION,
    T_COLON,
    T_OPEN,
    T_CLOSE,
    T_COMMA,
    T_ASSIGN,
    T_SHIFT,
    T_STARS
} token_kind;

typedef struct token {
    token_kind kind;
    size_t start, end; // in the text
    double number;
    bool is_int, is_quoted;
    const char *name;
} token;
typedef struct lexer {
    nd_arena *arena;
    const char *text;
    size_t at;
    token token; // starts at zeroes; the first lex_next reads the first
} lexer;
nd_status lex_next(lexer *lexer) ND_CHECKED;
// "column 3 of "a + b"", for messages.
const char *lex_where(const lexer *lexer, size_t at);
