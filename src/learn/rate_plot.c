// SPDX-License-Identifier: Apache-2.0
// The range test drawn: in characters for a terminal, and as a small PNG.
#include "learn/rate_plot.h"
#include <math.h>
#include <nadir/colour.h>
#include <string.h>

// What is drawn: smoothed losses over log10 of the rate, up to a bit above the first.
typedef struct view {
    const nd_rate_test *test;
    double left, right, low, high;
    int count;
} view;

static view view_of(const nd_rate_test *test)
{
    view v = {.test = test, .low = (double)INFINITY, .count = test->count};
    if (!v.count) return v;
    for (int i = 0; i < v.count; i++) v.low = fmin(v.low, test->smooth[i]);
    v.high = test->smooth[0] + 0.3 * (test->smooth[0] - v.low);
    if (!(v.high > v.low)) v.high = v.low + 1;
    v.left = log10(test->rate[0]), v.right = log10(test->rate[v.count - 1]);
    if (!(v.right > v.left)) v.right = v.left + 1;
    return v;
}

static double part_x(const view *v, double rate)
{
    return (log10(rate) - v->left) / (v->right - v->left);
}

static double part_y(const view *v, double loss)
{
    return 1 - fmin((loss - v->low) / (v->high - v->low), 1);
}

// ---- Characters: braille where the terminal knows it, 2 x 4 points each.
static void dot(char *grid, int columns, int rows, double x, double y)
{
    const int px = (int)(x * (2 * columns - 1) + 0.5);
    const int py = (int)(y * (4 * rows - 1) + 0.5);
    static const unsigned char bit[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
    if (px < 0 || px >= 2 * columns || py < 0 || py >= 4 * rows) return;
    grid[py / 4 * columns + px / 2] |= (char)bit[py % 4][px % 2];
}

static void put_cell(nd_buffer *out, unsigned char dots, bool is_utf8)
{
    if (!is_utf8) {
        nd_buffer_put(out, dots ? "*" : " ", 1);
        return;
    }
    // U+2800 and the dots, in UTF-8.
    const char cell[3] = {(char)0xE2, (char)(0xA0 | dots >> 6),
                          (char)(0x80 | (dots & 63))};
    nd_buffer_put(out, dots ? cell : " ", dots ? 3 : 1);
}

static void put_marks(nd_buffer *out, const view *v, int columns)
{
    char line[256];
    memset(line, ' ', sizeof line);
    const struct {
        double rate;
        char letter;
    } marks[] = {{v->test->slide, 'l'},
                 {v->test->minimum, 'm'},
                 {v->test->steep, 's'},
                 {v->test->valley, 'v'}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (!(marks[i].rate > 0)) continue;
        const int x = (int)(part_x(v, marks[i].rate) * (columns - 1) + 0.5);
        if (x >= 0 && x < columns) line[x] = marks[i].letter;
    }
    nd_buffer_add(out, "         %.*s\n", columns, line);
}

nd_status nd_rate_test_print(const nd_rate_test *test, int columns, bool is_utf8,
                             nd_buffer *out)
{
    enum { ROWS = 10, MOST = 160 };
    const view v = view_of(test);
    char grid[ROWS * MOST] = {0};
    int wide = columns - 10;
    if (wide > MOST) wide = MOST;
    if (wide < 20) wide = 20;
    if (!v.count) return ND_OK;
    for (int i = 1; i < v.count; i++)
        for (int k = 0; k < 8; k++) { // the line between two points
            const double f = k / 8.0, a = part_x(&v, test->rate[i - 1]);
            const double y = part_y(&v, test->smooth[i - 1]);
            dot(grid, wide, ROWS, a + f * (part_x(&v, test->rate[i]) - a),
                y + f * (part_y(&v, test->smooth[i]) - y));
        }
    for (int r = 0; r < ROWS; r++) {
        if (r == 0 || r == ROWS - 1)
            nd_buffer_add(out, "%8.3g ", r ? v.low : v.high);
        else
            nd_buffer_add(out, "%9s", "");
        for (int c = 0; c < wide; c++)
            put_cell(out, (unsigned char)grid[r * wide + c], is_utf8);
        nd_buffer_put(out, "\n", 1);
    }
    put_marks(out, &v, wide);
    nd_buffer_add(out, "%9s%-*.1e%8.1e\n", "", wide - 8, test->rate[0],
                  test->rate[v.count - 1]);
    nd_buffer_add(out,
                  "%9sv valley %.2e   s steep %.2e   m minimum/10 %.2e   l slide %.2e\n",
                  "", test->valley, test->steep, test->minimum, test->slide);
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}

// ---- PNG.
enum { WIDE = 640, TALL = 400, LEFT = 64, RIGHT = 16, TOP = 40, BOTTOM = 44 };
typedef struct canvas {
    uint8_t *pixel; // indices
} canvas;
enum { WHITE, BLACK, FAINT, BLUE, GREY, RED, INKS };

static void ink(canvas *c, int x, int y, uint8_t colour)
{
    if (x >= 0 && x < WIDE && y >= 0 && y < TALL) c->pixel[y * WIDE + x] = colour;
}

static void line(canvas *c, double x0, double y0, double x1, double y1, uint8_t colour)
{
    const double long_side = fmax(fabs(x1 - x0), fabs(y1 - y0));
    const int steps = (int)long_side + 1;
    for (int i = 0; i <= steps; i++) {
        const double f = (double)i / steps;
        const int x = (int)(x0 + f * (x1 - x0) + 0.5);
        const int y = (int)(y0 + f * (y1 - y0) + 0.5);
        ink(c, x, y, colour);
        if (colour == BLUE) ink(c, x, y + 1, colour);
    }
}

// Words in the letters of learn_glyph, doubled.
static void words(canvas *c, int x, int y, const char *text)
{
    for (; *text; text++, x += 12)
        for (int row = 0; row < 7; row++)
            for (int column = 0; column < 5; column++)
                if (learn_glyph(*text, row) >> (4 - column) & 1)
                    for (int k = 0; k < 4; k++)
                        ink(c, x + 2 * column + k % 2, y + 2 * row + k / 2, BLACK);
}

static double at_x(double part)
{
    return LEFT + part * (WIDE - LEFT - RIGHT);
}

static double at_y(double part)
{
    return TOP + part * (TALL - TOP - BOTTOM);
}

static void axes(canvas *c, const view *v)
{
    char text[32];
    for (int p = (int)ceil(v->left); p <= (int)floor(v->right); p++) {
        const double x = at_x((p - v->left) / (v->right - v->left));
        line(c, x, TOP, x, TALL - BOTTOM, FAINT);
        snprintf(text, sizeof text, "1e%d", p);
        if (p % 2) words(c, (int)x - 24, TALL - BOTTOM + 8, text);
    }
    line(c, LEFT, TOP, LEFT, TALL - BOTTOM, BLACK);
    line(c, LEFT, TALL - BOTTOM, WIDE - RIGHT, TALL - BOTTOM, BLACK);
    snprintf(text, sizeof text, "%.3g", v->high);
    words(c, 4, TOP - 6, text);
    snprintf(text, sizeof text, "%.3g", v->low);
    words(c, 4, TALL - BOTTOM - 14, text);
    words(c, 4, (TOP + TALL - BOTTOM) / 2, "loss");
    words(c, WIDE / 2 - 24, TALL - 20, "rate");
}

static void curve(canvas *c, const view *v, const double *loss, uint8_t colour)
{
    for (int i = 1; i < v->count; i++)
        line(c, at_x(part_x(v, v->test->rate[i - 1])),
             at_y(fmax(part_y(v, loss[i - 1]), 0)), at_x(part_x(v, v->test->rate[i])),
             at_y(fmax(part_y(v, loss[i]), 0)), colour);
}

nd_status nd_rate_test_picture(nd_arena *arena, const nd_rate_test *test,
                               const uint8_t **png, size_t *bytes)
{
    static const uint32_t inks[INKS] = {0xFFFFFFFF, 0x202020FF, 0xE8E8E8FF,
                                        0x1F6FB4FF, 0xC0C8D0FF, 0xD03020FF};
    canvas c = {nd_alloc(arena, WIDE, TALL)};
    const view v = view_of(test);
    if (!c.pixel) return ND_E_MEMORY;
    axes(&c, &v);
    curve(&c, &v, test->loss, GREY);
    curve(&c, &v, test->smooth, BLUE);
    if (test->valley > 0) {
        char text[48];
        const double x = at_x(part_x(&v, test->valley));
        line(&c, x, TOP, x, TALL - BOTTOM, RED);
        snprintf(text, sizeof text, "valley %.2e", test->valley);
        words(&c, LEFT + 8, 12, text);
    }
    const nd_picture picture = {.width = WIDE,
                                .height = TALL,
                                .channels = 1,
                                .pixel = c.pixel,
                                .stride = WIDE,
                                .colour = inks,
                                .colours = INKS};
    return nd_png_make(arena, &picture, 6, png, bytes);
}
