// SPDX-License-Identifier: Apache-2.0
// The language the program speaks: the user's, where there is a catalogue for it.
#include "cli/language.h"
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <nadir/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The locale of the process is set before threads start, and each thread then has its
// own. NOLINTBEGIN(concurrency-mt-unsafe)

// In the build folder, catalogues stand in po/ beside the program or above src/cli.
static bool beside(char *folder, size_t size)
{
    static const char *const places[] = {"", "/../.."};
    char own[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length <= 0) return false;
    own[length] = 0;
    char *slash = strrchr(own, '/');
    if (!slash) return false;
    *slash = 0;
    // Only beside a build: an installed bin/ has its catalogues elsewhere.
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (snprintf(folder, size, "%s%s/po/es/LC_MESSAGES", own, places[i]) <
                (int)size &&
            access(folder, R_OK) == 0)
            return snprintf(folder, size, "%s%s/po", own, places[i]) < (int)size;
    return false;
}

// A language whose locale this system lacks is still spoken: a locale that is not "C"
// makes gettext look at LANGUAGE.
static void prefer(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    if (setlocale(LC_MESSAGES, "") && strcmp(setlocale(LC_MESSAGES, NULL), "C") != 0)
        return;
    const char *wanted = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !(wanted && *wanted); i++)
        wanted = getenv(names[i]);
    if (!wanted || strlen(wanted) < 2 || strcmp(wanted, "POSIX") == 0) return;
    if (setlocale(LC_MESSAGES, "C.UTF-8") && !getenv("LANGUAGE"))
        (void)setenv("LANGUAGE", wanted, 1);
}

// The two ways a thread can speak; made once, before threads start.
static struct {
    locale_t english, other;
    bool is_english; // the program's own
} voices;

// Whether gettext looks at LANGUAGE hangs on the thread's locale; LANGUAGE itself is one
// for all threads, and there is one catalogue.
void cli_language_each(void)
{
    const char *own = getenv("LANGUAGE");
    const char *locale = setlocale(LC_MESSAGES, NULL);
    voices.english = newlocale(LC_MESSAGES_MASK, "C", NULL);
    voices.other = newlocale(LC_MESSAGES_MASK | LC_CTYPE_MASK, "C.UTF-8", NULL);
    const char *speaks = !locale || strcmp(locale, "C") == 0 ? "en"
                         : own && *own                       ? own
                                                             : locale;
    voices.is_english = strncmp(speaks, "es", 2) != 0;
    if (!voices.english || !voices.other) return;
    if (voices.is_english && !setlocale(LC_MESSAGES, "C")) return;
    (void)setenv("LANGUAGE", "es", 1);
}

// "es-MX, en;q=0.8, *;q=0.1": of those spoken here the one of the highest q, the first of
// equals; "*" stands for the program's own. English where none of them is spoken.
static bool prefers_english(const char *wanted)
{
    if (!wanted || !*wanted) return voices.is_english;
    bool is_english = true;
    double most = 0;
    for (const char *at = wanted; *at; at += strcspn(at, ","), at += *at == ',') {
        char tag[64], share[16];
        double q = 1;
        const int parts = sscanf(at, " %63[^,; \t] ; %*[qQ]=%15[0-9.]", tag, share);
        if (parts < 1 || (parts > 1 && !nd_text_real(share, &q)) || q <= most) continue;
        tag[strcspn(tag, "-")] = 0;
        const bool is_english_too = nd_text_same(tag, "en");
        const bool is_any = strcmp(tag, "*") == 0;
        if (!is_english_too && !is_any && !nd_text_same(tag, "es")) continue;
        most = q, is_english = is_any ? voices.is_english : is_english_too;
    }
    return is_english;
}

void cli_speak(const char *wanted)
{
    if (!voices.english || !voices.other) return;
    (void)uselocale(prefers_english(wanted) ? voices.english : voices.other);
}

void cli_language(void)
{
    char folder[PATH_MAX];
    const char *asked = getenv("NADIR_LOCALE");
    (void)setlocale(LC_CTYPE, "");
    prefer();
    if (!asked) asked = beside(folder, sizeof folder) ? folder : NADIR_LOCALEDIR;
    (void)bindtextdomain("nadir", asked);
    (void)bind_textdomain_codeset("nadir", "UTF-8");
}
// NOLINTEND(concurrency-mt-unsafe)
