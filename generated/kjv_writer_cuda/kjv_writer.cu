/* kjv_writer.cu: the model kjv-writer (LlamaForCausalLM), compiled by hf2c for cuda-sm90.
 *
 * 4 layers, hidden size 256, vocabulary 2048, sequences of up to 512 tokens; 6956160 bytes of weights, 3375104 of workspace, 2097152
 * of state for each sequence that is kept. MODEL.md says more. */
#include "kjv_writer.h"

#include "core_call.h"
#include "cuda_device.h"

/* The kernels, as ordinary functions whose last parameters are shapes. */
#include "cuda_rope.cuh"
#include "cuda_embed.cuh"
#include "cuda_norm.cuh"
#include "cuda_linear.cuh"
#include "cuda_cache.cuh"
#include "cuda_attention.cuh"
#include "cuda_take.cuh"

/* ---- the kernels with this model's numbers ---- */

/* y[r] = magnitude * (cos(p f), sin(p f)), p = positions[r]; in sequences of more than original positions, L, f is
 * longer, or f[i] / (factor L / original - factor + 1)^(i / (half - 1)) */
static void rope_table_32(hf2c_stream *stream, float *y, const int32_t *positions, const float *frequencies, int rows)
{
    /* half */
    rope_table<16>(stream, y, positions, frequencies, rows, 1.0f);
}

/* y[r] = scale * table[ids[r] + first] */
static void embed_2048x256_bf16(hf2c_stream *stream, float *y, const int32_t *ids, const void *table, int rows)
{
    /* V, H, panel, block, first */
    embed_bf16<2048, 256, 1, 1, 0>(stream, y, ids, table, rows, 1.0f);
}

/* y = x / sqrt(mean(x^2) + epsilon) * gain, of each row or, with heads, of each head's part of it */
static void rms_norm_256(hf2c_stream *stream, float *y, const float *x, const float *gain, int rows)
{
    /* heads, H, ldx */
    rms_norm<1, 256, 256>(stream, y, x, gain, rows, 1e-05f);
}

/* y = x W' */
static void linear_256x512_bf16(hf2c_stream *stream, float *y, const float *x, const void *w, int rows)
{
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16<256, 512, 256, 0, 1, 1, FUNCTION_none, FUNCTION_none>(stream, y, x, w, nullptr, nullptr, rows,
        0.0f);
}

/* rotates the pairs of each head by the table's angles */
static void rope_8x32(hf2c_stream *stream, float *y, const float *x, const float *table, int rows)
{
    /* heads, head_dim, rotary_dim, interleaved, ldx */
    rope<8, 32, 32, 0, 512>(stream, y, x, table, rows);
}

/* rotates the pairs of each head by the table's angles */
static void rope_4x32(hf2c_stream *stream, float *y, const float *x, const float *table, int rows)
{
    /* heads, head_dim, rotary_dim, interleaved, ldx */
    rope<4, 32, 32, 0, 512>(stream, y, x, table, rows);
}

/* appends the rows, rounded to `numbers`, to cache `index` of their sequences, which lies there head by head; the
 * value is the whole cache, or what of it a window needs */
static void cache_128(hf2c_stream *stream, void *to, const float *x, const hf2c_sequences *sequences, int rows)
{
    /* W, ldx, heads, positions */
    cache<128, 128, 4, 512>(stream, to, x, sequences, rows);
}

/* appends the rows, rounded to `numbers`, to cache `index` of their sequences, which lies there head by head; the
 * value is the whole cache, or what of it a window needs */
static void cache_128_v2(hf2c_stream *stream, void *to, const float *x, const hf2c_sequences *sequences, int rows)
{
    /* W, ldx, heads, positions */
    cache<128, 512, 4, 512>(stream, to, x, sequences, rows);
}

/* y = softmax(mask(cap(scale q k') + bias)) v, per sequence and head; v_head_dim 0: head_dim */
static void attention_8h4k32(hf2c_stream *stream, float *y, const float *q, const void *k, const void *v,
        const hf2c_sequences *sequences, int rows)
{
    /* heads, kv_heads, head_dim, ldq, ldk, ldv, cached, causal, window, D, origin, v_head_dim, room */
    attention<8, 4, 32, 256, 512, 512, KEYS_cached, 1, 0, 0, 0, 32, 256>(stream, y, q, k, v, sequences,
        nullptr, nullptr, rows, 0.17677669f, 0.0f);
}

/* y = x W' + residual */
static void linear_256x256_bf16_add(hf2c_stream *stream, float *y, const float *x, const void *w,
        const float *residual, int rows)
{
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16<256, 256, 256, 256, 1, 1, FUNCTION_none, FUNCTION_none>(stream, y, x, w, nullptr, residual,
        rows, 0.0f);
}

/* y = silu(x Wg') * (x Wu'), W = [Wg; Wu] */
static void linear_256x704_bf16_gate_silu(hf2c_stream *stream, float *y, const float *x, const void *w, int rows)
{
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16<256, 704, 256, 0, 1, 1, FUNCTION_none, FUNCTION_silu>(stream, y, x, w, nullptr, nullptr, rows,
        0.0f);
}

/* y = x W' + residual */
static void linear_704x256_bf16_add(hf2c_stream *stream, float *y, const float *x, const void *w,
        const float *residual, int rows)
{
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16<704, 256, 704, 256, 1, 1, FUNCTION_none, FUNCTION_none>(stream, y, x, w, nullptr, residual,
        rows, 0.0f);
}

/* y[i] = x[index[i]] */
static void take_256(hf2c_stream *stream, float *y, const float *x, const int32_t *index, int rows)
{
    /* H, ldx */
    take<256, 256>(stream, y, x, index, rows);
}

/* y = x / sqrt(mean(x^2) + epsilon) * gain, of each row or, with heads, of each head's part of it */
static void rms_norm_256_v2(hf2c_stream *stream, float *y, const float *x, const float *gain, int rows)
{
    /* heads, H, ldx */
    rms_norm<1, 256, 256>(stream, y, x, gain, rows, 1e-05f);
}

/* y = x W' */
static void linear_256x2048_bf16(hf2c_stream *stream, float *y, const float *x, const void *w, int rows)
{
    /* K, N, ldx, ldr, panel, block, activation, gate */
    linear_bf16<256, 2048, 256, 0, 1, 1, FUNCTION_none, FUNCTION_none>(stream, y, x, w, nullptr, nullptr, rows,
        0.0f);
}

/* ---- the schedule ---- */

static void begin(hf2c_stream *stream, const hf2c_call *call)
{
    float *rope_angles = (float *)(call->workspace + 1245184); /* [rows, 32] */
    float *x = (float *)(call->workspace + 720896); /* [rows, 256] */
    const float *constant = (const float *)(call->weights + 64); /* f32 [16] */
    const void *embed_tokens_weight = (const void *)(call->weights + 128); /* bf16 [2048, 256] */

    rope_table_32(stream, rope_angles, call->positions, constant, call->rows);
    embed_2048x256_bf16(stream, x, call->ids, embed_tokens_weight, call->rows);
}

/* One of the layers 0 to 3; index counts from 0. */
static void layer(hf2c_stream *stream, const hf2c_call *call, int index)
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

    rms_norm_256(stream, input_layernorm, x, input_layernorm_weight, call->rows);
    linear_256x512_bf16(stream, self_attn_q_proj_k_proj_v_proj, input_layernorm,
        self_attn_q_proj_k_proj_v_proj_weight, call->rows);
    rope_8x32(stream, self_attn_q_proj_rope, self_attn_q_proj_k_proj_v_proj, rope_angles, call->rows);
    rope_4x32(stream, self_attn_k_proj_rope, self_attn_q_proj_k_proj_v_proj + 256, rope_angles, call->rows);
    cache_128(stream, k_cache, self_attn_k_proj_rope, call->sequences, call->rows);
    cache_128_v2(stream, v_cache, self_attn_q_proj_k_proj_v_proj + 384, call->sequences, call->rows);
    attention_8h4k32(stream, self_attn_attention, self_attn_q_proj_rope, k_cache, v_cache, call->sequences,
        call->rows);
    linear_256x256_bf16_add(stream, x, self_attn_attention, self_attn_o_proj_weight, x, call->rows);
    rms_norm_256(stream, post_attention_layernorm, x, post_attention_layernorm_weight, call->rows);
    linear_256x704_bf16_gate_silu(stream, mlp_gate_proj_up_proj, post_attention_layernorm,
        mlp_gate_proj_up_proj_weight, call->rows);
    linear_704x256_bf16_add(stream, x, mlp_gate_proj_up_proj, mlp_down_proj_weight, x, call->rows);
}

static void finish(hf2c_stream *stream, const hf2c_call *call)
{
    float *wanted_rows = (float *)(call->workspace + 0); /* [wanted, 256] */
    float *x = (float *)(call->workspace + 720896); /* [rows, 256] */
    float *wanted_rows_2 = (float *)(call->workspace + 262144); /* [wanted, 256] */
    const float *norm_weight = (const float *)(call->weights + 6955136); /* f32 [256] */
    const void *embed_tokens_weight = (const void *)(call->weights + 128); /* bf16 [2048, 256] */

    take_256(stream, wanted_rows, x, call->want, call->wanted);
    rms_norm_256_v2(stream, wanted_rows_2, wanted_rows, norm_weight, call->wanted);
    if (call->outputs[0])
        linear_256x2048_bf16(stream, call->outputs[0], wanted_rows_2, embed_tokens_weight, call->wanted);
}

static void schedule(hf2c_stream *stream, const hf2c_call *call)
{
    begin(stream, call);
    for (int i = 0; i < 4; i++) layer(stream, call, i);
    finish(stream, call);
}

extern "C" hf2c_status kjv_writer_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    hf2c_device *device = (hf2c_device *)context->engine;
    hf2c_device_inputs in;
    hf2c_status status = hf2c_device_begin(device, context, batch, &in);
    if (status != HF2C_OK) return status;
    float *on_device[1];
    on_device[0] = outputs[0] ? (float *)(context->workspace + 1277952) : nullptr;
    hf2c_call call;
    hf2c_call_begin(&call, context, batch, on_device);
    call.ids = in.ids;
    call.positions = in.positions;
    call.types = in.types;
    call.want = in.want;
    call.sequences = in.sequences;
    schedule(&device->stream, &call);
    hf2c_device_copy_output(device, outputs[0], call.outputs[0], (size_t)batch->wanted * 2048 * sizeof(float));
    return hf2c_device_finish(device);
}
