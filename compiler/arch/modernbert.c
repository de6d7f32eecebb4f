/* ModernBERT: pre-norm encoder with rotary positions; layers see all tokens or a window to both sides, each kind with its own
 * angles; gated inner layers. Reference: transformers, models/modernbert/modeling_modernbert.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/blocks.h"

typedef struct ModernBert {
    int64_t hidden, intermediate, layers, window;
    double epsilon;
    bool attention_bias, mlp_bias, norm_bias;
    AttentionShape attention;
    Node *angles[2]; /* of layers that see all, and of those with a window */
} ModernBert;

static Node *modernbert_norm(Builder *b, Node *x, const char *name, const ModernBert *m)
{
    return m->norm_bias ? layer_norm(b, x, name, m->epsilon) : layer_norm_unbiased(b, x, name, m->epsilon);
}

static Node *modernbert_attention(Builder *b, Node *x, const ModernBert *m, bool local)
{
    AttentionShape a = m->attention;
    a.window = local ? m->window : 0;
    Node *qkv = linear(b, x, "attn.Wqkv", 3 * m->hidden, m->attention_bias);
    Node *q = rope(b, slice(b, qkv, 0, m->hidden), m->angles[local], a.heads, a.head_dim, a.head_dim, false);
    Node *k = rope(b, slice(b, qkv, m->hidden, m->hidden), m->angles[local], a.heads, a.head_dim, a.head_dim, false);
    Node *v = slice(b, qkv, 2 * m->hidden, m->hidden);
    return linear(b, attention(b, q, k, v, &a), "attn.Wo", m->hidden, m->attention_bias);
}

static Node *modernbert_mlp(Builder *b, Node *x, const ModernBert *m)
{
    Node *both = linear(b, x, "mlp.Wi", 2 * m->intermediate, m->mlp_bias);
    Node *inner = activation(b, slice(b, both, 0, m->intermediate), "hidden_activation", "gelu");
    return linear(b, mul(b, inner, slice(b, both, m->intermediate, m->intermediate)), "mlp.Wo", m->hidden, m->mlp_bias);
}

/* The first layer follows the embedding's norm directly. */
static Node *modernbert_layer(Builder *b, Node *x, const ModernBert *m, int layer, bool local)
{
    scope_enter(b, "layers.%d", layer);
    x = add(b, x, modernbert_attention(b, layer ? modernbert_norm(b, x, "attn_norm", m) : x, m, local));
    x = add(b, x, modernbert_mlp(b, modernbert_norm(b, x, "mlp_norm", m), m));
    scope_leave(b);
    return x;
}

/* As layer_types says; old configs say that every n-th layer sees all. */
static bool modernbert_is_local(Builder *b, int layer)
{
    const cJSON *types = config_item(b->config, "layer_types");
    if (!types) return layer % config_int_or(b->config, "global_attn_every_n_layers", 1, 4096, 3) != 0;
    const cJSON *type = cJSON_GetArrayItem(types, layer);
    const char *name = cJSON_IsString(type) ? type->valuestring : "no name";
    bool local = strcmp(name, "sliding_attention") == 0;
    if (!local && strcmp(name, "full_attention") != 0)
        config_refuse(b->config, "layer_types", name, "full_attention, sliding_attention");
    return local;
}

static Node *modernbert_angles(Builder *b, const char *kind, const char *old_key, double theta, int64_t head_dim)
{
    Arena *arena = b->graph->arena;
    const char *type_key = arena_printf(arena, "rope_parameters.%s.rope_type|rope_scaling.rope_type|rope_scaling.type", kind);
    const char *type = config_text_or(b->config, type_key, "default");
    if (strcmp(type, "default") != 0) config_refuse(b->config, type_key, type, "default");
    const char *theta_key = arena_printf(arena, "rope_parameters.%s.rope_theta|%s", kind, old_key);
    return rope_table_plain(b, head_dim, config_float_or(b->config, theta_key, 1e-3, 1e12, theta));
}

static ModernBert modernbert_shape(Builder *b)
{
    const Config *c = b->config;
    ModernBert m = {.layers = config_int(c, "num_hidden_layers", 1, 4096),
                    .hidden = config_int(c, "hidden_size", 1, 1 << 20),
                    .intermediate = config_int(c, "intermediate_size", 1, 1 << 22),
                    .epsilon = config_float_or(c, "norm_eps", 0, 1, 1e-5),
                    .attention_bias = config_bool_or(c, "attention_bias", false),
                    .mlp_bias = config_bool_or(c, "mlp_bias", false),
                    .norm_bias = config_bool_or(c, "norm_bias", false)};
    m.window = config_int_or(c, "local_attention", 1, 1 << 24, 128) / 2 + 1; /* that many to each side, and the token itself */
    AttentionShape *a = &m.attention;
    a->heads = a->kv_heads = config_int(c, "num_attention_heads", 1, 1 << 14);
    if (b->err->text[0]) return m;
    a->head_dim = m.hidden / a->heads;
    a->scale = 1 / sqrt((double)a->head_dim);
    if (m.hidden % a->heads || a->head_dim % 2)
        err_set(b->err, "%s: hidden_size %lld: wanted an even number for each of %lld heads", c->file, (long long)m.hidden,
                (long long)a->heads);
    return m;
}

static Node *modernbert_body(Builder *b)
{
    ModernBert m = modernbert_shape(b);
    int64_t vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    int64_t pad = config_int_or(b->config, "pad_token_id", -1, vocabulary - 1, -1);
    if (b->err->text[0]) return NULL;
    Node *x = embedding(b, input_ids(b), "embeddings.tok_embeddings", vocabulary, m.hidden, pad);
    x = modernbert_norm(b, x, "embeddings.norm", &m);
    m.angles[0] = modernbert_angles(b, "full_attention", "global_rope_theta", 160000, m.attention.head_dim);
    m.angles[1] = modernbert_angles(b, "sliding_attention", "local_rope_theta", 10000, m.attention.head_dim);
    for (int i = 0; i < m.layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        x = modernbert_layer(b, x, &m, i, modernbert_is_local(b, i));
        scope_layer(b, -1);
    }
    x = modernbert_norm(b, x, "final_norm", &m);
    hidden_state(b, (int)m.layers, x);
    return x;
}

/* ---- heads ---- */

static Node *modernbert_head(Builder *b, Node *x)
{
    ModernBert m = {.epsilon = config_float_or(b->config, "norm_eps", 0, 1, 1e-5),
                    .norm_bias = config_bool_or(b->config, "norm_bias", false)};
    x = linear(b, x, "head.dense", shape_columns(x->shape), config_bool_or(b->config, "classifier_bias", false));
    return modernbert_norm(b, activation(b, x, "classifier_activation", "gelu"), "head.norm", &m);
}

static void modernbert_masked_lm(Builder *b, Node *hidden)
{
    Node *table = word_table(b), *x = modernbert_head(b, head_wanted(b, hidden));
    int64_t vocabulary = table->shape.dim[0].size;
    if (!config_bool_or(b->config, "tie_word_embeddings", true))
        table = param_matrix(b, "decoder.weight", vocabulary, shape_columns(x->shape), initial_normal(b));
    bool biased = config_bool_or(b->config, "decoder_bias", true);
    graph_output(b->graph, "logits", linear_tied(b, x, table, biased ? param_vector(b, "decoder.bias", vocabulary, INITIAL_ZEROS) : NULL));
}

static void modernbert_classify(Builder *b, Node *hidden)
{
    const char *pooling = config_text_or(b->config, "classifier_pooling", "cls");
    bool mean = strcmp(pooling, "mean") == 0;
    if (!mean && strcmp(pooling, "cls") != 0) config_refuse(b->config, "classifier_pooling", pooling, "cls, mean");
    Node *operand[2] = {hidden, input_sequences(b)};
    b->graph->scope = "pooled";
    Node *pooled = graph_add(b->graph, OP_pool, 2, operand, &(Attributes){.mode = mean ? POOL_mean : POOL_first});
    int64_t labels = b->head == HEAD_multiple_choice ? 1 : label_count(b);
    graph_output(b->graph, "logits", linear(b, modernbert_head(b, pooled), "classifier", labels, true));
}

static void modernbert_tokens(Builder *b, Node *hidden) { head_token_classification(b, modernbert_head(b, hidden)); }

static void modernbert_answer(Builder *b, Node *hidden)
{
    Node *both = linear(b, modernbert_head(b, hidden), "classifier", 2, true);
    graph_output(b->graph, "start_logits", slice(b, both, 0, 1));
    graph_output(b->graph, "end_logits", slice(b, both, 1, 1));
}

const Architecture arch_modernbert = {
    .model_type = "modernbert",
    .prefix = "model.",
    .length_keys = "max_position_embeddings",
    .body = modernbert_body,
    .head = {[HEAD_base] = head_last_hidden_state,
             [HEAD_masked_lm] = modernbert_masked_lm,
             [HEAD_sequence_classification] = modernbert_classify,
             [HEAD_multiple_choice] = modernbert_classify,
             [HEAD_token_classification] = modernbert_tokens,
             [HEAD_question_answering] = modernbert_answer},
};
