// SPDX-License-Identifier: Apache-2.0
// Layers and losses for forward functions; zeroes mean PyTorch's defaults.
#pragma once
#include <nadir/nn.h>

// Every call given a NULL tensor gives NULL, so a forward function needs no checks: the
// first error's words survive. Shapes are {N, C, H, W} unless said. Wrong shapes: the
// error names the scope, the layer and the shapes. Formulas: those of PyTorch 1.13.
nd_shape nd_tensor_shape(const nd_tensor *x);
void nd_scope_enter(nd_tape *tape, const char *format, ...) ND_PRINTF(2, 3);
void nd_scope_leave(nd_tape *tape);
bool nd_training(const nd_tape *tape);

// ---- With parameters: NAME.weight, NAME.bias, … under the scope.
// How first weights are drawn: PyTorch's default, or He et al. 2015 by outputs.
typedef enum nd_first { ND_FIRST_DEFAULT, ND_FIRST_HE_OUT, ND_FIRST_ZERO } nd_first;
// {N, out, (H + 2 pad - dilation (kernel - 1) - 1) / stride + 1, …}; transposed:
// {N, out, (H - 1) stride - 2 pad + dilation (kernel - 1) + more + 1, …}.
typedef struct nd_conv2d {
    int out, kernel, stride, pad, dilation, groups; // 0: 1 but for out, kernel and pad
    int more;                                       // transposed: output padding
    bool no_bias;
    nd_first first;
} nd_conv2d;
nd_tensor *nd_conv(nd_tape *tape, const char *name, nd_tensor *x, nd_conv2d set);
nd_tensor *nd_conv_transpose(nd_tape *tape, const char *name, nd_tensor *x,
                             nd_conv2d set);
typedef struct nd_norm {
    double epsilon, momentum; // 0: 1e-5, 0.1
    int groups;               // of group norm; 0: 1
    int axes;                 // of layer norm: the last so many; 0: 1
    bool no_affine;
    bool zero; // first weight is 0: the last norm of a residual branch
} nd_norm;
nd_tensor *nd_batch_norm(nd_tape *tape, const char *name, nd_tensor *x, nd_norm given);
nd_tensor *nd_layer_norm(nd_tape *tape, const char *name, nd_tensor *x, nd_norm given);
nd_tensor *nd_group_norm(nd_tape *tape, const char *name, nd_tensor *x, nd_norm given);
// On the last axis.
typedef struct nd_dense {
    int out;
    bool no_bias;
} nd_dense;
nd_tensor *nd_linear(nd_tape *tape, const char *name, nd_tensor *x, nd_dense set);
// A parameter of one's own, drawn uniformly from +-bound.
nd_tensor *nd_parameter(nd_tape *tape, const char *name, nd_shape shape, double bound);

// ---- Point functions.
typedef enum nd_function {
    ND_RELU,
    ND_LEAKY_RELU, // slope `a`, 0: 0.01
    ND_GELU,       // by erf
    ND_SILU,
    ND_HARDSWISH,
    ND_SIGMOID,
    ND_TANH
} nd_function;
nd_tensor *nd_activate(nd_tensor *x, nd_function function, double a);
nd_tensor *nd_relu(nd_tensor *x);
// Elements are zeroed with `drop`, others scaled; by counter, so threads do not matter.
nd_tensor *nd_dropout(nd_tensor *x, double drop);
nd_tensor *nd_softmax(nd_tensor *x, int axis);
// Shapes broadcast as in PyTorch.
nd_tensor *nd_add(nd_tensor *a, nd_tensor *b);
nd_tensor *nd_multiply(nd_tensor *a, nd_tensor *b);
nd_tensor *nd_scale(nd_tensor *x, double factor);

// ---- Windows and sizes.
typedef struct nd_pool2d {
    int kernel, stride, pad; // stride 0: kernel
    bool ceil_mode;
    bool leave_pad_out; // of means: count_include_pad false
} nd_pool2d;
nd_tensor *nd_max_pool(nd_tensor *x, nd_pool2d set);
nd_tensor *nd_mean_pool(nd_tensor *x, nd_pool2d set);
nd_tensor *nd_mean_pool_to(nd_tensor *x, int height, int width); // adaptive
nd_tensor *nd_max_pool_to(nd_tensor *x, int height, int width);  // adaptive
typedef enum nd_resize {
    ND_RESIZE_NEAREST,
    ND_RESIZE_BILINEAR,
    ND_RESIZE_CORNERS
} nd_resize; // CORNERS: bilinear, align_corners
nd_tensor *nd_upsample(nd_tensor *x, int height, int width, nd_resize how);
// before, after: of each axis; `like`: what stands there.
typedef enum nd_padding { ND_PAD_VALUE, ND_PAD_REFLECT, ND_PAD_EDGE } nd_padding;
nd_tensor *nd_pad(nd_tensor *x, const int *before, const int *after, nd_padding like,
                  double value);
nd_tensor *nd_concat(nd_tensor *const *parts, int count, int axis);
nd_tensor *nd_slice(nd_tensor *x, int axis, int64_t first, int64_t count);
nd_tensor *nd_reshape(nd_tensor *x, nd_shape shape); // one dimension may be -1
nd_tensor *nd_transpose(nd_tensor *x, const int *order);
nd_tensor *nd_matmul(nd_tensor *a, nd_tensor *b); // leading axes broadcast
typedef enum nd_reduction { ND_SUM, ND_MEAN, ND_MAX, ND_MIN } nd_reduction;
// Over the axes whose bit is set in `axes`; they stay with size 1.
nd_tensor *nd_reduce_axes(nd_tensor *x, unsigned axes, nd_reduction how);
nd_tensor *nd_flatten(nd_tensor *x); // {N, everything else}

// ---- Losses: the mean over what counts. `settings` may be NULL: defaults.
// Targets of classes: int64 {N} or {N, H, W}, or probabilities like the output; the
// output {N, K} or {N, K, H, W}. A label outside 0 … K-1 that is not `ignore`: ND_E_DATA
// with its value and place. Nothing counts: loss and gradient are 0. Probabilities that
// are all 0 do not count. Class weights: of cross entropy and focal. Mixed: by default
// cross entropy and dice. Lovász takes classes only.
enum { ND_IGNORE = -100 };
typedef struct nd_class_loss {
    const double *weight; // of each class; NULL: 1
    int weights;
    double smoothing;
    double gamma;                            // of focal; 0: 2
    double ce, dice, focal, jaccard, lovasz; // of nd_mixed_loss: how much of each
} nd_class_loss;
nd_loss nd_cross_entropy, nd_dice, nd_focal, nd_jaccard, nd_lovasz, nd_mixed_loss;
// Targets of the output's shape and type; NaN does not count.
typedef struct nd_value_loss {
    double delta;           // of Huber; 0: 1
    const double *positive; // of BCE: weight of positives, each channel; NULL: 1
} nd_value_loss;
nd_loss nd_bce, nd_mse, nd_l1, nd_huber; // BCE on logits
