// SPDX-License-Identifier: Apache-2.0
// Numbers as files store them: names, sizes, and what they become in a net.
#include "weights/weights.h"
#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} stored[ND_STORED] = {
    [ND_STORED_F64] = {"float64", 8}, [ND_STORED_F32] = {"float32", 4},
    [ND_STORED_F16] = {"float16", 2}, [ND_STORED_BF16] = {"bfloat16", 2},
    [ND_STORED_I64] = {"int64", 8},   [ND_STORED_I32] = {"int32", 4},
    [ND_STORED_I16] = {"int16", 2},   [ND_STORED_I8] = {"int8", 1},
    [ND_STORED_U8] = {"uint8", 1},    [ND_STORED_BOOL] = {"bool", 1},
};

const char *nd_stored_name(nd_stored type)
{
    return type < ND_STORED ? stored[type].name : "unknown";
}

size_t nd_stored_bytes(nd_stored type)
{
    return type < ND_STORED ? stored[type].bytes : 0;
}

static bool is_float(nd_stored type)
{
    return type <= ND_STORED_BF16;
}

// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction.
static double half(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

// Data lie at any address, so they are copied, never pointed at.
static double real_at(nd_stored type, const unsigned char *at)
{
    double d;
    float f;
    uint16_t h;
    switch (type) {
    case ND_STORED_F64: memcpy(&d, at, 8); return d;
    case ND_STORED_F32: memcpy(&f, at, 4); return (double)f;
    case ND_STORED_F16: memcpy(&h, at, 2); return half(h);
    case ND_STORED_BF16: {
        const uint32_t bits = (uint32_t)weights_get(at, 2) << 16;
        memcpy(&f, &bits, 4);
        return (double)f;
    }
    default: return NAN;
    }
}

static int64_t whole_at(nd_stored type, const unsigned char *at)
{
    int64_t q;
    int32_t i;
    int16_t s;
    switch (type) {
    case ND_STORED_I64: memcpy(&q, at, 8); return q;
    case ND_STORED_I32: memcpy(&i, at, 4); return i;
    case ND_STORED_I16: memcpy(&s, at, 2); return s;
    case ND_STORED_I8: return *at < 128 ? *at : *at - 256;
    default: return *at;
    }
}

static const char *shape_text(nd_arena *arena, nd_shape shape)
{
    nd_buffer text = {.arena = arena};
    for (int i = 0; i < shape.rank; i++)
        nd_buffer_add(&text, "%s%lld", i ? " x " : "", (long long)shape.dim[i]);
    if (!shape.rank) nd_buffer_add(&text, "1");
    return text.failed ? "?" : text.text;
}

static nd_status disagree(const nd_weight *weight, const nd_array *out)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = nd_fail(ND_E_DATA,
                                     "%s is %s in the file, %s in the net\n"
                                     "take the weights of a net that is built alike",
                                     weight->name, shape_text(arena, weight->shape),
                                     shape_text(arena, out->shape));
    nd_arena_free(arena);
    return status;
}

nd_status nd_weights_take(const nd_weight *weight, const nd_array *out)
{
    const nd_stored type = weight->type;
    const int64_t count = nd_shape_count(weight->shape);
    const size_t step = nd_stored_bytes(type);
    const unsigned char *from = weight->data;
    const bool to_whole = out->dtype == ND_INT64;
    if (!nd_shape_same(weight->shape, out->shape)) return disagree(weight, out);
    if ((to_whole && is_float(type)) ||
        (!to_whole && out->dtype != ND_FLOAT32 && out->dtype != ND_FLOAT64))
        return nd_fail(ND_E_DATA,
                       "%s is %s in the file, %s in the net\n"
                       "take the weights of a net that is built alike",
                       weight->name, nd_stored_name(type), nd_dtype_name(out->dtype));
    if ((type == ND_STORED_F32 && out->dtype == ND_FLOAT32) ||
        (type == ND_STORED_F64 && out->dtype == ND_FLOAT64)) {
        if (count) memcpy(out->data, from, (size_t)count * step);
        return ND_OK;
    }
    for (int64_t i = 0; i < count; i++, from += step) {
        if (to_whole) {
            ((int64_t *)out->data)[i] = whole_at(type, from);
            continue;
        }
        const double value =
            is_float(type) ? real_at(type, from) : (double)whole_at(type, from);
        if (out->dtype == ND_FLOAT32)
            ((float *)out->data)[i] = (float)value;
        else
            ((double *)out->data)[i] = value;
    }
    return ND_OK;
}

// An exponent of ones is infinite or no number.
int64_t weights_odd_numbers(const nd_weight *weight)
{
    static const uint64_t ones[] = {[ND_STORED_F64] = 0x7FF0000000000000,
                                    [ND_STORED_F32] = 0x7F800000,
                                    [ND_STORED_F16] = 0x7C00,
                                    [ND_STORED_BF16] = 0x7F80};
    const unsigned char *at = weight->data;
    const int64_t count = nd_shape_count(weight->shape);
    int64_t odd = 0;
    if (!is_float(weight->type)) return 0;
    if (weight->type == ND_STORED_F32) { // what nearly all files hold: kept simple
        for (int64_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, at + 4 * i, 4);
            odd += (bits & 0x7F800000) == 0x7F800000;
        }
        return odd;
    }
    const int bytes = (int)nd_stored_bytes(weight->type);
    const uint64_t mask = ones[weight->type];
    for (int64_t i = 0; i < count; i++)
        odd += (weights_get(at + i * bytes, bytes) & mask) == mask;
    return odd;
}

bool weights_times(int64_t a, int64_t b, int64_t *product)
{
    if (a && b > INT64_MAX / a) return false;
    *product = a * b;
    return true;
}
