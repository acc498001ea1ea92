// SPDX-License-Identifier: Apache-2.0
#define _DEFAULT_SOURCE // mkdtemp
#include "../harness.h"
#include "dash/runs.h"
#include <sys/stat.h>
#include <unistd.h>

// ---- Curves.

static dash_row row_of(int64_t step, double loss)
{
    return (dash_row){step, (double)step / 2, (double)step / 100, {loss, 0, 1, 2, NAN}};
}

TEST(a_curve_keeps_every_peak_and_the_mean_of_all_rows)
{
    dash_curve c = {0};
    double sum = 0;
    const int64_t rows = 300000;
    for (int64_t i = 0; i < rows; i++) {
        const dash_row row = row_of(i, i == 123456 ? 99 : (double)(i % 7));
        sum += row.value[0];
        CHECK(dash_curve_add(&c, &row));
    }
    CHECK(c.rows == rows && c.points <= DASH_POINTS && c.each == 8);
    double mean = 0, all = 0;
    float most = 0;
    for (int i = 0; i < c.points; i++) {
        mean += (double)c.point[i].mean[0] * (double)c.point[i].rows;
        all += (double)c.point[i].rows;
        most = fmaxf(most, c.point[i].high[0]);
        CHECK(isnan(c.point[i].mean[4]) && c.point[i].low[2] == 1);
        CHECK(!i || c.point[i].step > c.point[i - 1].step);
    }
    CHECK(all == (double)rows && most == 99);
    CHECK(fabs(mean - sum) < 1e-6 * sum);
    dash_curve_free(&c);
}

TEST(thinning_joins_neighbours_in_the_window_asked_for)
{
    dash_curve c = {0};
    dash_point out[8];
    for (int64_t i = 0; i < 10; i++) {
        const dash_row row = row_of(i, (double)i);
        CHECK(dash_curve_add(&c, &row));
    }
    CHECK(dash_curve_thin(&c, -1, 1e18, 8, out) == 5);
    CHECK(out[0].mean[0] == 0.5f && out[0].low[0] == 0 && out[0].high[0] == 1);
    CHECK(out[4].step == 9 && out[4].rows == 2);
    CHECK(dash_curve_thin(&c, 3, 5, 8, out) == 3 && out[0].step == 3 && out[2].step == 5);
    CHECK(dash_curve_thin(&c, 50, 60, 8, out) == 0);
    dash_curve_cut(&c, 4);
    CHECK(c.rows == 4 && c.points == 4);
    dash_curve_free(&c);
}

// ---- Places.

TEST(a_place_comes_back_as_it_went_and_another_server_s_is_none)
{
    const dash_place place[] = {{0, 3, 1200}, {2, 0, (int64_t)1 << 40}};
    dash_place back[DASH_RUNS];
    const char *text = dash_places_print(arena, "ab12", place, 2);
    CHECK(strcmp(text, "ab12-0.1200.3-2.1099511627776.0") == 0);
    CHECK(dash_places_parse(text, "ab12", back) == 2);
    CHECK(back[0].rows == 1200 && back[0].epochs == 3 && back[1].generation == 2 &&
          back[1].rows == (int64_t)1 << 40);
    static const char *const bad[] = {"",
                                      "ab",
                                      "ab13-0.1.2",
                                      "ab12-0.1",
                                      "ab12-0.1.2-",
                                      "ab12--1.1.2",
                                      "ab12-0.x.2",
                                      "ab12-0.1.2x",
                                      "ab12 0.1.2",
                                      "ab12-99999999999.1.1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(dash_places_parse(bad[i], "ab12", back) == 0);
    nd_buffer many = {.arena = arena};
    nd_buffer_add(&many, "ab12");
    for (int i = 0; i <= DASH_RUNS; i++) nd_buffer_add(&many, "-0.0.0");
    CHECK(dash_places_parse(nd_buffer_text(&many), "ab12", back) == 0);
}

// ---- What a run writes about itself.

static const char *through(nd_arena *arena, const char *text,
                           bool (*print)(const nd_json *, nd_json_out *))
{
    nd_buffer to = {.arena = arena};
    nd_json_out out = {.to = &to};
    const nd_json *json = nd_json_parse(arena, text, strlen(text));
    if (!json) return NULL;
    return print(json, &out) ? nd_buffer_text(&to) : NULL;
}

static bool gives(nd_arena *arena, const char *text,
                  bool (*print)(const nd_json *, nd_json_out *), const char *wanted)
{
    const char *got = through(arena, text, print);
    const bool is_same = wanted ? got && strcmp(got, wanted) == 0 : !got;
    if (!is_same) printf("# %s gives %s\n", text, got ? got : "nothing");
    return is_same;
}

TEST(only_members_that_are_known_reach_the_page)
{
    CHECK(gives(arena,
                "{\"state\":\"running\",\"epoch\":3,\"pid\":17,\"x\":[1],\"best\":{"
                "\"metric\":\"acc\",\"value\":0.5,\"y\":1}}",
                dash_print_status,
                "{\"state\":\"running\",\"epoch\":3,\"best\":{\"value\":0.5,\"metric\":"
                "\"acc\"}}"));
    CHECK(gives(arena, "{\"epoch\":3}", dash_print_status, NULL));
    CHECK(gives(arena, "[1]", dash_print_status, NULL));
    CHECK(gives(arena,
                "{\"epoch\":1,\"valid\":{\"acc\":0.9,\"who\":\"x\",\"ci95\":[0.8,1],"
                "\"deep\":[[1]]},\"z\":{}}",
                dash_print_epoch,
                "{\"epoch\":1,\"valid\":{\"acc\":0.9,\"ci95\":[0.8,1]}}"));
    CHECK(gives(arena, "{\"what\":\"resume\",\"step\":9,\"pid\":1}", dash_print_note,
                "{\"what\":\"resume\",\"step\":9}"));
}

TEST(a_matrix_has_as_many_rows_and_columns_as_classes)
{
    CHECK(gives(arena,
                "{\"epoch\":0,\"classes\":[{\"name\":\"a\",\"color\":\"#00ff0A\"},{"
                "\"name\":\"b\",\"color\":255}],\"matrix\":[[1,2],[3,null]],\"n\":6}",
                dash_print_confusion,
                "{\"epoch\":0,\"n\":6,\"classes\":[{\"name\":\"a\",\"color\":\"#00ff0A\"}"
                ",{\"name\":\"b\",\"color\":\"#0000ff\"}],\"matrix\":[[1,2],[3,null]]}"));
    static const char *const bad[] = {
        "{\"classes\":[],\"matrix\":[]}",
        "{\"classes\":[{\"name\":\"a\"}],\"matrix\":[[1],[2]]}",
        "{\"classes\":[{\"name\":\"a\"}],\"matrix\":[[1,2]]}",
        "{\"classes\":[{\"name\":\"a\"}],\"matrix\":[[\"1\"]]}",
        "{\"classes\":[{}],\"matrix\":[[1]]}",
        "{\"classes\":[1],\"matrix\":[[1]]}",
        "{\"matrix\":[[1]]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(gives(arena, bad[i], dash_print_confusion, NULL));
}

TEST(a_picture_is_a_plain_name_and_nothing_else)
{
    static const char *const bad[] = {
        "../x.png", "pictures/../x.png", "/etc/x.png", "pictures/a/b.png", ".png",
        "x.jpg",    "pictures/.x.png",   "a b.png",    "pictures/",        "x.png\n"};
    CHECK(strcmp(dash_picture_name("pictures/0007.png"), "0007.png") == 0);
    CHECK(strcmp(dash_picture_name("0007.png"), "0007.png") == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!dash_picture_name(bad[i]));
}

// ---- A folder that grows.

typedef struct growing {
    char folder[32];
    dash_runs runs;
    dash_run *run;
} growing;

static void put(const growing *g, const char *name, const char *mode, const char *text)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", g->folder, name);
    FILE *file = fopen(path, mode);
    if (!file) return;
    fputs(text, file);
    fclose(file);
}

static bool begin(nd_arena *arena, growing *g)
{
    *g = (growing){.folder = "/tmp/nadir-run-XXXXXX"};
    pthread_mutex_init(&g->runs.lock, NULL);
    pthread_cond_init(&g->runs.known, NULL);
    g->run = mkdtemp(g->folder) ? dash_run_new(arena, g->folder) : NULL;
    return g->run != NULL;
}

static bool follow(growing *g)
{
    bool again = true, is_new = false;
    while (again) is_new = dash_run_follow(&g->runs, g->run, &again) || is_new;
    return is_new;
}

static void finish(growing *g)
{
    static const char *const names[] = {"metrics.jsonl", "status.json", "other"};
    char path[96];
    dash_run_free(g->run);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", g->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(g->folder);
}

TEST(metrics_are_read_line_by_line_as_they_come)
{
    growing g;
    if (!begin(arena, &g)) return;
    CHECK(follow(&g) && !follow(&g) && g.run->curve.rows == 0);
    put(&g, "metrics.jsonl", "w",
        "{\"v\":1,\"t\":\"step\",\"step\":1,\"epoch\":0,\"loss\":2.5,\"lr\":0.1}\n"
        "{\"v\":1,\"t\":\"step\",\"step\":2,\"ep");
    CHECK(follow(&g) && g.run->curve.rows == 1 && g.run->bad == 0);
    CHECK(!follow(&g));
    put(&g, "metrics.jsonl", "a", "och\":0,\"loss\":null}\nnonsense\n\n");
    CHECK(follow(&g) && g.run->curve.rows == 2 && g.run->bad == 1);
    CHECK(g.run->ring[0].value[0] == 2.5 && isnan(g.run->ring[1].value[0]));
    put(&g, "metrics.jsonl", "a",
        "{\"t\":\"epoch\",\"epoch\":0,\"step\":2,\"valid\":{\"acc\":0.5},\"seconds\":8}\n"
        "{\"t\":\"event\",\"what\":\"resume\"}\n{\"t\":\"later\"}\n"
        "{\"t\":\"step\",\"step\":-1}\n[[[\n");
    CHECK(follow(&g) && g.run->epochs == 1 && g.run->notes == 1 && g.run->bad == 3);
    CHECK(strcmp(g.run->epoch[0],
                 "{\"epoch\":0,\"step\":2,\"seconds\":8,\"valid\":{\"acc\":0.5}}") == 0);
    // Four seconds a step, as the epoch said.
    put(&g, "metrics.jsonl", "a", "{\"t\":\"step\",\"step\":3,\"epoch\":1}\n");
    CHECK(follow(&g) && fabs(g.run->ring[2].time - 12) < 4.1 && g.run->ring[2].time >= 8);
    finish(&g);
}

TEST(what_a_row_says_of_its_time_is_kept)
{
    growing g;
    if (!begin(arena, &g)) return;
    put(&g, "metrics.jsonl", "w",
        "{\"t\":\"step\",\"step\":1,\"epoch\":0,\"time\":1.5}\n"
        "{\"t\":\"step\",\"step\":4,\"epoch\":0,\"time\":9.25}\n"
        "{\"t\":\"epoch\",\"epoch\":0,\"step\":4,\"time\":11,\"seconds\":10.5}\n"
        "{\"t\":\"step\",\"step\":5,\"epoch\":1,\"time\":12}\n");
    CHECK(follow(&g) && g.run->curve.rows == 3 && g.run->epochs == 1);
    CHECK(g.run->ring[0].time == 1.5 && g.run->ring[1].time == 9.25);
    CHECK(g.run->ring[2].time == 12);
    CHECK(g.run->ring[0].epoch == 0.25 && g.run->ring[1].epoch == 1);
    finish(&g);
}

TEST(a_line_without_end_does_not_fill_the_memory)
{
    growing g;
    if (!begin(arena, &g)) return;
    char *blob = malloc(70001);
    if (!blob) return;
    memset(blob, 'x', 70000);
    blob[70000] = 0;
    for (int i = 0; i < 20; i++) put(&g, "metrics.jsonl", "a", blob);
    put(&g, "metrics.jsonl", "a", "\n{\"t\":\"step\",\"step\":1}\n");
    free(blob);
    CHECK(follow(&g) && g.run->bad == 1 && g.run->curve.rows == 1);
    finish(&g);
}

TEST(a_run_that_was_cut_and_goes_on_is_told_by_its_generation)
{
    growing g;
    if (!begin(arena, &g)) return;
    put(&g, "metrics.jsonl", "w",
        "{\"t\":\"step\",\"step\":1,\"loss\":1}\n{\"t\":\"step\",\"step\":2,\"loss\":2}\n"
        "{\"t\":\"step\",\"step\":3,\"loss\":3}\n");
    CHECK(follow(&g) && g.run->curve.rows == 3);
    const int before = g.run->generation;
    put(&g, "metrics.jsonl", "a", "{\"t\":\"step\",\"step\":2,\"loss\":9}\n");
    CHECK(follow(&g) && g.run->curve.rows == 2 && g.run->generation > before);
    CHECK(g.run->curve.point[1].mean[0] == 9);
    const int again = g.run->generation;
    put(&g, "metrics.jsonl", "w", "{\"t\":\"step\",\"step\":1,\"loss\":7}\n");
    CHECK(follow(&g) && g.run->curve.rows == 1 && g.run->generation > again);
    CHECK(g.run->curve.point[0].mean[0] == 7);
    finish(&g);
}

TEST(links_and_pipes_of_a_run_folder_are_not_followed)
{
    growing g;
    size_t length;
    if (!begin(arena, &g)) return;
    char path[96], other[96];
    snprintf(path, sizeof path, "%s/status.json", g.folder);
    snprintf(other, sizeof other, "%s/other", g.folder);
    put(&g, "other", "w", "{\"state\":\"running\"}");
    CHECK(symlink(other, path) == 0);
    CHECK(follow(&g) && !g.run->status);
    CHECK(!dash_run_read(g.run, arena, "status.json", 1000, &length));
    CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
    (void)follow(&g); // does not hang
    CHECK(!g.run->status && unlink(path) == 0);
    put(&g, "status.json", "w", "{\"state\":\"running\"}");
    CHECK(follow(&g) && g.run->status && g.run->version[DASH_STATUS] == 1);
    put(&g, "status.json", "w", "{\"state\":");
    CHECK(follow(&g) && strcmp(g.run->status, "{\"state\":\"running\"}") == 0);
    CHECK(!dash_run_read(g.run, arena, "other", 5, &length));
    finish(&g);
}
