// SPDX-License-Identifier: Apache-2.0
// What the page asks and says: its layout, and settings that a viewer has moved.
#include "dash/dash.h"
#include <string.h>

enum { CHANGES = 256, DEEPEST = 32 };

// Waits for the graph to be opened; the page says "opening" meanwhile.
static dash_plan *wait_for_plan(nd_dash *dash, const char *view, nd_error *error)
{
    pthread_mutex_lock(&dash->lock);
    while (dash->state == DASH_OPENING && !dash->is_stopping)
        pthread_cond_wait(&dash->opened, &dash->lock);
    const dash_state state = dash->state;
    *error = dash->error;
    pthread_mutex_unlock(&dash->lock);
    if (state == DASH_READY) return dash_view_plan(dash, view);
    if (state == DASH_OPENING) {
        (void)nd_fail(ND_E_CANCELLED, "the server is stopping\nstart it again");
        *error = nd_error_take();
    }
    return NULL;
}

void dash_page(dash_request *r, nd_work *work)
{
    (void)work;
    nd_error error;
    dash_plan *plan = wait_for_plan(r->dash, r->view, &error);
    if (!plan) {
        dash_say_error(r, &error);
        return;
    }
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    if (dash_page_print(r->dash, plan, &out) == ND_OK) {
        dash_say_json(r, &text);
    } else {
        error = nd_error_take();
        dash_say_error(r, &error);
    }
    dash_plan_unref(plan);
}

static const char *text_of(nd_arena *arena, const nd_json *json)
{
    switch (json->kind) {
    case ND_JSON_TEXT: return json->text;
    case ND_JSON_BOOL: return json->number != 0 ? "true" : "false";
    case ND_JSON_NUMBER: return nd_text_of_real(arena, json->number);
    case ND_JSON_NULL:
    case ND_JSON_LIST:
    case ND_JSON_OBJECT: break;
    }
    return NULL;
}

// Names of settings have no dot; names of steps may.
static nd_status read_change(nd_arena *arena, const nd_json *v, dash_change *change)
{
    const char *dot = strrchr(v->key, '.'), *value = text_of(arena, v);
    if (!dot || dot == v->key || !dot[1] || !value)
        return nd_fail(ND_E_DATA, "%.80s is no setting of a step\nreload the page",
                       v->key);
    *change = (dash_change){nd_text(arena, "%.*s", (int)(dot - v->key), v->key), dot + 1,
                            value};
    return change->step ? ND_OK : ND_E_MEMORY;
}

nd_status dash_event_parse(nd_arena *arena, const char *text, size_t length,
                           dash_moves *moves)
{
    const nd_json *json = nd_json_parse(arena, text, length);
    if (!json) return ND_E_DATA;
    const nd_json *values = nd_json_member(json, "values");
    const nd_json *changed = nd_json_member(json, "changed");
    if (!values || values->kind != ND_JSON_OBJECT || values->count > CHANGES)
        return nd_fail(ND_E_DATA,
                       "the event has no values, or too many\nreload the page");
    const bool has_newest = changed && changed->kind == ND_JSON_LIST && changed->first &&
                            changed->first->kind == ND_JSON_TEXT;
    *moves =
        (dash_moves){nd_alloc(arena, values->count + 1, sizeof *moves->change), 0, 0};
    if (!moves->change) return ND_E_MEMORY;
    for (const nd_json *v = values->first; v; v = v->next) {
        if (has_newest && strcmp(changed->first->text, v->key) == 0)
            moves->newest = moves->changes;
        ND_TRY(read_change(arena, v, &moves->change[moves->changes]));
        moves->changes++;
    }
    return ND_OK;
}

static void print_failure(const nd_error *error, const dash_change *blamed,
                          nd_json_out *out)
{
    static const char *const codes[] = {"OK",     "PARAM",       "DATA",      "IO", "NET",
                                        "MEMORY", "UNSUPPORTED", "CANCELLED", "BUG"};
    nd_json_open(out, "errors", '[');
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "code", codes[error->code]);
    nd_json_text(out, "where", error->where);
    nd_json_text(out, "text", error->what);
    nd_json_text(out, "remedy", error->remedy);
    if (blamed)
        nd_json_text(out, "param",
                     nd_text(out->to->arena, "%s.%s", blamed->step, blamed->name));
    nd_json_close(out, '}');
    nd_json_close(out, ']');
}

// A wrong value by itself, else what the values together make of the graph.
static nd_status plan_again(const dash_request *r, dash_plan *base, dash_moves *moves,
                            dash_plan **plan)
{
    for (size_t i = 0; i < moves->changes; i++) {
        const nd_status status = dash_change_check(r->arena, base, &moves->change[i]);
        if (status == ND_OK) continue;
        moves->newest = i;
        return status;
    }
    return dash_plan_new(&r->dash->map, base, moves->change, moves->changes, plan);
}

static nd_status answer(dash_request *r, dash_plan *base, nd_json_out *out)
{
    nd_dash *dash = r->dash;
    dash_moves moves;
    dash_plan *plan = NULL;
    ND_TRY(dash_event_parse(r->arena, r->body.text ? r->body.text : "", r->body.length,
                            &moves));
    const double start = nd_seconds();
    const nd_status status = plan_again(r, base, &moves, &plan);
    r->answer.timing = nd_text(r->arena, "plan;dur=%.2f", (nd_seconds() - start) * 1000);
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "view", r->head.view);
    if (status == ND_OK) {
        dash_view_set(dash, r->view, r->generation, plan);
        const nd_status printed = dash_set_print(dash, plan, out);
        dash_plan_unref(plan);
        ND_TRY(printed);
        nd_json_open(out, "errors", '[');
        nd_json_close(out, ']');
    } else {
        const nd_error error = nd_error_take();
        print_failure(&error, moves.changes ? &moves.change[moves.newest] : NULL, out);
    }
    nd_json_close(out, '}');
    return ND_OK;
}

void dash_event(dash_request *r, nd_work *work)
{
    (void)work;
    nd_error error;
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    dash_plan *base = wait_for_plan(r->dash, "", &error);
    if (!base) {
        dash_say_error(r, &error);
        return;
    }
    if (answer(r, base, &out) == ND_OK) {
        dash_say_json(r, &text);
    } else {
        error = nd_error_take();
        dash_say_error(r, &error);
    }
    dash_plan_unref(base);
}
