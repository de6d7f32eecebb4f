/* kjv_writer.c: the model kjv-writer (LlamaForCausalLM), compiled by hf2c for x86-64-v4.
 *
 * 4 layers, hidden size 256, vocabulary 2048, sequences of up to 512 tokens; 6956160 bytes of weights, 1277952 of workspace, 2097152
 * of state for each sequence that is kept. MODEL.md says more. */
#include "kjv_writer.h"

#include "core_call.h"

/* The kernels, as ordinary functions whose last parameters are shapes. */
#include "simd_begin.h"
#include "cpu_rope.h"
#include "cpu_embed.h"
#include "cpu_norm.h"
#include "cpu_linear.h"
#include "cpu_cache.h"
#include "cpu_attention.h"
#include "cpu_take.h"

/* ---- the kernels with this model's numbers ---- */

/* y[r] = magnitude * (cos(p f), sin(p f)), p = positions[r]; in sequences of more than original positions, L, f is
 * longer, or f[i] / (factor L / original - factor + 1)^(i / (half - 1)) */
static void rope_table_32(const hf2c_team *team, float *y, const int32_t *positions, const float *frequencies, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 25)) return;
    /* half */
    rope_table(&part, y, positions, frequencies, rows, 16, 1.0f);
}

/* y[r] = scale * table[ids[r] + first] */
static void embed_2048x256_bf16(const hf2c_team *team, float *y, const int32_t *ids, const void *table, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 32)) return;
    /* V, H, panel, block, first */
    embed_bf16(&part, y, ids, table, rows, 2048, 256, 16, 1, 0, 1.0f);
}

/* y = x / sqrt(mean(x^2) + epsilon) * gain, of each row or, with heads, of each head's part of it */
static void rms_norm_256(const hf2c_team *team, float *y, const float *x, const float *gain, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 16)) return;
    /* heads, H, ldx */
    rms_norm(&part, y, x, gain, rows, 1, 256, 256, 1e-05f);
}

/* y = x W' */
static void linear_256x512_bf16(const hf2c_team *team, float *y, const float *x, const void *w, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16(&part, y, x, w, NULL, NULL, rows, 256, 512, 256, 0, 16, 1, FUNCTION_none, FUNCTION_none, 0.0f);
}

/* rotates the pairs of each head by the table's angles */
static void rope_8x32(const hf2c_team *team, float *y, const float *x, const float *table, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 16)) return;
    /* heads, head_dim, rotary_dim, interleaved, ldx */
    rope(&part, y, x, table, rows, 8, 32, 32, 0, 512);
}

/* rotates the pairs of each head by the table's angles */
static void rope_4x32(const hf2c_team *team, float *y, const float *x, const float *table, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 32)) return;
    /* heads, head_dim, rotary_dim, interleaved, ldx */
    rope(&part, y, x, table, rows, 4, 32, 32, 0, 512);
}

/* appends the rows, rounded to `numbers`, to cache `index` of their sequences, which lies there head by head; the
 * value is the whole cache, or what of it a window needs */
static void cache_128(const hf2c_team *team, void *to, const float *x, const hf2c_sequences *sequences, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 128)) return;
    /* W, ldx, heads, positions */
    cache(&part, to, x, sequences, rows, 128, 128, 4, 512);
}

/* appends the rows, rounded to `numbers`, to cache `index` of their sequences, which lies there head by head; the
 * value is the whole cache, or what of it a window needs */
static void cache_128_v2(const hf2c_team *team, void *to, const float *x, const hf2c_sequences *sequences, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 128)) return;
    /* W, ldx, heads, positions */
    cache(&part, to, x, sequences, rows, 128, 512, 4, 512);
}

/* y = softmax(mask(cap(scale q k') + bias)) v, per sequence and head; v_head_dim 0: head_dim */
static void attention_8h4k32(const hf2c_team *team, float *y, const float *q, const void *k, const void *v,
        const hf2c_sequences *sequences, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* heads, kv_heads, head_dim, ldq, ldk, ldv, cached, causal, window, D, origin, v_head_dim, room */
    attention(&part, y, q, k, v, sequences, NULL, NULL, rows, 8, 4, 32, 256, 512, 512, KEYS_cached, 1, 0, 0, 0,
        32, 256, 0.17677669f, 0.0f);
}

/* y = x W' + residual */
static void linear_256x256_bf16_add(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *residual, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16(&part, y, x, w, NULL, residual, rows, 256, 256, 256, 256, 16, 1, FUNCTION_none, FUNCTION_none,
        0.0f);
}

/* y = silu(x Wg') * (x Wu'), W = [Wg; Wu] */
static void linear_256x704_bf16_gate_silu(const hf2c_team *team, float *y, const float *x, const void *w, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16(&part, y, x, w, NULL, NULL, rows, 256, 704, 256, 0, 16, 1, FUNCTION_none, FUNCTION_silu, 0.0f);
}

/* y = x W' + residual */
static void linear_704x256_bf16_add(const hf2c_team *team, float *y, const float *x, const void *w,
        const float *residual, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16(&part, y, x, w, NULL, residual, rows, 704, 256, 704, 256, 16, 1, FUNCTION_none, FUNCTION_none,
        0.0f);
}

/* y[i] = x[index[i]] */
static void take_256(const hf2c_team *team, float *y, const float *x, const int32_t *index, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 64)) return;
    /* H, ldx */
    take(&part, y, x, index, rows, 256, 256);
}

/* y = x / sqrt(mean(x^2) + epsilon) * gain, of each row or, with heads, of each head's part of it */
static void rms_norm_256_v2(const hf2c_team *team, float *y, const float *x, const float *gain, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, rows <= 16)) return;
    /* heads, H, ldx */
    rms_norm(&part, y, x, gain, rows, 1, 256, 256, 1e-05f);
}

/* y = x W' */
static void linear_256x2048_bf16(const hf2c_team *team, float *y, const float *x, const void *w, int rows)
{
    hf2c_team part;
    if (!hf2c_enter(team, &part, 0)) return;
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16(&part, y, x, w, NULL, NULL, rows, 256, 2048, 256, 0, 16, 1, FUNCTION_none, FUNCTION_none, 0.0f);
}

/* ---- the schedule ---- */

static void begin(const hf2c_team *team, const hf2c_call *call)
{
    float *rope_angles = (float *)(call->workspace + 1245184); /* [rows, 32] */
    float *x = (float *)(call->workspace + 720896); /* [rows, 256] */
    const float *constant = (const float *)(call->weights + 64); /* f32 [16] */
    const void *embed_tokens_weight = (const void *)(call->weights + 128); /* bf16 [2048, 256] */

    rope_table_32(team, rope_angles, call->positions, constant, call->rows);
    embed_2048x256_bf16(team, x, call->ids, embed_tokens_weight, call->rows);
}

/* One of the layers 0 to 3; index counts from 0. */
static void layer(const hf2c_team *team, const hf2c_call *call, int index)
{
    float *input_layernorm = (float *)(call->workspace + 983040); /* [rows, 256] */
    float *x = (float *)(call->workspace + 720896); /* [rows, 256] */
    float *self_attn_q_proj_k_proj_v_proj = (float *)(call->workspace + 0); /* [rows, 512] */
    float *self_attn_q_proj_rope = (float *)(call->workspace + 983040); /* [rows, 256] */
    float *rope_angles = (float *)(call->workspace + 1245184); /* [rows, 32] */
    float *self_attn_k_proj_rope = (float *)(call->workspace + 524288); /* [rows, 128] */
    float *self_attn_attention = (float *)(call->workspace + 0); /* [rows, 256] */
    float *post_attention_layernorm = (float *)(call->workspace + 983040); /* [rows, 256] */
    float *mlp_gate_proj_up_proj = (float *)(call->workspace + 0); /* [rows, 704] */
    const uint8_t *weights = call->weights + 1048704 + (size_t)index * 1476608; /* of this layer */
    const float *input_layernorm_weight = (const float *)(weights + 0); /* f32 [256] */
    const void *self_attn_q_proj_k_proj_v_proj_weight = (const void *)(weights + 1024); /* bf16 [512, 256] */
    const void *self_attn_o_proj_weight = (const void *)(weights + 263168); /* bf16 [256, 256] */
    const float *post_attention_layernorm_weight = (const float *)(weights + 394240); /* f32 [256] */
    const void *mlp_gate_proj_up_proj_weight = (const void *)(weights + 395264); /* bf16 [1408, 256] */
    const void *mlp_down_proj_weight = (const void *)(weights + 1116160); /* bf16 [256, 704] */
    uint8_t *state = call->state + 0 + (size_t)index * 524288; /* of this layer */
    float *k_cache = (float *)(state + 0); /* [keys, 128] */
    float *v_cache = (float *)(state + 262144); /* [keys, 128] */

    rms_norm_256(team, input_layernorm, x, input_layernorm_weight, call->rows);
    linear_256x512_bf16(team, self_attn_q_proj_k_proj_v_proj, input_layernorm,
        self_attn_q_proj_k_proj_v_proj_weight, call->rows);
    rope_8x32(team, self_attn_q_proj_rope, self_attn_q_proj_k_proj_v_proj, rope_angles, call->rows);
    rope_4x32(team, self_attn_k_proj_rope, self_attn_q_proj_k_proj_v_proj + 256, rope_angles, call->rows);
    cache_128(team, k_cache, self_attn_k_proj_rope, call->sequences, call->rows);
    cache_128_v2(team, v_cache, self_attn_q_proj_k_proj_v_proj + 384, call->sequences, call->rows);
    attention_8h4k32(team, self_attn_attention, self_attn_q_proj_rope, k_cache, v_cache, call->sequences,
        call->rows);
    linear_256x256_bf16_add(team, x, self_attn_attention, self_attn_o_proj_weight, x, call->rows);
    rms_norm_256(team, post_attention_layernorm, x, post_attention_layernorm_weight, call->rows);
    linear_256x704_bf16_gate_silu(team, mlp_gate_proj_up_proj, post_attention_layernorm,
        mlp_gate_proj_up_proj_weight, call->rows);
    linear_704x256_bf16_add(team, x, mlp_gate_proj_up_proj, mlp_down_proj_weight, x, call->rows);
}

static void finish(const hf2c_team *team, const hf2c_call *call)
{
    float *wanted_rows = (float *)(call->workspace + 0); /* [wanted, 256] */
    float *x = (float *)(call->workspace + 720896); /* [rows, 256] */
    float *wanted_rows_2 = (float *)(call->workspace + 262144); /* [wanted, 256] */
    const float *norm_weight = (const float *)(call->weights + 6955136); /* f32 [256] */
    const void *embed_tokens_weight = (const void *)(call->weights + 128); /* bf16 [2048, 256] */

    take_256(team, wanted_rows, x, call->want, call->wanted);
    rms_norm_256_v2(team, wanted_rows_2, wanted_rows, norm_weight, call->wanted);
    if (call->outputs[0])
        linear_256x2048_bf16(team, call->outputs[0], wanted_rows_2, embed_tokens_weight, call->wanted);
}

static void schedule(const hf2c_team *team, void *argument)
{
    const hf2c_call *call = argument;
    begin(team, call);
    for (int i = 0; i < 4; i++) layer(team, call, i);
    finish(team, call);
}

#include "simd_end.h"

hf2c_status kjv_writer_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    return hf2c_call_schedule(context, batch, outputs, schedule);
}
