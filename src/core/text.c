// SPDX-License-Identifier: Apache-2.0
// Words and numbers of users. The C locale is kept here, so a host's has no say.
#define _GNU_SOURCE
#include <assert.h>
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <nadir/text.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t plain;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool nd_text_same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) a++, b++;
    return lower(*a) == lower(*b);
}

bool nd_text_ends(const char *text, const char *end)
{
    const size_t a = strlen(text), b = strlen(end);
    return a >= b && nd_text_same(text + a - b, end);
}

// "NaN" and "Infinity" as Java and JSON-ish texts write them; no hexadecimal, no blanks.
bool nd_text_real(const char *text, double *number)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (nd_text_same(digits, "nan") || nd_text_same(digits, "inf") ||
        nd_text_same(digits, "infinity")) {
        const double value = lower(*digits) == 'n' ? (double)NAN : (double)INFINITY;
        *number = *text == '-' ? -value : value;
        return true;
    }
    if (!((*digits >= '0' && *digits <= '9') || *digits == '.')) return false;
    if (digits[0] == '0' && lower(digits[1]) == 'x') return false;
    pthread_once(&once, make_plain);
    char *end;
    double value = strtod_l(text, &end, plain);
    if (end == text || *end) return false;
    *number = value;
    return true;
}

bool nd_text_size(const char *text, int64_t *number)
{
    static const char units[] = "kMG";
    char *end;
    if (isspace((unsigned char)*text)) return false;
    const double most = 9.2e18;
    long long value = strtoll(text, &end, 10);
    if (end == text || (double)value > most || (double)value < -most) return false;
    const char *unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
    if (*end && (!unit || end[1])) return false;
    const int64_t times = unit ? (int64_t)1 << (10 * (unit - units + 1)) : 1;
    if (value > INT64_MAX / times || value < INT64_MIN / times) return false;
    *number = value * times;
    return true;
}

bool nd_text_listed(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (; list && *list; list += strcspn(list, ","), list += *list == ',') {
        if (strcspn(list, ",") != length) continue;
        size_t i = 0;
        while (i < length && lower(list[i]) == lower(word[i])) i++;
        if (i == length) return true;
    }
    return false;
}

// Optimal string alignment is not needed: one row of Levenshtein finds the nearest word.
int nd_text_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    int row[LONGEST + 1];
    const size_t length = strnlen(b, LONGEST);
    for (size_t j = 0; j <= length; j++) row[j] = (int)j;
    for (int i = 1; *a && i <= LONGEST; a++, i++) {
        int corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            int change = corner + (lower(*a) != lower(b[j - 1]));
            int least = row[j] < row[j - 1] ? row[j] : row[j - 1];
            corner = row[j];
            row[j] = change < least + 1 ? change : least + 1;
        }
    }
    return row[length];
}

// Near enough to be meant: at most a third of the letters differ, or one starts the
// other.
const char *nd_text_nearest(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    int least = 1000;
    for (size_t i = 0; i < count; i++) {
        const int distance = nd_text_distance(word, words[i]);
        if (distance < least) least = distance, best = words[i];
    }
    if (!count) return NULL;
    assert(best); // no distance is beyond that of two whole rows
    const size_t length = strlen(best);
    const int allowed = (int)(length < 4 ? 1 : (length + 2) / 3);
    if (least <= allowed) return best;
    for (size_t i = 0; i < count && *word; i++) {
        size_t j = 0;
        while (word[j] && lower(word[j]) == lower(words[i][j])) j++;
        if (!word[j] && j > 2) return words[i];
    }
    return NULL;
}

const char *nd_text_of_size(nd_arena *arena, int64_t bytes)
{
    static const char units[][2] = {"", "k", "M", "G"};
    int unit = 0;
    for (; unit < 3 && bytes && bytes % 1024 == 0; unit++) bytes /= 1024;
    return nd_text(arena, "%lld%s", (long long)bytes, units[unit]);
}

const char *nd_text_of_real(nd_arena *arena, double number)
{
    if (isnan(number)) return "NaN";
    if (isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    char text[40];
    pthread_once(&once, make_plain);
    const locale_t before = uselocale(plain);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    uselocale(before);
    return nd_text(arena, "%s", text);
}

// One item up to a comma; \u002C inside it stands for a comma. Trimmed.
static const char *item_of(nd_arena *arena, const char *from, size_t length)
{
    while (length && isspace((unsigned char)*from)) from++, length--;
    while (length && isspace((unsigned char)from[length - 1])) length--;
    char *copy = nd_alloc(arena, length + 1, 1);
    size_t n = 0;
    for (size_t i = 0; copy && i < length; i++) {
        const bool is_comma = length - i >= 6 && memcmp(from + i, "\\u002", 5) == 0 &&
                              lower(from[i + 5]) == 'c';
        copy[n++] = is_comma ? ',' : from[i];
        if (is_comma) i += 5;
    }
    return copy;
}

nd_status nd_text_split(nd_arena *arena, const char *text, const char *const **items,
                        size_t *count)
{
    size_t most = 1, n = 0;
    for (const char *c = text; *c; c++) most += *c == ',';
    const char **item = nd_alloc(arena, most, sizeof *item);
    if (!item) return ND_E_MEMORY;
    for (size_t i = 0; i < most; i++) {
        const size_t length = strcspn(text, ",");
        item[n] = item_of(arena, text, length);
        if (!item[n]) return ND_E_MEMORY;
        n += *item[n] != 0;
        text += length + 1;
    }
    *items = item;
    *count = n;
    return ND_OK;
}
