/* ALBERT: BERT with narrow embeddings and layers that share their weights in groups.
 * Reference: transformers, models/albert/modeling_albert.py. */
#include "compiler/arch/encoder.h"

static const EncoderNames albert_names = {.query = "attention.query",
                                          .key = "attention.key",
                                          .value = "attention.value",
                                          .attended = "attention.dense",
                                          .attention_norm = "attention.LayerNorm",
                                          .inner = "ffn",
                                          .outer = "ffn_output",
                                          .norm = "full_layer_layer_norm"};

/* One layer of the model: all inner layers of its group. */
static Node *albert_group(Builder *b, Node *x, const EncoderShape *s, int group, int inner)
{
    for (int i = 0; i < inner; i++) {
        scope_enter(b, "encoder.albert_layer_groups.%d.albert_layers.%d", group, i);
        x = encoder_finish(b, x, encoder_attention(b, x, s), s);
        scope_leave(b);
    }
    return x;
}

static Node *albert_body(Builder *b)
{
    const Config *c = b->config;
    EncoderShape s = encoder_shape(b, &albert_names);
    s.activation = "gelu_new";
    int64_t groups = config_int_or(c, "num_hidden_groups", 1, s.layers ? s.layers : 1, 1);
    int inner = (int)config_int_or(c, "inner_group_num", 1, 1 << 10, 1);
    EncoderEmbeddings e = {.positions = true,
                           .width = config_int_or(c, "embedding_size", 1, 1 << 20, 128),
                           .types = config_int_or(c, "type_vocab_size", 0, 1 << 16, 2)};
    Node *x = encoder_embeddings(b, &s, &e);
    if (b->err->text[0]) return NULL;
    x = linear(b, x, "encoder.embedding_hidden_mapping_in", s.hidden, true);
    for (int i = 0; i < s.layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        x = albert_group(b, x, &s, (int)(i * groups / s.layers), inner);
        scope_layer(b, -1);
    }
    hidden_state(b, (int)s.layers, x);
    return x;
}

static void albert_base(Builder *b, Node *hidden) { encoder_base(b, hidden, "pooler"); }

static void albert_masked_lm(Builder *b, Node *hidden)
{
    static const MaskedLmNames names = {"predictions.dense", "predictions.LayerNorm", "predictions.bias", "predictions.decoder", false, "gelu_new"};
    encoder_masked_lm(b, hidden, &names, config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-12));
}

static void albert_classify(Builder *b, Node *hidden)
{
    encoder_classify(b, encoder_pooled(b, hidden, "pooler", true, OP_tanh), "classifier");
}

const Architecture arch_albert = {
    .model_type = "albert",
    .prefix = "albert.",
    .length_keys = "max_position_embeddings",
    .body = albert_body,
    .head = {[HEAD_base] = albert_base,
             [HEAD_masked_lm] = albert_masked_lm,
             [HEAD_sequence_classification] = albert_classify,
             [HEAD_multiple_choice] = albert_classify,
             [HEAD_token_classification] = head_token_classification,
             [HEAD_question_answering] = head_question_answering},
};
