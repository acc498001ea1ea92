// SPDX-License-Identifier: Apache-2.0
// The last failure of a thread, and what there is.
#include "easy/easy.h"
#include <nadir/op.h>
#include <nadir/text.h>
#include <pthread.h>

static _Thread_local char words[1280];

const char *nd_easy_error(void)
{
    return words;
}

const char *nd_easy_version(void)
{
    return NADIR_VERSION;
}

int easy_failed(nd_status status)
{
    words[0] = 0;
    if (status == ND_OK) return 0;
    const nd_error error = nd_error_take();
    nd_error_print(&error, words, sizeof words);
    return (int)status;
}

void *easy_null(nd_status status)
{
    (void)easy_failed(status);
    return NULL;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *operators;

static void describe(void)
{
    nd_arena *arena = nd_arena_new(); // kept: it is the program's
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    if (!arena) return;
    nd_json_open(&out, NULL, '[');
    for (const nd_op *const *op = nd_ops; *op; op++)
        if (nd_op_describe(*op, &out)) return;
    nd_json_close(&out, ']');
    operators = nd_buffer_text(&text);
}

const char *nd_easy_operators(void)
{
    pthread_once(&once, describe);
    return operators ? operators : easy_null(ND_E_MEMORY);
}
