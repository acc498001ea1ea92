// SPDX-License-Identifier: Apache-2.0
// The words of an expression.
#include "raster/expr_lex.h"
#include <nadir/text.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}
static bool goes_on(char c)
{
    return starts_name(c) || is_digit(c) || c == '.';
}

// The text around a column, short enough for a message.
const char *lex_where(const lexer *l, size_t at)
{
    const size_t length = strlen(l->text), side = 28;
    size_t from = at > side ? at - side : 0, to = at + side < length ? at + side : length;
    while (from && ((unsigned char)l->text[from] & 0xc0) == 0x80) from--;
    while (to < length && ((unsigned char)l->text[to] & 0xc0) == 0x80) to++;
    const char *where =
        nd_text(l->arena, "column %zu of \"%s%.*s%s\"", at + 1, from ? "…" : "",
                (int)(to - from), l->text + from, to < length ? "…" : "");
    return where ? where : "the expression";
}

static nd_status bad_number(const lexer *l, size_t end)
{
    return nd_fail(ND_E_PARAM,
                   "%s: %.*s is not a number\nwrite it as 12, 1.5, 1e-3 or 0x1F",
                   lex_where(l, l->at), (int)(end - l->at), l->text + l->at);
}

static size_t digits(const char *text, size_t at)
{
    while (is_digit(text[at])) at++;
    return at;
}

static nd_status whole(lexer *l, size_t end, bool is_hex, char *copy)
{
    double value = 0;
    if (is_hex)
        for (const char *c = copy + 2; *c; c++)
            value = 16 * value + (is_digit(*c) ? *c - '0' : (*c | 32) - 'a' + 10);
    else if (!nd_text_real(copy, &value))
        return bad_number(l, end);
    if (value > (is_hex ? 4294967295.0 : 2147483647.0))
        return nd_fail(ND_E_PARAM,
                       "%s: %s does not fit in 32 bits\nwrite it with a point: %s.0",
                       lex_where(l, l->at), copy, is_hex ? "5000000000" : copy);
    // As Java: 0xFFFFFFFF is -1.
    l->token.number = value > 2147483647.0 ? value - 4294967296.0 : value;
    l->token.is_int = true;
    return ND_OK;
}

static nd_status number(lexer *l)
{
    const char *text = l->text;
    const bool is_hex = text[l->at] == '0' && (text[l->at + 1] | 32) == 'x';
    size_t end = l->at;
    bool is_int = true;
    if (is_hex) {
        end += 2;
        while (is_digit(text[end]) ||
               ((text[end] | 32) >= 'a' && (text[end] | 32) <= 'f'))
            end++;
    } else {
        end = digits(text, end);
        if (text[end] == '.') is_int = false, end = digits(text, end + 1);
        if ((text[end] | 32) == 'e') {
            const size_t sign = text[end + 1] == '-' || text[end + 1] == '+';
            is_int = false, end += 1 + sign;
            if (!is_digit(text[end])) return bad_number(l, end);
            end = digits(text, end);
        }
    }
    const size_t length = end - l->at;
    if (goes_on(text[end]) || length > 300 || (is_hex && length < 3))
        return bad_number(l, end + (text[end] != 0));
    char copy[304];
    memcpy(copy, text + l->at, length);
    copy[length] = 0;
    l->token.kind = T_NUMBER;
    l->token.end = end;
    if (is_int) return whole(l, end, is_hex, copy);
    l->token.is_int = false;
    return nd_text_real(copy, &l->token.number) ? ND_OK : bad_number(l, end);
}

// 'a band' or "a text": the quote doubled stands for itself.
static nd_status quoted(lexer *l)
{
    const char quote = l->text[l->at];
    size_t i = l->at + 1, n = 0;
    char *name = nd_alloc(l->arena, strlen(l->text + l->at) + 1, 1);
    if (!name) return ND_E_MEMORY;
    while (l->text[i] && (l->text[i] != quote || l->text[i + 1] == quote)) {
        i += l->text[i] == quote;
        name[n++] = l->text[i++];
    }
    if (!l->text[i])
        return nd_fail(ND_E_PARAM, "%s: the quote is never closed\nclose it with %c",
                       lex_where(l, l->at), quote);
    l->token.kind = quote == '\'' ? T_NAME : T_TEXT;
    l->token.is_quoted = true;
    l->token.name = name;
    l->token.end = i + 1;
    return ND_OK;
}

static nd_status name(lexer *l)
{
    static const struct {
        const char *word;
        token_kind kind;
    } keywords[] = {{"and", T_AND},     {"or", T_OR}, {"not", T_NOT},   {"true", T_TRUE},
                    {"false", T_FALSE}, {"if", T_IF}, {"then", T_THEN}, {"else", T_ELSE}};
    size_t end = l->at;
    if (l->text[end] == '$' && l->text[end + 1] == '{') {
        while (l->text[end] && l->text[end] != '}') end++;
        end += l->text[end] == '}';
    }
    while (goes_on(l->text[end])) end++;
    l->token.name = nd_text(l->arena, "%.*s", (int)(end - l->at), l->text + l->at);
    if (!l->token.name) return ND_E_MEMORY;
    l->token.kind = T_NAME;
    l->token.end = end;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (nd_text_same(keywords[i].word, l->token.name))
            l->token.kind = keywords[i].kind;
    return ND_OK;
}

static nd_status sign(lexer *l)
{
    static const struct {
        const char *text;
        token_kind kind;
    } signs[] = {{"||", T_OR},    {"&&", T_AND},     {"<=", T_LE},     {">=", T_GE},
                 {"==", T_EQ},    {"!=", T_NE},      {"<<", T_SHIFT},  {">>", T_SHIFT},
                 {"**", T_STARS}, {"<", T_LT},       {">", T_GT},      {"=", T_ASSIGN},
                 {"|", T_BIT_OR}, {"^", T_BIT_XOR},  {"&", T_BIT_AND}, {"+", T_PLUS},
                 {"-", T_MINUS},  {"*", T_TIMES},    {"/", T_DIVIDE},  {"%", T_MOD},
                 {"!", T_NOT},    {"~", T_BIT_NOT},  {"(", T_OPEN},    {")", T_CLOSE},
                 {",", T_COMMA},  {"?", T_QUESTION}, {":", T_COLON}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const size_t length = strlen(signs[i].text);
        if (strncmp(l->text + l->at, signs[i].text, length) != 0) continue;
        l->token.kind = signs[i].kind;
        l->token.end = l->at + length;
        return ND_OK;
    }
    return nd_fail(ND_E_PARAM, "%s: %c has no meaning here\nremove it",
                   lex_where(l, l->at), l->text[l->at]);
}

nd_status lex_next(lexer *l)
{
    l->at = l->token.end;
    while (strchr(" \t\r\n", l->text[l->at]) && l->text[l->at]) l->at++;
    const char c = l->text[l->at];
    l->token = (token){.kind = T_END, .start = l->at, .end = l->at};
    if (!c) return ND_OK;
    if (is_digit(c) || (c == '.' && is_digit(l->text[l->at + 1]))) return number(l);
    if (c == '\'' || c == '"') return quoted(l);
    return starts_name(c) ? name(l) : sign(l);
}
