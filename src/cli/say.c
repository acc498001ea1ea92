// SPDX-License-Identifier: Apache-2.0
// How the program speaks: errors and notes for a person, JSON for a program, colours.
#include "cli/cli.h"
#include "cli/progress.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool cli_is_terminal(FILE *to)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(to)) && !(kind && strcmp(kind, "dumb") == 0);
}

int cli_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return 80;
    return size.ws_col > 100 ? 100 : size.ws_col;
}

static bool has_colour(FILE *to)
{
    const char *no = getenv("NO_COLOR");
    return cli_is_terminal(to) && !(no && *no);
}

const char *cli_paint_on(FILE *to, cli_paint paint)
{
    static const char *const codes[] = {[CLI_PLAIN] = "",
                                        [CLI_BOLD] = "\033[1m",
                                        [CLI_RED] = "\033[31m",
                                        [CLI_YELLOW] = "\033[33m",
                                        [CLI_FAINT] = "\033[2m"};
    return has_colour(to) ? codes[paint] : "";
}

const char *cli_paint_off(FILE *to)
{
    return has_colour(to) ? "\033[0m" : "";
}

static void error_json(const nd_error *error)
{
    nd_arena *arena = nd_arena_new();
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    if (!arena) return;
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "event", "error");
    nd_json_text(&out, "where", *error->where ? error->where : NULL);
    nd_json_text(&out, "what", error->what);
    nd_json_text(&out, "remedy", error->remedy);
    nd_json_close(&out, '}');
    const char *line = nd_buffer_text(&text);
    if (line) puts(line), fflush(stdout);
    nd_arena_free(arena);
}

void cli_error_tell(const cli_general *general, const nd_error *error)
{
    const char *place = nd_error_place(error);
    fflush(stdout); // so that both come in order where they share a file
    cli_progress_clear();
    fprintf(stderr, "%s%s%s%s%s\n", cli_paint_on(stderr, CLI_RED), place,
            *place ? ": " : "", error->what, cli_paint_off(stderr));
    if (*error->remedy) fprintf(stderr, "%s\n", error->remedy);
    if (general->json) error_json(error);
}

void cli_event(const char *event, const char *key, const char *value)
{
    nd_arena *arena = nd_arena_new();
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    if (!arena) return;
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "event", event);
    nd_json_text(&out, key, value);
    nd_json_close(&out, '}');
    const char *line = nd_buffer_text(&text);
    if (line) puts(line), fflush(stdout);
    nd_arena_free(arena);
}

static void note(nd_loudness loudness, const char *line, void *user)
{
    const cli_general *general = user;
    if (general->quiet || loudness == ND_DEBUG) return;
    if (general->json) {
        cli_event(loudness == ND_WARN ? "warning" : "note", "text", line);
        return;
    }
    cli_progress_clear();
    fprintf(stderr, "%s%s%s\n",
            cli_paint_on(stderr, loudness == ND_WARN ? CLI_YELLOW : CLI_FAINT), line,
            cli_paint_off(stderr));
}

void cli_notes(const cli_general *general)
{
    nd_listen(note, (void *)(uintptr_t)general);
}

// A descriptor that is closed would become that of the first file which is opened, and
// what is said would land in a map. Writing to what can only be read fails. So does a
// file beyond the limit of sizes (ulimit -f), which would end the program.
void cli_streams(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)open("/dev/null", O_RDONLY);
}

bool cli_is_unheard(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
        return true; // was closed
    return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP | POLLNVAL));
}

nd_status cli_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return ND_OK;
    if (cli_is_unheard())
        return nd_fail(ND_E_IO, "nobody reads what is printed\n"
                                "keep the reader open to its end, or print into a file");
    return nd_fail(ND_E_IO, "the output cannot be written\nmake room and try again");
}

nd_status cli_put(nd_buffer *text)
{
    const char *all = nd_buffer_text(text);
    if (!all) return ND_E_MEMORY;
    fwrite(all, 1, text->length, stdout);
    return cli_flush();
}
