/* image: what families that read images share. A picture is rows: one for each place, with a column for each channel. */
#ifndef HF2C_ARCH_IMAGE_H
#define HF2C_ARCH_IMAGE_H

#include "compiler/arch/blocks.h"

#define IMAGE_TASKS "image-feature-extraction" /* of base models */

typedef struct Convolution {
    int64_t channels;  /* that come out */
    int64_t kernel, stride, padding;
    int64_t groups;    /* 0: 1 */
    bool bias;
    Initial initial;
} Convolution;

/* Size of the pictures that config says: KEYS, a number or [height, width]; bounded. */
Grid image_size(Builder *b, const Config *config, const char *keys);
int64_t image_channels(Builder *b, const Config *config);
/* Size of the pictures that preprocessor_config.json makes; without one, or where that depends on the picture: what config's KEYS
 * say; where those say nothing: 224 x 224. */
Grid image_processed_size(Builder *b, const char *keys);
/* The sides that bound the pictures which the processor makes, where those have sizes of their own; without one: what config's KEYS say. */
Grid image_largest_size(Builder *b, const char *keys);
/* The pixels of each image as rows, from planes one behind another. */
Node *image_pixels(Builder *b, Grid size, int64_t channels);
/* Rows of each image in another order, or side by side: see op arrange. extra may be NULL. */
Node *image_arrange(Builder *b, Node *x, const float *index, int64_t count, int64_t size, Node *extra, double value);
/* patch_size, and an error where pictures are smaller. */
int64_t image_patch_size(Builder *b, const Config *config, Grid size);
/* Patches of size x size pixels, side by side and without bounds between, as a linear layer sees them: NAME.weight, NAME.bias. */
Node *image_patches(Builder *b, const char *name, Grid size, int64_t channels, int64_t patch, int64_t hidden, bool bias);
/* Weight and bias of such a layer; bias NULL: it has none. */
void image_patch_weights(Builder *b, const char *name, int64_t channels, int64_t patch, int64_t hidden, Node **weight, Node **bias);
/* The patches of pictures that are sequences: see op patches. */
Node *image_own_patches(Builder *b, int64_t patch, int64_t channels, int64_t first, int64_t behind);
/* Rows of extra [1, columns] in front of those of each image. */
Node *image_with_tokens(Builder *b, Node *x, Node *const *front, int count);
/* A table of positions, rows `first` and on of which are places of a grid, for a grid of another size: bicubic, as torch does it. */
Node *image_interpolate(Builder *b, Node *table, int64_t first, Grid from, Grid to);
/* NAME.weight [channels, ., kernel, kernel] over rows of a grid, which becomes that of the result. */
Node *image_convolve(Builder *b, Node *x, Grid *grid, const char *name, const Convolution *convolution);
/* The same, without bias and with the batch norm NORM, whose numbers go into weight and bias. */
Node *image_convolve_norm(Builder *b, Node *x, Grid *grid, const char *name, const char *norm, const Convolution *convolution);
/* Windows of kernel x kernel places, of which the largest value of each channel counts. */
Node *image_max_pool(Builder *b, Node *x, Grid *grid, int64_t kernel, int64_t stride, int64_t padding);
Node *image_mean(Builder *b, Node *x); /* of all rows of each image */
Node *image_row(Builder *b, Node *x, int64_t row);  /* one row of each image */
Node *image_rows(Builder *b, Node *x, int64_t first, int64_t count);
/* Attention among the rows of an image, span at a time; bias may be NULL: see op spans. Where pictures are sequences: among all rows of
 * each. */
Node *image_attention(Builder *b, Node *q, Node *k, Node *v, int64_t heads, int64_t span, int64_t groups, Node *bias);
/* An output whose rows are places in lines of `line`: transformers has it as [channels, height, width]. */
void image_planes_output(Builder *b, const char *name, Node *x, int64_t line);
void image_classifier(Builder *b, Node *pooled, const char *name);  /* logits, where there are labels */

#endif
