/* MPNet: RoBERTa's body with a bias by distance that all layers share.
 * Reference: transformers, models/mpnet/modeling_mpnet.py. */
#include "compiler/arch/encoder.h"

static const EncoderNames mpnet_names = {.query = "attention.attn.q",
                                         .key = "attention.attn.k",
                                         .value = "attention.attn.v",
                                         .attended = "attention.attn.o",
                                         .attention_norm = "attention.LayerNorm",
                                         .inner = "intermediate.dense",
                                         .outer = "output.dense",
                                         .norm = "output.LayerNorm"};

/* The code always looks 32 buckets up, whatever the table's size: other sizes have rows that are never used, or too few. */
enum { MPNET_BUCKETS = 32, MPNET_DISTANCE = 128 };
/* Positions count from behind id 1, whatever pads. */
enum { MPNET_RESERVED = 2 };

static Node *mpnet_body(Builder *b)
{
    EncoderShape s = encoder_shape(b, &mpnet_names);
    int64_t buckets = config_int_or(b->config, "relative_attention_num_buckets", 1, 1 << 16, MPNET_BUCKETS);
    if (buckets != MPNET_BUCKETS) refuse_number(b, "relative_attention_num_buckets", buckets, "32");
    EncoderEmbeddings e = {.positions = true, .first_position = MPNET_RESERVED};
    b->reserved_positions = MPNET_RESERVED;
    Node *x = encoder_embeddings(b, &s, &e);
    if (b->err->text[0]) return NULL;
    s.attention.bias = relative_bias(b, "encoder.relative_attention_bias.weight", s.attention.heads, buckets, MPNET_DISTANCE, true);
    s.attention.origin = MPNET_DISTANCE;
    return encoder_layers(b, x, &s, "encoder.layer");
}

static void mpnet_base(Builder *b, Node *hidden) { encoder_base(b, hidden, "pooler.dense"); }

static void mpnet_masked_lm(Builder *b, Node *hidden)
{
    encoder_masked_lm(b, hidden, &encoder_roberta_masked_lm, config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-12));
}

static void mpnet_classify(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "classifier.dense", false, OP_tanh), "classifier.out_proj");
}

static void mpnet_choose(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "pooler.dense", true, OP_tanh), "classifier");
}

const Architecture arch_mpnet = {
    .model_type = "mpnet",
    .prefix = "mpnet.",
    .length_keys = "max_position_embeddings",
    .body = mpnet_body,
    .head = {[HEAD_base] = mpnet_base,
             [HEAD_masked_lm] = mpnet_masked_lm,
             [HEAD_sequence_classification] = mpnet_classify,
             [HEAD_multiple_choice] = mpnet_choose,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
