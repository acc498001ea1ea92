// SPDX-License-Identifier: Apache-2.0
// Regular expressions as far as names of bands need them, in bounded time and depth.
#include <nadir/text.h>
#include <string.h>

enum { NODES = 512, NESTING = 32, MOST = 999, STEPS = 200000, DEEPEST = 5000 };

typedef enum kind { EMPTY, SET, THEN, EITHER, REPEAT } kind;
typedef struct piece {
    kind form;
    const struct piece *a, *b; // of THEN and EITHER; REPEAT has only a
    int min, max;              // of REPEAT
    uint32_t set[8];           // of SET: one bit a byte
} piece;
struct nd_pattern {
    piece *all;
    int count;
    const piece *top;
};

// ---- Reading the pattern: alternatives of sequences of repeated atoms.

typedef struct reader {
    nd_pattern *into;
    const char *at, *whole;
    int nested;
} reader;

static const piece *fail(const reader *r, const char *what)
{
    (void)nd_fail(ND_E_PARAM,
                  "pattern %s: %s at character %d\n"
                  "write it with . [a-z] \\d \\w * + ? {2,3} ( | ) only",
                  r->whole, nd_gettext(what), (int)(r->at - r->whole) + 1);
    return NULL;
}

static piece *make(reader *r, kind form, const piece *a, const piece *b)
{
    if (r->into->count == NODES) return (void)fail(r, "too long"), NULL;
    piece *p = &r->into->all[r->into->count++];
    *p = (piece){.form = form, .a = a, .b = b};
    return p;
}

static void include(piece *p, int low, int high)
{
    for (int c = low; c <= high; c++) p->set[c / 32] |= (uint32_t)1 << (c % 32);
}

// What follows a backslash: a class or the character itself. False: not understood.
static bool include_escape(piece *p, char c)
{
    uint32_t before[8];
    const bool is_not = c == 'D' || c == 'W' || c == 'S';
    memcpy(before, p->set, sizeof before);
    if (is_not) memset(p->set, 0, sizeof p->set);
    switch (c) {
    case 'w':
    case 'W':
        include(p, 'a', 'z'), include(p, 'A', 'Z'), include(p, '_', '_');
        include(p, '0', '9');
        break;
    case 'd':
    case 'D': include(p, '0', '9'); break;
    case 's':
    case 'S': include(p, ' ', ' '), include(p, '\t', '\r'); break;
    default:
        if (!c || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9'))
            return false;
        include(p, (unsigned char)c, (unsigned char)c);
    }
    for (int i = 0; i < 8 && is_not; i++) p->set[i] = before[i] | ~p->set[i];
    return true;
}

static const piece *read_set(reader *r)
{
    piece *p = make(r, SET, NULL, NULL);
    if (!p) return NULL;
    const bool is_not = *r->at == '^';
    r->at += is_not;
    for (bool first = true; first || *r->at != ']'; first = false) {
        const unsigned char low = (unsigned char)*r->at;
        if (!low) return fail(r, "a [ that is not closed");
        r->at++;
        if (low == '\\') {
            if (!include_escape(p, *r->at)) return fail(r, "an unknown escape");
            r->at++;
        } else if (r->at[0] == '-' && r->at[1] && r->at[1] != ']') {
            include(p, low, (unsigned char)r->at[1]);
            r->at += 2;
        } else {
            include(p, low, low);
        }
    }
    r->at++;
    for (int i = 0; i < 8 && is_not; i++) p->set[i] = ~p->set[i];
    return p;
}

static const piece *read_alternatives(reader *r);

static const piece *read_group(reader *r)
{
    if (r->at[0] == '?' && r->at[1] == ':') r->at += 2;
    if (*r->at == '?') return fail(r, "a group that looks around");
    if (++r->nested > NESTING) return fail(r, "too many brackets");
    const piece *inner = read_alternatives(r);
    if (!inner) return NULL;
    if (*r->at != ')') return fail(r, "a ( that is not closed");
    r->at++, r->nested--;
    return inner;
}

static const piece *read_atom(reader *r)
{
    const char c = *r->at++;
    if (c == '(') return read_group(r);
    if (c == '[') return read_set(r);
    if (strchr("*+?{", c)) return r->at--, fail(r, "nothing to repeat");
    if (c == '^' || c == '$') return make(r, EMPTY, NULL, NULL); // matches are whole
    piece *p = make(r, SET, NULL, NULL);
    if (!p) return NULL;
    if (c == '.')
        include(p, 1, 255);
    else if (c != '\\')
        include(p, (unsigned char)c, (unsigned char)c);
    else if (!include_escape(p, *r->at))
        return fail(r, "an unknown escape");
    else
        r->at++;
    return p;
}

// Digits of {2,3}; -1: none or too large.
static int read_count(reader *r)
{
    int count = -1;
    for (; *r->at >= '0' && *r->at <= '9'; r->at++) {
        count = (count < 0 ? 0 : count) * 10 + (*r->at - '0');
        if (count > MOST) return -1;
    }
    return count;
}

static const piece *read_braces(reader *r, piece *p)
{
    p->min = read_count(r), p->max = p->min;
    if (*r->at == ',' && p->min >= 0) {
        r->at++;
        p->max = *r->at == '}' ? MOST : read_count(r);
    }
    if (p->min < 0 || p->max < p->min || *r->at != '}')
        return fail(r, "a count that is none");
    r->at++;
    return p;
}

static const piece *read_repeated(reader *r)
{
    const piece *atom = read_atom(r);
    if (!atom || !*r->at || !strchr("*+?{", *r->at)) return atom;
    piece *p = make(r, REPEAT, atom, NULL);
    if (!p) return NULL;
    const char c = *r->at++;
    p->min = c == '+', p->max = c == '?' ? 1 : MOST;
    if (c == '{' && !read_braces(r, p)) return NULL;
    if (*r->at == '?') r->at++; // lazy or not, a whole match is the same
    if (*r->at && strchr("*+?{", *r->at)) return fail(r, "a repeat of a repeat");
    return p;
}

static const piece *read_sequence(reader *r)
{
    const piece *all = make(r, EMPTY, NULL, NULL);
    while (all && *r->at && *r->at != '|' && *r->at != ')') {
        const piece *next = read_repeated(r);
        all = next ? make(r, THEN, all, next) : NULL;
    }
    return all;
}

static const piece *read_alternatives(reader *r)
{
    const piece *all = read_sequence(r);
    while (all && *r->at == '|') {
        r->at++;
        const piece *next = read_sequence(r);
        all = next ? make(r, EITHER, all, next) : NULL;
    }
    return all;
}

const nd_pattern *nd_pattern_new(nd_arena *arena, const char *text)
{
    nd_pattern *p = nd_alloc(arena, 1, sizeof *p);
    piece *all = nd_alloc(arena, NODES, sizeof *all);
    if (!p || !all) return NULL;
    p->all = all;
    reader r = {.into = p, .at = text, .whole = text};
    p->top = read_alternatives(&r);
    if (p->top && *r.at) p->top = fail(&r, "a ) that was not opened");
    return p->top ? p : NULL;
}

// ---- Matching: what is still to come is a chain on the stack.

typedef struct rest {
    const piece *piece;
    int done;         // of a REPEAT that goes on: how many times it matched
    const char *from; // and where its last turn began
    const struct rest *then;
} rest;
typedef struct effort {
    int steps, depth;
} effort;

static bool match(effort *e, const piece *p, const char *t, const rest *then);

static bool repeat(effort *e, const piece *p, int done, const char *t, const rest *then);

static bool go_on(effort *e, const char *t, const rest *then)
{
    if (!then) return *t == 0;
    if (then->piece->form != REPEAT || then->done < 0)
        return match(e, then->piece, t, then->then);
    if (t == then->from && then->done > then->piece->min) return false; // an empty turn
    return repeat(e, then->piece, then->done, t, then->then);
}

static bool repeat(effort *e, const piece *p, int done, const char *t, const rest *then)
{
    const rest again = {p, done + 1, t, then};
    if (done < p->max && match(e, p->a, t, &again)) return true;
    return done >= p->min && go_on(e, t, then);
}

static bool match_here(effort *e, const piece *p, const char *t, const rest *then)
{
    const unsigned char c = (unsigned char)*t;
    const rest after = {p->b, -1, t, then};
    switch (p->form) {
    case EMPTY: return go_on(e, t, then);
    case SET: return c && p->set[c / 32] >> (c % 32) & 1 && go_on(e, t + 1, then);
    case THEN: return match(e, p->a, t, &after);
    case EITHER: return match(e, p->a, t, then) || match(e, p->b, t, then);
    case REPEAT: return repeat(e, p, 0, t, then);
    }
    return false;
}

static bool match(effort *e, const piece *p, const char *t, const rest *then)
{
    if (++e->steps > STEPS || e->depth >= DEEPEST) return false;
    e->depth++;
    const bool ok = match_here(e, p, t, then);
    e->depth--;
    return ok;
}

bool nd_pattern_matches(const nd_pattern *pattern, const char *text)
{
    effort e = {0};
    return match(&e, pattern->top, text, NULL);
}
