// SPDX-License-Identifier: Apache-2.0
// Arenas: chunks that are emptied but kept, so that a steady state allocates nothing.
#include <nadir/core.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, CHUNK = 1 << 14 };

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    unsigned char *bytes;
} chunk;
typedef struct later {
    void (*call)(void *);
    void *object;
    struct later *next;
} later;
struct nd_arena {
    chunk *first, *now;
    size_t bytes, used, peak; // held; taken now, and at most since the last reset
    later *later;
};
struct nd_flag {
    atomic_bool up;
};

nd_arena *nd_arena_new(void)
{
    nd_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        (void)nd_fail(ND_E_MEMORY, "no memory for an arena\nclose other programs");
    return arena;
}

// Small arenas stay small; one that has grown takes larger chunks.
static chunk *chunk_new(nd_arena *arena, size_t least)
{
    size_t usual = CHUNK;
    while (usual < arena->bytes / 4 && usual < ((size_t)1 << 20)) usual *= 2;
    size_t size = least > usual ? least : usual;
    chunk *made = malloc(sizeof *made);
    unsigned char *bytes = made ? aligned_alloc(ALIGN, size) : NULL;
    if (!bytes) {
        free(made);
        return NULL;
    }
    *made = (chunk){.size = size, .bytes = bytes};
    arena->bytes += size;
    return made;
}

static bool has_room(const chunk *c, size_t bytes)
{
    return c->size - c->used >= bytes;
}

// Each thread's own, as its error is: a test makes one taking after the other fail.
static _Thread_local struct {
    int64_t taken, fail_at;
} torture;

int64_t nd_arena_fail_at(int64_t n)
{
    const int64_t taken = torture.taken;
    torture.taken = 0, torture.fail_at = n;
    return taken;
}

static bool is_tortured(void)
{
    if (++torture.taken != torture.fail_at) return false;
    (void)nd_fail(ND_E_MEMORY, "no memory, as a test asked\nask the test");
    return true;
}

void *nd_alloc_raw(nd_arena *arena, size_t count, size_t size)
{
    if (is_tortured()) return NULL;
    if (size && count > (SIZE_MAX / 2 - ALIGN) / size) {
        (void)nd_fail(ND_E_MEMORY,
                      "%zu x %zu bytes are more than a computer has\n"
                      "ask for a smaller window",
                      count, size);
        return NULL;
    }
    size_t bytes = (count * size + ALIGN - 1) / ALIGN * ALIGN;
    if (!bytes) bytes = ALIGN;
    chunk **link = &arena->first;
    if (arena->now) {
        while (!has_room(arena->now, bytes) && arena->now->next)
            arena->now = arena->now->next;
        link = &arena->now->next;
    }
    if (!arena->now || !has_room(arena->now, bytes)) {
        *link = chunk_new(arena, bytes);
        if (!*link) {
            (void)nd_fail(ND_E_MEMORY,
                          "no memory for %zu bytes\n"
                          "lower --memory or close other programs",
                          bytes);
            return NULL;
        }
        arena->now = *link;
    }
    void *place = arena->now->bytes + arena->now->used;
    arena->now->used += bytes;
    arena->used += bytes;
    if (arena->used > arena->peak) arena->peak = arena->used;
    return place;
}

void *nd_alloc(nd_arena *arena, size_t count, size_t size)
{
    void *place = nd_alloc_raw(arena, count, size);
    return place ? memset(place, 0, count * size) : NULL;
}

const char *nd_text(nd_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = nd_alloc(arena, length < 0 ? 1 : (size_t)length + 1, 1);
    if (!text || length < 0) return text;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

// Kept outside the chunks, so that going back to a mark forgets no undoing.
nd_status nd_defer(nd_arena *arena, void (*undo)(void *), void *object)
{
    if (is_tortured()) return ND_E_MEMORY;
    later *made = malloc(sizeof *made);
    if (!made)
        return nd_fail(ND_E_MEMORY, "no memory for %zu bytes\nclose other programs",
                       sizeof *made);
    *made = (later){undo, object, arena->later};
    arena->later = made;
    return ND_OK;
}

static void undo_all(nd_arena *arena)
{
    for (later *l = arena->later, *next; l; l = next) {
        next = l->next;
        l->call(l->object);
        free(l);
    }
    arena->later = NULL;
}

static void free_chunks(nd_arena *arena)
{
    for (chunk *c = arena->first, *next; c; c = next) {
        next = c->next;
        free(c->bytes);
        free(c);
    }
    arena->first = arena->now = NULL;
    arena->bytes = 0;
}

// Several chunks become one that would have held all: so tiles of changing shape do not
// leave a trail of chunks that fit none of them.
void nd_arena_reset(nd_arena *arena)
{
    undo_all(arena);
    if (arena->first && arena->first->next) {
        const size_t want = arena->peak + arena->peak / 8;
        free_chunks(arena);
        arena->first = chunk_new(arena, (want + ALIGN - 1) / ALIGN * ALIGN);
    }
    if (arena->first) arena->first->used = 0;
    arena->now = arena->first;
    arena->used = arena->peak = 0;
}

void nd_arena_free(nd_arena *arena)
{
    if (!arena) return;
    undo_all(arena);
    free_chunks(arena);
    free(arena);
}

size_t nd_arena_bytes(const nd_arena *arena)
{
    return arena->bytes;
}

nd_mark nd_arena_mark(const nd_arena *arena)
{
    return (nd_mark){arena->now, arena->now ? arena->now->used : 0, arena->used};
}

void nd_arena_back(nd_arena *arena, nd_mark mark)
{
    chunk *from = mark.chunk ? mark.chunk : arena->first;
    if (!from) return;
    for (chunk *c = from->next; c; c = c->next) c->used = 0;
    from->used = mark.used;
    arena->now = from;
    arena->used = mark.all;
}

nd_flag *nd_flag_new(nd_arena *arena)
{
    nd_flag *flag = nd_alloc(arena, 1, sizeof *flag);
    if (flag) atomic_init(&flag->up, false);
    return flag;
}

void nd_flag_raise(nd_flag *flag)
{
    atomic_store(&flag->up, true);
}

nd_status nd_work_go_on(const nd_work *work)
{
    if (work->cancel && atomic_load_explicit(&work->cancel->up, memory_order_relaxed))
        return nd_fail(ND_E_CANCELLED, "stopped on request\nstart it again to go on");
    return ND_OK;
}

nd_status nd_room(uint8_t **bytes, size_t *room, size_t size)
{
    if (size <= *room) return ND_OK;
    free(*bytes);
    *room = *room ? size + size / 2 : size;
    *bytes = malloc(*room);
    if (*bytes) return ND_OK;
    *room = 0;
    return nd_fail(ND_E_MEMORY, "no memory for %zu bytes\nclose other programs", size);
}
