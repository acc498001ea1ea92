// SPDX-License-Identifier: Apache-2.0
// The keys of a recipe that say what is learnt from: one table for each section.
#include <nadir/dataset.h>
#include <string.h>

static const nd_option by_options[] = {
    {"by-folder", "The folder that a picture lies in is its class", "folder"},
    {"column", "A column of the table is its class"},
    {0},
};
static const nd_option order_options[] = {
    {"given", "Later shapes lie above earlier ones"},
    {"area", "Small shapes lie above large ones"},
    {0},
};
static const nd_param label_rows[] = {
    ND_PARAM(nd_data_labels, by, {0}, .choices = by_options,
             .help = "How the class of a picture is found"),
    ND_PARAM(nd_data_labels, column, "label", .help = "Column of the table with classes"),
    ND_PARAM(nd_data_labels, raster, {0}, .of = "scene",
             .help = "Names or patterns of label rasters, one for each scene in order of "
                     "their names"),
    ND_PARAM(nd_data_labels, band, NULL, .of = "band", .needs = "raster",
             .help = "Band of the label raster; the first one if not given"),
    ND_PARAM(nd_data_labels, vectors, {NULL}, .of = "vector", .excludes = "raster",
             .help = "File of shapes that are burnt into each chip"),
    ND_PARAM(nd_data_labels, layer, NULL, .needs = "vectors",
             .help = "Layer of the vector file; the first one if not given"),
    ND_PARAM(nd_data_labels, field, NULL, .needs = "vectors",
             .help = "Field of the shapes that names their class"),
    ND_PARAM(nd_data_labels, order, {0}, .choices = order_options, .needs = "vectors",
             .help = "Which shape is seen where several overlap"),
    ND_PARAM(nd_data_labels, node, NULL, .excludes = "raster",
             .help = "Step of the same graph whose first band is the label"),
    ND_PARAM(nd_data_labels, ignore, {0},
             .help = "Values of the label that do not count; its no-data never does"),
    ND_PARAM(nd_data_labels, background, NULL,
             .help =
                 "Class of pixels outside all shapes; they do not count if not given"),
};

static const nd_option sampling_options[] = {
    {"random", "Anywhere, new places in each epoch"},
    {"grid", "In rows and columns, the same in each epoch"},
    {"balanced", "Around pixels of all classes alike"},
    {"hard", "More often where the loss was large"},
    {0},
};
static const nd_param chip_rows[] = {
    ND_PARAM(nd_data_chips, size, 256, .min = 8, .max = 2048, .unit = "pixels",
             .help = "Side of the squares that are cut from scenes"),
    ND_PARAM(nd_data_chips, sampling, {0}, .choices = sampling_options,
             .help = "Where training chips are cut; other sides always lie on the grid"),
    ND_PARAM(nd_data_chips, per_epoch, 0, .min = 0, .max = 1e9,
             .help = "Training chips of an epoch; 0: as many as cover the area once"),
    ND_PARAM(nd_data_chips, stride, 0, .min = 0, .max = 2048, .unit = "pixels",
             .help = "From one chip of the grid to the next; 0: their side"),
    ND_PARAM(nd_data_chips, balance, 0.5, .min = 0, .max = 1,
             .help = "0: all classes equally often; 1: as often as they are"),
    ND_PARAM(nd_data_chips, hard, 0.5, .min = 0, .max = 1,
             .help = "Share of hard chips that is chosen by its loss"),
    ND_PARAM(nd_data_chips, power, 1, .min = 0, .max = 4,
             .help = "Power of the loss in the choice of hard chips"),
    ND_PARAM(nd_data_chips, clip, 0.95, .min = 0.5, .max = 1,
             .help = "Quantile of the losses above which they count alike: the largest "
                     "are wrong labels"),
};

static const nd_option split_options[] = {
    {"auto", "By block where pixels have a place, else by file"},
    {"file", "Each picture by itself"},
    {"group", "Pictures whose names share what a pattern finds stay together"},
    {"column", "A column of the table says which stay together"},
    {"scene", "Each scene as a whole"},
    {"tile", "Scenes of one tile, or of one footprint, stay together"},
    {"block", "Squares of ground"},
    {"time", "Before and after given days"},
    {0},
};
static const nd_param split_rows[] = {
    ND_PARAM(nd_data_split, by, {0}, .choices = split_options,
             .help = "What stays together on one side"),
    ND_PARAM(nd_data_split, valid, 0.2, .min = 0, .max = 0.9,
             .help = "Share that chooses between models; 0: none, the last weights are "
                     "kept"),
    ND_PARAM(nd_data_split, test, 0, .min = 0, .max = 0.9,
             .help = "Share that is looked at once, at the end"),
    ND_PARAM(nd_data_split, seed, 1, .min = 0, .max = 9e15,
             .help = "Which of the many splits; apart from the seed of training"),
    ND_PARAM(nd_data_split, block, "5 km",
             .help = "Side of a square of ground, in m or km; larger than a chip"),
    ND_PARAM(nd_data_split, buffer, "auto",
             .help =
                 "Ground between training and other chips, in m or km; auto: a chip's "
                 "side"),
    ND_PARAM(nd_data_split, pattern, NULL,
             .help = "Regular expression; the part of a name that it matches, or its "
                     "first bracket, is the group"),
    ND_PARAM(nd_data_split, column, "group",
             .help = "Column of the table whose values stay together; train, valid and "
                     "test are taken at their word"),
    ND_PARAM(nd_data_split, cuts, {0}, .of = "date",
             .help = "Days at which validation and test begin"),
    ND_PARAM(nd_data_split, keep, {NULL}, .of = "file",
             .help = "An earlier split.tsv: what it lists keeps its side"),
    ND_PARAM(nd_data_split, folds, 0, .min = 0, .max = 1000,
             .help =
                 "Deal the units into so many folds, of which one validates; more than "
                 "there are: each unit is one; 0: by the shares above"),
    ND_PARAM(nd_data_split, fold, 0, .min = 0, .max = 999, .needs = "folds",
             .help = "Which of the folds validates, from 0"),
};

static const nd_param augment_rows[] = {
    ND_PARAM(nd_augment, dihedral, true,
             .help = "Turn and mirror by the eight symmetries of a square"),
    ND_PARAM(nd_augment, rotate, 0, .min = 0, .max = 180, .soft_max = 30,
             .unit = "degrees",
             .help = "Turn about the centre by at most this; 15 is usual"),
    ND_PARAM(nd_augment, scale, 1, .min = 1, .max = 4, .soft_max = 2,
             .help = "Enlarge or shrink by at most this factor; 1.2 is usual"),
    ND_PARAM(nd_augment, shift, 0, .min = 0, .max = 0.5,
             .help =
                 "Move by whole pixels, at most this share of the side; 0.06 is usual"),
    ND_PARAM(nd_augment, crop, {0},
             .help =
                 "Smallest and largest share of the area that is cut out and enlarged, "
                 "pictures only; 0.5,1 is usual"),
    ND_PARAM(nd_augment, brightness, 0.1, .min = 0, .max = 1,
             .help =
                 "Multiply all bands by 1 plus or minus at most this, and each by half "
                 "of it more"),
    ND_PARAM(nd_augment, brightness_db, 3, .min = 0, .max = 20, .unit = "dB",
             .help =
                 "Shift each band of decibels by at most this, where brightness is on"),
    ND_PARAM(nd_augment, contrast, 0.1, .min = 0, .max = 1,
             .help =
                 "Stretch about the mean of the training side by 1 plus or minus this"),
    ND_PARAM(nd_augment, haze, 0, .min = 0, .max = 0.2,
             .help = "Reflectance added to blue, falling with wavelength; 0.02 is usual"),
    ND_PARAM(nd_augment, band_drop, 0, .min = 0, .max = 0.9,
             .help = "Chance of a band to be replaced by its mean; 0.1 is usual"),
    ND_PARAM(nd_augment, speckle, {0}, .unit = "looks",
             .help =
                 "Multiply power by speckle of so many looks, or of looks between two "
                 "numbers; 4,32 is usual"),
    ND_PARAM(nd_augment, noise, 0, .min = 0, .max = 2,
             .help = "Normal noise in standard deviations of the band; 0.05 is usual"),
    ND_PARAM(nd_augment, blur, 0, .min = 0, .max = 4, .unit = "pixels",
             .help = "Gaussian blur of at most this sigma; 1 is usual"),
    ND_PARAM(nd_augment, cutout, 0, .min = 0, .max = 1,
             .help = "Blank a rectangle of at most this share of the side; 0.5 is usual"),
    ND_PARAM(nd_augment, cutout_ignore, false,
             .help = "Labels under the blank rectangle do not count"),
    ND_PARAM(nd_augment, mixup, 0, .min = 0, .max = 4,
             .help =
                 "Blend neighbours of a batch; alpha of the beta distribution, 0.2 is "
                 "usual"),
    ND_PARAM(nd_augment, cutmix, 0, .min = 0, .max = 4,
             .help =
                 "Paste a rectangle of a neighbour; alpha of the beta distribution, 1 is "
                 "usual"),
    ND_PARAM(nd_augment, mix_share, 1, .min = 0, .max = 1,
             .help = "Share of the batches in which neighbours are mixed"),
};

static const nd_param class_rows[] = {
    ND_PARAM(nd_data_class, name, NULL, .required = true, .help = "Name of the class"),
    ND_PARAM(nd_data_class, values, {0},
             .help = "Folder names, texts or numbers that mean it; its name if none"),
    ND_PARAM(nd_data_class, color, NULL, .help = "Its colour as #rrggbb"),
    ND_PARAM(nd_data_class, weight, 1, .min = 0, .max = 1e6,
             .help = "How much it counts in the loss"),
};
static const nd_table class_table = ND_TABLE(class_rows, nd_data_class);

static const nd_option unit_options[] = {
    {"stored", "Numbers as the file holds them"},
    {"eurosat-rgb", "8 bits made as 1 + 254 min(DN, 2750) / 2750 of reflectance times "
                    "10 000; bands become DN"},
    {0},
};
static const nd_option task_options[] = {
    {"classes", "Which class a picture or a pixel is of"},
    {"regression", "A value for each pixel, as the label raster holds them"},
    {0},
};
static const nd_option fit_options[] = {
    {"refuse", "All pictures are of one size"},
    {"resize", "Shrunk or enlarged until the shorter side fits, the middle of the longer "
               "one kept"},
    {"crop", "The middle, pixel by pixel"},
    {0},
};
static const nd_option bad_options[] = {
    {"skip", "Leave it out, name it in bad.txt"},
    {"fatal", "Stop"},
    {0},
};
static const nd_option norm_options[] = {
    {"z-score", "Mean 0, standard deviation 1 over the training side"},
    {"none", "As it is"},
    {"min-max", "0 to 1 between the smallest and the largest value"},
    {"percentile", "0 to 1 between the 2nd and the 98th percentile, cut there"},
    {"scale", "Divided by 10 000, or by 255 for 8-bit pictures"},
    {"pretrained", "As the card of model.pretrained says: what its weights have learnt"},
    {"auto", "pretrained where that card knows all bands in their unit, else z-score"},
    {0},
};
static const nd_option weight_options[] = {
    {"none", "All classes count alike"},
    {"inverse", "By 1 / share of the class"},
    {"sqrt", "By the square root of that"},
    {"effective", "By the effective number of examples (Cui 2019, 0.9999)"},
    {"given", "As the key weights says"},
    {0},
};
static const nd_param data_rows[] = {
    ND_PARAM(nd_data, pictures, {NULL}, .of = "file",
             .help = "Folder, zip or list of pictures"),
    ND_PARAM(nd_data, table, {NULL}, .of = "file", .excludes = "pictures",
             .help =
                 "CSV file with the columns path and label, and split, group, weight, "
                 "x, y or time where known"),
    ND_PARAM(nd_data, raster, {0}, .of = "scene", .excludes = "pictures",
             .help = "Names or patterns of rasters or products: scenes"),
    ND_PARAM(nd_data, graph, {NULL}, .of = "graph", .excludes = "raster",
             .help = "Graph whose result is the scene"),
    ND_PARAM(nd_data, scenes, {0}, .of = "scene", .needs = "graph",
             .help = "Values of the graph's variable scene, one for each scene"),
    ND_PARAM(nd_data, params, {0}, .needs = "graph",
             .help = "Variables of the graph as NAME=VALUE"),
    ND_PARAM(nd_data, bands, {0}, .of = "band",
             .help = "Bands in the order in which the network sees them; all if none is "
                     "named; they name the bands of pictures that have no names"),
    ND_PARAM(nd_data, unit, NULL,
             .help = "Unit of bands that do not say theirs: dB, DN, reflectance"),
    ND_PARAM(nd_data, classes, {0}, .rows = &class_table,
             .help =
                 "Classes in the order of the network's outputs; sorted by name if not "
                 "given"),
    ND_PARAM(nd_data, task, {0}, .choices = task_options, .help = "What is learnt"),
    ND_PARAM(nd_data, picture_units, {0}, .choices = unit_options,
             .help = "What the numbers of pictures mean"),
    ND_PARAM(nd_data, fit, {0}, .choices = fit_options,
             .help = "What to do with pictures of other sizes"),
    ND_PARAM(nd_data, side, 0, .min = 0, .max = 4096, .unit = "pixels",
             .help = "Side of the squares that fit makes; 0: as the first picture"),
    ND_PARAM(nd_data, pixel, 0, .min = 0, .max = 1e6, .unit = "m",
             .help = "Size of a pixel on the ground; 0: the scene's"),
    ND_PARAM(nd_data, min_valid, 0.5, .min = 0, .max = 1,
             .help = "Least share of valid labelled pixels in a chip"),
    ND_PARAM(nd_data, bad, {0}, .choices = bad_options,
             .help = "What to do with a picture that cannot be read"),
    ND_PARAM(nd_data, bad_limit, 0.01, .min = 0, .max = 1,
             .help = "Share of bad pictures above which training does not start"),
    ND_PARAM(nd_data, norm, {ND_NORM_AUTO}, .choices = norm_options,
             .help = "How values are scaled for the network"),
    ND_PARAM(nd_data, class_weights, {0}, .choices = weight_options,
             .help = "How much each class counts in the loss"),
    ND_PARAM(nd_data, weights, {0}, .help = "Weights of the classes in their order"),
    ND_PARAM(nd_data, cache, 0, .min = 0, .max = 1e15, .unit = "bytes",
             .help = "Memory for pixels that are wanted again; 0: a quarter of the "
                     "machine's, 4 GB at most"),
    ND_PARAM(nd_data, workers, 0, .min = 0, .max = 256,
             .help = "Threads that make batches; 0: one a core"),
};

#define TABLE(rows, T) &(const nd_table)ND_TABLE(rows, T)
const nd_data_section nd_data_sections[] = {
    {"data", "What is learnt from", TABLE(data_rows, nd_data), 0, NULL},
    {"data.labels", "Where the classes come from", TABLE(label_rows, nd_data_labels),
     offsetof(nd_data, labels), "by"},
    {"data.chips", "How chips are cut from scenes", TABLE(chip_rows, nd_data_chips),
     offsetof(nd_data, chips), NULL},
    {"data.split", "What is learnt from and what is kept to judge by",
     TABLE(split_rows, nd_data_split), offsetof(nd_data, split), "by"},
    {"train.augment", "How training pictures are varied", TABLE(augment_rows, nd_augment),
     offsetof(nd_data, augment), NULL},
    {0},
};

nd_status nd_data_new(nd_arena *arena, nd_data **data)
{
    nd_data *made = nd_alloc(arena, 1, sizeof *made);
    if (!made) return ND_E_MEMORY;
    for (const nd_data_section *s = nd_data_sections; s->key; s++) {
        nd_settings settings;
        ND_TRY(nd_settings_new(arena, s->table, &settings));
        memcpy((char *)made + s->offset, settings.data, s->table->size);
    }
    made->seed = 1;
    *data = made;
    return ND_OK;
}

const char *nd_side_name(nd_side side)
{
    static const char *const names[] = {"train", "valid", "test"};
    return names[side];
}
