/* One instance of every CUDA kernel, for the device's compiler: one function per row of kernels.def, or this does not
 * compile. */
#include "templates/cuda/kernels.cuh"

struct Operands {
    float *y;
    const float *x;
    const void *w;
    const int32_t *ids;
    const hf2c_sequences *sequences;
    int rows;
};

#define CALL(name) static void call_##name(hf2c_stream *stream, const Operands &o)

#define FORMAT(format, bits, block, parameters, group, cut, text)                                                           \
    CALL(embed_##format) { embed_##format<10, 64, 1, block ? block : 64, 2>(stream, o.y, o.ids, o.w, o.rows, 1.0f); }       \
    CALL(linear_##format)                                                                                                   \
    {                                                                                                                       \
        linear_##format<64, 32, 64, 32, 1, block ? block : 64, FUNCTION_gelu, 0>(stream, o.y, o.x, o.w, o.x, o.x, o.rows, 0.0f); \
    }
#include "templates/format/formats.def"
CALL(outliers) { outliers<64, 64>(stream, o.y, o.x, o.rows, 6.0f); }
CALL(quantize_a8) { quantize_a8<64, 64>(stream, o.y, o.x, o.rows); }
CALL(quantize_bf16) { quantize_bf16<64, 64>(stream, o.y, o.x, o.rows); }
CALL(linear_q8_a8) { linear_q8_a8<64, 32, 64, 32, 1, 32, FUNCTION_none, 0>(stream, o.y, o.x, o.w, NULL, o.x, o.rows, 0.0f); }
CALL(linear_q4_a8) { linear_q4_a8<64, 32, 64, 32, 1, 32, FUNCTION_none, FUNCTION_silu>(stream, o.y, o.x, o.w, o.x, NULL, o.rows, 0.0f); }
CALL(linear_q4z_a8) { linear_q4z_a8<64, 32, 64, 32, 1, 32, FUNCTION_gelu, 0>(stream, o.y, o.x, o.w, o.x, o.x, o.rows, 0.0f); }
CALL(linear_int8_a8) { linear_int8_a8<64, 32, 64, 32, 1, 64, FUNCTION_none, 0>(stream, o.y, o.x, o.w, NULL, NULL, o.rows, 0.0f); }
CALL(linear_bf16_bf16) { linear_bf16_bf16<64, 32, 64, 32, 1, 1, FUNCTION_none, 0>(stream, o.y, o.x, o.w, o.x, o.x, o.rows, 0.0f); }
#define FORMAT(format, bits, block, parameters, group, cut, text) \
    CALL(linear_##format##_bf16) { linear_##format##_bf16<64, 32, 64, 32, 1, block ? block : 64, FUNCTION_none, 0>(stream, o.y, o.x, o.w, o.x, o.x, o.rows, 0.0f); }
#include "templates/format/blocks.def"
CALL(layer_norm) { layer_norm<1, 64, 64>(stream, o.y, o.x, o.x, o.x, o.rows, 1e-5f); }
CALL(rms_norm) { rms_norm<4, 16, 64>(stream, o.y, o.x, o.x, o.rows, 1e-6f); }
CALL(unary) { unary<64, 64, FUNCTION_tanh>(stream, o.y, o.x, o.rows, 1.0f); }
CALL(binary) { binary<64, 64, 0, FUNCTION_add>(stream, o.y, o.x, o.x, o.rows, 0.0f); }
CALL(rope_table) { rope_table<8>(stream, o.y, o.ids, o.x, o.rows, 1.0f); }
CALL(rope_table_by_length)
{
    rope_table_by_length<8, 100>(stream, o.y, o.ids, o.x, o.sequences, o.x, o.rows, 1.0f, 2.0f);
}
CALL(rope) { rope<4, 16, 16, 0, 64>(stream, o.y, o.x, o.x, o.rows); }
#define CACHE(format, suffix)                                                                                                     \
    CALL(cache##suffix) { cache##suffix<32, 32, 2, 64>(stream, o.y, o.x, o.sequences, o.rows); }                                  \
    CALL(attention##suffix)                                                                                                       \
    {                                                                                                                             \
        attention##suffix<4, 2, 16, 64, 32, 16, 1, 1, 0, 0, 0, 8, 16>(stream, o.y, o.x, o.x, o.x, o.sequences, NULL, o.x, o.rows, \
                                                                      0.25f, 0.0f);                                               \
    }                                                                                                                             \
    CALL(scores##suffix)                                                                                                          \
    {                                                                                                                             \
        scores##suffix<4, 2, 16, 64, 32, 128, 1, 0, 0, 9, 4>(stream, o.y, o.x, o.x, o.sequences, o.x, o.rows, 0.25f, 30.0f);      \
    }                                                                                                                             \
    CALL(mix##suffix) { mix##suffix<4, 2, 16, 128, 32, 1>(stream, o.y, o.x, o.x, o.sequences, o.rows); }
#include "templates/format/caches.def"
CALL(softmax) { softmax<4, 128>(stream, o.y, o.x, NULL, o.rows); }
CALL(disentangled)
{
    disentangled<4, 16, 64, 64, 64, 9, 4>(stream, o.y, o.x, o.x, o.x, o.sequences, o.x, o.x, NULL, o.rows, 0.25f);
}
CALL(neighbours) { neighbours<64, 64, 3, 1, 1, 1>(stream, o.y, o.x, o.sequences, o.rows); }
CALL(join) { join<4, 8, 16, 8, 64>(stream, o.y, o.x, o.x, o.rows); }
CALL(route) { route<16, 16, 4, 4, 2, 2, 1, FUNCTION_sigmoid>(stream, o.y, o.x, o.x, o.rows, 1.0f); }
#define FORMAT(format, bits, block, parameters, group, cut, text)                                                           \
    CALL(experts_##format)                                                                                                  \
    {                                                                                                                       \
        experts_##format<4, 64, 32, 2, 64, 4, block ? block : 64, FUNCTION_silu>(stream, o.y, o.x, o.x, o.w, NULL, o.rows, 0.0f, 0.0f, 0.0f); \
    }                                                                                                                       \
    CALL(combine_##format) { combine_##format<4, 64, 64, 2, 64, 4, block ? block : 64>(stream, o.y, o.x, o.x, o.w, NULL, o.rows); }
#include "templates/format/formats.def"
CALL(convolve) { convolve<64, 64, 4>(stream, o.y, o.x, o.x, o.sequences, o.x, NULL, o.rows); }
CALL(scan) { scan<4, 16, 8, 1, 1, 64, 4, 16>(stream, o.y, o.x, o.x, o.x, o.x, o.sequences, o.y, o.rows, 0.0f, 0.0f); }
CALL(arrange) { arrange<3, 16, 16>(stream, o.y, o.x, o.x, o.x, o.rows, 0.0f); }
CALL(grouped) { grouped<8, 2, 9, 4, 72>(stream, o.y, o.x, o.x, o.rows); }
CALL(patches) { patches<3, 16, 1>(stream, o.y, o.x, o.sequences, o.rows); }
CALL(places) { places<192, 32, 54, 16, 1>(stream, o.y, o.x, o.sequences, o.rows); }
CALL(ends) { ends<192, 192, 100>(stream, o.y, o.x, o.sequences, o.rows); }
CALL(spans) { spans<4, 16, 49, 4, 64, 64, 64>(stream, o.y, o.x, o.x, o.x, o.x, o.rows, 0.25f); }
CALL(spread) { spread<20>(stream, o.y, o.x, o.sequences, o.rows); }
CALL(collect) { collect<64, 64, 20>(stream, o.y, o.x, o.sequences, o.rows); }
CALL(sound_norm) { sound_norm<64, 64, 4, 10, 5>(stream, o.y, o.x, o.sequences, o.x, o.x, o.rows, 1e-5f); }
CALL(correlate) { correlate<64, 16, 8, 4, 4, 64>(stream, o.y, o.x, o.sequences, o.x, o.rows); }
CALL(pool) { pool<64, 64, POOL_mean, 0>(stream, o.y, o.x, o.sequences, o.rows); }
CALL(columns) { columns<64, 64>(stream, o.y, o.x, o.x, o.rows); }
CALL(take) { take<64, 64>(stream, o.y, o.x, o.ids, o.rows); }
CALL(copy) { copy<64, 64>(stream, o.y, o.x, o.rows); }

void call_every_kernel(hf2c_stream *stream, const Operands &operands);
void call_every_kernel(hf2c_stream *stream, const Operands &operands)
{
#define KERNEL(function, ...) call_##function(stream, operands);
#include "templates/kernels.def"
}
