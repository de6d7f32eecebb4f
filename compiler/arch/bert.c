/* BERT: post-norm encoder with learned positions and token types.
 * Reference: transformers, models/bert/modeling_bert.py. */
#include "compiler/arch/encoder.h"

static Node *bert_body(Builder *b)
{
    EncoderShape s = encoder_shape(b, &encoder_bert_names);
    EncoderEmbeddings e = {.positions = true, .types = config_int_or(b->config, "type_vocab_size", 0, 1 << 16, 2)};
    return encoder_layers(b, encoder_embeddings(b, &s, &e), &s, "encoder.layer");
}

static void bert_base(Builder *b, Node *hidden) { encoder_base(b, hidden, "pooler.dense"); }

static void bert_masked_lm(Builder *b, Node *hidden)
{
    encoder_masked_lm(b, hidden, &encoder_bert_masked_lm, config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-12));
}

static void bert_classify(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "pooler.dense", true, OP_tanh), "classifier");
}

static void bert_next_sentence(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "pooler.dense", true, OP_tanh), "cls.seq_relationship");
}

const Architecture arch_bert = {
    .model_type = "bert",
    .prefix = "bert.",
    .length_keys = "max_position_embeddings",
    .body = bert_body,
    .head = {[HEAD_base] = bert_base,
             [HEAD_masked_lm] = bert_masked_lm,
             [HEAD_sequence_classification] = bert_classify,
             [HEAD_multiple_choice] = bert_classify,
             [HEAD_next_sentence] = bert_next_sentence,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
