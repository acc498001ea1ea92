// SPDX-License-Identifier: Apache-2.0
// Paints: rows of values into rows of pixels, by tables that are made once.
#include <math.h>
#include <nadir/colour.h>

static void fill_curve(nd_paint *paint, int band, int low, int high)
{
    const nd_stretch straight = {0, ND_CURVE - 1, paint->stretch[band].gamma};
    for (int i = 0; i < ND_CURVE; i++)
        paint->curve[band][i] =
            (uint8_t)lrint(low + (high - low) * nd_stretch_share(&straight, i));
}

void nd_paint_ramp(nd_paint *paint, const nd_ramp *ramp, nd_stretch stretch)
{
    *paint = (nd_paint){.bands = 1, .stretch = {stretch}};
    fill_curve(paint, 0, 1, 255);
    for (int i = 1; i < 256; i++) paint->colour[i] = nd_ramp_at(ramp, (i - 1) / 254.0);
}

void nd_paint_rgb(nd_paint *paint, const nd_stretch stretch[3])
{
    *paint = (nd_paint){.bands = 3};
    for (int b = 0; b < 3; b++) {
        paint->stretch[b] = stretch[b];
        fill_curve(paint, b, 0, 255);
    }
}

nd_status nd_paint_labels(nd_paint *paint, const nd_label *label, int labels)
{
    if (labels < 1 || labels > 255)
        return nd_fail(ND_E_DATA, "%d classes cannot have a colour each\nuse a ramp",
                       labels);
    *paint = (nd_paint){.bands = 1, .label = label, .labels = labels};
    for (int i = 0; i < labels; i++) paint->colour[i + 1] = nd_label_colour(&label[i], i);
    return ND_OK;
}

// Values to `out`, `step` bytes apart; says whether all are there.
static bool channel(const nd_paint *paint, int b, const float *in, int count,
                    uint8_t *out, int step)
{
    const nd_stretch *s = &paint->stretch[b];
    const double wide = s->high - s->low;
    const float top = ND_CURVE - 1, scale = wide > 0 ? (float)(top / wide) : 3.4e38f,
                low = (float)s->low;
    const uint8_t *curve = paint->curve[b];
    bool all = true;
    for (int i = 0; i < count; i++) {
        float at = (in[i] - low) * scale;
        all &= in[i] == in[i];
        at = at > 0 ? at : 0; // NaN, too
        at = at < top ? at : top;
        out[(ptrdiff_t)i * step] = curve[(int)(at + 0.5f)];
    }
    return all;
}

static uint8_t class_of(const nd_paint *paint, float value)
{
    for (int i = 0; i < paint->labels; i++)
        if (paint->label[i].value == (double)value) return (uint8_t)(i + 1);
    return 0;
}

void nd_paint_index(const nd_paint *paint, const float *in, int count, uint8_t *index)
{
    if (paint->label) {
        // Neighbours are mostly of one class.
        for (int i = 0; i < count; i++)
            index[i] = i && in[i] == in[i - 1] ? index[i - 1] : class_of(paint, in[i]);
        return;
    }
    if (channel(paint, 0, in, count, index, 1)) return;
    for (int i = 0; i < count; i++)
        if (isnan(in[i])) index[i] = 0;
}

static void put_colour(uint8_t *to, uint32_t colour)
{
    to[0] = (uint8_t)(colour >> 24), to[1] = (uint8_t)(colour >> 16);
    to[2] = (uint8_t)(colour >> 8), to[3] = (uint8_t)colour;
}

void nd_paint_rgba(const nd_paint *paint, const float *const *in, int count,
                   uint8_t *rgba)
{
    if (paint->bands == 1) {
        uint8_t index[256];
        for (int i = 0; i < count; i += 256) {
            const int part = count - i < 256 ? count - i : 256;
            nd_paint_index(paint, in[0] + i, part, index);
            for (int j = 0; j < part; j++)
                put_colour(rgba + (ptrdiff_t)(i + j) * 4, paint->colour[index[j]]);
        }
        return;
    }
    bool all = true;
    for (int b = 0; b < 3; b++) all &= channel(paint, b, in[b], count, rgba + b, 4);
    for (int i = 0; i < count; i++) rgba[(ptrdiff_t)i * 4 + 3] = 255;
    if (all) return;
    for (int i = 0; i < count; i++)
        if (isnan(in[0][i]) || isnan(in[1][i]) || isnan(in[2][i]))
            put_colour(rgba + (ptrdiff_t)i * 4, 0);
}

static void stop(nd_json_out *out, double value, const char *name, uint32_t colour)
{
    const char *text = nd_text(out->to->arena, "#%06x", (unsigned)(colour >> 8));
    nd_json_open(out, NULL, '{');
    nd_json_real(out, "value", value);
    if (name) nd_json_text(out, "name", name);
    nd_json_text(out, "colour", text);
    nd_json_close(out, '}');
}

// A ramp's stops are even in colour; with a gamma their values are not.
nd_status nd_paint_describe(const nd_paint *paint, nd_json_out *out)
{
    enum { STEPS = 16 };
    const nd_stretch *s = &paint->stretch[0];
    nd_json_open(out, NULL, '{');
    nd_json_open(out, paint->label ? "classes" : "stops", '[');
    for (int i = 0; paint->label && i < paint->labels; i++)
        stop(out, paint->label[i].value, paint->label[i].name, paint->colour[i + 1]);
    for (int i = 0; !paint->label && paint->bands == 1 && i <= STEPS; i++) {
        const double share = (double)i / STEPS, gamma = s->gamma > 0 ? s->gamma : 1;
        stop(out, s->low + (s->high - s->low) * pow(share, gamma), NULL,
             paint->colour[1 + lrint(share * 254)]);
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}
