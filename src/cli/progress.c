// SPDX-License-Identifier: Apache-2.0
// How far a run is: a bar on a terminal, a line now and then elsewhere, JSON lines.
#include "cli/progress.h"
#include <langinfo.h>
#include <math.h>
#include <nadir/pool.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { SAMPLES = 32, CELLS = 26 };
struct cli_progress {
    const cli_general *general;
    const char *path;
    int64_t pixels;
    double start, shown, sampled; // seconds
    int64_t last;                 // tiles that were done when the last count was told
    struct {
        double at, part;
    } sample[SAMPLES]; // a ring: the speed of the last seconds
    int samples;
    bool is_terminal, is_utf8;
};

// Whether a bar stands on the screen; notes from any thread take it away first.
static struct {
    pthread_mutex_t lock;
    atomic_bool is_shown;
} screen = {.lock = PTHREAD_MUTEX_INITIALIZER};

void cli_progress_clear(void)
{
    if (!atomic_exchange(&screen.is_shown, false)) return;
    pthread_mutex_lock(&screen.lock);
    fputs("\r\033[K", stderr);
    fflush(stderr);
    pthread_mutex_unlock(&screen.lock);
}

void cli_duration_print(double seconds, char text[32])
{
    const int64_t s = seconds < 1e9 ? (int64_t)(seconds + 0.5) : 1000000000;
    if (seconds < 9.95)
        snprintf(text, 32, "%.1f s", seconds);
    else if (s < 60)
        snprintf(text, 32, "%lld s", (long long)s);
    else if (s < 3600)
        snprintf(text, 32, "%lld min %lld s", (long long)s / 60, (long long)s % 60);
    else
        snprintf(text, 32, "%lld h %lld min", (long long)s / 3600,
                 (long long)s / 60 % 60);
}

void cli_whole_print(int64_t number, char text[32])
{
    char plain[24];
    snprintf(plain, sizeof plain, "%lld", (long long)number);
    const size_t length = strlen(plain);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0 && plain[i - 1] != '-') text[n++] = ' ';
        text[n++] = plain[i];
    }
    text[n] = 0;
}

// Powers of 1024, as sizes are given: --memory 1G is told as 1.0 GB.
void cli_bytes_print(int64_t bytes, char text[32])
{
    if (bytes >= (int64_t)100 << 20)
        snprintf(text, 32, "%.1f GB", (double)bytes / (1 << 30));
    else if (bytes >= 1 << 20 || bytes == 0)
        snprintf(text, 32, "%.0f MB", (double)bytes / (1 << 20));
    else
        snprintf(text, 32, "%.0f KB", ceil((double)bytes / 1024));
}

cli_progress *cli_progress_new(nd_arena *arena, const cli_general *general)
{
    cli_progress *progress = nd_alloc(arena, 1, sizeof *progress);
    if (!progress) return NULL;
    progress->general = general;
    progress->is_terminal = cli_is_terminal(stderr);
    progress->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return progress;
}

void cli_progress_start(cli_progress *progress, const char *path, int64_t pixels)
{
    progress->path = path;
    progress->pixels = pixels;
    progress->start = progress->shown = progress->sampled = nd_seconds();
    progress->last = 0;
    progress->samples = 0;
}

double cli_progress_end(cli_progress *progress)
{
    cli_progress_clear();
    return nd_seconds() - progress->start;
}

// Seconds left at the speed of the last samples: NaN while there is too little to say.
static double seconds_left(const cli_progress *p, double now, double part)
{
    const int oldest = p->samples > SAMPLES ? p->samples % SAMPLES : 0;
    const double from = p->samples ? p->sample[oldest].at : p->start;
    const double base = p->samples ? p->sample[oldest].part : 0;
    if (now - p->start < 1 || now - from < 0.5 || part - base < 1e-6) return (double)NAN;
    return (1 - part) * (now - from) / (part - base);
}

static void bar(const cli_progress *p, double part, const char *facts)
{
    static const char *const cells[2][2] = {{"-", "#"}, {"░", "█"}};
    char line[4 * CELLS + 1];
    size_t length = 0;
    const int full = (int)(part * CELLS + 0.5);
    for (int i = 0; i < CELLS; i++)
        length += (size_t)snprintf(line + length, sizeof line - length, "%s",
                                   cells[p->is_utf8][i < full]);
    pthread_mutex_lock(&screen.lock);
    fprintf(stderr, "\r%s  %3d %%   %s\033[K", line, (int)(100 * part), facts);
    fflush(stderr);
    pthread_mutex_unlock(&screen.lock);
    atomic_store(&screen.is_shown, true);
}

static void as_json(const cli_progress *p, double part, double rate, double left)
{
    nd_arena *arena = nd_arena_new();
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    if (!arena) return;
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "event", "progress");
    nd_json_text(&out, "file", p->path);
    nd_json_real(&out, "percent", floor(1000 * part) / 10);
    nd_json_real(&out, "pixels_per_second", floor(rate));
    nd_json_whole(&out, "memory_bytes", nd_resident_bytes());
    nd_json_real(&out, "seconds_left", floor(10 * left) / 10);
    nd_json_close(&out, '}');
    const char *line = nd_buffer_text(&text);
    if (line) puts(line), fflush(stdout);
    nd_arena_free(arena);
}

static void show(cli_progress *p, double now, double part)
{
    const double rate = part * (double)p->pixels / fmax(now - p->start, 1e-9);
    const double left = seconds_left(p, now, part);
    char memory[32], time[32], facts[128];
    if (p->general->json) {
        as_json(p, part, rate, left);
        return;
    }
    cli_bytes_print(nd_resident_bytes(), memory);
    int n = snprintf(facts, sizeof facts, "%.*f Mpx/s   %s %s", rate < 1e7, rate / 1e6,
                     memory, nd_gettext("memory"));
    if (!isnan(left)) {
        cli_duration_print(fmax(ceil(left), 1), time);
        // Whole seconds: a forecast has no tenths.
        if (left < 9.5) snprintf(time, sizeof time, "%d s", (int)ceil(fmax(left, 1)));
        snprintf(facts + n, sizeof facts - (size_t)n, "   %s %s", time,
                 nd_gettext("left"));
    }
    if (p->is_terminal)
        bar(p, part, facts);
    else
        printf("%3d %%   %s\n", (int)(100 * part), facts), fflush(stdout);
}

void cli_progress_step(void *user, int64_t done, int64_t count)
{
    cli_progress *p = user;
    const double now = nd_seconds(), part = count ? (double)done / (double)count : 1;
    if (now - p->sampled > 0.25) {
        p->sample[p->samples % SAMPLES].at = now;
        p->sample[p->samples % SAMPLES].part = part;
        p->samples++;
        p->sampled = now;
    }
    if (p->general->quiet) return;
    const double pause = p->general->json ? 0.5 : p->is_terminal ? 0.1 : 5;
    if (now - p->shown < pause) return;
    p->shown = now;
    show(p, now, part);
}
