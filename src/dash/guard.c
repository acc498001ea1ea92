// SPDX-License-Identifier: Apache-2.0
// Who may ask: the token, the name we were called by, and the page a request comes from.
#include "dash/dash.h"
#include <stdio.h>
#include <string.h>

// Takes the same time whatever differs: a clock must not spell the token.
static bool same_secret(const char *a, const char *b)
{
    const size_t length = strlen(a), other = strlen(b);
    unsigned wrong = length != other;
    for (size_t i = 0; i < length; i++)
        wrong |= (unsigned)(a[i] ^ b[other ? i % other : 0]);
    return !wrong && length;
}

static bool is_our_host(const dash_guard *guard, const char *host)
{
    for (int i = 0; i < 5 && *guard->host[i]; i++)
        if (nd_text_same(guard->host[i], host)) return true;
    return false;
}

static bool is_our_origin(const dash_head *head)
{
    static const char scheme[] = "http://";
    return strncmp(head->origin, scheme, sizeof scheme - 1) == 0 &&
           nd_text_same(head->origin + sizeof scheme - 1, head->host);
}

static bool has_cookie(const dash_guard *guard, nd_arena *arena, const char *cookies)
{
    char name[32];
    snprintf(name, sizeof name, "nadir-%d=", guard->port);
    while (cookies && *cookies) {
        while (*cookies == ' ' || *cookies == ';') cookies++;
        const size_t length = strcspn(cookies, ";");
        if (length > strlen(name) && strncmp(cookies, name, strlen(name)) == 0) {
            const char *value = nd_text(arena, "%.*s", (int)(length - strlen(name)),
                                        cookies + strlen(name));
            if (value && same_secret(value, guard->token)) return true;
        }
        cookies += length;
    }
    return false;
}

bool dash_guard_token_in_query(const dash_guard *guard, nd_arena *arena,
                               const dash_head *head)
{
    const char *token = dash_query(arena, head->query, "t");
    return token && same_secret(token, guard->token);
}

static bool has_token(const dash_guard *guard, nd_arena *arena, const dash_head *head)
{
    const char *bearer = head->authorization;
    if (bearer && strncmp(bearer, "Bearer ", 7) == 0 &&
        same_secret(bearer + 7, guard->token))
        return true;
    return has_cookie(guard, arena, head->cookie) ||
           dash_guard_token_in_query(guard, arena, head);
}

int dash_guard_check(const dash_guard *guard, nd_arena *arena, const dash_head *head,
                     dash_need need)
{
    if (!head->host || !is_our_host(guard, head->host)) return 421;
    if (head->origin && !is_our_origin(head)) return 403;
    // A click on the address in a chat program is "cross-site", and harmless: it can
    // only show the page, and only with the token.
    const bool is_visit = need == DASH_FRAME && head->mode &&
                          strcmp(head->mode, "navigate") == 0 &&
                          strcmp(head->method, "POST") != 0;
    if (head->site && strcmp(head->site, "same-origin") != 0 &&
        strcmp(head->site, "none") != 0 && !is_visit)
        return 403;
    if (need != DASH_NOTHING && !has_token(guard, arena, head)) return 401;
    const bool is_post = strcmp(head->method, "POST") == 0;
    if (is_post && (!head->type || strncmp(head->type, "application/json", 16) != 0))
        return 415; // a form of another page cannot send this type
    return 0;
}
