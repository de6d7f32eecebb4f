/* embed: rows of a table, by id. */
#ifndef HF2C_CUDA_EMBED_CUH
#define HF2C_CUDA_EMBED_CUH

#include "templates/cuda/format.cuh"

template <class Format, int64_t H, int64_t panel>
__global__ void embed_elements(float *y, const int32_t *ids, const void *table, int rows, float scale)
{
    const typename Format::Element *elements = (const typename Format::Element *)table;
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int64_t id = ids[i / H];
        y[i] = scale * Format::decode(elements[packed_index<H, panel>(id, i % H)]);
    }
}

#define EMBED(name, Format)                                                                                              \
    /* y: [rows, H]; ids: [rows], each below V; table: [V, H] */                                                        \
    template <int64_t V, int64_t H, int64_t panel>                                                                       \
    void name(hf2c_stream *stream, float *y, const int32_t *ids, const void *table, int rows, float scale)               \
    {                                                                                                                    \
        launch_elements(stream, #name, rows * H, embed_elements<Format, H, panel>, y, ids, table, rows, scale);          \
    }
EMBED(embed_f32, FormatF32)
EMBED(embed_bf16, FormatBf16)
EMBED(embed_f16, FormatF16)
#undef EMBED

#endif
