// SPDX-License-Identifier: Apache-2.0
// What a run says of itself: to its caller, to metrics.jsonl, to status.json.
#include "learn/loop.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

double learn_seconds(const nd_train *train)
{
    return train->state.wall_s + nd_seconds() - train->began;
}

double learn_cpu_seconds(const nd_train *train)
{
    return train->state.cpu_s + nd_cpu_seconds() - train->cpu_began;
}

double learn_left(const nd_train *train)
{
    if (!(train->pictures_s > 0)) return (double)NAN;
    const learn_state *s = &train->state;
    const double epochs =
        s->total > 0 ? (double)(s->total - s->step) / ((double)s->total / s->epochs) : 0;
    const double steps = (double)(s->total - s->step) * train->recipe->train.batch *
                         train->recipe->train.accumulate;
    return (steps + epochs * learn_check_pictures(train)) / train->pictures_s;
}

void learn_tell(const nd_train *train, nd_train_news *news)
{
    const learn_state *s = &train->state;
    news->epoch = s->epoch, news->epochs = s->epochs;
    if (news->what != ND_TRAIN_CHECK) news->step = s->step, news->steps = s->total;
    news->pictures_s = train->pictures_s;
    news->wait = train->wait;
    news->left_s = learn_left(train);
    news->seconds = learn_seconds(train);
    if (train->ask.tell) train->ask.tell(train->ask.user, news);
}

void learn_fact(const nd_train *train, const char *name, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    learn_tell(train,
               &(nd_train_news){.what = ND_TRAIN_FACT, .name = name, .text = text});
}

static void open_line(nd_json_out *out, const char *what)
{
    nd_json_open(out, NULL, '{');
    nd_json_whole(out, "v", 1);
    nd_json_text(out, "t", what);
}

static nd_status close_line(nd_train *train, nd_json_out *out)
{
    nd_json_close(out, '}');
    const nd_status status = learn_run_line(&train->run, out->to);
    nd_arena_free(out->to->arena);
    return status;
}

static nd_status begin(nd_buffer *text)
{
    *text = (nd_buffer){.arena = nd_arena_new()};
    return text->arena ? ND_OK : ND_E_MEMORY;
}

nd_status learn_event(nd_train *train, const char *what, const char *words)
{
    nd_buffer text;
    ND_TRY(begin(&text));
    nd_json_out out = {.to = &text};
    open_line(&out, "event");
    nd_json_text(&out, "what", what);
    nd_json_whole(&out, "step", train->state.step);
    nd_json_whole(&out, "epoch", train->state.epoch);
    if (words) nd_json_text(&out, "text", words);
    learn_tell(train,
               &(nd_train_news){.what = ND_TRAIN_EVENT, .name = what, .text = words});
    return close_line(train, &out);
}

nd_status learn_step_line(nd_train *train, const nd_stepped *stepped, double rate,
                          double pictures_s)
{
    nd_buffer text;
    ND_TRY(begin(&text));
    nd_json_out out = {.to = &text};
    open_line(&out, "step");
    nd_json_whole(&out, "step", train->state.step);
    nd_json_whole(&out, "epoch", train->state.epoch);
    nd_json_real(&out, "time", floor(1000 * learn_seconds(train)) / 1000);
    nd_json_real(&out, "lr", rate);
    nd_json_real(&out, "loss", stepped->loss);
    nd_json_real(&out, "grad_norm", stepped->norm);
    nd_json_real(&out, "img_s", floor(10 * pictures_s) / 10);
    nd_json_real(&out, "wait", floor(1000 * train->wait) / 1000);
    if (!isfinite(stepped->loss)) nd_json_raw(&out, "nan", "[\"loss\"]");
    return close_line(train, &out);
}

static void score(nd_json_out *out, const char *key, const nd_train_score *s)
{
    nd_json_open(out, key, '{');
    nd_json_real(out, "loss", s->loss);
    nd_json_real(out, "acc", s->accuracy);
    nd_json_real(out, "miou", s->miou);
    if (isfinite(s->rmse)) {
        nd_json_real(out, "rmse", s->rmse);
        nd_json_real(out, "r2", s->r2);
    }
    nd_json_real(out, "n", s->n);
    nd_json_open(out, "ci95", '[');
    nd_json_real(out, NULL, s->low);
    nd_json_real(out, NULL, s->high);
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

nd_status learn_epoch_line(nd_train *train, const nd_train_news *news)
{
    nd_buffer text;
    ND_TRY(begin(&text));
    nd_json_out out = {.to = &text};
    open_line(&out, "epoch");
    nd_json_whole(&out, "epoch", train->state.epoch);
    nd_json_whole(&out, "step", train->state.step);
    nd_json_open(&out, "train", '{');
    nd_json_real(&out, "loss", news->train.loss);
    nd_json_close(&out, '}');
    score(&out, "valid", &news->raw);
    if (news->ema.n > 0) score(&out, "ema", &news->ema);
    nd_json_real(&out, "lr", news->rate);
    nd_json_bool(&out, "best", news->is_best);
    nd_json_real(&out, "time", floor(1000 * news->seconds) / 1000);
    nd_json_real(&out, "seconds",
                 floor(100 * (news->seconds - train->epoch_began)) / 100);
    nd_json_whole(&out, "skipped", train->state.skipped);
    return close_line(train, &out);
}

static void print_status(const nd_train *train, const char *state, nd_json_out *out)
{
    const learn_state *s = &train->state;
    static const char *const metric[] = {"", "accuracy", "miou", "loss", "rmse"};
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "state", state);
    nd_json_whole(out, "epoch", s->epoch);
    nd_json_whole(out, "epochs", s->epochs);
    nd_json_whole(out, "step", s->step);
    nd_json_whole(out, "steps", s->total);
    nd_json_real(out, "eta_s", floor(10 * learn_left(train)) / 10);
    nd_json_real(out, "img_s", floor(10 * train->pictures_s) / 10);
    nd_json_whole(out, "pid", getpid());
    if (isfinite(s->best)) {
        nd_json_open(out, "best", '{');
        nd_json_whole(out, "epoch", s->best_epoch);
        nd_json_text(out, "metric", metric[train->recipe->train.monitor.at]);
        nd_json_real(out, "value", s->best);
        nd_json_close(out, '}');
    } else {
        nd_json_null(out, "best");
    }
    nd_json_close(out, '}');
}

nd_status learn_status(nd_train *train, const char *state, bool is_urgent)
{
    // Replacing a file waits until the disk has the one before: seldom, for on a busy
    // disk that took a third of the time. What is news ten times a second is appended.
    const double now = nd_seconds();
    if (!is_urgent && now - train->run.status_at < 1) return ND_OK;
    train->run.status_at = now;
    nd_buffer text;
    ND_TRY(begin(&text));
    nd_json_out out = {.to = &text};
    print_status(train, state, &out);
    nd_buffer_put(&text, "\n", 1);
    const char *path = learn_run_file(&train->run, text.arena, "status.json");
    const nd_status status = path ? learn_file_show(path, &text) : ND_E_MEMORY;
    nd_arena_free(text.arena);
    return status;
}
