// SPDX-License-Identifier: Apache-2.0
// Runs another program in a group of its own and ends the group when time is up.
#include <errno.h>
#include <fcntl.h>
#include <nadir/pool.h>
#include <nadir/process.h>
#include <nadir/text.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
enum { TAIL = 300 };             // bytes of last words that a message has room for
static const double grace_s = 2; // from TERM to KILL
static const long nap_ns = 10000000;

// ---- Words of a command line.

typedef struct splitter {
    nd_arena *arena;
    nd_buffer word;
    const char **item;
    size_t count, room;
} splitter;

static nd_status end_word(splitter *s)
{
    if (s->count + 1 >= s->room) {
        const size_t room = s->room ? 2 * s->room : 16;
        const char **grown = nd_alloc(s->arena, room, sizeof *grown);
        if (!grown) return ND_E_MEMORY;
        if (s->count) memcpy(grown, s->item, s->count * sizeof *grown);
        s->item = grown, s->room = room;
    }
    const char *text = nd_buffer_text(&s->word);
    if (!text) return ND_E_MEMORY;
    s->item[s->count++] = text;
    s->word = (nd_buffer){.arena = s->arena};
    return ND_OK;
}

// One character or quoted part at `c`; gives where it goes on. NULL: a quote stays open.
static const char *take(splitter *s, const char *c)
{
    if (*c == '\\' && c[1]) {
        nd_buffer_put(&s->word, c + 1, 1);
        return c + 2;
    }
    if (*c != '\'' && *c != '"') {
        nd_buffer_put(&s->word, c, 1);
        return c + 1;
    }
    const char quote = *c++;
    for (; *c && *c != quote; c++) {
        if (quote == '"' && *c == '\\' && (c[1] == '"' || c[1] == '\\')) c++;
        nd_buffer_put(&s->word, c, 1);
    }
    return *c ? c + 1 : NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *const *nd_process_split(nd_arena *arena, const char *line)
{
    splitter s = {.arena = arena, .word = {.arena = arena}};
    for (const char *c = line; *c;) {
        if (is_blank(*c)) {
            c++;
            continue;
        }
        while (c && *c && !is_blank(*c)) c = take(&s, c);
        if (!c)
            return (void)nd_fail(ND_E_PARAM, "a quote stays open in: %s\nclose it", line),
                   NULL;
        if (end_word(&s) != ND_OK) return NULL;
    }
    if (!s.count)
        return (void)nd_fail(ND_E_PARAM, "the command is empty\ngive a program to run"),
               NULL;
    return s.item;
}

// ---- Its environment: ours, with what is given in place of what has the same name.

static bool is_replaced(const char *one, const char *const *by)
{
    const size_t length = strcspn(one, "=") + 1;
    for (; *by; by++)
        if (strncmp(one, *by, length) == 0) return true;
    return false;
}

static char **environment_of(nd_arena *arena, const char *const *more)
{
    static const char *const none[] = {NULL};
    size_t ours = 0, count = 0, added = 0;
    if (!more) more = none;
    while (environ[ours]) ours++;
    while (more[added]) added++;
    char **all = nd_alloc(arena, ours + added + 1, sizeof *all);
    for (size_t i = 0; all && i < ours; i++)
        if (!is_replaced(environ[i], more)) all[count++] = environ[i];
    for (size_t i = 0; all && i < added; i++)
        all[count++] = (char *)(uintptr_t)more[i]; // exec does not write to it
    return all;
}

// ---- Running.

static nd_status start(const nd_process *p, nd_work *work, pid_t *pid)
{
    char **environment = environment_of(work->arena, p->environment);
    if (!environment) return ND_E_MEMORY;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, p->words, O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                       POSIX_SPAWN_SETSIGDEF);
    sigset_t none, ours;
    sigemptyset(&none);
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT), sigaddset(&ours, SIGTERM), sigaddset(&ours, SIGPIPE);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &ours);
    const int failed = posix_spawnp(pid, p->argument[0], &files, &how,
                                    (char *const *)(uintptr_t)p->argument, environment);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    if (!failed) return ND_OK;
    return nd_fail(ND_E_IO,
                   "%s cannot be started: %s\ncheck its name and that it is "
                   "installed",
                   p->argument[0],
                   failed == ENOENT ? "there is no such program" : "the system refuses");
}

static void nap(void)
{
    const struct timespec time = {0, nap_ns};
    nanosleep(&time, NULL);
}

// The group's leader has ended, and is gone for the system, when this is true.
static bool has_ended(pid_t pid, int *how)
{
    const pid_t got = waitpid(pid, how, WNOHANG);
    return got == pid || (got < 0 && errno != EINTR);
}

static void end_group(pid_t pid)
{
    int how;
    const double since = nd_seconds();
    kill(-pid, SIGTERM);
    while (!has_ended(pid, &how) && nd_seconds() - since < grace_s) nap();
    // Whoever is left of the group, the leader's children too.
    kill(-pid, SIGKILL);
    while (nd_seconds() - since < grace_s + 1 && !has_ended(pid, &how)) nap();
}

// The end of what it printed, as one line.
static const char *last_words(const nd_process *p, char text[TAIL + 1])
{
    char raw[TAIL + 1] = "";
    const int file = open(p->words, O_RDONLY);
    if (file < 0) return "nothing";
    const off_t size = lseek(file, 0, SEEK_END);
    lseek(file, size > TAIL ? size - TAIL : 0, SEEK_SET);
    const ssize_t got = read(file, raw, TAIL);
    close(file);
    size_t length = 0;
    for (ssize_t i = 0; i < got; i++) {
        const bool is_plain = (unsigned char)raw[i] > ' ';
        if (is_plain || (length && text[length - 1] != ' '))
            text[length++] = is_plain ? raw[i] : ' ';
    }
    while (length && text[length - 1] == ' ') length--;
    text[length] = 0;
    return length ? text : "nothing";
}

static nd_status judge(const nd_process *p, int how)
{
    char text[TAIL + 1];
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return ND_OK;
    if (WIFEXITED(how) && WEXITSTATUS(how) == 127)
        return nd_fail(ND_E_IO,
                       "%s cannot be started; it said: %s\ncheck its name and "
                       "that it is installed",
                       p->argument[0], last_words(p, text));
    if (WIFEXITED(how))
        return nd_fail(ND_E_DATA, "%s ended with %d; it said: %s\ncorrect the command",
                       p->argument[0], WEXITSTATUS(how), last_words(p, text));
    return nd_fail(ND_E_DATA,
                   "%s was ended by signal %d; it said: %s\n"
                   "run it by hand to see why",
                   p->argument[0], WTERMSIG(how), last_words(p, text));
}

nd_status nd_process_run(const nd_process *process, nd_work *work)
{
    pid_t pid;
    int how;
    const double since = nd_seconds();
    ND_TRY(start(process, work, &pid));
    while (!has_ended(pid, &how)) {
        const bool is_late =
            process->timeout_s > 0 && nd_seconds() - since > process->timeout_s;
        const nd_status status = nd_work_go_on(work);
        if (status != ND_OK || is_late) end_group(pid);
        if (status != ND_OK) return status;
        char text[TAIL + 1];
        if (is_late)
            return nd_fail(ND_E_DATA,
                           "%s took longer than %g s; it said: %s\n"
                           "allow it more time, or find out what it waits for",
                           process->argument[0], process->timeout_s,
                           last_words(process, text));
        nap();
    }
    return judge(process, how);
}
