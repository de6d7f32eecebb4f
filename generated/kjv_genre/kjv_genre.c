/* kjv_genre.c: the model kjv-genre (BertForSequenceClassification), compiled by hf2c for x86-64-v4.
 *
 * 2 layers, hidden size 128, vocabulary 4096, sequences of up to 128 tokens; 3825240 bytes of weights, 393216 of workspace, 0
 * of state for each sequence that is kept. MODEL.md says more. */
#include "kjv_genre.h"

#include "core_call.h"

/* The kernels, as ordinary functions whose last parameters are shapes. */
#include "simd_begin.h"
#include "cpu_embed.h"
#include "cpu_elementwise.h"
#include "cpu_norm.h"
#include "cpu_linear.h"
#include "cpu_attention.h"
#include "cpu_pool.h"

/* ---- the kernels with this model's numbers ---- */

/* y[r] = scale * table[ids[r] + first] */
static void embed_4096x128_f32(const hf2c_team *team, float *y, const int32_t *ids, const void *table, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 64)) return;
    /* V, H, panel, block, first */
    embed_f32(&part, y, ids, table, rows, 4096, 128, 1, 1, 0, 1.0f);
}

/* y[r] = scale * table[ids[r] + first] */
static void embed_2x128_f32(const hf2c_team *team, float *y, const int32_t *ids, const void *table, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 64)) return;
    /* V, H, panel, block, first */
    embed_f32(&part, y, ids, table, rows, 2, 128, 1, 1, 0, 1.0f);
}

/* z = x + y */
static void add_128(const hf2c_team *team, float *y, const float *a, const float *b, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 21)) return;
    /* H, lda, ldb, function */
    binary(&part, y, a, b, rows, 128, 128, 128, FUNCTION_add, 0.0f);
}

/* y[r] = scale * table[ids[r] + first] */
static void embed_128x128_f32(const hf2c_team *team, float *y, const int32_t *ids, const void *table, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 64)) return;
    /* V, H, panel, block, first */
    embed_f32(&part, y, ids, table, rows, 128, 128, 1, 1, 0, 1.0f);
}

/* y = (x - mean(x)) / sqrt(variance(x) + epsilon) * gain + bias, of each row or, with heads, of each head's part of
 * it */
static void layer_norm_128(const hf2c_team *team, float *y, const float *x, const float *gain,
        const float *bias, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 25)) return;
    /* heads, H, ldx */
    layer_norm(&part, y, x, gain, bias, rows, 1, 128, 128, 1e-12f);
}

/* y = x W' + bias */
static void linear_128x384_f32_bias(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *bias, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_f32(&part, y, x, w, bias, NULL, rows, 128, 384, 128, 0, 16, 1, FUNCTION_none, FUNCTION_none, 0.0f);
}

/* y = softmax(mask(cap(scale q k') + bias)) v, per sequence and head; v_head_dim 0: head_dim */
static void attention_4h4k32(const hf2c_team *team, float *y, const float *q, const void *k, const void *v,
        const hf2c_sequences *sequences, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 7)) return;
    /* heads, kv_heads, head_dim, ldq, ldk, ldv, cached, causal, window, D, origin, v_head_dim, room */
    attention(&part, y, q, k, v, sequences, NULL, NULL, rows, 4, 4, 32, 384, 384, 384, KEYS_rows, 0, 0, 0, 0,
        32, 128, 0.17677669f, 0.0f);
}

/* y = x W' + bias + residual */
static void linear_128x128_f32_bias_add(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *bias, const float *residual, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 1)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_f32(&part, y, x, w, bias, residual, rows, 128, 128, 128, 128, 16, 1, FUNCTION_none, FUNCTION_none,
        0.0f);
}

/* y = gelu(x W' + bias) */
static void linear_128x512_f32_bias_gelu(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *bias, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_f32(&part, y, x, w, bias, NULL, rows, 128, 512, 128, 0, 16, 1, FUNCTION_gelu, FUNCTION_none, 0.0f);
}

/* y = x W' + bias + residual */
static void linear_512x128_f32_bias_add(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *bias, const float *residual, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_f32(&part, y, x, w, bias, residual, rows, 512, 128, 512, 128, 16, 1, FUNCTION_none, FUNCTION_none,
        0.0f);
}

/* y[s] = first, last, mean or max of the rows of sequence s or, with size, of each size rows */
static void pool_first_128(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, int count)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* H, ldx, mode, size */
    pool(&part, y, x, sequences, count, 128, 128, POOL_first, 0);
}

/* y = tanh(x W' + bias) */
static void linear_128x128_f32_bias_tanh(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *bias, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 1)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_f32(&part, y, x, w, bias, NULL, rows, 128, 128, 128, 0, 16, 1, FUNCTION_tanh, FUNCTION_none, 0.0f);
}

/* y = x W' + bias */
static void linear_128x6_f32_bias(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *bias, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 21)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_f32(&part, y, x, w, bias, NULL, rows, 128, 6, 128, 0, 16, 1, FUNCTION_none, FUNCTION_none, 0.0f);
}

/* ---- the schedule ---- */

static void begin(const hf2c_team *team, const hf2c_call *call)
{
    float *embeddings_word_embeddings = (float *)(call->workspace + 0); /* [rows, 128] */
    float *embeddings_token_type_embeddings = (float *)(call->workspace + 65536); /* [rows, 128] */
    float *embeddings_position_embeddings = (float *)(call->workspace + 65536); /* [rows, 128] */
    float *x = (float *)(call->workspace + 262144); /* [rows, 128] */
    const void *embeddings_word_embeddings_weight = (const void *)(call->weights + 64); /* f32 [4096, 128] */
    const void *embeddings_token_type_embeddings_weight = (const void *)(call->weights + 2097216); /* f32 [2, 128] */
    const void *embeddings_position_embeddings_weight = (const void *)(call->weights + 2098240); /* f32 [128, 128] */
    const float *embeddings_layernorm_weight = (const float *)(call->weights + 2163776); /* f32 [128] */
    const float *embeddings_layernorm_bias = (const float *)(call->weights + 2164288); /* f32 [128] */

    embed_4096x128_f32(team, embeddings_word_embeddings, call->ids, embeddings_word_embeddings_weight,
        call->rows);
    embed_2x128_f32(team, embeddings_token_type_embeddings, call->types,
        embeddings_token_type_embeddings_weight, call->rows);
    add_128(team, embeddings_word_embeddings, embeddings_word_embeddings, embeddings_token_type_embeddings,
        call->rows);
    embed_128x128_f32(team, embeddings_position_embeddings, call->positions,
        embeddings_position_embeddings_weight, call->rows);
    add_128(team, embeddings_word_embeddings, embeddings_word_embeddings, embeddings_position_embeddings,
        call->rows);
    layer_norm_128(team, x, embeddings_word_embeddings, embeddings_layernorm_weight, embeddings_layernorm_bias,
        call->rows);
}

/* One of the layers 0 to 1; index counts from 0. */
static void layer(const hf2c_team *team, const hf2c_call *call, int index)
{
    float *attention_self_query_key_value = (float *)(call->workspace + 0); /* [rows, 384] */
    float *x = (float *)(call->workspace + 262144); /* [rows, 128] */
    float *attention = (float *)(call->workspace + 196608); /* [rows, 128] */
    float *attention_output_layernorm = (float *)(call->workspace + 327680); /* [rows, 128] */
    float *intermediate_dense = (float *)(call->workspace + 0); /* [rows, 512] */
    const uint8_t *weights = call->weights + 2164800 + (size_t)index * 793088; /* of this layer */
    const void *attention_self_query_key_value_weight = (const void *)(weights + 0); /* f32 [384, 128] */
    const float *attention_self_query_key_value_bias = (const float *)(weights + 196608); /* f32 [384] */
    const void *attention_output_dense_weight = (const void *)(weights + 198144); /* f32 [128, 128] */
    const float *attention_output_dense_bias = (const float *)(weights + 263680); /* f32 [128] */
    const float *attention_output_layernorm_weight = (const float *)(weights + 264192); /* f32 [128] */
    const float *attention_output_layernorm_bias = (const float *)(weights + 264704); /* f32 [128] */
    const void *intermediate_dense_weight = (const void *)(weights + 265216); /* f32 [512, 128] */
    const float *intermediate_dense_bias = (const float *)(weights + 527360); /* f32 [512] */
    const void *output_dense_weight = (const void *)(weights + 529408); /* f32 [128, 512] */
    const float *output_dense_bias = (const float *)(weights + 791552); /* f32 [128] */
    const float *output_layernorm_weight = (const float *)(weights + 792064); /* f32 [128] */
    const float *output_layernorm_bias = (const float *)(weights + 792576); /* f32 [128] */

    linear_128x384_f32_bias(team, attention_self_query_key_value, x, attention_self_query_key_value_weight,
        attention_self_query_key_value_bias, call->rows);
    attention_4h4k32(team, attention, attention_self_query_key_value, attention_self_query_key_value + 128,
        attention_self_query_key_value + 256, call->sequences, call->rows);
    linear_128x128_f32_bias_add(team, x, attention, attention_output_dense_weight, attention_output_dense_bias,
        x, call->rows);
    layer_norm_128(team, attention_output_layernorm, x, attention_output_layernorm_weight,
        attention_output_layernorm_bias, call->rows);
    linear_128x512_f32_bias_gelu(team, intermediate_dense, attention_output_layernorm,
        intermediate_dense_weight, intermediate_dense_bias, call->rows);
    linear_512x128_f32_bias_add(team, attention_output_layernorm, intermediate_dense, output_dense_weight,
        output_dense_bias, attention_output_layernorm, call->rows);
    layer_norm_128(team, x, attention_output_layernorm, output_layernorm_weight, output_layernorm_bias,
        call->rows);
}

static void finish(const hf2c_team *team, const hf2c_call *call)
{
    float *first_token = (float *)(call->workspace + 0); /* [sequences, 128] */
    float *x = (float *)(call->workspace + 262144); /* [rows, 128] */
    float *pooler_dense = (float *)(call->workspace + 32768); /* [sequences, 128] */
    const void *pooler_dense_weight = (const void *)(call->weights + 3750976); /* f32 [128, 128] */
    const float *pooler_dense_bias = (const float *)(call->weights + 3816512); /* f32 [128] */
    const void *classifier_weight = (const void *)(call->weights + 3817024); /* f32 [6, 128] */
    const float *classifier_bias = (const float *)(call->weights + 3825216); /* f32 [6] */

    pool_first_128(team, first_token, x, call->sequences, call->sequence_count);
    linear_128x128_f32_bias_tanh(team, pooler_dense, first_token, pooler_dense_weight, pooler_dense_bias,
        call->sequence_count);
    if (call->outputs[0])
        linear_128x6_f32_bias(team, call->outputs[0], pooler_dense, classifier_weight, classifier_bias,
            call->sequence_count);
}

static void schedule(const hf2c_team *team, void *argument)
{
    const hf2c_call *call = argument;
    begin(team, call);
    for (int i = 0; i < 2; i++) layer(team, call, i);
    finish(team, call);
}

#include "simd_end.h"

hf2c_status kjv_genre_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    return hf2c_call_schedule(context, batch, outputs, schedule);
}
