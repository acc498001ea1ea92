// SPDX-License-Identifier: Apache-2.0
// A table told to a person, as options of the command line, and as JSON.
#include "../harness.h"
#include <math.h>
#include <nadir/param.h>
#include <nadir/text.h>

typedef struct variable {
    const char *name;
    double no_data;
} variable;
typedef struct all {
    bool exact;
    int looks;
    double spacing_m;
    nd_choice method;
    nd_list bands;
    nd_path dem_file;
    nd_rows variables;
} all;
static const nd_option methods[] = {{"nearest", "Take the closest pixel", "NN"},
                                    {"cubic", "Weigh sixteen pixels", NULL},
                                    {NULL, NULL, NULL}};
static const nd_param variable_rows[] = {
    ND_PARAM(variable, name, NULL, .help = "Name of the band"),
    ND_PARAM(variable, no_data, NAN, .help = "No-data value"),
};
static const nd_table variable_table = ND_TABLE(variable_rows, variable);
static const nd_param rows[] = {
    ND_PARAM(all, exact, false, .help = "Be exact"),
    ND_PARAM(all, looks, 4, .was = "j,multi", .min = 1, .max = 1048576, .help = "Looks"),
    ND_PARAM(all, spacing_m, 10, .snap = "pixelSpacing", .unit = "m", .help = "Side"),
    ND_PARAM(all, method, {1}, .choices = methods, .help = "Resampling"),
    ND_PARAM(all, bands, ND_WORDS("B4", "a,b"), .help = "Bands to use"),
    ND_PARAM(all, dem_file, {NULL}, .required = true, .help = "Heights, a file of them"),
    ND_PARAM(all, variables, {NULL}, .rows = &variable_table, .row_snap = "variable",
             .help = "New bands"),
};
static const nd_table table = ND_TABLE(rows, all);

TEST(help_tells_names_bounds_and_defaults)
{
    nd_buffer out = {.arena = arena};
    CHECK(nd_table_help(&table, 28, &out) == ND_OK);
    const char *text = nd_buffer_text(&out);
    CHECK(strstr(text, "  looks  (int, 1 to 1048576, usually 4)\n      Looks\n"));
    CHECK(strstr(text, "  spacing_m, pixelSpacing  (real, m, usually 10)\n"));
    CHECK(strstr(text, "      nearest: Take the closest pixel\n"));
    CHECK(strstr(text, "  dem_file  (path, must be given)\n"));
    CHECK(strstr(text, "      name: Name of the band\n"));
    // Wrapped at 28 columns, indented by six.
    CHECK(strstr(text, "      Heights, a file of\n      them\n"));
}

TEST(options_carry_dashes_and_a_letter)
{
    nd_buffer out = {.arena = arena};
    CHECK(nd_table_options(&table, 80, &out) == ND_OK);
    const char *text = nd_buffer_text(&out);
    CHECK(strstr(text, "  --exact\n      Be exact\n"));
    CHECK(strstr(text, "  -j, --looks N  (1 to 1048576, usually 4)\n"));
    CHECK(strstr(text, "  --dem-file FILE  (must be given)\n"));
}

TEST(json_tells_all_and_is_valid)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    CHECK(nd_table_describe(&table, &out) == ND_OK);
    nd_json_close(&out, '}');
    const char *all_of_it = nd_buffer_text(&text);
    const nd_json *params =
        nd_json_member(nd_json_parse(arena, all_of_it, text.length), "params");
    CHECK(params && params->count == 7);
    const nd_json *looks = params->first->next;
    CHECK(strcmp(nd_json_member(looks, "type")->text, "int") == 0);
    CHECK(nd_json_member(looks, "max")->number == 1048576);
    CHECK(nd_json_member(looks, "default")->number == 4);
    const nd_json *method = looks->next->next, *bands = method->next;
    CHECK(strcmp(nd_json_member(method, "default")->text, "cubic") == 0);
    CHECK(nd_json_member(method, "choices")->count == 2);
    CHECK(strcmp(nd_json_member(nd_json_member(method, "choices")->first, "also")->text,
                 "NN") == 0);
    CHECK(nd_json_member(bands, "default")->count == 2);
    const nd_json *variables = bands->next->next;
    CHECK(strcmp(nd_json_member(variables, "entry")->text, "variable") == 0);
    const nd_json *no_data = nd_json_member(variables, "rows")->first->next;
    CHECK(nd_json_member(no_data, "default")->kind == ND_JSON_NULL);
}

TEST(what_a_member_prints_sets_it_again)
{
    nd_settings one, two;
    CHECK(nd_settings_new(arena, &table, &one) == ND_OK);
    CHECK(nd_settings_new(arena, &table, &two) == ND_OK);
    static const char *const words[][2] = {
        {"exact", "true"},
        {"multi", "7"},
        {"pixelSpacing", "0.1"},
        {"method", "nn"},
        {"bands", "x, y\\u002Cz"},
        {"dem_file", "a b.tif"},
        {"variables", "[{\"name\": \"ndvi\", \"no_data\": -1}, {\"name\": \"b\"}]"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        CHECK(nd_settings_set(arena, &one, words[i][0], words[i][1]) == ND_OK);
    for (size_t i = 0; i < table.count; i++) {
        const char *text = nd_param_print(arena, &rows[i], one.data);
        CHECK(text && !nd_param_is_default(&rows[i], one.data));
        CHECK(nd_settings_set(arena, &two, rows[i].name, text) == ND_OK);
        CHECK(strcmp(nd_param_print(arena, &rows[i], two.data), text) == 0);
    }
    const all *a = two.data;
    const variable *v = a->variables.item;
    CHECK(a->exact && a->looks == 7 && a->spacing_m == 0.1 && a->method.at == 0);
    CHECK(a->bands.count == 2 && strcmp(a->bands.item[1], "y,z") == 0);
    CHECK(a->variables.count == 2 && v[0].no_data == -1 && isnan(v[1].no_data));
    CHECK(strcmp(v[1].name, "b") == 0);
}
