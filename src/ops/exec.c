// SPDX-License-Identifier: Apache-2.0
// Exec: any command as a node, through files.
#include <nadir/io.h>
#include <nadir/op.h>
#include <nadir/process.h>
#include <pthread.h>
#include <string.h>

typedef struct exec {
    const char *command;
    bool shell;
    nd_choice grid;
    nd_list bands;
    const char *format, *out;
    double timeout_s;
    nd_list environment;
} exec;

enum { SAME, RUN };
static const nd_option grids[] = {
    {"same", "The first input's: the command runs when somebody looks at the result",
     NULL},
    {"run", "The command says: it runs as soon as the graph is planned", NULL},
    {NULL, NULL, NULL}};

static const nd_param params[] = {
    ND_PARAM(exec, command, NULL, .required = true,
             .help = "Program and its words; {in}, {in.1} and {out} stand for files"),
    ND_PARAM(exec, shell, false, .help = "Hand the command to sh: pipes, $NAME, *"),
    ND_PARAM(exec, grid, {SAME}, .choices = grids, .help = "Which pixels come out"),
    ND_PARAM(exec, bands, {0},
             .help = "Names of the bands that come out; the first input's if not given"),
    ND_PARAM(exec, format, "GeoTIFF", .was = "formatName",
             .help = "Format in which the inputs are handed over"),
    ND_PARAM(exec, out, "out.tif",
             .help = "Name of the file that the command writes, for its ending"),
    ND_PARAM(exec, timeout_s, 3600, .was = "timeout", .max = 1e7, .unit = "seconds",
             .help = "Time that the command may take; 0 is no limit"),
    ND_PARAM(exec, environment, {0}, .help = "NAME=value for the command"),
};

enum { INPUTS = 64, BANDS = 1024 };
// What happens once. Threads that come while it happens wait; then all read the product.
typedef struct once {
    pthread_mutex_t lock;
    nd_arena *arena; // of the product and the folder's name
    const char *folder;
    const nd_product *product; // NULL: not run yet
    nd_error error;            // of a run that failed for good
} once;

// ---- The command: which files it speaks of.

typedef struct hole {
    size_t length; // of {in.1} in the text; 0: no hole
    int input;     // -1: {out}
} hole;

// A brace that holds no lower case word is the command's own business.
static nd_status find_hole(const nd_node *self, const char *at, hole *found)
{
    const size_t word = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
    size_t end = 1 + word;
    int64_t number = 0;
    *found = (hole){0, 0};
    if (!word) return ND_OK;
    if (at[end] == '.') {
        char digits[8] = "";
        const size_t count = strspn(at + end + 1, "0123456789");
        if (!count || count >= sizeof digits) return ND_OK;
        memcpy(digits, at + end + 1, count);
        if (!nd_text_size(digits, &number)) return ND_OK;
        end += 1 + count;
    }
    if (at[end] != '}') return ND_OK;
    const bool is_out = word == 3 && strncmp(at, "{out}", 5) == 0;
    const bool is_in = word == 2 && strncmp(at, "{in", 3) == 0;
    if (!is_out && !is_in)
        return nd_fail(ND_E_PARAM,
                       "command: %.*s stands for nothing\n"
                       "write {in}, {in.1} or {out}",
                       (int)(end + 1), at);
    if (is_in && number >= self->inputs)
        return nd_fail(ND_E_PARAM,
                       "command: %.*s, but the node has %d inputs\n"
                       "connect as many as the command reads",
                       (int)(end + 1), at, self->inputs);
    *found = (hole){end + 1, is_out ? -1 : (int)number};
    return ND_OK;
}

typedef struct files {
    const char *in[INPUTS], *out;
    bool is_read[INPUTS], is_written;
} files;

static nd_status find_files(const nd_node *self, files *f)
{
    const exec *set = self->settings.data;
    for (const char *c = set->command; *c; c++) {
        hole h = {0};
        if (*c == '{') ND_TRY(find_hole(self, c, &h));
        if (!h.length) continue;
        if (h.input < 0)
            f->is_written = true;
        else
            f->is_read[h.input] = true;
    }
    if (f->is_written) return ND_OK;
    return nd_fail(ND_E_PARAM, "command: {out} is not in it, so nothing comes out\n"
                               "write {out} where the command names its result");
}

static void put_quoted(nd_buffer *to, const char *path)
{
    nd_buffer_put(to, "'", 1);
    for (; *path; path++)
        nd_buffer_put(to, *path == '\'' ? "'\\''" : path, *path == '\'' ? 4 : 1);
    nd_buffer_put(to, "'", 1);
}

static const char *filled(const nd_node *self, nd_arena *arena, const files *f,
                          const char *text, bool quotes)
{
    nd_buffer to = {.arena = arena};
    for (const char *c = text; *c; c++) {
        hole h = {0};
        if (*c == '{' && find_hole(self, c, &h) != ND_OK) return NULL;
        if (!h.length) {
            nd_buffer_put(&to, c, 1);
            continue;
        }
        const char *path = h.input < 0 ? f->out : f->in[h.input];
        if (quotes)
            put_quoted(&to, path);
        else
            nd_buffer_put(&to, path, strlen(path));
        c += h.length - 1;
    }
    return nd_buffer_text(&to);
}

// Words are split before files are put in, so that a blank in a path splits nothing.
static const char *const *arguments(const nd_node *self, nd_arena *arena, const files *f)
{
    const exec *set = self->settings.data;
    if (set->shell) {
        const char **sh = nd_alloc(arena, 4, sizeof *sh);
        const char *line = filled(self, arena, f, set->command, true);
        if (!sh || !line) return NULL;
        sh[0] = "/bin/sh", sh[1] = "-c", sh[2] = line;
        return sh;
    }
    const char *const *word = nd_process_split(arena, set->command);
    size_t count = 0;
    while (word && word[count]) count++;
    const char **all = word ? nd_alloc(arena, count + 1, sizeof *all) : NULL;
    for (size_t i = 0; all && i < count; i++)
        if (!(all[i] = filled(self, arena, f, word[i], false))) return NULL;
    return all;
}

// ---- Running it.

typedef struct writing {
    const nd_node *self;
    nd_work *work;
    const files *files;
    nd_status status;
    nd_error error;
} writing;

static nd_status write_inputs(const writing *w, nd_pool *pool, nd_cache *cache)
{
    const exec *set = w->self->settings.data;
    // The engine raises this flag when a tile fails; the job that waits here fails then.
    nd_flag *cancel = (nd_flag *)(uintptr_t)w->work->cancel;
    const nd_run run = {.pool = pool, .cache = cache, .cancel = cancel};
    for (int i = 0; i < w->self->inputs; i++) {
        const nd_write write = {.path = w->files->in[i], .format = set->format};
        if (w->files->is_read[i])
            ND_TRY(nd_write_node(w->self->input[i], (nd_bands){NULL, 0}, &write, &run));
    }
    return ND_OK;
}

// In a thread of its own: inside of a worker, a run would keep to one core.
static void *write_apart(void *user)
{
    enum { CACHE = 256 << 20 };
    writing *w = user;
    nd_pool *pool = nd_pool_new(0);
    nd_cache *own = w->work->cache ? NULL : nd_cache_new(CACHE);
    nd_cache *cache = own ? own : w->work->cache;
    w->status = pool && cache ? write_inputs(w, pool, cache) : ND_E_MEMORY;
    if (w->status != ND_OK) w->error = nd_error_take();
    if (own) nd_cache_free(own);
    nd_pool_free(pool);
    return NULL;
}

static nd_status hand_over(const nd_node *self, nd_work *work, const files *f)
{
    writing w = {.self = self, .work = work, .files = f};
    pthread_t thread;
    if (pthread_create(&thread, NULL, write_apart, &w) != 0)
        return nd_fail(ND_E_MEMORY, "the system gives no thread\nclose other programs");
    pthread_join(thread, NULL);
    return w.status == ND_OK ? ND_OK : nd_error_give(&w.error);
}

static nd_status name_files(const nd_node *self, once *o, files *f)
{
    const exec *set = self->settings.data;
    for (int i = 0; i < self->inputs; i++) {
        const char *path = i ? nd_text(o->arena, "%s/in.%d", o->folder, i)
                             : nd_text(o->arena, "%s/in", o->folder);
        const nd_write write = {.path = path, .format = set->format};
        if (!path) return ND_E_MEMORY;
        f->in[i] = nd_write_path(o->arena, &write);
        if (!f->in[i]) return ND_E_PARAM;
    }
    f->out = nd_text(o->arena, "%s/%s", o->folder, set->out);
    return f->out ? ND_OK : ND_E_MEMORY;
}

static nd_status run_in(const nd_node *self, nd_work *work, once *o)
{
    const exec *set = self->settings.data;
    files *f = nd_alloc(o->arena, 1, sizeof *f);
    const char *words = nd_text(o->arena, "%s/words", o->folder);
    const char **environment =
        nd_alloc(o->arena, set->environment.count + 1, sizeof *environment);
    if (!f || !words || !environment) return ND_E_MEMORY;
    for (size_t i = 0; i < set->environment.count; i++)
        environment[i] = set->environment.item[i];
    ND_TRY(find_files(self, f));
    ND_TRY(name_files(self, o, f));
    const char *const *argument = arguments(self, o->arena, f);
    if (!argument) return ND_E_PARAM;
    nd_say(ND_NOTE, "%s: inputs go into files, %s runs, its result is read", self->place,
           argument[0]);
    ND_TRY(hand_over(self, work, f));
    const nd_process process = {argument, environment, words, set->timeout_s};
    ND_TRY(nd_process_run(&process, work));
    const nd_product *product = nd_product_open(o->arena, f->out, NULL);
    if (!product) {
        const nd_error error = nd_error_take();
        if (error.code == ND_E_MEMORY) return nd_error_give(&error);
        return nd_fail(ND_E_DATA,
                       "%s ended well but left no picture in {out}\n"
                       "see that it writes the file it is given",
                       argument[0]);
    }
    o->product = product;
    return ND_OK;
}

static void remove_folder(void *object)
{
    nd_scratch_remove(((once *)object)->folder);
}

// Under the lock.
static nd_status run_now(const nd_node *self, nd_work *work, once *o)
{
    if (o->product) return ND_OK;
    if (o->error.code != ND_OK) return nd_error_give(&o->error);
    ND_TRY(nd_work_go_on(work));
    nd_arena_reset(o->arena);
    o->folder = nd_scratch_new(o->arena);
    if (!o->folder) return ND_E_IO;
    nd_status status = nd_defer(o->arena, remove_folder, o);
    if (status != ND_OK) nd_scratch_remove(o->folder);
    if (status == ND_OK) status = run_in(self, work, o);
    if (status == ND_OK) return ND_OK;
    nd_arena_reset(o->arena); // closes what is half open, and the folder goes
    // A command that failed fails again; one that was stopped may start anew.
    if (status != ND_E_CANCELLED) {
        o->error = nd_error_take();
        (void)nd_error_give(&o->error);
    }
    return status;
}

static nd_status run_once(const nd_node *self, nd_work *work, once *o)
{
    pthread_mutex_lock(&o->lock);
    const nd_status status = run_now(self, work, o);
    pthread_mutex_unlock(&o->lock);
    return status;
}

static void forget(void *object)
{
    once *o = object;
    nd_arena_free(o->arena);
    pthread_mutex_destroy(&o->lock);
}

// ---- Plan.

static nd_status promise_same(nd_node *self)
{
    const exec *set = self->settings.data;
    const nd_node *first = self->inputs ? self->input[0] : NULL;
    nd_band like = {0};
    int count = 0;
    if (!first)
        return nd_fail(ND_E_PARAM, "grid: there is no input whose grid it could have\n"
                                   "connect one, or set grid to run");
    nd_band *band =
        nd_alloc(self->arena, (size_t)first->bands + set->bands.count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    for (int b = 0; b < first->bands; b++) {
        if (first->band[b].role != ND_DATA) continue;
        if (!like.name) like = first->band[b];
        if (nd_grid_same(&first->band[b].grid, &like.grid))
            band[count++] = first->band[b];
    }
    if (!count) return nd_fail(ND_E_DATA, "the input has no bands\nselect some");
    for (size_t i = 0; i < set->bands.count; i++)
        band[i] = (nd_band){
            .name = set->bands.item[i], .grid = like.grid, .no_data = (double)NAN};
    self->band = band;
    self->bands = set->bands.count ? (int)set->bands.count : count;
    self->levels = ND_REDUCED;
    return ND_OK;
}

static nd_status take_made(nd_node *self, once *o)
{
    const exec *set = self->settings.data;
    const size_t count = (size_t)o->product->bands;
    if (set->bands.count > count)
        return nd_fail(ND_E_DATA,
                       "bands: %zu names, but the command made %zu bands\n"
                       "give as many",
                       set->bands.count, count);
    self->band = nd_alloc(self->arena, count, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    memcpy(self->band, o->product->band, count * sizeof *self->band);
    for (size_t i = 0; i < set->bands.count; i++) self->band[i].name = set->bands.item[i];
    self->bands = (int)(set->bands.count ? set->bands.count : count);
    self->levels = o->product->levels;
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const exec *set = self->state;
    files *f = nd_alloc(self->arena, 1, sizeof *f);
    once *o = nd_alloc(self->arena, 1, sizeof *o);
    if (!f || !o) return ND_E_MEMORY;
    if (self->inputs > INPUTS || strchr(set->out, '/'))
        return nd_fail(ND_E_PARAM,
                       "out: %s with %d inputs\n"
                       "give a name without folder, and at most %d inputs",
                       set->out, self->inputs, INPUTS);
    ND_TRY(find_files(self, f));
    if (!(o->arena = nd_arena_new())) return ND_E_MEMORY;
    pthread_mutex_init(&o->lock, NULL);
    const nd_status deferred = nd_defer(self->arena, forget, o);
    if (deferred != ND_OK) forget(o);
    ND_TRY(deferred);
    self->state = o;
    if (set->grid.at == SAME) return promise_same(self);
    nd_arena *scratch = nd_arena_new();
    if (!scratch) return ND_E_MEMORY;
    nd_work work = {.arena = scratch};
    const nd_status status = run_once(self, &work, o);
    nd_arena_free(scratch);
    return status == ND_OK ? take_made(self, o) : status;
}

// ---- Compute: the product's pixels, once it is there and is what was promised.

static nd_status check_promise(const nd_node *self, const nd_product *product, int band)
{
    const nd_grid *want = &self->band[band].grid;
    if (band >= product->bands)
        return nd_fail(ND_E_DATA,
                       "the command made %d bands, not %d\n"
                       "name its bands, or set grid to run",
                       product->bands, self->bands);
    const nd_grid *got = &product->band[band].grid;
    if (got->width == want->width && got->height == want->height) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "the command made %d x %d pixels, not %d x %d\n"
                   "set grid to run",
                   got->width, got->height, want->width, want->height);
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    once *o = (once *)(uintptr_t)self->state; // its lock and what it guards may change
    ND_TRY(run_once(self, work, o));
    for (int k = 0; k < tile->bands.count; k++)
        ND_TRY(check_promise(self, o->product, tile->bands.band[k]));
    return o->product->read(o->product, work, tile);
}

const nd_op nd_op_exec = {
    .name = "exec",
    .brief = "Run any command on files and go on with what it writes",
    .example = "nadir exec in.tif -o out.tif --command 'gdal_translate {in} {out}'",
    .help = "The inputs named in the command are written to files, once, when somebody\n"
            "first looks at the result; the command runs; its file is read. Words are\n"
            "split as a shell does, but no shell runs unless shell is true. The result\n"
            "has the first input's grid; a command that makes another one needs grid\n"
            "set to run, and then runs as soon as the graph is planned, also for check\n"
            "and explain. Files lie in $TMPDIR and go with the graph.",
    .table = ND_TABLE(params, exec),
    .min_inputs = 0,
    .max_inputs = -1,
    .levels = ND_REDUCED,
    .decodes = true,
    .materialises = true,
    .plan = plan,
    .compute = compute,
};
