/* DeBERTa, and version 2, whose checkpoints of version 3 are the same model: encoder whose attention scores tell content from
 * position. Version 2 has learned positions per bucket of distances, may share their projections with the content, may norm them,
 * and may add a convolution to the first layer.
 * Reference: transformers, models/deberta/modeling_deberta.py and models/deberta_v2/modeling_deberta_v2.py. */
#include <math.h>
#include <string.h>

#include "compiler/arch/encoder.h"

typedef struct Deberta {
    EncoderShape shape;
    bool relative, content_to_position, position_to_content;
    int64_t span;  /* half the rows of the table of positions */
    Node *table;   /* its rows; NULL without relative attention */
    Node *buckets; /* row of the table for each distance */
    int64_t origin;
} Deberta;

/* ---- positions ---- */

/* One name of pos_att_type, of that length. */
static void note_position_type(Builder *b, Deberta *d, const char *name, size_t length)
{
    const char *type = arena_copy_text(b->graph->arena, name, length);
    if (strcmp(type, "c2p") == 0) d->content_to_position = true;
    else if (strcmp(type, "p2c") == 0) d->position_to_content = true;
    else config_refuse(b->config, "pos_att_type", type, "c2p, p2c");
}

/* A list, or in old configs names with '|' between them. */
static void read_position_types(Builder *b, Deberta *d)
{
    const cJSON *types = config_item(b->config, "pos_att_type");
    if (cJSON_IsString(types)) {
        for (const char *at = types->valuestring; *at;) {
            size_t length = strcspn(at, "|");
            note_position_type(b, d, at, length);
            at += length + (at[length] == '|');
        }
        return;
    }
    for (const cJSON *type = types ? types->child : NULL; type; type = type->next) {
        if (cJSON_IsString(type)) note_position_type(b, d, type->valuestring, strlen(type->valuestring));
        else config_refuse(b->config, "pos_att_type", "no name", "c2p, p2c");
    }
}

/* Version 2's buckets: exact distances up to the middle, then ever wider ranges; in float32 steps as transformers takes them. */
static int64_t log_bucket(int64_t distance, int64_t buckets, int64_t most)
{
    int64_t middle = buckets / 2, far = distance < 0 ? -distance : distance;
    if (far <= middle) return distance;
    float range = logf((float)((double)(most - 1) / (double)middle));
    int64_t bucket = (int64_t)ceilf(logf((float)far / (float)middle) / range * (float)(middle - 1)) + middle;
    return distance < 0 ? -bucket : bucket;
}

static Node *bucket_rows(Builder *b, const Deberta *d, int64_t buckets, int64_t most)
{
    int64_t count = 2 * d->origin + 1;
    float *row = ARENA_ARRAY(b->graph->arena, float, (size_t)count);
    for (int64_t i = 0; i < count; i++) {
        int64_t distance = i - d->origin;
        int64_t at = d->span + (buckets > 0 ? log_bucket(distance, buckets, most) : distance);
        row[i] = (float)(at < 0 ? 0 : at < 2 * d->span ? at : 2 * d->span - 1);
    }
    b->graph->scope = "position_buckets";
    return graph_constant(b->graph, shape_of(1, dim_of(count)), row);
}

static void read_positions(Builder *b, Deberta *d, bool second)
{
    const Config *c = b->config;
    int64_t positions = config_int(c, "max_position_embeddings", 2, 1 << 22);
    int64_t most = config_int_or(c, "max_relative_positions", -1, 1 << 22, -1);
    int64_t buckets = second ? config_int_or(c, "position_buckets", -1, 1 << 22, -1) : -1;
    if (most < 1) most = positions;
    if (buckets > 0 && (buckets < 4 || most - 1 <= buckets / 2))
        err_set(b->err, "%s: position_buckets %lld: wanted at least 4, and more than half as many relative positions than that, found %lld",
                c->file, (long long)buckets, (long long)most);
    d->relative = config_bool_or(c, "relative_attention", false);
    read_position_types(b, d);
    d->shape.attention.scale = 1 / sqrt((double)d->shape.attention.head_dim *
                                        (1 + (d->content_to_position ? 1 : 0) + (d->position_to_content ? 1 : 0)));
    if (b->err->text[0] || !d->relative) return;
    d->span = buckets > 0 ? buckets : most;
    d->origin = positions - 1;
    d->buckets = bucket_rows(b, d, buckets, most);
    d->table = param_matrix(b, "encoder.rel_embeddings.weight", 2 * d->span, d->shape.hidden, initial_normal(b));
    const char *norm = second ? config_text_or(c, "norm_rel_ebd", "none") : "none";
    if (strcmp(norm, "layer_norm") == 0) d->table = layer_norm(b, d->table, "encoder.LayerNorm", d->shape.epsilon);
    else if (strcmp(norm, "none") != 0) config_refuse(c, "norm_rel_ebd", norm, "none, layer_norm");
}

/* ---- attention ---- */

typedef struct Projections {
    Node *q, *k, *v;
    Node *position_keys, *position_queries; /* constant */
} Projections;

static Node *disentangled(Builder *b, const Projections *p, const Deberta *d)
{
    if (!p->position_keys && !p->position_queries) return attention(b, p->q, p->k, p->v, &d->shape.attention);
    Node *operand[] = {p->q, p->k, p->v, input_sequences(b), d->buckets, p->position_keys, p->position_queries};
    const AttentionShape *a = &d->shape.attention;
    b->graph->scope = arena_printf(b->graph->arena, "%sattention", b->scope);
    return graph_add(b->graph, OP_disentangled, 7, operand,
                     &(Attributes){.heads = a->heads, .head_dim = a->head_dim, .scale = a->scale, .origin = d->origin});
}

/* Version 1 keeps the rows of query, key and value of each head together; part: which of the three. */
static Node *head_rows(Builder *b, Node *together, const EncoderShape *s, int part)
{
    float *row = ARENA_ARRAY(b->graph->arena, float, (size_t)s->hidden);
    int64_t n = s->attention.head_dim;
    for (int64_t i = 0; i < s->hidden; i++) row[i] = (float)((i / n * 3 + part) * n + i % n);
    b->graph->scope = "head_rows";
    Node *operand[2] = {together, graph_constant(b->graph, shape_of(1, dim_of(s->hidden)), row)};
    return graph_add(b->graph, OP_gather, 2, operand, &(Attributes){0});
}

static Node *first_attention(Builder *b, Node *x, const Deberta *d)
{
    const EncoderShape *s = &d->shape;
    scope_enter(b, "attention.self");
    Node *in = param_matrix(b, "in_proj.weight", 3 * s->hidden, s->hidden, initial_normal(b));
    Projections p = {.q = linear_tied(b, x, head_rows(b, in, s, 0), param_vector(b, "q_bias", s->hidden, INITIAL_ZEROS)),
                     .k = linear_tied(b, x, head_rows(b, in, s, 1), NULL),
                     .v = linear_tied(b, x, head_rows(b, in, s, 2), param_vector(b, "v_bias", s->hidden, INITIAL_ZEROS))};
    if (d->table && d->content_to_position) p.position_keys = linear(b, d->table, "pos_proj", s->hidden, false);
    if (d->table && d->position_to_content) p.position_queries = linear(b, d->table, "pos_q_proj", s->hidden, true);
    Node *y = disentangled(b, &p, d);
    scope_leave(b);
    return y;
}

static Node *second_attention(Builder *b, Node *x, const Deberta *d)
{
    int64_t hidden = d->shape.hidden;
    bool shared = config_bool_or(b->config, "share_att_key", false);
    scope_enter(b, "attention.self");
    Projections p = {.q = linear(b, x, "query_proj", hidden, true),
                     .k = linear(b, x, "key_proj", hidden, true),
                     .v = linear(b, x, "value_proj", hidden, true)};
    if (d->table && d->content_to_position) p.position_keys = linear(b, d->table, shared ? "key_proj" : "pos_key_proj", hidden, true);
    if (d->table && d->position_to_content)
        p.position_queries = linear(b, d->table, shared ? "query_proj" : "pos_query_proj", hidden, true);
    Node *y = disentangled(b, &p, d);
    scope_leave(b);
    return y;
}

/* norm(y + activation(convolution of x over the tokens)); y: the first layer's output, x: its input. */
static Node *convolution(Builder *b, Node *x, Node *y, const Deberta *d)
{
    int64_t size = config_int_or(b->config, "conv_kernel_size", 0, 1 << 10, 0), hidden = d->shape.hidden;
    if (size == 0) return y;
    if (size % 2 == 0) refuse_number(b, "conv_kernel_size", size, "odd numbers");
    int64_t groups = config_int_or(b->config, "conv_groups", 1, 1 << 20, 1);
    if (groups != 1) refuse_number(b, "conv_groups", groups, "1");
    if (b->err->text[0]) return y;
    scope_enter(b, "encoder.conv");
    Node *operand[2] = {x, input_sequences(b)};
    b->graph->scope = "conv.neighbours";
    Node *around = graph_add(b->graph, OP_neighbours, 2, operand, &(Attributes){.size = size, .origin = (size - 1) / 2});
    Node *kernel = param_tensor(b, "conv.weight", shape_of(3, dim_of(hidden), dim_of(hidden), dim_of(size)), initial_normal(b));
    kernel = graph_add(b->graph, OP_reshape, 1, &kernel, &(Attributes){.size = hidden * size});
    Node *convolved = linear_tied(b, around, kernel, param_vector(b, "conv.bias", hidden, INITIAL_ZEROS));
    y = layer_norm(b, add(b, y, activation(b, convolved, "conv_act", "tanh")), "LayerNorm", d->shape.epsilon);
    scope_leave(b);
    return y;
}

/* ---- the body ---- */

static void refuse_unknown(Builder *b, const EncoderShape *s)
{
    const Config *c = b->config;
    int64_t width = config_int_or(c, "embedding_size", 1, 1 << 20, s->hidden);
    int64_t head = config_int_or(c, "attention_head_size", 1, 1 << 20, s->attention.head_dim);
    if (config_bool_or(c, "talking_head", false)) config_refuse(c, "talking_head", "true", "false");
    if (width != s->hidden) refuse_number(b, "embedding_size", width, "hidden_size");
    if (head != s->attention.head_dim) refuse_number(b, "attention_head_size", head, "hidden_size / num_attention_heads");
}

static Node *deberta_body(Builder *b, bool second)
{
    Deberta d = {.shape = encoder_shape(b, &encoder_bert_names)};
    if (!config_has(b->config, "layer_norm_eps")) d.shape.epsilon = 1e-7;
    EncoderEmbeddings e = {.positions = config_bool_or(b->config, "position_biased_input", true),
                           .types = config_int_or(b->config, "type_vocab_size", 0, 1 << 16, 0)};
    if (b->err->text[0]) return NULL;
    refuse_unknown(b, &d.shape);
    Node *x = encoder_embeddings(b, &d.shape, &e);
    if (b->err->text[0]) return NULL;
    read_positions(b, &d, second);
    for (int i = 0; i < d.shape.layers && !b->err->text[0]; i++) {
        Node *before = x;
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "encoder.layer.%d", i);
        x = encoder_finish(b, x, second ? second_attention(b, x, &d) : first_attention(b, x, &d), &d.shape);
        scope_leave(b);
        scope_layer(b, -1);
        if (i == 0 && second) x = convolution(b, before, x, &d);
    }
    hidden_state(b, (int)d.shape.layers, x);
    return x;
}

static Node *deberta_first_body(Builder *b) { return deberta_body(b, false); }
static Node *deberta_second_body(Builder *b) { return deberta_body(b, true); }

/* ---- heads ---- */

static void deberta_masked_lm(Builder *b, Node *hidden)
{
    static const MaskedLmNames names = {"lm_predictions.lm_head.dense", "lm_predictions.lm_head.LayerNorm",
                                        "lm_predictions.lm_head.bias", "lm_predictions.lm_head.decoder", false, NULL};
    bool legacy = config_bool_or(b->config, "legacy", true);
    encoder_masked_lm(b, hidden, legacy ? &encoder_bert_masked_lm : &names, config_float_or(b->config, "layer_norm_eps", 0, 1, 1e-7));
}

static void deberta_classify(Builder *b, Node *hidden)
{
    Node *pooled = encoder_pooled(b, hidden, "pooler.dense", false, OP_none);
    encoder_classify(b, activation(b, pooled, "pooler_hidden_act", "gelu"), "classifier");
}

#define DEBERTA(name, type, build)                                                                                                   \
    const Architecture arch_##name = {                                                                                               \
        .model_type = type,                                                                                                          \
        .prefix = "deberta.",                                                                                                        \
        .length_keys = "max_position_embeddings",                                                                                    \
        .body = build,                                                                                                               \
        .head = {[HEAD_base] = head_last_hidden_state,                                                                               \
                 [HEAD_masked_lm] = deberta_masked_lm,                                                                               \
                 [HEAD_sequence_classification] = deberta_classify,                                                                  \
                 [HEAD_multiple_choice] = deberta_classify,                                                                          \
                 [HEAD_token_classification] = head_token_classification,                                                            \
                 [HEAD_question_answering] = head_question_answering},                                                               \
    };
DEBERTA(deberta, "deberta", deberta_first_body)
DEBERTA(deberta_v2, "deberta-v2", deberta_second_body)
