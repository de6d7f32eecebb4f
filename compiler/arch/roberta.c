/* RoBERTa, and XLM-RoBERTa, which is RoBERTa with another vocabulary: BERT whose positions count from behind the padding id, with
 * heads of its own. Reference: transformers, models/roberta/modeling_roberta.py. */
#include "compiler/arch/encoder.h"

static Node *roberta_body(Builder *b)
{
    EncoderShape s = encoder_shape(b, &encoder_bert_names);
    EncoderEmbeddings e = {.positions = true,
                           .first_position = encoder_reserve_positions(b),
                           .types = config_int_or(b->config, "type_vocab_size", 0, 1 << 16, 2)};
    return encoder_layers(b, encoder_embeddings(b, &s, &e), &s, "encoder.layer");
}

static void roberta_base(Builder *b, Node *hidden) { encoder_base(b, hidden, "pooler.dense"); }

static void roberta_masked_lm(Builder *b, Node *hidden)
{
    encoder_masked_lm(b, hidden, &encoder_roberta_masked_lm, config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-12));
}

static void roberta_classify(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "classifier.dense", false, OP_tanh), "classifier.out_proj");
}

static void roberta_choose(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "pooler.dense", true, OP_tanh), "classifier");
}

#define ROBERTA(name, type)                                                                                                          \
    const Architecture arch_##name = {                                                                                               \
        .model_type = type,                                                                                                          \
        .prefix = "roberta.",                                                                                                        \
        .length_keys = "max_position_embeddings",                                                                                    \
        .body = roberta_body,                                                                                                        \
        .head = {[HEAD_base] = roberta_base,                                                                                         \
                 [HEAD_masked_lm] = roberta_masked_lm,                                                                               \
                 [HEAD_sequence_classification] = roberta_classify,                                                                  \
                 [HEAD_multiple_choice] = roberta_choose,                                                                            \
                 [HEAD_token_classification] = head_token_classification,                                                            \
                 [HEAD_question_answering] = head_question_answering},                                                               \
    };
ROBERTA(roberta, "roberta")
ROBERTA(xlm_roberta, "xlm-roberta")
ROBERTA(camembert, "camembert")
