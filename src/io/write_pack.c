// SPDX-License-Identifier: Apache-2.0
// Values to samples: scaled, rounded to nearest, clamped; no data becomes its sample.
#include "io/pack_kernels.h"
#include "io/write.h"
#include <math.h>
#include <string.h>

static const struct kind {
    const char *name;
    size_t bytes;
    double low, high;
} kinds[] = {
    [ND_F32] = {"float32", 4, 0, 0},
    [ND_U8] = {"uint8", 1, 0, 255},
    [ND_I8] = {"int8", 1, -128, 127},
    [ND_U16] = {"uint16", 2, 0, 65535},
    [ND_I16] = {"int16", 2, -32768, 32767},
    [ND_U32] = {"uint32", 4, 0, 4294967295},
    [ND_I32] = {"int32", 4, -2147483648.0, 2147483647},
    [ND_F64] = {"float64", 8, 0, 0},
};
enum { LENGTH = 2048 };

ND_KERNEL_TABLES(io_pack_kernels, io_pack_kernels);

size_t io_sample_bytes(nd_sample sample)
{
    return kinds[sample].bytes;
}

bool io_sample_is_float(nd_sample sample)
{
    return sample == ND_F32 || sample == ND_F64;
}

bool io_sample_holds(nd_sample sample, double value)
{
    return value >= kinds[sample].low && value <= kinds[sample].high &&
           value == rint(value);
}

const char *io_sample_name(nd_sample sample)
{
    return kinds[sample].name;
}

static io_round narrow(const io_pack *p)
{
    const double factor = 1 / p->scale;
    return (io_round){.factor = factor,
                      .offset = p->offset,
                      .low = (float)kinds[p->sample].low,
                      .high = (float)kinds[p->sample].high,
                      .none = isnan(p->no_data) ? 0 : (float)p->no_data,
                      .is_plain = factor == 1 && p->offset == 0};
}

static int round_wide(const io_pack *p, const float *in, int count, int64_t *out)
{
    int any = 0;
    const double low = kinds[p->sample].low, high = kinds[p->sample].high,
                 none = isnan(p->no_data) ? 0 : p->no_data;
    for (int i = 0; i < count; i++) {
        double v = isnan(in[i]) ? none : rint(((double)in[i] - p->offset) / p->scale);
        any |= in[i] != in[i];
        v = v > low ? v : low;
        out[i] = (int64_t)(v < high ? v : high);
    }
    return any;
}

static void store_narrow(nd_sample sample, const int32_t *in, int count, void *out,
                         int step)
{
    if (io_sample_bytes(sample) == 1) {
        uint8_t *to = out;
        for (int i = 0; i < count; i++) to[(ptrdiff_t)i * step] = (uint8_t)in[i];
    } else {
        uint16_t *to = out;
        for (int i = 0; i < count; i++) to[(ptrdiff_t)i * step] = (uint16_t)in[i];
    }
}

static void pack_float(const float *in, int count, float *out, int step)
{
    if (step == 1) {
        memcpy(out, in, (size_t)count * sizeof *out);
        return;
    }
    for (int i = 0; i < count; i++) out[(ptrdiff_t)i * step] = in[i];
}

// Was any pixel missing, of those that become whole numbers?
static int pack_part(const io_pack *p, const float *in, int count, char *out, int step)
{
    int any = 0;
    io_round round;
    union {
        int32_t narrow[LENGTH];
        int64_t wide[LENGTH];
    } whole;
    switch (p->sample) {
    case ND_F32: pack_float(in, count, (float *)(void *)out, step); return 0;
    case ND_F64:
        for (int i = 0; i < count; i++)
            ((double *)(void *)out)[(ptrdiff_t)i * step] = (double)in[i];
        return 0;
    case ND_U32:
    case ND_I32:
        any = round_wide(p, in, count, whole.wide);
        for (int i = 0; i < count; i++)
            ((uint32_t *)(void *)out)[(ptrdiff_t)i * step] = (uint32_t)whole.wide[i];
        return any;
    default:
        round = narrow(p);
        if (step == 1 && io_sample_bytes(p->sample) == 2)
            return io_pack_kernels_at[nd_cpu()]->to_16(&round, in, count,
                                                       (uint16_t *)(void *)out);
        any = io_pack_kernels_at[nd_cpu()]->to_32(&round, in, count, whole.narrow);
        store_narrow(p->sample, whole.narrow, count, out, step);
        return any;
    }
}

void io_pack_row(const io_pack *pack, const float *in, int count, void *out, int step)
{
    const size_t bytes = io_sample_bytes(pack->sample);
    const bool is_watched = pack->lost && isnan(pack->no_data);
    for (int i = 0; i < count; i += LENGTH) {
        const int part = count - i < LENGTH ? count - i : LENGTH;
        const int any = pack_part(pack, in + i, part,
                                  (char *)out + (size_t)i * (size_t)step * bytes, step);
        if (is_watched && any)
            atomic_store_explicit(pack->lost, true, memory_order_relaxed);
    }
}

void io_swap(void *samples, size_t count, size_t bytes)
{
    if (bytes == 2)
        for (uint16_t *v = samples; count--; v++) *v = __builtin_bswap16(*v);
    else if (bytes == 4)
        for (uint32_t *v = samples; count--; v++) *v = __builtin_bswap32(*v);
    else if (bytes == 8)
        for (uint64_t *v = samples; count--; v++) *v = __builtin_bswap64(*v);
}
