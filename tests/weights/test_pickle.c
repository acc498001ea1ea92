// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"
#include "weights/pickle.h"
#include "weights/zip.h"

// ---- Files as PyTorch writes them, made by hand around a pickle.
static nd_bytes archive(nd_arena *arena, const void *text, size_t count,
                        const void *numbers, size_t bytes)
{
    const char *path = file_path(arena, "archive.pt");
    nd_file *file = nd_file_new(arena, path);
    zip_out *z = file ? weights_zip_new(arena, file) : NULL;
    nd_bytes all = {0};
    if (z && weights_zip_put(z, "a/data.pkl", text, count) == ND_OK &&
        weights_zip_put(z, "a/data/0", numbers, bytes) == ND_OK &&
        weights_zip_end(z, false) == ND_OK && nd_file_commit(file) == ND_OK &&
        nd_file_map(arena, path, &all) == ND_OK)
        return all;
    failures++;
    return all;
}

static const float six[] = {1, 2, 3, 4, 5, 6};

static nd_weights *reads(nd_arena *arena, const char *text, size_t count)
{
    return weights_read(arena, archive(arena, text, count, six, sizeof six));
}
#define READS(text)          reads(arena, text, sizeof(text) - 1)
#define REFUSES(text, words) (!READS(text) && error_says(words))

// {"x": a tensor}: offset, sizes, strides as opcodes.
#define STORAGE(count)                                                                   \
    "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpu" count "tQ"
#define TENSOR(count, offset, sizes, strides)                                            \
    "\x80\2}X\1\0\0\0xctorch._utils\n_rebuild_tensor_v2\n(" STORAGE(count) offset        \
        "(" sizes "t(" strides "t\x89}tRs."

TEST(a_tensor_is_read_where_its_strides_lead)
{
    const nd_weights *w = READS(TENSOR("K\6", "K\0", "K\2K\3", "K\3K\1"));
    CHECK(floats(arena, w, "x", 6)[5] == 6 && w && w->weight[0].shape.dim[1] == 3);
    w = READS(TENSOR("K\6", "K\0", "K\3K\2", "K\1K\3")); // the transpose
    const float *x = floats(arena, w, "x", 6);
    CHECK(x[0] == 1 && x[1] == 4 && x[2] == 2 && x[3] == 5 && x[4] == 3 && x[5] == 6);
    w = READS(TENSOR("K\6", "K\4", "K\2K\2", "K\0K\1")); // expanded
    x = floats(arena, w, "x", 4);
    CHECK(x[0] == 5 && x[1] == 6 && x[2] == 5 && x[3] == 6);
    w = READS(TENSOR("K\6", "K\2", "", ""));
    CHECK(floats(arena, w, "x", 1)[0] == 3);
}

TEST(extents_that_lie_are_refused)
{
    CHECK(REFUSES(TENSOR("K\6", "K\1", "K\2K\3", "K\3K\1"), "x reaches beyond"));
    CHECK(REFUSES(TENSOR("K\7", "K\0", "K\1", "K\1"), "x reaches beyond"));
    CHECK(REFUSES(TENSOR("K\6", "K\6", "K\1", "K\1"), "x reaches beyond"));
    CHECK(REFUSES(TENSOR("K\6", "K\0", "K\2", "K\6"), "x reaches beyond"));
    CHECK(REFUSES(TENSOR("K\6", "J\xff\xff\xff\xff", "K\1", "K\1"), "cannot use"));
    CHECK(REFUSES(TENSOR("K\6", "K\0", "J\xff\xff\xff\xff", "K\1"), "cannot use"));
    CHECK(REFUSES(TENSOR("K\6", "K\0", "K\2K\3", "K\1"), "cannot use"));
#define HUGE_ "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f" // 2^63 - 1
#define TWO31 "\x8a\x05\0\0\0\x80\0"
    CHECK(REFUSES(TENSOR("K\6", "K\0", HUGE_, "K\1"), "x reaches beyond"));
    CHECK(REFUSES(TENSOR("K\6", "K\0", TWO31, "K\0"), "x reaches beyond"));
    CHECK(REFUSES(TENSOR("K\6", HUGE_, "K\2", HUGE_), "x reaches beyond"));
    CHECK(REFUSES(TENSOR(HUGE_, "K\0", "K\1", "K\1"), "x reaches beyond"));
#define MILLION "J\x40\x42\x0f\0"
    CHECK(REFUSES(TENSOR("K\6", "K\0", MILLION MILLION, "K\0K\0"), "would unfold to"));
    CHECK(REFUSES(TENSOR("K\6", "K\0", MILLION MILLION MILLION MILLION, "K\0K\0K\0K\0"),
                  "x reaches beyond"));
}

TEST(empty_tensors_and_many_dimensions_are_told_apart)
{
    const nd_weights *w = READS(TENSOR("K\6", "K\0", "K\0K\3", "K\3K\1"));
    CHECK(w && w->count == 1 && nd_shape_count(w->weight[0].shape) == 0);
    w = READS(TENSOR("K\6", "K\0", "K\1K\1K\1K\1K\1K\1K\6", "K\1K\1K\1K\1K\1K\1K\1"));
    CHECK(w && w->count == 0 && w->skips == 1 &&
          strcmp(w->skipped[0].reason, "7 dimensions") == 0);
}

// Names that only an attack needs: nothing is looked up, the file is refused whole.
TEST(what_was_made_to_run_code_is_refused_by_name)
{
    static const char *const names[] = {
        "os\nsystem",           "posix\nsystem",    "nt\nsystem",
        "subprocess\nPopen",    "builtins\neval",   "__builtin__\nexec",
        "builtins\n__import__", "runpy\n_run_code", "importlib\nimport_module",
        "shutil\nrmtree",       "socket\nsocket",   "ctypes\nCDLL",
        "pickle\nloads",        "torch.hub\nload",  "sys\nexit",
        "webbrowser\nopen",     "pty\nspawn",       "builtins\nopen"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = nd_text(arena, "%c%cc%s\nX%c", 0x80, 2, names[i], 7);
        nd_buffer b = {.arena = arena};
        nd_buffer_put(&b, text, strlen(text));
        nd_buffer_put(&b, "\0\0\0rm -rf~\x85R.", 13);
        CHECK(!reads(arena, b.text, b.length));
        CHECK(error_says("it was made to run code\ndo not open it with anything"));
    }
    // The same by STACK_GLOBAL of protocol 4.
    CHECK(REFUSES("\x80\4\x8c\2os\x8c\6system\x93\x8c\2id\x85R.", "asks for os.system"));
}

TEST(classes_that_are_not_known_stay_names)
{
    const nd_weights *w =
        READS("\x80\2}X\1\0\0\0ac__main__\nThing\n)\x81}X\1\0\0\0bK\1sbs.");
    CHECK(w && w->count == 0 && w->foreigns == 1 &&
          strcmp(w->foreign[0], "__main__.Thing") == 0);
    CHECK(w && w->skips == 1 &&
          strcmp(w->skipped[0].reason, "an object of __main__.Thing, no tensor") == 0);
}

TEST(opcodes_that_are_not_read_are_named_with_their_place)
{
    CHECK(REFUSES("\x80\2(ios\nsystem\n.", "pickle opcode 0x69 at byte 3 is outside"));
    CHECK(REFUSES("\x80\2o.", "pickle opcode 0x6f at byte 2 is outside"));
    CHECK(REFUSES("\x80\2\x82\1.", "pickle opcode 0x82 at byte 2 is outside"));
    CHECK(REFUSES("\x80\2\x96.", "pickle opcode 0x96 at byte 2 is outside"));
    CHECK(REFUSES("\x80\6.", "pickle opcode 0x80 at byte 0"));
}

TEST(a_stack_that_runs_dry_is_refused)
{
    static const char *const texts[] = {"0.",   "2.",   ".",      "R.", "Nb.",   "t.",
                                        "u.",   "e.",   "a.",     "s.", "\x85.", "\x87.",
                                        "h\5.", "q\1.", "Q.",     "1.", "(.",    "(K\1d.",
                                        "NR.",  "NNR.", "(lK\1s."};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(!reads(arena, texts[i], strlen(texts[i])));
        CHECK(*nd_error_take().remedy);
    }
    CHECK(REFUSES("N\x6a\xff\xff\xff\xff.", "cannot use"));
    CHECK(REFUSES("Nr\xff\xff\xff\xff.", "cannot use"));
}

TEST(lengths_beyond_the_end_are_refused)
{
    CHECK(REFUSES("X\xff\xff\xff\xffx.", "its pickle ends in the middle"));
    CHECK(REFUSES("\x8d\xff\xff\xff\xff\xff\xff\xff\xffx.", "ends in the middle"));
    CHECK(REFUSES("\x8b\xff\xff\xff\x7f.", "ends in the middle"));
    CHECK(REFUSES("c os", "its pickle ends in the middle"));
}

TEST(a_list_that_holds_itself_ends)
{
    const nd_weights *w = READS("\x80\2}X\1\0\0\0x]q\1h\1as.");
    CHECK(w && w->count == 0);
    // Lists of ten of the list before, fifteen deep: 10^15 values.
    nd_buffer b = {.arena = arena};
    nd_buffer_put(&b, "\x80\2]q\0", 5);
    for (int i = 0; i < 15; i++) {
        nd_buffer_put(&b, "(", 1);
        for (int k = 0; k < 10; k++) nd_buffer_put(&b, (char[]){'h', (char)i}, 2);
        nd_buffer_put(&b, (char[]){'l', 'q', (char)(i + 1)}, 3);
    }
    nd_buffer_put(&b, ".", 1);
    CHECK(!reads(arena, b.text, b.length));
    CHECK(error_says("its values refer to each other more than 5000000 times\n"));
}

TEST(a_million_tuples_inside_each_other_need_no_stack)
{
    nd_buffer b = {.arena = arena};
    nd_buffer_put(&b, "\x80\2}X\1\0\0\0xN", 10);
    for (int i = 0; i < 1000000; i++) nd_buffer_put(&b, "\x85", 1);
    nd_buffer_put(&b, "s.", 2);
    const nd_weights *w = reads(arena, b.text, b.length);
    CHECK(w && w->count == 0);
}

TEST(a_pickle_of_many_values_is_bounded)
{
    enum { MANY = 4000000 };
    char *text = nd_alloc_raw(arena, MANY + 3, 1);
    memset(text, ']', MANY + 2);
    memcpy(text, "\x80\2", 2), text[MANY + 2] = '.';
    CHECK(!reads(arena, text, MANY + 3));
    CHECK(error_says("its pickle needs more than 96 MB to be read\n"));
}

TEST(a_pickle_cut_anywhere_is_refused)
{
    static const char whole[] = TENSOR("K\6", "K\0", "K\2K\3", "K\3K\1");
    for (size_t n = 0; n + 2 < sizeof whole; n++) {
        CHECK(!reads(arena, whole, n));
        CHECK(*nd_error_take().remedy);
    }
}

// Every byte of a small archive one more and one less: read or refused, never worse.
TEST(a_file_with_any_byte_changed_ends_well)
{
    static const char text[] = TENSOR("K\6", "K\0", "K\2K\3", "K\3K\1");
    const nd_bytes whole = archive(arena, text, sizeof text - 1, six, sizeof six);
    uint8_t *copy = nd_alloc(arena, whole.count, 1);
    for (size_t i = 0; copy && i < whole.count; i++)
        for (int d = -1; d <= 1; d += 2) {
            nd_arena *own = nd_arena_new();
            memcpy(copy, whole.at, whole.count);
            copy[i] = (uint8_t)(copy[i] + d);
            nd_weights *w = own ? weights_read(own, (nd_bytes){copy, whole.count}) : NULL;
            CHECK(w || *nd_error_take().remedy);
            nd_arena_free(own);
        }
    for (size_t n = 0; n < whole.count; n++)
        CHECK(!weights_read(arena, (nd_bytes){whole.at, n}) && *nd_error_take().remedy);
}

TEST(numbers_that_are_missing_or_short_are_refused)
{
    static const char text[] = TENSOR("K\6", "K\0", "K\2K\3", "K\3K\1");
    CHECK(!weights_read(arena, archive(arena, text, sizeof text - 1, six, 23)));
    CHECK(error_says("x reaches beyond its numbers in the file\n"));
    static const char other[] =
        "\x80\2}X\1\0\0\0xctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\n"
        "FloatStorage\nX\1\0\0\0009X\3\0\0\0cpuK\6tQK\0(K\6t(K\1t\x89}tRs.";
    CHECK(REFUSES(other, "the numbers called 9 are missing"));
}
