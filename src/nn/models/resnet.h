// SPDX-License-Identifier: Apache-2.0
// The residual network's trunk, for classifiers and for the encoders of U-Nets.
#pragma once
#include "nn/models/models.h"

enum { NN_RESNET_STAGES = 4 };
typedef struct nn_resnet {
    int blocks[NN_RESNET_STAGES];
    bool is_deep; // bottlenecks: 1 x 1, 3 x 3, 1 x 1 to four times the width
} nn_resnet;
extern const nn_resnet nn_resnet18, nn_resnet34, nn_resnet50;

// With torchvision's names. stage[0]: behind the stem's ReLU; then the four stages.
bool nn_resnet_trunk(nd_tape *t, nd_tensor *x, const nn_resnet *net,
                     const nd_model_set *set, nd_tensor *stage[NN_RESNET_STAGES + 1]);
nn_sight nn_resnet_sight(const nn_resnet *net, const nd_model_set *set);
