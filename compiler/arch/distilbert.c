/* DistilBERT: BERT without token types and without pooler, under other names.
 * Reference: transformers, models/distilbert/modeling_distilbert.py. */
#include "compiler/arch/encoder.h"

static const EncoderNames distilbert_names = {.query = "attention.q_lin",
                                              .key = "attention.k_lin",
                                              .value = "attention.v_lin",
                                              .attended = "attention.out_lin",
                                              .attention_norm = "sa_layer_norm",
                                              .inner = "ffn.lin1",
                                              .outer = "ffn.lin2",
                                              .norm = "output_layer_norm"};

/* Sinusoidal positions are a table of the checkpoint too. */
static Node *distilbert_body(Builder *b)
{
    EncoderShape s = encoder_shape(b, &distilbert_names);
    EncoderEmbeddings e = {.positions = true};
    return encoder_layers(b, encoder_embeddings(b, &s, &e), &s, "transformer.layer");
}

static void distilbert_masked_lm(Builder *b, Node *hidden)
{
    static const MaskedLmNames names = {"vocab_transform", "vocab_layer_norm", "vocab_projector.bias", "vocab_projector", false, NULL};
    encoder_masked_lm(b, hidden, &names, 1e-12);
}

static void distilbert_classify(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "pre_classifier", false, OP_relu), "classifier");
}

const Architecture arch_distilbert = {
    .model_type = "distilbert",
    .prefix = "distilbert.",
    .length_keys = "max_position_embeddings",
    .body = distilbert_body,
    .head = {[HEAD_base] = head_last_hidden_state,
             [HEAD_masked_lm] = distilbert_masked_lm,
             [HEAD_sequence_classification] = distilbert_classify,
             [HEAD_multiple_choice] = distilbert_classify,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
