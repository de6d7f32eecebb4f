/* BART, mBART, Marian, Pegasus, M2M100 (NLLB): encoder-decoders with absolute positions, which differ by where their norms stand and by
 * what their positions are. Reference: transformers, models/{bart,mbart,marian,pegasus,m2m_100}/modeling_*.py. */
#include <math.h>

#include "compiler/arch/seq2seq.h"

typedef enum BartPositions {
    BART_LEARNED,    /* a table whose first two rows nobody uses */
    BART_SINUSOIDS,  /* stored or computed */
    BART_FAIRSEQ     /* sinusoids of fairseq, counted from behind the padding id, never stored */
} BartPositions;

typedef struct BartFamily {
    bool pre_norm;       /* norms before the parts of a layer, and one at the end of a stack; otherwise behind each part */
    bool embedding_norm; /* a norm behind the embeddings */
    bool logits_bias;
    bool scaled;         /* embeddings are scaled where config.json says nothing of it */
    BartPositions positions;
    const char *function;
} BartFamily;

typedef struct BartStack {
    const BartFamily *family;
    const char *name; /* "encoder", "decoder" */
    int64_t model, inner, layers, vocabulary;
    AttentionShape attention;
} BartStack;

static const Seq2seqNames bart_names = {"decoder.layers", "encoder_attn", "q_proj", "k_proj", "v_proj", "out_proj", false};
static const double bart_epsilon = 1e-5;

static Node *bart_self_attention(Builder *b, Node *x, const BartStack *s)
{
    scope_enter(b, "self_attn");
    Node *q = linear(b, x, "q_proj", s->model, true);
    Node *k = linear(b, x, "k_proj", s->model, true);
    Node *v = linear(b, x, "v_proj", s->model, true);
    Node *y = linear(b, attention(b, q, k, v, &s->attention), "out_proj", s->model, true);
    scope_leave(b);
    return y;
}

static Node *bart_mlp(Builder *b, Node *x, const BartStack *s)
{
    Node *inner = activation(b, linear(b, x, "fc1", s->inner, true), "activation_function", s->family->function);
    return linear(b, inner, "fc2", s->model, true);
}

/* x before a part of a layer, and what becomes of it behind the part. */
static Node *bart_before(Builder *b, Node *x, const BartStack *s, const char *norm)
{
    return s->family->pre_norm ? layer_norm(b, x, norm, bart_epsilon) : x;
}

static Node *bart_behind(Builder *b, Node *x, Node *y, const BartStack *s, const char *norm)
{
    Node *sum = add(b, x, y);
    return s->family->pre_norm ? sum : layer_norm(b, sum, norm, bart_epsilon);
}

static Node *bart_layer(Builder *b, Node *x, const BartStack *s, int layer)
{
    Node *y = bart_self_attention(b, bart_before(b, x, s, "self_attn_layer_norm"), s);
    x = bart_behind(b, x, y, s, "self_attn_layer_norm");
    if (s->attention.causal) {
        y = bart_before(b, x, s, "encoder_attn_layer_norm");
        y = seq2seq_attention(b, y, &bart_names, layer, &s->attention, s->model, true);
        x = bart_behind(b, x, y, s, "encoder_attn_layer_norm");
    }
    y = bart_mlp(b, bart_before(b, x, s, "final_layer_norm"), s);
    return bart_behind(b, x, y, s, "final_layer_norm");
}

/* ---- embeddings ---- */

static bool bart_shares(const Builder *b) { return config_bool_or(b->config, "share_encoder_decoder_embeddings", true); }

/* Checkpoints without a shared table have one for each stack; those with one may name it for each stack too. */
static const char *bart_table_name(Builder *b, const char *stack)
{
    const char *own = arena_printf(b->graph->arena, "%s.embed_tokens", stack);
    const char *weight = arena_printf(b->graph->arena, "%s%s.weight", b->base, own);
    bool tied = config_bool_or(b->config, "tie_word_embeddings", true);
    return !bart_shares(b) || (!tied && b->model->has_weights && model_has_tensor(b->model, weight)) ? own : "shared";
}

static Node *bart_sinusoids(Builder *b, const BartStack *s, int64_t positions)
{
    int64_t pad = config_int_or(b->config, "pad_token_id", 0, 1 << 20, 1), first = pad + 1;
    if (s->family->positions == BART_SINUSOIDS) first = 0;
    Node *operand[2] = {input_positions(b), seq2seq_sinusoids(b, positions + first, s->model, first > 0)};
    return graph_add(b->graph, OP_embed, 2, operand, &(Attributes){.scale = 1, .first = first});
}

/* Checkpoints may hold sinusoids that were computed when they were made. */
static Node *bart_positions(Builder *b, const BartStack *s)
{
    enum { UNUSED_ROWS = 2 };
    int64_t positions = config_int(b->config, "max_position_embeddings", 1, 1 << 20);
    const char *stored = arena_printf(b->graph->arena, "%s%s.embed_positions.weight", b->base, s->name);
    if (b->err->text[0]) return NULL;
    if (s->family->positions == BART_LEARNED)
        return embedding_from(b, input_positions(b), "embed_positions", positions + UNUSED_ROWS, s->model, UNUSED_ROWS);
    if (s->family->positions == BART_SINUSOIDS && b->model->has_weights && model_has_tensor(b->model, stored))
        return embedding_from(b, input_positions(b), "embed_positions", positions, s->model, 0);
    return bart_sinusoids(b, s, positions);
}

static Node *bart_embeddings(Builder *b, const BartStack *s)
{
    int64_t pad = config_int_or(b->config, "pad_token_id", -1, s->vocabulary - 1, -1);
    Node *x = embedding(b, input_ids(b), bart_table_name(b, s->name), s->vocabulary, s->model, pad);
    if (config_bool_or(b->config, "scale_embedding", s->family->scaled)) x->a.scale = sqrt((double)s->model);
    scope_enter(b, "%s", s->name);
    Node *positions = bart_positions(b, s);
    if (!b->err->text[0]) {
        x = add(b, x, positions);
        if (s->family->embedding_norm) x = layer_norm(b, x, "layernorm_embedding", bart_epsilon);
    }
    scope_leave(b);
    return x;
}

/* ---- stacks ---- */

static Node *bart_run_stack(Builder *b, const BartStack *s)
{
    Node *x = bart_embeddings(b, s);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "%s", s->name);
    for (int i = 0; i < s->layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "layers.%d", i);
        x = bart_layer(b, x, s, i);
        scope_leave(b);
        scope_layer(b, -1);
    }
    if (s->family->pre_norm) x = layer_norm(b, x, "layer_norm", bart_epsilon);
    scope_leave(b);
    hidden_state(b, (int)s->layers, x);
    return x;
}

static int64_t bart_number(Builder *b, const char *stack, const char *key, int64_t most)
{
    return config_int(b->config, arena_printf(b->graph->arena, "%s_%s", stack, key), 1, most);
}

static BartStack bart_stack(Builder *b, const BartFamily *family, const char *name)
{
    BartStack s = {.family = family, .name = name};
    s.model = config_int(b->config, "d_model", 1, 1 << 20);
    s.vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    s.inner = bart_number(b, name, "ffn_dim", 1 << 22);
    s.layers = bart_number(b, name, "layers", 4096);
    s.attention.heads = s.attention.kv_heads = bart_number(b, name, "attention_heads", 1 << 14);
    s.attention.head_dim = s.model / s.attention.heads;
    s.attention.scale = 1 / sqrt((double)s.attention.head_dim);
    if (s.model % s.attention.heads)
        err_set(b->err, "%s: d_model %lld is no multiple of %s_attention_heads %lld", b->config->file, (long long)s.model, name,
                (long long)s.attention.heads);
    return s;
}

/* A shared table is as long as the source's vocabulary; a decoder with tables of its own may have another one. */
static void bart_own_vocabulary(Builder *b, BartStack *decoder)
{
    int64_t source = decoder->vocabulary;
    if (!bart_shares(b)) decoder->vocabulary = config_int_or(b->config, "decoder_vocab_size", 1, 1 << 24, source);
    if (decoder->vocabulary == source) return;
    b->source_vocabulary = source;
    b->target_vocabulary = decoder->vocabulary;
}

static Node *bart_build(Builder *b, const BartFamily *family)
{
    b->deviation = config_float_or(b->config, "init_std", 0, 100, 0.02);
    BartStack encoder = bart_stack(b, family, "encoder"), decoder = bart_stack(b, family, "decoder");
    decoder.attention.causal = true;
    bart_own_vocabulary(b, &decoder);
    if (b->err->text[0]) return NULL;
    seq2seq_source(b);
    Node *source = bart_run_stack(b, &encoder);
    if (b->err->text[0]) return NULL;
    seq2seq_target(b, source, &bart_names, decoder.layers, decoder.model, true);
    return bart_run_stack(b, &decoder);
}

/* ---- heads ---- */

/* The decoder's embedding, or the weight of a head of its own. */
static Node *bart_head_table(Builder *b, int64_t vocabulary, int64_t model)
{
    const char *decoder = arena_printf(b->graph->arena, "%s%s.weight", b->base, bart_table_name(b, "decoder"));
    Node *table = param_matrix(b, decoder, vocabulary, model, initial_normal(b));
    if (head_is_tied(b, table, "lm_head", config_bool_or(b->config, "tie_word_embeddings", true))) return table;
    return param_matrix(b, "lm_head.weight", vocabulary, model, initial_normal(b));
}

static void bart_lm_head(Builder *b, Node *hidden, bool biased)
{
    int64_t vocabulary = b->target_vocabulary ? b->target_vocabulary : config_int(b->config, "vocab_size", 1, 1 << 24);
    Node *bias = NULL;
    if (biased && (!b->model->has_weights || model_has_tensor(b->model, "final_logits_bias"))) {
        bias = param_matrix(b, "final_logits_bias", 1, vocabulary, (Initial){INITIAL_ZEROS, 0, -1});
        param_is_buffer(b, bias);
    }
    seq2seq_logits(b, hidden, bart_head_table(b, vocabulary, shape_columns(hidden->shape)), bias);
}

/* Over the decoder's last row: the source, moved on by one, ends with what follows the token before its own last one. */
static void bart_classify(Builder *b, Node *hidden)
{
    Node *operand[2] = {hidden, input_sequences(b)};
    b->graph->scope = "last_token";
    Node *x = graph_add(b->graph, OP_pool, 2, operand, &(Attributes){.mode = POOL_last});
    x = linear(b, x, "classification_head.dense", shape_columns(hidden->shape), true);
    x = graph_add(b->graph, OP_tanh, 1, &x, &(Attributes){0});
    graph_output(b->graph, "logits", linear(b, x, "classification_head.out_proj", label_count(b), true));
}

#define BART(type, task_list, ...)                                                                                      \
    static const BartFamily type##_family = {__VA_ARGS__};                                                              \
    static Node *type##_body(Builder *b) { return bart_build(b, &type##_family); }                                       \
    static void type##_lm(Builder *b, Node *hidden) { bart_lm_head(b, hidden, type##_family.logits_bias); }             \
    const Architecture arch_##type = {                                                                                  \
        .model_type = #type,                                                                                            \
        .prefix = "model.",                                                                                             \
        .decoder = true,                                                                                                \
        .encoder = true,                                                                                                \
        .length_keys = "max_position_embeddings",                                                                       \
        .tasks = task_list,                                                                                             \
        .body = type##_body,                                                                                            \
        .head = {[HEAD_base] = seq2seq_base,                                                                            \
                 [HEAD_seq2seq_lm] = type##_lm,                                                                         \
                 [HEAD_sequence_classification] = bart_classify,                                                        \
                 [HEAD_question_answering] = head_question_answering},                                                  \
    };

BART(bart, "text2text-generation summarization translation", .embedding_norm = true, .logits_bias = true, .function = "gelu")
BART(mbart, "text2text-generation translation summarization", .pre_norm = true, .embedding_norm = true, .logits_bias = true, .function = "gelu")
BART(marian, "translation text2text-generation", .logits_bias = true, .positions = BART_SINUSOIDS, .function = "gelu")
BART(pegasus, "summarization text2text-generation translation", .pre_norm = true, .logits_bias = true, .positions = BART_SINUSOIDS, .function = "gelu")
BART(m2m_100, "translation text2text-generation", .pre_norm = true, .scaled = true, .positions = BART_FAIRSEQ, .function = "relu")
