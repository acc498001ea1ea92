// SPDX-License-Identifier: Apache-2.0
// Two curves in letters, for a terminal.
#include "cli/runs.h"
#include <math.h>
#include <string.h>

enum { ACROSS = 64, DOWN = 12 };

static double value_of(const nd_epoch *epoch, bool is_accuracy)
{
    return is_accuracy ? 100 * epoch->accuracy : epoch->valid_loss;
}

typedef struct frame {
    double low, high, last; // values; the last step
} frame;

static frame frame_of(const nd_run_told run[2], bool is_accuracy)
{
    frame f = {INFINITY, -INFINITY, 0};
    for (int r = 0; r < 2; r++)
        for (int i = 0; i < run[r].epochs; i++) {
            const double v = value_of(&run[r].epoch[i], is_accuracy);
            if (!isfinite(v) || !isfinite(run[r].epoch[i].step)) continue;
            f.low = fmin(f.low, v);
            f.high = fmax(f.high, v);
            f.last = fmax(f.last, run[r].epoch[i].step);
        }
    return f;
}

static void mark(char (*canvas)[ACROSS + 1], int x, int y, char letter)
{
    if (x < 0 || x >= ACROSS || y < 0 || y >= DOWN) return;
    char *at = &canvas[y][x];
    *at = *at == ' ' || *at == letter ? letter : '*';
}

// From epoch to epoch, a letter in each column between.
static void draw(char (*canvas)[ACROSS + 1], const nd_run_told *run, const frame *f,
                 bool is_accuracy, char letter)
{
    int last_x = -1;
    double last = (double)NAN;
    for (int i = 0; i < run->epochs; i++) {
        const double v = value_of(&run->epoch[i], is_accuracy);
        if (!isfinite(v) || !isfinite(run->epoch[i].step) || !(f->last > 0)) continue;
        const int x = (int)lround(run->epoch[i].step / f->last * (ACROSS - 1));
        const int from = last_x < 0 || x <= last_x ? x : last_x + 1;
        for (int at = from; at <= x; at++) {
            const double share = x > last_x && last_x >= 0
                                     ? (double)(at - last_x) / (double)(x - last_x)
                                     : 1;
            const double here = isfinite(last) ? last + share * (v - last) : v;
            const double up =
                f->high > f->low ? (here - f->low) / (f->high - f->low) : 0.5;
            mark(canvas, at, DOWN - 1 - (int)lround(up * (DOWN - 1)), letter);
        }
        last_x = x;
        last = v;
    }
}

void cli_runs_plot(nd_buffer *out, const nd_run_told run[2], bool is_accuracy)
{
    char canvas[DOWN][ACROSS + 1];
    const frame f = frame_of(run, is_accuracy);
    if (!isfinite(f.low)) return;
    for (int y = 0; y < DOWN; y++) {
        memset(canvas[y], ' ', ACROSS);
        canvas[y][ACROSS] = 0;
    }
    draw(canvas, &run[0], &f, is_accuracy, 'A');
    draw(canvas, &run[1], &f, is_accuracy, 'B');
    nd_buffer_add(out, "\n%s\n",
                  is_accuracy ? nd_gettext("accuracy, %")
                              : nd_gettext("validation loss"));
    for (int y = 0; y < DOWN; y++) {
        const double v = f.high - (f.high - f.low) * y / (DOWN - 1);
        if (y % 4 == 0 || y == DOWN - 1)
            nd_buffer_add(out, "%9.4g |%s\n", v, canvas[y]);
        else
            nd_buffer_add(out, "%9s |%s\n", "", canvas[y]);
    }
    const char *last = nd_text(out->arena, nd_gettext("step %.0f"), f.last);
    nd_buffer_add(out, "%9s 0%*s\n", "", ACROSS, last ? last : "");
}
