// SPDX-License-Identifier: Apache-2.0
// Recipes to start from: each trains as it stands once its data are named.
#include <nadir/train.h>

static const char pictures[] =
    "# A class for each picture: a folder of pictures for each class, or a zip of such\n"
    "# train it:     nadir train pictures.yaml -P pictures=eurosat.zip\n"
    "# how long:     nadir train pictures.yaml -P pictures=eurosat.zip --plan\n"
    "# nadir describe train explains every key; what is not given is chosen by task\n"
    "\n"
    "data:\n"
    "  # a folder, a zip or a list of files; of several sizes: fit: resize, or crop\n"
    "  pictures: \"${pictures}\"\n"
    "  # the folder that a picture lies in is its class; column: that of a table\n"
    "  labels: by-folder\n"
    "  # what is kept to choose the best epoch by, and what to look at once, at the "
    "end.\n"
    "  # Neighbours on both sides flatter: where pictures have a place, split by block\n"
    "  split: { by: file, valid: 0.1, test: 0.2, seed: 1 }\n"
    "\n"
    "model:\n"
    "  # 0.69 M parameters, for pictures up to 64 pixels; auto chooses by their size\n"
    "  name: auto\n"
    "  # a file of weights to start from; its head is replaced unless the classes agree\n"
    "  pretrained: none\n"
    "\n"
    "train:\n"
    "  epochs: 20\n"
    "  batch: auto\n"
    "  # auto: the valley of a range test; nadir lr-find draws its curve\n"
    "  rate: auto\n"
    "  schedule: one-cycle\n"
    "  # the satellite looks down: all eight symmetries of a square are as likely\n"
    "  augment: { dihedral: true }\n";

static const char tune[] =
    "# The same from weights that somebody has trained before: few pictures suffice\n"
    "# train it:     nadir train fine-tune.yaml -P pictures=mine/ -P weights=model.pth\n"
    "\n"
    "data:\n"
    "  pictures: \"${pictures}\"\n"
    "  split: { by: file, valid: 0.2, seed: 1 }\n"
    "\n"
    "model:\n"
    "  # the network that the weights are of\n"
    "  name: resnet18\n"
    "  # safetensors, or PyTorch's .pth and .pt; nothing in them is executed\n"
    "  pretrained: \"${weights}\"\n"
    "  # first the new head alone, then all layers\n"
    "  freeze: 1\n"
    "\n"
    "train:\n"
    "  epochs: 6\n"
    "  rate: 2e-3\n"
    "  # above 1: the first layers learn slower, at rate / spread\n"
    "  spread: 1\n";

static const char masks[] =
    "# A class for each pixel, from scenes and a raster of labels beside each\n"
    "# train it:     nadir train masks.yaml -P scenes='s1/*.tif' -P "
    "labels='labels/*.tif'\n"
    "\n"
    "data:\n"
    "  raster: \"${scenes}\"\n"
    "  # one for each scene, in the order of their names; what is ignored counts "
    "nowhere\n"
    "  labels: { raster: \"${labels}\", ignore: [-1] }\n"
    "  # squares cut from the scenes; balanced: rare classes as often as common ones\n"
    "  chips: { size: 128, sampling: balanced }\n"
    "  # ground is divided, so that no pixel near a training chip judges it\n"
    "  split: { by: block, block: 5 km, buffer: auto, valid: 0.2 }\n"
    "\n"
    "model: { name: unet, width: 16 }\n"
    "\n"
    "train:\n"
    "  epochs: 40\n"
    "  batch: 8\n"
    "  rate: auto\n"
    "  loss: { ce: 1, dice: 1 }\n"
    "  augment: { dihedral: true, brightness: 0.1 }\n";

static const char graph[] =
    "# A class for each pixel, from the result of a graph: no file between\n"
    "# train it:     nadir train graph.yaml -P graph=ndvi.yaml -P scenes=S2A_….SAFE \\\n"
    "#                   -P labels=labels.tif\n"
    "\n"
    "data:\n"
    "  graph: \"${graph}\"\n"
    "  # each goes to the graph's variable scene\n"
    "  scenes: \"${scenes}\"\n"
    "  labels: { raster: \"${labels}\" }\n"
    "  chips: { size: 128, sampling: random }\n"
    "  split: { by: block, block: 5 km, buffer: auto, valid: 0.2 }\n"
    "\n"
    "model: { name: unet, width: 16 }\n"
    "\n"
    "train: { epochs: 20, rate: auto }\n";

static const char values[] =
    "# A value for each pixel (height, moisture, share of trees), from a raster of them\n"
    "# train it:     nadir train values.yaml -P scenes='s2/*.tif' -P "
    "labels='height/*.tif'\n"
    "\n"
    "data:\n"
    "  raster: \"${scenes}\"\n"
    "  # one for each scene, in the order of their names; its no-data counts nowhere, "
    "and "
    "the\n"
    "  # map that comes of it is in its unit\n"
    "  labels: { raster: \"${labels}\" }\n"
    "  task: regression\n"
    "  chips: { size: 128 }\n"
    "  # ground is divided, so that no pixel near a training chip judges it\n"
    "  split: { by: block, block: 5 km, buffer: auto, valid: 0.2 }\n"
    "\n"
    "model: { name: unet, width: 16 }\n"
    "\n"
    "train:\n"
    "  epochs: 40\n"
    "  batch: 8\n"
    "  rate: auto\n"
    "  # squares near the truth, straight beyond one deviation: a few wrong labels pull "
    "less\n"
    "  loss: { huber: 1 }\n"
    "  # a value may depend on how bright a pixel is, so brightness stays as it was\n"
    "  augment: { dihedral: true, brightness: 0, contrast: 0 }\n";

const nd_recipe_start nd_recipe_starts[] = {
    {"pictures", "A class for each picture of a folder or zip", pictures},
    {"fine-tune", "The same from trained weights, with few pictures", tune},
    {"masks", "A class for each pixel of scenes", masks},
    {"values", "A value for each pixel of scenes: regression", values},
    {"graph", "A class for each pixel of a graph's result", graph},
    {NULL, NULL, NULL},
};
