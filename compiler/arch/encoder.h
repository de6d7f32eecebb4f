/* encoder: what BERT and the post-norm encoders after it share. They differ in names, in what the embedding adds up, and in heads;
 * those are tables here. */
#ifndef HF2C_ARCH_ENCODER_H
#define HF2C_ARCH_ENCODER_H

#include "compiler/arch/blocks.h"

/* Names of a layer's parts, relative to the layer. */
typedef struct EncoderNames {
    const char *query, *key, *value, *attended, *attention_norm, *inner, *outer, *norm;
} EncoderNames;
extern const EncoderNames encoder_bert_names;

typedef struct EncoderShape {
    int64_t hidden, intermediate, layers;
    double epsilon;
    const char *activation; /* of the inner layer where the config names none */
    AttentionShape attention;
    const EncoderNames *names;
} EncoderShape;
/* From the keys of BERT's config and DistilBERT's names for them; refuses what these encoders do not have. */
EncoderShape encoder_shape(Builder *b, const EncoderNames *names);

typedef struct EncoderEmbeddings {
    int64_t width;          /* columns of the tables; 0: hidden */
    int64_t first_position; /* row of the position table for position 0 */
    int64_t types;          /* rows of the table of token types; 0: there is none */
    bool positions;
} EncoderEmbeddings;
/* Norm of the sum of the tables under "embeddings". */
Node *encoder_embeddings(Builder *b, const EncoderShape *s, const EncoderEmbeddings *e);
/* Row of RoBERTa's position table for position 0, behind the rows that stand for padding; no token can have those. */
int64_t encoder_reserve_positions(Builder *b);

Node *encoder_attention(Builder *b, Node *x, const EncoderShape *s); /* queries, keys, values and attention, before "attended" */
/* The rest of a layer: norm(x + W attended), then norm(x + W inner(x)). */
Node *encoder_finish(Builder *b, Node *x, Node *attended, const EncoderShape *s);
/* All layers under "SCOPE.0", "SCOPE.1" ... with their hidden states. */
Node *encoder_layers(Builder *b, Node *x, const EncoderShape *s, const char *scope);

/* ---- heads ---- */

/* activation(W h + b) of the first token; base: under the prefix of the body. OP_none: no activation. */
Node *encoder_pooled(Builder *b, Node *hidden, const char *name, bool base, Op activation);
/* last_hidden_state, and pooler_output: tanh under NAME, where the checkpoint has it. */
void encoder_base(Builder *b, Node *hidden, const char *pooler);
/* logits = NAME pooled, [sequences, labels]; the multiple-choice head has one. */
void encoder_classify(Builder *b, Node *pooled, const char *name);

typedef struct MaskedLmNames {
    const char *dense, *norm, *bias, *decoder; /* decoder: the weight where it is not tied to the embedding */
    bool gelu;                                 /* whatever the config says */
    const char *function;                      /* where it says nothing; NULL: gelu */
} MaskedLmNames;
void encoder_masked_lm(Builder *b, Node *hidden, const MaskedLmNames *names, double epsilon);
extern const MaskedLmNames encoder_bert_masked_lm, encoder_roberta_masked_lm;

#endif
