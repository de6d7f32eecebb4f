/* Whisper: an encoder over spectra of a sound and a decoder that writes what it hears.
 * Reference: transformers, models/whisper/modeling_whisper.py. */
#include <math.h>

#include "compiler/arch/seq2seq.h"

typedef struct WhisperStack {
    int64_t model, inner, layers, positions;
    AttentionShape attention;
} WhisperStack;

static const Seq2seqNames whisper_names = {"decoder.layers", "encoder_attn", "q_proj", "k_proj", "v_proj", "out_proj", .bare_keys = true};
static const double whisper_epsilon = 1e-5;

static Node *whisper_self_attention(Builder *b, Node *x, const WhisperStack *s)
{
    scope_enter(b, "self_attn");
    Node *q = linear(b, x, "q_proj", s->model, true);
    Node *k = linear(b, x, "k_proj", s->model, false);
    Node *v = linear(b, x, "v_proj", s->model, true);
    Node *y = linear(b, attention(b, q, k, v, &s->attention), "out_proj", s->model, true);
    scope_leave(b);
    return y;
}

static Node *whisper_layer(Builder *b, Node *x, const WhisperStack *s, int layer)
{
    x = add(b, x, whisper_self_attention(b, layer_norm(b, x, "self_attn_layer_norm", whisper_epsilon), s));
    if (s->attention.causal) {
        Node *y = layer_norm(b, x, "encoder_attn_layer_norm", whisper_epsilon);
        x = add(b, x, seq2seq_attention(b, y, &whisper_names, layer, &s->attention, s->model, true));
    }
    Node *y = linear(b, layer_norm(b, x, "final_layer_norm", whisper_epsilon), "fc1", s->inner, true);
    return add(b, x, linear(b, activation(b, y, "activation_function", "gelu"), "fc2", s->model, true));
}

static Node *whisper_layers(Builder *b, Node *x, const WhisperStack *s)
{
    for (int i = 0; i < s->layers; i++) {
        hidden_state(b, i, x);
        scope_layer(b, i);
        scope_enter(b, "layers.%d", i);
        x = whisper_layer(b, x, s, i);
        scope_leave(b);
        scope_layer(b, -1);
    }
    x = layer_norm(b, x, "layer_norm", whisper_epsilon);
    hidden_state(b, (int)s->layers, x);
    return x;
}

/* gelu(NAME x), three rows for each row of the result. */
static Node *whisper_convolve(Builder *b, Node *x, const char *name, int64_t channels, int64_t stride)
{
    enum { TAPS = 3 };
    Attributes a = {.size = TAPS, .origin = 1, .stride = stride};
    int64_t columns = shape_columns(x->shape);
    Arena *arena = b->graph->arena;
    name_next(b, name);
    Node *seen = graph_add(b->graph, OP_neighbours, 2, (Node *[]){x, input_sequences(b)}, &a);
    Node *w = param_tensor(b, arena_printf(arena, "%s.weight", name), shape_of(3, dim_of(channels), dim_of(columns), dim_of(TAPS)),
                           initial_normal(b));
    w = graph_add(b->graph, OP_reshape, 1, &w, &(Attributes){.size = columns * TAPS});
    Node *y = linear_tied(b, seen, w, param_vector(b, arena_printf(arena, "%s.bias", name), channels, INITIAL_ZEROS));
    return graph_add(b->graph, OP_gelu, 1, &y, &(Attributes){0});
}

/* Two spectra make a row. */
static Node *whisper_encode(Builder *b, const WhisperStack *s)
{
    enum { SPECTRA = 2 };
    int64_t mels = config_int_or(b->config, "num_mel_bins", 1, 4096, 80);
    if (b->err->text[0]) return NULL;
    Node *x = graph_input(b->graph, "values", FORMAT_f32, shape_of(2, (Dim){SPECTRA, SYMBOL_rows}, dim_of(mels)));
    scope_enter(b, "encoder");
    x = whisper_convolve(b, whisper_convolve(b, x, "conv1", s->model, 1), "conv2", s->model, SPECTRA);
    x = add(b, x, embedding_from(b, input_positions(b), "embed_positions", s->positions, s->model, 0));
    x = whisper_layers(b, x, s);
    scope_leave(b);
    return x;
}

static Node *whisper_decode(Builder *b, const WhisperStack *s)
{
    int64_t vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    int64_t pad = config_int_or(b->config, "pad_token_id", -1, vocabulary - 1, -1);
    if (b->err->text[0]) return NULL;
    scope_enter(b, "decoder");
    Node *x = embedding(b, input_ids(b), "embed_tokens", vocabulary, s->model, pad);
    x = add(b, x, embedding_from(b, input_positions(b), "embed_positions", s->positions, s->model, 0));
    x = whisper_layers(b, x, s);
    scope_leave(b);
    return x;
}

static WhisperStack whisper_stack(Builder *b, const char *name, const char *positions)
{
    const Config *c = b->config;
    Arena *arena = b->graph->arena;
    WhisperStack s = {.model = config_int(c, "d_model", 1, 1 << 20), .positions = config_int(c, positions, 1, 1 << 20)};
    s.inner = config_int(c, arena_printf(arena, "%s_ffn_dim", name), 1, 1 << 22);
    s.layers = config_int(c, arena_printf(arena, "%s_layers", name), 1, 4096);
    s.attention.heads = s.attention.kv_heads = config_int(c, arena_printf(arena, "%s_attention_heads", name), 1, 1 << 14);
    s.attention.head_dim = s.model / s.attention.heads;
    s.attention.scale = s.attention.head_dim ? 1 / sqrt((double)s.attention.head_dim) : 0;
    if (!b->err->text[0] && s.model % s.attention.heads)
        err_set(b->err, "%s: d_model %lld is no multiple of %s_attention_heads %lld", c->file, (long long)s.model, name,
                (long long)s.attention.heads);
    return s;
}

static Node *whisper_body(Builder *b)
{
    b->deviation = config_float_or(b->config, "init_std", 0, 100, 0.02);
    WhisperStack encoder = whisper_stack(b, "encoder", "max_source_positions"), decoder = whisper_stack(b, "decoder", "max_target_positions");
    decoder.attention.causal = true;
    b->source_positions = encoder.positions;
    if (b->err->text[0]) return NULL;
    seq2seq_source(b);
    Node *source = whisper_encode(b, &encoder);
    if (b->err->text[0]) return NULL;
    seq2seq_target(b, source, &whisper_names, decoder.layers, decoder.model, true);
    return whisper_decode(b, &decoder);
}

static void whisper_lm_head(Builder *b, Node *hidden)
{
    int64_t vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    bool tied = config_bool_or(b->config, "tie_word_embeddings", true);
    if (b->model->has_weights && !model_has_tensor(b->model, "proj_out.weight")) tied = true;
    const char *name = tied ? arena_printf(b->graph->arena, "%sdecoder.embed_tokens.weight", b->base) : "proj_out.weight";
    seq2seq_logits(b, hidden, param_matrix(b, name, vocabulary, shape_columns(hidden->shape), initial_normal(b)), NULL);
}

const Architecture arch_whisper = {
    .model_type = "whisper",
    .prefix = "model.",
    .decoder = true,
    .encoder = true,
    .length_keys = "max_target_positions",
    .tasks = "automatic-speech-recognition",
    .body = whisper_body,
    .head = {[HEAD_base] = seq2seq_base, [HEAD_seq2seq_lm] = whisper_lm_head},
};
