/* vit: what families of ViT's layers share. */
#ifndef HF2C_ARCH_VIT_H
#define HF2C_ARCH_VIT_H

#include "compiler/arch/image.h"

typedef struct VitShape {
    int64_t hidden, heads, intermediate, layers, patch, channels;
    double epsilon;
    bool qkv_bias;
    Grid size;
} VitShape;

VitShape vit_shape(Builder *b);
Node *vit_layer(Builder *b, Node *x, const VitShape *s);
/* pooler_output from the first row of each picture; checkpoints are often saved without the pooler, which then is left out. */
void vit_pooler(Builder *b, Node *first, const char *activation);

#endif
