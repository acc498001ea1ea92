// SPDX-License-Identifier: Apache-2.0
// Drawings of the report, as SVG in the page: curves over steps, the reliability diagram.
#include "learn/report.h"
#include <math.h>

// Coordinates are whole tenths of a pixel: no decimal sign that a locale could change.
enum { WIDTH = 6400, HEIGHT = 2800, LEFT = 640, RIGHT = 100, TOP = 120, BOTTOM = 460 };

typedef struct frame {
    double x0, x1, y0, y1; // values at the edges
} frame;

static int across(const frame *f, double x)
{
    const double share = f->x1 > f->x0 ? (x - f->x0) / (f->x1 - f->x0) : 0;
    return LEFT + (int)lround(share * (WIDTH - LEFT - RIGHT));
}

static int down(const frame *f, double y)
{
    const double share = f->y1 > f->y0 ? (y - f->y0) / (f->y1 - f->y0) : 0;
    return HEIGHT - BOTTOM - (int)lround(share * (HEIGHT - TOP - BOTTOM));
}

static frame frame_of(const nd_curve *curve, int curves)
{
    frame f = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (int c = 0; c < curves; c++)
        for (int i = 0; i < curve[c].count; i++) {
            if (!isfinite(curve[c].y[i])) continue;
            f.x0 = fmin(f.x0, curve[c].x[i]);
            f.x1 = fmax(f.x1, curve[c].x[i]);
            f.y0 = fmin(f.y0, curve[c].y[i]);
            f.y1 = fmax(f.y1, curve[c].y[i]);
        }
    return f;
}

// 1, 2 or 5 times a power of ten, so that about `wanted` fit into the span.
static double tick(double span, int wanted)
{
    const double raw = span / wanted, power = pow(10, floor(log10(raw)));
    const double share = raw / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static void label(nd_buffer *out, double value, bool is_share)
{
    nd_arena *arena = out->arena;
    // Rounded, so that 0.30000000000000004 is none.
    const double rounded = round(value * 1e9) / 1e9;
    const char *text =
        nd_text_of_real(arena, is_share ? round(rounded * 1e5) / 1e3 : rounded);
    nd_buffer_add(out, "%s%s", text ? text : "", is_share ? " %" : "");
}

typedef struct ticks {
    double first, step;
    int count;
} ticks;

// Counted, not added up: a step may be too small to change what it is added to.
static ticks ticks_of(double from, double to, int wanted)
{
    ticks t = {.step = tick(to - from, wanted)};
    t.first = ceil(from / t.step - 1e-9) * t.step;
    const double steps = floor((to - t.first) / t.step + 1e-9);
    if (isfinite(t.first) && steps >= 0) t.count = (int)fmin(steps, 2 * wanted) + 1;
    return t;
}

static void axes(nd_buffer *out, const frame *f, bool is_share)
{
    const ticks high = ticks_of(f->y0, f->y1, 5), wide = ticks_of(f->x0, f->x1, 6);
    for (int i = 0; i < high.count; i++) {
        const double y = high.first + i * high.step;
        const int at = down(f, y);
        nd_buffer_add(out,
                      "<path class='grid' d='M%d %dH%d'/><text x='%d' y='%d' "
                      "class='end'>",
                      LEFT, at, WIDTH - RIGHT, LEFT - 60, at + 52);
        label(out, y, is_share);
        nd_buffer_add(out, "</text>");
    }
    for (int i = 0; i < wide.count; i++) {
        const double x = wide.first + i * wide.step;
        nd_buffer_add(out, "<text x='%d' y='%d' class='middle'>", across(f, x),
                      HEIGHT - BOTTOM + 180);
        label(out, x, false);
        nd_buffer_add(out, "</text>");
    }
    nd_buffer_add(out, "<text x='%d' y='%d' class='middle'>%s</text>", (LEFT + WIDTH) / 2,
                  HEIGHT - 80, nd_gettext("step"));
}

static void line(nd_buffer *out, const frame *f, const nd_curve *curve, int number)
{
    nd_buffer_add(out, "<path class='line c%d' d='", number % 6);
    bool is_down = false;
    for (int i = 0; i < curve->count; i++) {
        const bool is_there = isfinite(curve->y[i]);
        if (is_there)
            nd_buffer_add(out, "%c%d %d", is_down ? 'L' : 'M', across(f, curve->x[i]),
                          down(f, curve->y[i]));
        is_down = is_there;
    }
    nd_buffer_add(out, "'/>");
}

// False: there is nothing to draw.
static bool fit(const nd_curve *curve, int curves, frame *f)
{
    *f = frame_of(curve, curves);
    if (!isfinite(f->x0) || !isfinite(f->y0)) return false;
    if (f->x1 <= f->x0) f->x1 = f->x0 + 1;
    const double room = f->y1 > f->y0 ? 0.05 * (f->y1 - f->y0) : 0.05 + fabs(f->y0) / 20;
    f->y0 -= room;
    f->y1 += room;
    if (curve[0].is_share) f->y0 = fmax(f->y0, 0), f->y1 = fmin(f->y1, 1);
    return true;
}

void report_plot(nd_buffer *out, const nd_curve *curve, int curves, const char *title)
{
    static const char style[] =
        "text{font:170px sans-serif;fill:#555}.end{text-anchor:end}"
        ".middle{text-anchor:middle}.grid{stroke:#ccc;stroke-width:10}"
        ".line{fill:none;stroke-width:26;stroke-linejoin:round}"
        ".c0{stroke:#2a7de1}.c1{stroke:#e0721b}.n0{fill:#2a7de1}.n1{fill:#e0721b}";
    frame f;
    if (!fit(curve, curves, &f)) return;
    nd_buffer_add(out,
                  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 -300 %d %d'>"
                  "<title>%s</title><style>%s</style>"
                  "<rect y='-300' width='%d' height='%d' fill='#fff'/>",
                  WIDTH + 200, HEIGHT + 300, title, style, WIDTH + 200, HEIGHT + 300);
    nd_buffer_add(out, "<text x='%d' y='-80'>%s</text>", LEFT, title);
    axes(out, &f, curve[0].is_share);
    for (int c = 0; c < curves; c++) {
        line(out, &f, &curve[c], c);
        nd_buffer_add(out, "<text class='n%d' x='%d' y='-80'>", c % 2,
                      WIDTH / 2 + c * WIDTH / 4);
        report_escape(out, curve[c].name);
        nd_buffer_add(out, "</text>");
    }
    nd_buffer_add(out, "</svg>\n");
}

void report_curves(nd_buffer *out, const nd_curve *curve, int curves, const char *title)
{
    frame f;
    if (!fit(curve, curves, &f)) return;
    const bool is_share = curves > 0 && curve[0].is_share;
    nd_buffer_add(out, "<figure class=chart><figcaption>%s</figcaption>", title);
    nd_buffer_add(out, "<svg viewBox='0 0 %d %d' role=img aria-label='%s'>", WIDTH,
                  HEIGHT, title);
    axes(out, &f, is_share);
    for (int c = 0; c < curves; c++) line(out, &f, &curve[c], c);
    nd_buffer_add(out, "</svg><div class=legend>");
    for (int c = 0; c < curves; c++) {
        nd_buffer_add(out, "<span><i class='c%d'></i>", c % 6);
        report_escape(out, curve[c].name);
        nd_buffer_add(out, "</span>");
    }
    nd_buffer_add(out, "</div></figure>\n");
}

// ---- Sure against right: a bar to what was right, a mark where it was sure.
enum { SIDE = 3000, EDGE = 620, COUNTS = 500 };

static int square_x(double share)
{
    return EDGE + (int)lround(share * SIDE);
}

static int square_y(double share)
{
    return 100 + SIDE - (int)lround(share * SIDE);
}

static void square(nd_buffer *out)
{
    for (int i = 0; i <= 4; i++) {
        const double at = i / 4.0;
        nd_buffer_add(out,
                      "<path class=grid d='M%d %dH%d'/>"
                      "<text x=%d y=%d class=end>%d %%</text>"
                      "<text x=%d y=%d class=middle>%d %%</text>",
                      EDGE, square_y(at), EDGE + SIDE, EDGE - 50, square_y(at) + 45,
                      25 * i, square_x(at), 100 + SIDE + 160, 25 * i);
    }
    nd_buffer_add(out, "<path class=ideal d='M%d %dL%d %d'/>", square_x(0), square_y(0),
                  square_x(1), square_y(1));
}

void report_reliability(nd_buffer *out, const nd_reliability *bins)
{
    const int low = 100 + SIDE + 260 + COUNTS;
    double most = 1;
    for (int b = 0; b < ND_BINS; b++) most = fmax(most, bins->n[b]);
    nd_buffer_add(out, "<svg class=square viewBox='0 0 %d %d' role=img aria-label='%s'>",
                  EDGE + SIDE + 260, low + 380, nd_gettext("Calibration"));
    square(out);
    for (int b = 0; b < ND_BINS; b++) {
        if (!(bins->n[b] > 0)) continue;
        const int x = square_x((double)b / ND_BINS) + 15, wide = SIDE / ND_BINS - 30;
        const int top = square_y(bins->accuracy[b]), sure = square_y(bins->confidence[b]);
        const int tall = 30 + (int)lround(bins->n[b] / most * (COUNTS - 30));
        nd_buffer_add(out, "<rect class=bar x=%d y=%d width=%d height=%d><title>", x, top,
                      wide, 100 + SIDE - top);
        nd_buffer_add(out, nd_gettext("%s sure, %s right, %s answers"),
                      report_share(bins->confidence[b]).text,
                      report_share(bins->accuracy[b]).text,
                      report_count(bins->n[b]).text);
        nd_buffer_add(out,
                      "</title></rect><path class=sure d='M%d %dh%d'/>"
                      "<rect class=count x=%d y=%d width=%d height=%d />",
                      x, sure, wide, x, low - tall, wide, tall);
    }
    nd_buffer_add(out, "<text x=%d y=%d class=middle>%s</text>", EDGE + SIDE / 2,
                  low + 150, nd_gettext("how sure; below: how many answers"));
    nd_buffer_add(out,
                  "<text class=middle transform='translate(90 %d) rotate(-90)'>%s</text>",
                  100 + SIDE / 2, nd_gettext("share that is right"));
    nd_buffer_add(out, "</svg>\n");
}
