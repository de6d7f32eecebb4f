/* seq2seq: what encoder-decoders share. A family's body builds the encoder between seq2seq_source and seq2seq_target, then the decoder. */
#ifndef HF2C_ARCH_SEQ2SEQ_H
#define HF2C_ARCH_SEQ2SEQ_H

#include "compiler/arch/blocks.h"

/* How a decoder's layers look back at the source: their scope ("decoder.layers"), that of the attention in one ("encoder_attn"), its
 * projections. */
typedef struct Seq2seqNames {
    const char *layers, *attention, *query, *key, *value, *output;
    bool bare_keys; /* that projection has no bias */
} Seq2seqNames;

/* Nodes made from now on are the encoder's. */
void seq2seq_source(Builder *b);
/* The encoder gave `source`: puts the keys and values that each of the decoder's layers will want of it into caches. Nodes made from now
 * on are the decoder's. deviations: of the initial keys and values. */
void seq2seq_target(Builder *b, Node *source, const Seq2seqNames *names, int64_t layers, int64_t width, bool bias);
/* Attention of x to the source, in layer `layer` of the decoder; the scope is that layer's. width: of x. */
Node *seq2seq_attention(Builder *b, Node *x, const Seq2seqNames *names, int64_t layer, const AttentionShape *shape, int64_t width, bool bias);

/* Sinusoids [positions, width]: sines in the first half of a row, cosines in the second. own_exponents: 10000^(i / (half - 1)), as
 * fairseq has them, instead of 10000^(2 i / width). */
Node *seq2seq_sinusoids(Builder *b, int64_t positions, int64_t width, bool own_exponents);

/* last_hidden_state, encoder_last_hidden_state */
void seq2seq_base(Builder *b, Node *hidden);
/* logits of the wanted rows, encoder_last_hidden_state. table: the embedding that the head is tied to, or its own weight; bias may be NULL */
void seq2seq_logits(Builder *b, Node *hidden, Node *table, Node *bias);

#endif
