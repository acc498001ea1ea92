// SPDX-License-Identifier: Apache-2.0
// The keys of a recipe that say what is trained and how.
#include "learn/recipe.h"
#include <stdio.h>
#include <string.h>

static const nd_option heads[] = {
    {"auto", "The file's if it answers with the same classes, else a new one"},
    {"new", "A new one"},
    {"keep", "The file's; a failure if it does not fit"},
    {0},
};
static const nd_param model_rows[] = {
    ND_PARAM(nd_train_model, name, NULL, .of = "model",
             .help = "Network by name; auto, or not given: by task and picture size"),
    ND_PARAM(nd_train_model, pretrained, {NULL}, .of = "file",
             .help =
                 "Weights to start from, in any format that nadir reads; none: random "
                 "ones"),
    ND_PARAM(nd_train_model, head, {ND_HEAD_AUTO}, .choices = heads,
             .needs = "pretrained", .help = "Which last layers to start with"),
    ND_PARAM(nd_train_model, freeze, 0, .min = 0, .max = 10000, .unit = "epochs",
             .help = "First epochs in which only the head learns"),
};

static const nd_option schedules[] = {
    {"one-cycle", "Up and down once, as fast.ai does"},
    {"one-cycle-torch", "Up and down once, as PyTorch's OneCycleLR does"},
    {"cosine", "Down along half a cosine"},
    {"flat-cos", "Flat, then down along half a cosine"},
    {"step", "Down by a factor every so many epochs"},
    {"constant", "Always the same"},
    {0},
};
static const nd_option optimizers[] = {
    {"auto", "SGD for pictures from a random start, else AdamW"},
    {"sgd", "With Nesterov's momentum"},
    {"adam", "Decay coupled, as PyTorch's Adam"},
    {"adamw", "Decay apart from the gradient"},
    {"adamw-fastai", "AdamW with fast.ai's numbers: beta 2 0.99, epsilon 1e-5"},
    {0},
};
static const nd_option precisions[] = {
    {"auto", "bfloat16 where the processor computes it, else float32"},
    {"float32", "All in float32", "f32"},
    {"bfloat16", "Activations in bfloat16, weights in float32", "bf16"},
    {0},
};
static const nd_option monitors[] = {
    {"auto", "accuracy for pictures, miou for masks, rmse for values"},
    {"accuracy", "Share of right answers"},
    {"miou", "Mean intersection over union of the classes"},
    {"loss", "Cross entropy; of values the loss itself"},
    {"rmse", "Root of the mean squared error of values"},
    {0},
};
#define AUTO "; -1 or auto: "
static const nd_param train_rows[] = {
    ND_PARAM(nd_train_keys, epochs, 0, .min = 0, .max = 1e6, .soft_max = 200,
             .help = "How often all training pictures are seen; 0 or auto: 10, or what "
                     "fits into minutes"),
    ND_PARAM(nd_train_keys, batch, 0, .min = 0, .max = 65536, .soft_max = 256,
             .help = "Pictures in a step; 0 or auto: 64, fewer for large pictures and 8 "
                     "for masks"),
    ND_PARAM(nd_train_keys, accumulate, 1, .min = 1, .max = 1024, .soft_max = 16,
             .unit = "batches",
             .help = "Batches whose gradients make one step; norms see each batch alone"),
    ND_PARAM(nd_train_keys, rate, 0, .min = 0, .max = 100, .soft_max = 1, .log = true,
             .help = "Highest learning rate; 0 or auto: the valley of a range test"),
    ND_PARAM(nd_train_keys, spread, -1, .min = -1, .max = 1e6, .soft_max = 1000,
             .help = "The first layers learn at rate / spread, the head at rate, those "
                     "between in even steps" AUTO "1, all at one rate"),
    ND_PARAM(nd_train_keys, schedule, {ND_ONE_CYCLE}, .choices = schedules,
             .help = "How the rate changes over the run"),
    ND_PARAM(nd_train_keys, rise, 0, .min = 0, .max = 0.99,
             .help =
                 "Share of one cycle in which the rate rises; 0: 0.25, PyTorch's 0.3; "
                 "of flat-cos the flat share, 0.75"),
    ND_PARAM(nd_train_keys, divide, 0, .min = 0, .max = 1e9,
             .help = "One cycle starts at rate / divide; 0: 25"),
    ND_PARAM(nd_train_keys, divide_last, 0, .min = 0, .max = 1e12,
             .help = "It ends at rate / divide_last, PyTorch's at its start / "
                     "divide_last; 0: 1e5, PyTorch's 1e4"),
    ND_PARAM(nd_train_keys, warmup, 0, .min = 0, .max = 0.9,
             .help = "Share of the run in which the rate grows from 0; one cycle has its "
                     "own"),
    ND_PARAM(nd_train_keys, step_epochs, 10, .min = 0.01, .max = 1e6, .unit = "epochs",
             .help = "How long a step of the schedule step is"),
    ND_PARAM(nd_train_keys, step_factor, 0.1, .min = 1e-6, .max = 1,
             .help = "What a step of the schedule step multiplies the rate by"),
    ND_PARAM(nd_train_keys, optimizer, {ND_OPTIMIZER_AUTO}, .choices = optimizers,
             .help = "How gradients become steps"),
    ND_PARAM(nd_train_keys, momentum, -1, .min = -1, .max = 0.9999,
             .help = "Momentum, or beta 1 of Adam; one cycle swings from 0.95 to 0.85 "
                     "unless it is given" AUTO "0.9"),
    ND_PARAM(nd_train_keys, beta2, -1, .min = -1, .max = 0.999999,
             .help = "Beta 2 of Adam" AUTO "0.999"),
    ND_PARAM(nd_train_keys, epsilon, -1, .min = -1, .max = 1,
             .help = "Epsilon of Adam" AUTO "1e-8"),
    ND_PARAM(nd_train_keys, decay, -1, .min = -1, .max = 1, .log = true,
             .help = "Decay of weights; never of biases and norms" AUTO
                     "5e-4 of SGD, 0.01 of AdamW, 0 of Adam"),
    ND_PARAM(nd_train_keys, clip, -1, .min = -1, .max = 1e9,
             .help = "Largest norm of all gradients together, 0: any" AUTO
                     "1 with Adam, else 0"),
    ND_PARAM(nd_train_keys, precision, {0}, .choices = precisions,
             .help = "What activations are computed in"),
    ND_PARAM(nd_train_keys, ema, 0.999, .min = 0, .max = 0.999999,
             .help = "Decay of averaged weights, which are judged beside the others; 0: "
                     "none are kept"),
    ND_PARAM(nd_train_keys, norm_batches, 32, .min = 0, .max = 100000, .soft_max = 200,
             .unit = "batches",
             .help =
                 "Training batches from which batch norm's running values are measured "
                 "anew for averaged weights, at most a quarter of an epoch or 8; 0: "
                 "they are averaged like weights"),
    ND_PARAM(nd_train_keys, smoothing, -1, .min = -1, .max = 0.9,
             .help = "Smoothing of labels" AUTO "0.1 for pictures, 0 for masks"),
    ND_PARAM(nd_train_keys, calm, 0.15, .min = 0, .max = 1,
             .help = "Share of the epochs at the end in which nothing is mixed"),
    ND_PARAM(nd_train_keys, monitor, {0}, .choices = monitors,
             .help = "What the best model is best in"),
    ND_PARAM(nd_train_keys, patience, 0, .min = 0, .max = 100000, .unit = "epochs",
             .help = "Stop when so many epochs brought nothing better; 0: go through"),
    ND_PARAM(nd_train_keys, minutes, 0, .min = 0, .max = 1e7, .unit = "minutes of CPU",
             .help = "What all of it may cost; epochs are left out so that the schedule "
                     "still ends; 0: any"),
    ND_PARAM(nd_train_keys, save, 10, .min = 0.001, .max = 10000, .unit = "minutes",
             .help = "How often the state is kept within an epoch; it always is after "
                     "one"),
    ND_PARAM(nd_train_keys, seed, 1, .min = 0, .max = 9e15,
             .help = "Of first weights, order, augmentation, dropout"),
};
static const nd_param loss_rows[] = {
    ND_PARAM(nd_train_loss, ce, -1, .min = -1, .max = 1000,
             .help = "How much of cross entropy" AUTO "1, of masks with dice"),
    ND_PARAM(nd_train_loss, dice, -1, .min = -1, .max = 1000,
             .help = "How much of soft dice" AUTO "1 for masks if no part is given"),
    ND_PARAM(nd_train_loss, focal, 0, .min = 0, .max = 1000,
             .help = "How much of focal loss"),
    ND_PARAM(nd_train_loss, jaccard, 0, .min = 0, .max = 1000,
             .help = "How much of soft Jaccard"),
    ND_PARAM(nd_train_loss, lovasz, 0, .min = 0, .max = 1000,
             .help = "How much of Lovasz softmax"),
    ND_PARAM(nd_train_loss, gamma, 2, .min = 0, .max = 10,
             .help = "How much focal loss looks away from what is sure"),
    ND_PARAM(nd_train_loss, l1, 0, .min = 0, .max = 1000,
             .help = "Of values, in deviations of the label: how much of the error"),
    ND_PARAM(nd_train_loss, l2, 0, .min = 0, .max = 1000,
             .help = "Of values: how much of the squared error"),
    ND_PARAM(nd_train_loss, huber, -1, .min = -1, .max = 1000,
             .help = "Of values: how much of Huber's loss, squares up to 1 and straight "
                     "beyond" AUTO "1 if no part is given"),
};
static const nd_table model_table = ND_TABLE(model_rows, nd_train_model);
static const nd_table train_table = ND_TABLE(train_rows, nd_train_keys);
static const nd_table loss_table = ND_TABLE(loss_rows, nd_train_loss);

int learn_sections(learn_section section[LEARN_SECTIONS])
{
    const learn_section own[] = {
        {"model", "Which network, and what it starts from", &model_table,
         offsetof(nd_recipe, model), "name", false},
        {"model", "Which network, and what it starts from", &nd_model_table,
         offsetof(nd_recipe, model) + offsetof(nd_train_model, set), NULL, false},
        {"train", "How it is trained", &train_table, offsetof(nd_recipe, train), NULL,
         false},
        {"train.loss", "What training makes small: a sum of parts", &loss_table,
         offsetof(nd_recipe, loss), NULL, false},
    };
    int count = 0;
    for (const nd_data_section *s = nd_data_sections; s->key; s++)
        if (count < LEARN_SECTIONS - 4)
            section[count++] =
                (learn_section){s->key, s->help, s->table, s->offset, s->word, true};
    memcpy(section + count, own, sizeof own);
    return count + 4;
}

bool learn_is_speed(const char *key, const char *name)
{
    static const char *const speed[] = {"data.cache", "data.workers", "train.save"};
    char whole[128];
    snprintf(whole, sizeof whole, "%s.%s", key, name);
    for (size_t i = 0; i < sizeof speed / sizeof *speed; i++)
        if (strcmp(speed[i], whole) == 0) return true;
    return false;
}
