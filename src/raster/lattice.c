// SPDX-License-Identifier: Apache-2.0
// Windows on a lattice whose weights add up to one by construction, without a division.
#include <math.h>
#include <nadir/lattice.h>

int nd_lattice_step(nd_lattice lattice)
{
    return lattice.side - lattice.overlap;
}

int nd_lattice_overlap(int side, int asked, int multiple, double radius)
{
    const int by = 2 * multiple;
    int o = asked;
    if (o < 0) {
        o = radius > 0 && 2 * radius < side / 4.0 ? (int)(2 * radius) : side / 4;
        if (o < 32) o = 32;
    }
    o = (o + by - 1) / by * by;
    return o > side / 2 ? side / 2 / by * by : o;
}

int nd_lattice_start(nd_lattice lattice, int k)
{
    return k * nd_lattice_step(lattice) - lattice.overlap;
}

int nd_lattice_count(nd_lattice lattice, int length)
{
    const int step = nd_lattice_step(lattice);
    return (length + lattice.overlap + step - 1) / step;
}

void nd_lattice_under(nd_lattice lattice, int length, int first, int count, int *from,
                      int *to)
{
    const int step = nd_lattice_step(lattice), most = nd_lattice_count(lattice, length);
    // Pixel x lies in windows k with k step - overlap <= x < k step - overlap + side.
    int a = (first + lattice.overlap - lattice.side) / step + 1;
    if (first + lattice.overlap < lattice.side) a = 0;
    int b = (first + count - 1 + lattice.overlap) / step;
    if (b > most - 1) b = most - 1;
    if (a > b) a = b;
    *from = a < 0 ? 0 : a, *to = b;
}

// A ramp is a = (i + 1/2) / overlap up and 1 - a down: of two windows over one pixel the
// weights add up to 1, for sin^2 + cos^2 as for the line itself.
float nd_lattice_weight(nd_lattice lattice, int i)
{
    if (lattice.overlap == 0) return 1;
    const double o = lattice.overlap;
    if (lattice.blend == ND_BLEND_CROP)
        return i >= lattice.overlap / 2 && i < lattice.side - (lattice.overlap + 1) / 2;
    const double up = (i + 0.5) / o, down = (lattice.side - i - 0.5) / o;
    double v = up < down ? up : down;
    if (v >= 1) return 1;
    const bool is_falling = down < up;
    if (lattice.blend == ND_BLEND_COSINE) {
        const double s = sin(1.5707963267948966 * (is_falling ? 1 - v : v));
        v = is_falling ? 1 - (double)(float)(s * s) : s * s;
        return (float)v;
    }
    return is_falling ? (float)(1 - (double)(float)(1 - v)) : (float)v;
}

int nd_lattice_reflect(int x, int length)
{
    if (length == 1) return 0;
    const int period = 2 * (length - 1);
    x %= period;
    if (x < 0) x += period;
    return x < length ? x : period - x;
}
