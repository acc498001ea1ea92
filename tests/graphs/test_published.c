// SPDX-License-Identifier: Apache-2.0
// Graphs that SNAP's own tests use, read with the real catalogue: nothing but operators
// that are not there yet may be wrong with them, and all others go there and back.
#include "../harness.h"
#include <dirent.h>
#include <nadir/graph.h>
#include <sys/stat.h>

extern const nd_op *const nd_ops[];

typedef struct tally {
    int files, read, round, missing;
    bool is_wrong;
    const char *path;
} tally;

static void look(void *user, const nd_error *error)
{
    tally *all = user;
    if (strncmp(error->what, "SPI not found", 13) == 0) return;
    // Two of them keep the files out of their Reads; they lack operators, too.
    if (strcmp(error->what, "file is missing") == 0) return;
    // One gives a setting twice, where SNAP takes the last.
    if (strcmp(error->what, "renameSecondaryComponents is given twice") == 0) return;
    all->is_wrong = true;
    printf("# %s: %s\n", error->where, error->what);
}

static nd_graph *read_graph(nd_arena *arena, const char *path, const char *text,
                            tally *all)
{
    return nd_graph_read(arena, &(nd_graph_ask){.path = path,
                                                .text = text,
                                                .catalogue = nd_ops,
                                                .errors = look,
                                                .user = all});
}

static bool goes_round(nd_arena *arena, const nd_graph *graph, tally *all)
{
    nd_buffer yaml = {.arena = arena}, xml = yaml, again = yaml;
    if (nd_graph_print_yaml(graph, &yaml) != ND_OK) return false;
    if (nd_graph_print_xml(graph, &xml) != ND_OK) return false;
    nd_graph *from_yaml = read_graph(arena, "g.yaml", nd_buffer_text(&yaml), all);
    nd_graph *from_xml = read_graph(arena, "g.xml", nd_buffer_text(&xml), all);
    if (!from_yaml || !from_xml) return false;
    if (nd_graph_print_yaml(from_yaml, &again) != ND_OK) return false;
    if (strcmp(yaml.text, again.text) != 0) printf("# %s\n# %s\n", yaml.text, again.text);
    bool same = strcmp(yaml.text, again.text) == 0;
    again.length = 0;
    if (nd_graph_print_yaml(from_xml, &again) != ND_OK) return false;
    return same && strcmp(yaml.text, again.text) == 0;
}

static void take(nd_arena *arena, const char *path, tally *all)
{
    all->files++, all->is_wrong = false, all->path = path;
    nd_graph *graph = read_graph(arena, path, NULL, all);
    all->read += graph != NULL;
    all->missing += !graph && !all->is_wrong;
    if (!graph) (void)nd_error_take();
    if (graph && goes_round(arena, graph, all))
        all->round++;
    else if (graph)
        printf("# %s does not come back\n", path);
}

static void walk(nd_arena *arena, const char *folder, int depth, tally *all)
{
    DIR *open = opendir(folder);
    for (struct dirent *e; open && (e = readdir(open));) {
        struct stat about;
        const char *path = nd_text(arena, "%s/%s", folder, e->d_name);
        if (!path || *e->d_name == '.' || *e->d_name == '_') continue;
        if (stat(path, &about) != 0) continue;
        if (S_ISDIR(about.st_mode) && depth < 5)
            walk(arena, path, depth + 1, all);
        else if (nd_text_ends(path, ".xml"))
            take(arena, path, all);
    }
    if (open) closedir(open);
}

TEST(published_graphs_lack_operators_and_nothing_else)
{
    const char *data = getenv("NADIR_TEST_DATA");
    tally all = {0};
    if (!data) SKIP("NADIR_TEST_DATA is not set");
    walk(arena, nd_text(arena, "%s/snap-graphs", data), 0, &all);
    printf("# %d graphs: %d are read, %d come back as they were, %d lack an operator\n",
           all.files, all.read, all.round, all.missing);
    CHECK(all.files > 0);
    CHECK(all.read + all.missing == all.files);
    CHECK(all.round == all.read);
}
