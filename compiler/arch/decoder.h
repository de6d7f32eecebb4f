/* decoder: the body that decoder-only families have in common. A family fills in a Decoder from its config and builds it:
 *
 *     x = embedding(ids);  for each layer: x = x + attention(norm(x)); x = x + mlp(norm(x));  x = norm(x)
 *
 * Where the norms stand, how q, k and v are stored, what the MLP is and what each layer sees are settings. Names are relative
 * to the layer (or to the body for the outer ones); NULL: the family has no such part. */
#ifndef HF2C_ARCH_DECODER_H
#define HF2C_ARCH_DECODER_H

#include "compiler/arch/blocks.h"

/* Rows of the projection from x to q, k and v. */
typedef enum QkvLayout {
    QKV_APART,   /* three weights */
    QKV_STACKED, /* one weight: all of q, all of k, all of v */
    QKV_GROUPED  /* one weight: for each head of k its heads of q, then its k, then its v */
} QkvLayout;

typedef enum ResidualKind {
    RESIDUAL_SEQUENTIAL, /* the MLP reads the sum of x and attention */
    RESIDUAL_PARALLEL    /* attention and MLP both read x */
} ResidualKind;

/* NAME.weight and whatever else that norm has. */
typedef Node *NormBuilder(Builder *b, Node *x, const char *name, double epsilon);
/* A norm of q or k, before the rotation. */
typedef Node *HeadNormBuilder(Builder *b, Node *x, const char *name, int64_t heads, double epsilon);

/* Attention or MLP: its scope and its norms. */
typedef struct DecoderBranch {
    const char *scope;
    const char *norm_in;  /* of its input */
    const char *norm_out; /* of its output, before the addition */
    const char *norm_sum; /* of the sum */
} DecoderBranch;

typedef struct Decoder Decoder;
typedef struct DecoderLayer DecoderLayer;

/* What attention or MLP adds, from their normed input. */
typedef Node *BranchBuilder(Builder *b, Node *x, const Decoder *d, const DecoderLayer *layer);

/* What may differ from layer to layer. */
struct DecoderLayer {
    Node *rope;     /* table of angles; NULL: no rotation */
    int64_t window; /* 0: all */
    BranchBuilder *attend, *feed; /* the family's own; NULL: as the Decoder says */
};

struct Decoder {
    int64_t hidden, intermediate, layers, vocabulary;
    double epsilon;
    NormBuilder *norm;
    ResidualKind residual;
    double residual_scale; /* of what each branch adds */
    bool residual_normed;  /* what is added to is the branch's normed input */
    DecoderLayer *layer;   /* [layers] */

    const char *embed_tokens, *layer_list, *final_norm;
    double embedding_scale;
    int64_t zero_row; /* of the embedding, when initialised; -1: none */

    DecoderBranch attend;
    AttentionShape attention; /* window: each layer's own */
    QkvLayout qkv_layout;
    const char *qkv, *q, *k, *v, *o;
    bool qkv_bias, o_bias;
    const char *sinks; /* of each head */
    double qkv_clip; /* 0: none */
    HeadNormBuilder *head_norm;
    const char *q_norm, *k_norm;
    int64_t rotary_dim;
    bool interleaved;

    DecoderBranch feed;
    const char *gate, *gate_up, *up, *down; /* gate or gate_up: a gated MLP */
    bool mlp_bias;
    const char *activation_key, *activation;

    const void *own; /* what the family's own branches need to know */
};

/* The settings that nearly all families spell alike, and the names of LLaMA; layers without rope and window. Families that spell
 * otherwise set their own afterwards. */
Decoder decoder_settings(Builder *b);
/* rotary_dim, from the share of head_dim that config says rotates, or all of it. */
void decoder_rotary_share(Builder *b, Decoder *d, double otherwise);
/* One table for all layers. */
void decoder_rope(Builder *b, Decoder *d);
/* A number that config can leave out on purpose: 0 where it says null, `otherwise` where it says nothing. */
double decoder_number_or_none(Builder *b, const char *key, double maximum, double otherwise);
/* The window that config names: 0 where it says null, `otherwise` where it says nothing. */
int64_t decoder_window_size(Builder *b, int64_t otherwise);
/* The same for all layers. */
void decoder_window(Builder *b, Decoder *d, int64_t otherwise);
/* Whether layer i sees a window only: as layer_types says, else `otherwise`. */
bool decoder_layer_slides(Builder *b, int64_t i, bool otherwise);

/* A bias that falls with distance, by a slope of each head, for sequences up to `length`; added to the scores of all layers. */
void decoder_alibi(Builder *b, Decoder *d, const float *slopes, int64_t length);
/* The slopes of BLOOM and Falcon; [heads]. */
float *alibi_slopes(Builder *b, int64_t heads);

/* The steps of a body. decoder_layers: from the embedded tokens to the last layer's output. */
Node *decoder_embed(Builder *b, const Decoder *d);
Node *decoder_layers(Builder *b, const Decoder *d, Node *x);
Node *decoder_finish(Builder *b, const Decoder *d, Node *x); /* final norm; the last hidden state */
Node *decoder_body(Builder *b, const Decoder *d);            /* all three; NULL after an error */

BranchBuilder decoder_mlp; /* of d->intermediate columns */

/* Norms of q and k. */
Node *repeat_for_heads(Builder *b, Node *x, int64_t heads); /* a vector of weights once for each head */
Node *head_norm_shared(Builder *b, Node *x, const char *name, int64_t heads, double epsilon); /* RMS of each head, one gain for all */
Node *head_norm_shared_layer(Builder *b, Node *x, const char *name, int64_t heads, double epsilon); /* the same, layer norm with bias */
Node *head_norm_whole(Builder *b, Node *x, const char *name, int64_t heads, double epsilon);  /* RMS of all heads together */

/* The heads of nearly all families, but for causal_lm and token_classification. */
#define DECODER_HEADS                                                                                                               \
    [HEAD_base] = head_last_hidden_state, [HEAD_sequence_classification] = head_last_token_classification,                          \
    [HEAD_question_answering] = head_question_answering

#endif
