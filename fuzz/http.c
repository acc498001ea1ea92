// SPDX-License-Identifier: Apache-2.0
// Requests to the page's server: head, address, query and event, as a client sends them.
#include "dash/dash.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A header of `text`: the rest of the line that starts with `name`; NULL: none.
static const char *header(nd_arena *arena, const char *text, const char *name)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, strlen(name)) != 0) continue;
        line += strlen(name);
        return nd_text(arena, "%.*s", (int)strcspn(line, "\r\n"), line);
    }
    return NULL;
}

static void guard(nd_arena *arena, const char *text, const char *path, const char *query)
{
    static const dash_guard ours = {
        .token = "secret", .host = {"127.0.0.1:8765"}, .port = 8765};
    const dash_head head = {.method = "POST",
                            .path = path,
                            .query = query,
                            .host = header(arena, text, "Host: "),
                            .origin = header(arena, text, "Origin: "),
                            .site = header(arena, text, "Sec-Fetch-Site: "),
                            .mode = header(arena, text, "Sec-Fetch-Mode: "),
                            .cookie = header(arena, text, "Cookie: "),
                            .authorization = header(arena, text, "Authorization: "),
                            .type = header(arena, text, "Content-Type: ")};
    char name[16];
    int generation;
    for (int need = DASH_NOTHING; need <= DASH_TOKEN; need++)
        (void)dash_guard_check(&ours, arena, &head, (dash_need)need);
    dash_view_read(header(arena, text, "Nadir-View: "), name, &generation);
}

static void address(nd_arena *arena, const char *path, const char *query)
{
    static const char *const names[] = {"b", "s", "g",   "r",    "p",
                                        "x", "t", "key", "level"};
    dash_tile_name tile;
    const char *rest = strncmp(path, "/t/", 3) == 0 ? path + 3 : path;
    (void)dash_tile_parse(rest, &tile);
    (void)dash_asset_find(path);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        double number[16];
        const char *value = dash_query(arena, query, names[i]);
        if (value) (void)dash_numbers(arena, value, number, 16);
    }
    nd_band band[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    const nd_node node = {.band = band, .bands = 3};
    nd_bands bands;
    int order[DASH_BANDS], count;
    if (dash_bands(arena, query, &node, &bands, order, &count) != ND_OK) return;
    for (int k = 1; k < bands.count; k++)
        if (bands.band[k] <= bands.band[k - 1] || bands.band[k] >= node.bands) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    const char *text =
        arena ? nd_text(arena, "%.*s", (int)size, (const char *)data) : NULL;
    if (text) {
        const char *uri = strchr(text, ' ') ? strchr(text, ' ') + 1 : text;
        const size_t end = strcspn(uri, " \r\n"), path = strcspn(uri, "? \r\n");
        const char *first = nd_text(arena, "%.*s", (int)path, uri);
        const char *query =
            path < end ? nd_text(arena, "%.*s", (int)(end - path - 1), uri + path + 1)
                       : "";
        const char *body = strstr(text, "\r\n\r\n");
        dash_moves moves;
        if (first && query)
            guard(arena, text, first, query), address(arena, first, query);
        if (body &&
            dash_event_parse(arena, body + 4, strlen(body + 4), &moves) == ND_OK &&
            moves.changes && moves.newest >= moves.changes)
            abort();
        (void)nd_error_take();
    }
    nd_arena_free(arena);
    return 0;
}
