// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include "dash/dash.h"

static const dash_guard guard = {
    .token = "secretsecretsecretsecretsecret12",
    .host = {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"},
    .port = 8765};
static const dash_head plain = {.method = "GET",
                                .path = "/t/x",
                                .query = "",
                                .host = "127.0.0.1:8765",
                                .cookie =
                                    "a=b; nadir-8765=secretsecretsecretsecretsecret12"};

static int check(nd_arena *arena, dash_head head, dash_need need)
{
    return dash_guard_check(&guard, arena, &head, need);
}

TEST(the_token_opens_as_cookie_bearer_or_query_and_nothing_else_does)
{
    dash_head h = plain;
    CHECK(check(arena, h, DASH_TOKEN) == 0);
    h.cookie = "nadir-8766=secretsecretsecretsecretsecret12";
    CHECK(check(arena, h, DASH_TOKEN) == 401);
    h.cookie = "xnadir-8765=secretsecretsecretsecretsecret12";
    CHECK(check(arena, h, DASH_TOKEN) == 401);
    h.cookie = "nadir-8765=secretsecretsecretsecretsecret1";
    CHECK(check(arena, h, DASH_TOKEN) == 401);
    h.cookie = "nadir-8765=";
    CHECK(check(arena, h, DASH_TOKEN) == 401);
    h.cookie = NULL;
    CHECK(check(arena, h, DASH_TOKEN) == 401 && check(arena, h, DASH_NOTHING) == 0);
    h.authorization = "Bearer secretsecretsecretsecretsecret12";
    CHECK(check(arena, h, DASH_TOKEN) == 0);
    h.authorization = "Basic secretsecretsecretsecretsecret12";
    CHECK(check(arena, h, DASH_TOKEN) == 401);
    h.query = "t=secretsecretsecretsecretsecret12";
    CHECK(check(arena, h, DASH_TOKEN) == 0);
    h.query = "t=secretsecretsecretsecretsecret12x";
    CHECK(check(arena, h, DASH_TOKEN) == 401);
}

TEST(it_answers_only_to_its_own_names)
{
    dash_head h = plain;
    static const char *const good[] = {"localhost:8765", "LOCALHOST:8765", "[::1]:8765"};
    static const char *const bad[] = {"localhost",
                                      "evil.example:8765",
                                      "127.0.0.1:8766",
                                      "127.0.0.1:8765.evil.example",
                                      "",
                                      "[::1]"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        h.host = good[i];
        CHECK(check(arena, h, DASH_TOKEN) == 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        h.host = bad[i];
        CHECK(check(arena, h, DASH_NOTHING) == 421);
    }
    h.host = NULL;
    CHECK(check(arena, h, DASH_NOTHING) == 421);
}

TEST(another_page_may_not_ask)
{
    dash_head h = plain;
    h.origin = "http://127.0.0.1:8765";
    CHECK(check(arena, h, DASH_TOKEN) == 0);
    static const char *const bad[] = {"http://127.0.0.1:8766", "https://127.0.0.1:8765",
                                      "null", "http://evil.example",
                                      "http://127.0.0.1:8765.evil.example"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        h.origin = bad[i];
        CHECK(check(arena, h, DASH_TOKEN) == 403);
    }
    h.origin = NULL, h.site = "same-site";
    CHECK(check(arena, h, DASH_TOKEN) == 403);
    h.site = "cross-site";
    CHECK(check(arena, h, DASH_NOTHING) == 403);
    h.site = "none";
    CHECK(check(arena, h, DASH_TOKEN) == 0);
}

TEST(a_click_elsewhere_may_open_the_page_but_only_with_the_token)
{
    dash_head h = plain;
    h.site = "cross-site", h.mode = "navigate";
    CHECK(check(arena, h, DASH_FRAME) == 0);
    h.cookie = NULL;
    CHECK(check(arena, h, DASH_FRAME) == 401);
    h.query = "t=secretsecretsecretsecretsecret12";
    CHECK(check(arena, h, DASH_FRAME) == 0 && check(arena, h, DASH_TOKEN) == 403);
    h.mode = "no-cors";
    CHECK(check(arena, h, DASH_FRAME) == 403);
}

TEST(a_form_of_another_page_cannot_make_an_event)
{
    dash_head h = plain;
    h.method = "POST";
    CHECK(check(arena, h, DASH_TOKEN) == 415);
    h.type = "text/plain";
    CHECK(check(arena, h, DASH_TOKEN) == 415);
    h.type = "application/json; charset=utf-8";
    CHECK(check(arena, h, DASH_TOKEN) == 0);
}
