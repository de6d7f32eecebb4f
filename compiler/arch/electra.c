/* ELECTRA: BERT with narrow embeddings, no pooler, and heads of its own. The generator is the masked language model.
 * Reference: transformers, models/electra/modeling_electra.py. */
#include <string.h>

#include "compiler/arch/encoder.h"

static Node *electra_body(Builder *b)
{
    const Config *c = b->config;
    EncoderShape s = encoder_shape(b, &encoder_bert_names);
    EncoderEmbeddings e = {.positions = true,
                           .width = config_int_or(c, "embedding_size", 1, 1 << 20, 128),
                           .types = config_int_or(c, "type_vocab_size", 0, 1 << 16, 2)};
    Node *x = encoder_embeddings(b, &s, &e);
    if (b->err->text[0]) return NULL;
    if (e.width != s.hidden) x = linear(b, x, "embeddings_project", s.hidden, true);
    return encoder_layers(b, x, &s, "encoder.layer");
}

static void electra_masked_lm(Builder *b, Node *hidden)
{
    static const MaskedLmNames names = {"generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head.bias",
                                        "generator_lm_head", true, NULL};
    encoder_masked_lm(b, hidden, &names, config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-12));
}

static void electra_classify(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "classifier.dense", false, OP_gelu), "classifier.out_proj");
}

/* The summary of a sequence is its first token's; other kinds are for other models. */
static void electra_choose(Builder *b, Node *hidden)
{
    const char *kind = config_text_or(b->config, "summary_type", "first");
    if (strcmp(kind, "first") != 0) config_refuse(b->config, "summary_type", kind, "first");
    if (!config_bool_or(b->config, "summary_use_proj", true)) config_refuse(b->config, "summary_use_proj", "false", "true");
    Node *summary = encoder_pooled(b, hidden, "sequence_summary.summary", false, OP_none);
    encoder_classify(b, activation(b, summary, "summary_activation", "gelu"), "classifier");
}

const Architecture arch_electra = {
    .model_type = "electra",
    .prefix = "electra.",
    .length_keys = "max_position_embeddings",
    .body = electra_body,
    .head = {[HEAD_base] = head_last_hidden_state,
             [HEAD_masked_lm] = electra_masked_lm,
             [HEAD_sequence_classification] = electra_classify,
             [HEAD_multiple_choice] = electra_choose,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
