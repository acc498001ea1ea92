// SPDX-License-Identifier: Apache-2.0
// Expected values: worked by hand, or numpy's (double, then float32).
#include "../harness.h"
#include "raster/expr.h"
#include <math.h>
#include <nadir/pool.h>
#include <nadir/text.h>

enum { PIXELS = 4 };
// Bands a, b, c are real, i and j whole, m is a mask.
static const float bands[][PIXELS] = {{1, 2.5f, -3, NAN}, {2, 0.5f, 4, 1},
                                      {0.25f, 100, 0, 9}, {5, 7, 12, 3},
                                      {2, 2, 5, 4},       {0, 1, 1, NAN}};
static const double latitude[PIXELS] = {45.1234567891, 45.2, 45.3, 45.4};

static bool resolve(void *user, const char *name, nd_expr_name *is, const char **nearest)
{
    static const char *const names[] = {"a", "b", "c", "i", "j", "m"};
    const bool *fills = user;
    for (int r = 0; r < 6; r++)
        if (strcmp(names[r], name) == 0) {
            *is = (nd_expr_name){ND_EXPR_ROW,
                                 r < 3   ? ND_EXPR_REAL
                                 : r < 5 ? ND_EXPR_INT
                                         : ND_EXPR_BOOL,
                                 .row = r, .fills = fills && *fills, .fill = -9};
            return true;
        }
    *is = (nd_expr_name){ND_EXPR_FLAG, .row = 3, .mask = 4, .bits = 4};
    if (strcmp(name, "flags.CLOUD") == 0) return true;
    *is = (nd_expr_name){ND_EXPR_CONSTANT, ND_EXPR_REAL, .value = 10};
    if (strcmp(name, "ten") == 0 || strcmp(name, "band-1") == 0 ||
        strcmp(name, "$1.band_1") == 0 || strcmp(name, "$sourceProduct.1.band_1") == 0 ||
        strcmp(name, "${id}.band") == 0)
        return true;
    *is = (nd_expr_name){ND_EXPR_X};
    if (strcmp(name, "X") == 0) return true;
    *is = (nd_expr_name){ND_EXPR_Y};
    if (strcmp(name, "Y") == 0) return true;
    *is = (nd_expr_name){ND_EXPR_PLACE, ND_EXPR_REAL, .row = 0};
    if (strcmp(name, "LAT") == 0) return true;
    *nearest = nd_text_nearest(name, (const char *const[]){"flags.CLOUD", "band-1"}, 2);
    return false;
}

static const nd_expr *compile(nd_arena *arena, const char *text, bool strict)
{
    const nd_expr *expr = NULL;
    const nd_expr_ask ask = {
        .text = &text, .count = 1, .resolve = resolve, .strict = strict};
    return nd_expr_compile(arena, &ask, &expr) == ND_OK ? expr : NULL;
}

static bool same(float got, float want)
{
    return (isnan(got) && isnan(want)) || got == want;
}

// On every level of kernels that this machine has, as a whole and pixel by pixel.
static bool gives(nd_arena *arena, const char *text, bool strict, const float *want)
{
    const nd_expr *expr = compile(arena, text, strict);
    if (!expr) return error_says("(an expression)");
    for (int level = 0; level <= (int)nd_cpu_best(); level++)
        for (int step = 1; step <= PIXELS; step += PIXELS - 1)
            for (int x = 0; x < PIXELS; x += step) {
                const float *in[6];
                float got[PIXELS], *out = got;
                for (int r = 0; r < 6; r++) in[r] = bands[r] + x;
                const double *place = latitude + x;
                expr_run_with(expr_kernels_at[level], expr,
                              &(nd_expr_rows){x, 7, 0, step, in, &place}, &out);
                for (int i = 0; i < step; i++)
                    if (!same(got[i], want[x + i])) {
                        printf("# %s, pixel %d, level %d: %.9g, not %.9g\n", text, x + i,
                               level, (double)got[i], (double)want[x + i]);
                        return false;
                    }
            }
    return true;
}
#define GIVES(text, ...)                                                                 \
    CHECK(gives(arena, text, false, (const float[PIXELS]){__VA_ARGS__}))
#define STRICT(text, ...)                                                                \
    CHECK(gives(arena, text, true, (const float[PIXELS]){__VA_ARGS__}))
#define ALL(text, value) GIVES(text, value, value, value, value)

static bool refuses(nd_arena *arena, const char *text, const char *words)
{
    return !compile(arena, text, false) && error_says(words);
}
#define REFUSES(text, words) CHECK(refuses(arena, text, words))

TEST(arithmetic_is_done_in_doubles_and_divides_whole_numbers_as_numbers)
{
    GIVES("a + b", 3, 3, 1, NAN);
    GIVES("a - b * 2", -3, 1.5f, -11, NAN);
    GIVES("i / j", 2.5f, 3.5f, 2.4f, 0.75f);
    GIVES("i % j", 1, 1, 2, 3);
    GIVES("-a", -1, -2.5f, 3, NAN);
    GIVES("+a", 1, 2.5f, -3, NAN);
    ALL("1 / 2", 0.5f);
    ALL("2147483647 + 1", 2147483648.0f);
    ALL("7 - 2 - 1", 4);
    ALL("2 + 3 * 4 % 5", 4);
    ALL("(2 + 3) * 4", 20);
    ALL("1e8 + 1 - 1e8", 1); // lost in float32
    GIVES("a * 100000000 + b - a * 100000000", 2, 0.5f, 4, NAN);
    GIVES("12 / a", 12, 4.8f, -4, NAN);
    GIVES("12 - a", 11, 9.5f, 15, NAN);
}

TEST(numbers_are_written_as_in_java)
{
    ALL("0x1F", 31);
    ALL("010", 10);
    ALL(".5", 0.5f);
    ALL("1e-3", 0.001f);
    ALL("1.E2", 100);
    ALL("0xFFFFFFFF", -1);
    REFUSES("2147483648", "does not fit in 32 bits\nwrite it with a point: 2147483648.0");
    REFUSES("12abc", "is not a number");
    REFUSES("1e", "is not a number");
    REFUSES("0x", "is not a number");
}

TEST(comparisons_follow_ieee)
{
    GIVES("a < b", 1, 0, 1, 0);
    GIVES("a <= 1", 1, 0, 1, 0);
    GIVES("a > 1", 0, 1, 0, 0);
    GIVES("1 > a", 0, 0, 1, 0);
    GIVES("a >= 1", 1, 1, 0, 0);
    GIVES("a == 2.5", 0, 1, 0, 0);
    GIVES("a != 2.5", 1, 0, 1, 1);
    GIVES("a != a", 0, 0, 0, 1);
    GIVES("a + b == 3", 1, 1, 0, 0);
    GIVES("i > j == true", 1, 1, 1, 0);
    GIVES("(i > j) == 1", 1, 1, 1, 0);
    GIVES("0.1 * i == 0.5", 1, 0, 0, 0);
}

TEST(logic_binds_or_loosest)
{
    GIVES("a > 0 || b > 3 && c > 1", 1, 1, 0, 0);
    GIVES("a > 0 or b > 3 AND c >= 0", 1, 1, 1, 0);
    GIVES("not (a > 0)", 0, 0, 1, 1);
    GIVES("!(a > 0) and true", 0, 0, 1, 1);
    GIVES("m", 0, 1, 1, 0);
    GIVES("not m and flags.CLOUD", 1, 0, 0, 0);
    GIVES("flags.CLOUD", 1, 1, 1, 0);
    GIVES("a > 0 || true", 1, 1, 1, 1);
    GIVES("false", 0, 0, 0, 0);
}

TEST(choices_nest)
{
    GIVES("a > 0 ? b : c", 2, 0.5f, 0, 9);
    GIVES("if a > 0 then b else c", 2, 0.5f, 0, 9);
    GIVES("IF a > 1 THEN 1 ELSE IF a > 0 THEN 2 ELSE 3", 2, 1, 3, 3);
    GIVES("a > 1 ? 1 : a > 0 ? 2 : 3", 2, 1, 3, 3);
    GIVES("a > 0 ? a > 1 ? 10 : 20 : 30", 20, 10, 30, 30);
    GIVES("a > 0 ? a - b : NaN", -1, 2, NAN, NAN);
    GIVES("b == 4 ? NaN : b", 2, 0.5f, NAN, 1);
    GIVES("(a > 0 ? m : true) ? 5 : 6", 6, 5, 5, 5);
    ALL("true ? 1 : 2", 1);
}

TEST(bits_are_those_of_java_ints)
{
    GIVES("i & 6", 4, 6, 4, 2);
    GIVES("i | j", 7, 7, 13, 7);
    GIVES("i ^ j", 7, 5, 9, 7);
    GIVES("~i", -6, -8, -13, -4);
    GIVES("a & 3", 1, 2, 1, 0); // truncated; NaN is 0
    GIVES("1 | 2 ^ 3 & 5", 3, 3, 3, 3);
    ALL("1e10 & -1", 2147483647.0f);
    GIVES("bit_set(i, 2)", 1, 1, 1, 0);
    GIVES("bit_set(i, j)", 1, 1, 0, 0);
    ALL("bit_set(0x80000000, 31)", 1);
}

TEST(every_function_of_one_value)
{
    GIVES("sin(b)", 0.909297427f, 0.479425539f, -0.756802495f, 0.841470985f);
    GIVES("cos(b)", -0.416146837f, 0.877582562f, -0.653643621f, 0.540302306f);
    GIVES("tan(b)", -2.18503986f, 0.54630249f, 1.15782128f, 1.55740772f);
    GIVES("asin(c)", 0.252680255f, NAN, 0, NAN);
    GIVES("acos(c)", 1.31811607f, NAN, 1.57079633f, NAN);
    GIVES("atan(c)", 0.244978663f, 1.56079666f, 0, 1.46013911f);
    GIVES("sinh(b)", 3.62686041f, 0.521095305f, 27.2899172f, 1.17520119f);
    GIVES("cosh(b)", 3.76219569f, 1.12762597f, 27.3082328f, 1.54308063f);
    GIVES("tanh(b)", 0.96402758f, 0.462117157f, 0.9993293f, 0.761594156f);
    GIVES("sech(b)", 0.265802229f, 0.886818884f, 0.0366189935f, 0.648054274f);
    GIVES("cosech(b)", 0.275720565f, 1.91903475f, 0.0366435706f, 0.850918128f);
    GIVES("exp(b)", 7.3890561f, 1.64872127f, 54.59815f, 2.71828183f);
    GIVES("exp10(b)", 100, 3.16227766f, 10000, 10);
    GIVES("log(c)", -1.38629436f, 4.60517019f, NAN, 2.19722458f);
    GIVES("log10(c)", -0.602059991f, 2, NAN, 0.954242509f);
    GIVES("sq(a)", 1, 6.25f, 9, NAN);
    GIVES("sqrt(c)", 0.5f, 10, 0, 3);
    GIVES("abs(a)", 1, 2.5f, 3, NAN);
    GIVES("sign(a)", 1, 1, -1, NAN);
    GIVES("floor(a - 0.75)", 0, 1, -4, NAN);
    GIVES("ceil(a - 0.75)", 1, 2, -3, NAN);
    GIVES("round(a)", 1, 3, -3, NAN);
    GIVES("rint(a)", 1, 2, -3, NAN);
    GIVES("round(-a)", -1, -2, 3, NAN);
    GIVES("deg(b)", 114.591559f, 28.6478898f, 229.183118f, 57.2957795f);
    GIVES("rad(b)", 0.034906585f, 0.00872664626f, 0.0698131701f, 0.0174532925f);
    GIVES("nan(a) ? 1 : 0", 0, 0, 0, 1);
    GIVES("nan(a)", 0, 0, 0, 1);
    GIVES("inf(b / c)", 0, 0, 1, 0);
}

TEST(every_function_of_more_values)
{
    GIVES("atan2(a, b)", 0.463647609f, 1.37340077f, -0.643501109f, NAN);
    GIVES("pow(b, 1.5)", 2.82842712f, 0.353553391f, 8, 1);
    GIVES("pow(b, 2) + pow(b, 3) + pow(b, 4)", 28, 0.4375f, 336, 3);
    GIVES("pow(b, 0.5)", 1.41421356f, 0.707106781f, 2, 1);
    GIVES("pow(b, -1)", 0.5f, 2, 0.25f, 1);
    GIVES("min(a, b)", 1, 0.5f, -3, NAN);
    GIVES("max(a, b)", 2, 2.5f, 4, NAN);
    GIVES("max(0, min(a, 2))", 1, 2, 0, NAN);
    GIVES("ampl(a, b)", 2.23606798f, 2.54950976f, 5, NAN);
    GIVES("phase(a, b)", 1.10714872f, 0.19739556f, 2.21429744f, NAN);
    GIVES("feq(a, 1)", 1, 0, 0, 0);
    GIVES("feq(a, b, 1.5)", 1, 0, 0, 0);
    GIVES("fneq(a, 1.0000001)", 0, 1, 1, 0);
    GIVES("avg(b, c, 3)", 1.75f, 34.5f, 2.33333333f, 4.33333333f);
    GIVES("stddev(b, i)", 1.5f, 3.25f, 4, 1);
    GIVES("coef_var(b, i)", 0.724137931f, 0.989847716f, 0.8f, 0.8f);
    GIVES("distance(a, b, 0, 0)", 2.23606798f, 2.54950976f, 5, NAN);
    GIVES("distance_deriv(b, i, 1, 1)", 3, 6.5f, 8, 2);
    GIVES("distance_integ(b, i, 1, 1)", 5.09901951f, 5.52268051f, 14.3178211f, 2);
    GIVES("inrange(b, i, 1, 4, 3, 6)", 1, 0, 0, 0);
    GIVES("inrange_deriv(b, i, 0, 0, 4, 9)", 1, 0, 0, 1);
    GIVES("inrange_integ(b, i, 1, 5, 2, 7)", 1, 0, 0, 0);
}

TEST(names_and_constants)
{
    ALL("PI", 3.14159265f);
    ALL("E", 2.71828183f);
    ALL("NaN", NAN);
    ALL("'band-1' + ten + $1.band_1 + $sourceProduct.1.band_1 + ${id}.band", 50);
    GIVES("X", 0.5f, 1.5f, 2.5f, 3.5f);
    ALL("Y", 7.5f);
    GIVES("(LAT - 45) * 1e6", 123456.789f, 200000, 300000, 400000);
    REFUSES("a + flags.CLUOD",
            "column 5 of \"a + flags.CLUOD\": there is no band or mask flags.CLUOD\n"
            "did you mean flags.CLOUD?");
    REFUSES("a + zzz", "see nadir info for the names");
    REFUSES("sqr(a)",
            "column 1 of \"sqr(a)\": there is no function sqr\ndid you mean sq");
    REFUSES("'a", "the quote is never closed");
    REFUSES("\"a\"", "single quotes");
}

TEST(says_at_which_column_and_what_to_do)
{
    REFUSES("", "the expression is empty");
    REFUSES("a +", "column 4 of \"a +\": the expression ends too early\nadd a number");
    REFUSES("(a", "column 3 of \"(a\": the expression ends too early\nadd a )");
    REFUSES("a b", "column 3 of \"a b\": this does not fit here\nwrite an operator");
    REFUSES("a ** 2", "there is no **\nwrite pow(a, b)");
    REFUSES("i << 2", "bits cannot be shifted");
    REFUSES("a = 2", "column 3 of \"a = 2\": = gives a value to nothing\nwrite ==");
    REFUSES("a # b", "column 3 of \"a # b\": # has no meaning here");
    REFUSES("a < b < c", "column 7 of \"a < b < c\"");
    REFUSES("(a < b) + 1", "column 9 of \"(a < b) + 1\": this needs numbers");
    REFUSES("a && b > 1", "column 3");
    REFUSES("a ? 1 : 2", "a choice needs something true or false");
    REFUSES("a > 1 ? 2 : true", "make both numbers, or both true or false");
    REFUSES("a > 1 ? 2", "ends too early\nadd a : and what else");
    REFUSES("if a > 1 then 2", "ends too early\nadd else");
    REFUSES("not a", "column 1 of \"not a\": not needs something true or false");
    REFUSES("-(a > 1)", "has no sign and no bits");
    REFUSES("m & 1", "has no bits");
    REFUSES("m == 1.5", "has no size to compare");
    REFUSES("min(a)", "min has 1 values, not 2\ngive it 2");
    REFUSES("inrange(a, b, c, 1)", "make no 3 rows of equal length");
    REFUSES("sin(a > 1)", "value 1 of sin is true or false");
    REFUSES("sin(a b)", "write a comma or ) before it");
}

TEST(depth_and_length_are_bounded)
{
    static char text[100000];
    memset(text, '(', 1000);
    REFUSES(text, "more than 200 levels deep");
    memset(text, '-', 1000);
    REFUSES(text, "more than 200 levels deep");
    memset(text, '1', sizeof text - 1);
    REFUSES(text, "longer than 65536");
    memset(text, 0, sizeof text);
    for (int i = 0; i < 9000; i++) memcpy(text + strlen(text), "a+", 3);
    memcpy(text + strlen(text), "1", 2);
    REFUSES(text, "more than 4096 different parts");
    memset(text, 0, sizeof text);
    for (int i = 0; i < 3000; i++) memcpy(text + strlen(text), "a+", 3);
    memcpy(text + strlen(text), "a", 2);
    GIVES(text, 3001, 7502.5f, -9003, NAN);
}

TEST(strict_mode_has_javas_whole_numbers)
{
    GIVES("i / j > 2", 1, 1, 1, 0);
    STRICT("i / j > 2", 0, 1, 0, 0); // 2, 3, 2, 0
    STRICT("i % 4 + 2147483647 < 0", 1, 1, 0, 1);
    STRICT("i / 0 == 0", 1, 1, 1, 1);
    STRICT("min(i / j, 9)", 2, 3, 2, 0);
    STRICT("i / j", 2.5f, 3.5f, 2.4f, 0.75f);
    STRICT("round(a)", 1, 3, -3, 0);
}

TEST(no_data_may_count_as_a_number)
{
    const char *text = "a + 1";
    bool fills = true;
    const nd_expr *expr = NULL;
    const nd_expr_ask ask = {
        .text = &text, .count = 1, .resolve = resolve, .user = &fills};
    CHECK(nd_expr_compile(arena, &ask, &expr) == ND_OK);
    float got[PIXELS], *out = got;
    const float *in[] = {bands[0]};
    nd_expr_run(expr, &(nd_expr_rows){.count = PIXELS, .in = in}, &out);
    CHECK(got[0] == 2 && got[3] == -8);
}

TEST(results_end_as_the_type_asks)
{
    const char *text[] = {"a * 100", "a * 100", "1 / c", "b", "a * 100"};
    const nd_expr_end end[] = {{true, false, 0, 255, .no_data = (double)NAN},
                               {true, true, 0, 255, .no_data = (double)NAN},
                               {.no_data = (double)NAN},
                               {.no_data = 4},
                               {true, true, -128, 127, .no_data = (double)NAN}};
    const nd_expr *expr = NULL;
    const nd_expr_ask ask = {.text = text, .end = end, .count = 5, .resolve = resolve};
    CHECK(nd_expr_compile(arena, &ask, &expr) == ND_OK);
    float got[5][PIXELS], *out[] = {got[0], got[1], got[2], got[3], got[4]};
    const float *in[] = {bands[0], bands[1], bands[2]};
    nd_expr_run(expr, &(nd_expr_rows){.count = PIXELS, .in = in}, out);
    CHECK(got[0][0] == 100 && got[0][1] == 250 && got[0][2] == 0 && isnan(got[0][3]));
    CHECK(got[1][2] == 212 && got[1][3] == 0); // -300 + 512
    CHECK(got[2][0] == 4 && isnan(got[2][2]));
    CHECK(got[3][0] == 2 && isnan(got[3][2]));
    CHECK(got[4][1] == -6 && got[4][2] == -44); // 250 - 256, -300 + 256
}

TEST(several_results_share_what_they_have_in_common)
{
    const char *text[] = {"(a - b) / (a + b)", "(a - b) / (a + b)",
                          "sqrt(a - b) + (a - b)"};
    const nd_expr *one = NULL, *all = NULL;
    nd_expr_ask ask = {.text = text, .count = 1, .resolve = resolve};
    CHECK(nd_expr_compile(arena, &ask, &one) == ND_OK);
    ask.count = 3;
    CHECK(nd_expr_compile(arena, &ask, &all) == ND_OK);
    CHECK(all->steps - one->steps == 4); // sqrt, +, and two ends
    float got[2][PIXELS] = {{0}}, *out[] = {NULL, got[0], got[1]};
    const float *in[] = {bands[0], bands[1]};
    nd_expr_run(all, &(nd_expr_rows){.count = PIXELS, .in = in}, out);
    CHECK(got[0][0] == -1 / 3.0f && got[1][1] == 1.41421356f + 2);
}

TEST(knows_what_is_linear)
{
    static const struct {
        const char *text;
        bool is_linear;
    } cases[] = {
        {"a", true},      {"2 * a - b / 4 + 1", true}, {"-a + a", true}, {"a * b", false},
        {"4 / a", false}, {"sqrt(a)", false},          {"a > 1", false}, {"X + a", false},
        {"7", true},      {"a > 1 ? a : b", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const nd_expr *expr = compile(arena, cases[i].text, false);
        const bool ok = expr && nd_expr_is_linear(expr, 0) == cases[i].is_linear;
        if (!ok) printf("# %s\n", cases[i].text);
        CHECK(ok);
    }
}

TEST(random_depends_on_the_pixel_alone)
{
    enum { N = 2000 };
    static float got[2][N];
    const nd_expr *expr =
        compile(arena, "random_uniform() + 10 * random_gaussian()", false);
    float *out = got[0];
    nd_expr_run(expr, &(nd_expr_rows){.x = 5, .count = N}, &out);
    double mean = 0, square = 0;
    for (int i = 0; i < N; i++) {
        out = &got[1][i];
        nd_expr_run(expr, &(nd_expr_rows){.x = 5 + i, .count = 1}, &out);
        mean += (double)got[0][i] / N, square += (double)(got[0][i] * got[0][i]) / N;
    }
    CHECK(memcmp(got[0], got[1], sizeof got[0]) == 0);
    CHECK(fabs(mean - 0.5) < 1 && fabs(sqrt(square) - 10) < 1);
}

// All kernels on the same random numbers: the same bits.
TEST(all_instruction_sets_agree_with_plain_c_to_the_bit)
{
    enum { N = 1000 };
    static float row[3][N], want[N], got[N];
    static const char *const texts[] = {"(a - b) / (a + b + 0.5)",
                                        "sqrt(abs(a * b - c))",
                                        "log(abs(a)) + log10(abs(b) + 1)",
                                        "exp(a / 100) - exp10(b / 500)",
                                        "a > b && c != 3 or a - b <= 0.1 ? a : b * 2",
                                        "round(a * 3.7) + floor(b) - ceil(c) + rint(a)",
                                        "min(a, b) - max(b, c) % 7",
                                        "(i & 255) | (j ^ 3)",
                                        "sin(a) * cos(b) + atan2(a, c)",
                                        "pow(abs(a), 0.3)"};
    for (int i = 0; i < N; i++)
        for (int r = 0; r < 3; r++)
            row[r][i] = i % 97 == r ? NAN
                                    : (float)(nd_random_unit((uint64_t)r, (uint64_t)i) *
                                                  (i % 2 ? 200 : 2) -
                                              (i % 2 ? 100 : 1));
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        const nd_expr *expr = compile(arena, texts[t], false);
        const float *in[] = {row[0], row[1], row[2], row[0], row[1], row[2]};
        const nd_expr_rows rows = {.count = N, .in = in};
        float *out = want;
        CHECK(expr);
        if (!expr) continue;
        expr_run_with(expr_kernels_at[ND_CPU_C], expr, &rows, &out);
        for (int level = 1; level <= (int)nd_cpu_best(); level++) {
            out = got;
            expr_run_with(expr_kernels_at[level], expr, &rows, &out);
            for (int i = 0; i < N; i++)
                if (!same(got[i], want[i])) {
                    printf("# %s, level %d, %d: %.9g, not %.9g\n", texts[t], level, i,
                           (double)got[i], (double)want[i]);
                    CHECK(0);
                    break;
                }
        }
    }
}

// The program's own logarithm and exponential against the C library's, in doubles.
TEST(log_and_exp_are_within_two_ulp_of_the_library)
{
    static const char *const texts[] = {"log(LAT)", "log10(LAT)", "exp(LAT)",
                                        "exp10(LAT)"};
    double worst[4] = {0};
    for (int i = 0; i < 20000; i++) {
        const double u = nd_random_unit(1, (uint64_t)i), v = u * 600 - 300;
        const double at[] = {pow(10, v), pow(10, v), v * 2, v};
        const double want[] = {log(at[0]), log10(at[1]), exp(at[2]), pow(10, at[3])};
        for (int f = 0; f < 4; f++) {
            const expr_op op = (expr_op[]){E_LOG, E_LOG10, E_EXP, E_EXP10}[f];
            double got = 0, from = at[f];
            void *slot[] = {&from, &got};
            const expr_step step = {
                .code = EXPR_CODE(op, EXPR_D), .z = 1, .wanted_by = 1};
            expr_kernels_at[nd_cpu()]->run(
                &step, 1, &(expr_piece){.slot = slot, .count = 1, .wanted = 1});
            const double ulp = fabs(nextafter(want[f], INFINITY) - want[f]);
            worst[f] = fmax(worst[f], fabs(got - want[f]) / ulp);
        }
    }
    for (int f = 0; f < 4; f++) {
        printf("# %s: %.2f ulp at most\n", texts[f], worst[f]);
        CHECK(worst[f] <= 2);
    }
    ALL("log10(1000) == 3", 1);
    ALL("log10(1e-7) == -7", 1);
    ALL("exp10(3) == 1000", 1);
    ALL("exp(0) == 1", 1);
    ALL("log(1) == 0", 1);
    ALL("log(1e-310) > -714", 1);
    ALL("exp(-745.0) > 0", 1);
    ALL("exp(-800) == 0 && inf(exp(800)) && nan(log(-1)) && inf(log(0))", 1);
}
