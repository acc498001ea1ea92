// SPDX-License-Identifier: Apache-2.0
// What every room stands on: errors, arenas, a worker's tools, notes to the user.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ND_CHECKED      __attribute__((warn_unused_result))
#define ND_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define ND_CHECKED
#define ND_PRINTF(f, a)
#endif

// ---- Errors. The words belong to the thread until somebody takes them. Never allocates.
typedef enum nd_status {
    ND_OK,
    ND_E_PARAM,       // a setting is wrong
    ND_E_DATA,        // the input's content is wrong
    ND_E_IO,          // the disk or a file failed
    ND_E_NET,         // the network failed
    ND_E_MEMORY,      // the budget does not suffice
    ND_E_UNSUPPORTED, // right, but nadir cannot do it
    ND_E_CANCELLED,   // somebody asked to stop
    ND_E_BUG          // nadir is wrong
} nd_status;

typedef struct nd_error {
    nd_status code;
    char where[256], what[512], remedy[512];
} nd_error;

// "What is wrong with the value\nWhat to do": the format is the key of the translation.
// Keeps both lines for this thread and hands the code back to return.
nd_status nd_fail(nd_status code, const char *format, ...) ND_PRINTF(2, 3);
#if defined(__clang_analyzer__) // it does not see that what comes back is never ND_OK
#define nd_fail(code, ...) ((void)nd_fail(code, __VA_ARGS__), (code))
#endif
// Where: file:line:column, or the node. The first (innermost) note of an error stays.
void nd_note(const char *format, ...) ND_PRINTF(1, 2);
nd_error nd_error_take(void); // this thread's error; leaves none behind
// That of this thread's error, which stays: for who was given NULL.
nd_status nd_error_code(void);
// Makes it this thread's; returns its code.
nd_status nd_error_give(const nd_error *error);
// Where it is wrong; nothing if the message begins with that place itself.
const char *nd_error_place(const nd_error *error);
void nd_error_print(const nd_error *error, char *text, size_t size); // its two lines

#define ND_TRY(call)                                                                     \
    do {                                                                                 \
        nd_status try_status_ = (call);                                                  \
        if (try_status_ != ND_OK) return try_status_;                                    \
    } while (0)

// The system's words for an errno, in the user's language; any thread.
const char *nd_system_error(int code);

// ---- Notes: one line to the user that is no failure. Rooms never print; the program
// says where notes go, once, before it starts threads. Any thread.
typedef enum nd_loudness { ND_DEBUG, ND_NOTE, ND_WARN } nd_loudness;
typedef void nd_listener(nd_loudness loudness, const char *line, void *user);
void nd_say(nd_loudness loudness, const char *format, ...) ND_PRINTF(2, 3);
void nd_listen(nd_listener *call, void *user); // NULL: nobody listens

// ---- Memory that lives and dies together. Nothing taken from an arena is freed alone.
// One thread at a time.
typedef struct nd_arena nd_arena;
nd_arena *nd_arena_new(void) ND_CHECKED;
// `count` zeroed things of `size` bytes, 64-byte aligned; NULL after nd_fail.
void *nd_alloc(nd_arena *arena, size_t count, size_t size) ND_CHECKED;
// The same without the zeroes: for pixels that are about to be written.
void *nd_alloc_raw(nd_arena *arena, size_t count, size_t size) ND_CHECKED;
const char *nd_text(nd_arena *arena, const char *format, ...) ND_PRINTF(2, 3) ND_CHECKED;
nd_status nd_defer(nd_arena *arena, void (*undo)(void *), void *object) ND_CHECKED;
// Undoes and empties, keeps the memory for next time.
void nd_arena_reset(nd_arena *arena);
void nd_arena_free(nd_arena *arena);
// Room for `size` bytes in *bytes, which malloc gave and free takes, and whose content
// may be lost: for what grows and is used again. *room: how many there are; the first
// time exactly what is asked for, later half as much again.
nd_status nd_room(uint8_t **bytes, size_t *room, size_t size) ND_CHECKED;
size_t nd_arena_bytes(const nd_arena *arena); // what it holds from the system
// A place to come back to: gives up what was taken since, except what was deferred.
typedef struct nd_mark {
    void *chunk;
    size_t used, all;
} nd_mark;
nd_mark nd_arena_mark(const nd_arena *arena);
void nd_arena_back(nd_arena *arena, nd_mark mark);

// For tests: the n-th taking from now on by this thread fails as if memory were short,
// and no other; 0: none. Gives how many were taken since it was last called.
int64_t nd_arena_fail_at(int64_t n);

// ---- What a worker carries: scratch reset after each tile, a flag to look at, its
// error, and what its job shares.
typedef struct nd_flag nd_flag;
nd_flag *nd_flag_new(nd_arena *arena) ND_CHECKED;
void nd_flag_raise(nd_flag *flag); // from any thread
typedef struct nd_work {
    nd_arena *arena;        // the worker's own
    const nd_flag *cancel;  // shared by the job; NULL: cannot be cancelled
    struct nd_cache *cache; // raster's; shared; NULL: nothing is kept
    nd_error error;         // taken from the thread when its task fails
} nd_work;
nd_status nd_work_go_on(const nd_work *work) ND_CHECKED; // CANCELLED once the flag is up
