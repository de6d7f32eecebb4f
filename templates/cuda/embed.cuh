/* embed: rows of a table, by id. */
#ifndef HF2C_CUDA_EMBED_CUH
#define HF2C_CUDA_EMBED_CUH

#include "templates/cuda/format.cuh"

template <class Format, int64_t V, int64_t H, int64_t panel, int64_t first>
__global__ void embed_elements(float *y, const int32_t *ids, const void *table, int rows, float scale)
{
    const typename Format::Element *elements = (const typename Format::Element *)table;
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int64_t id = first + ids[i / H];
        bool known = id >= 0 && id < V;
        y[i] = known ? scale * Format::decode(elements[packed_index<H, panel>(id, i % H)]) : 0.0f;
    }
}

#define EMBED(name, Format)                                                                                            \
    /* y: [rows, H] = scale * table[ids + first]; table: [V, H]; a row outside [0, V) gives zeros */                   \
    template <int64_t V, int64_t H, int64_t panel, int64_t first>                                                      \
    void name(hf2c_stream *stream, float *y, const int32_t *ids, const void *table, int rows, float scale)             \
    {                                                                                                                  \
        int64_t elements = rows * H;                                                                                   \
        launch_elements(stream, #name, elements, embed_elements<Format, V, H, panel, first>, y, ids, table, rows,      \
                        scale);                                                                                        \
    }
EMBED(embed_f32, FormatF32)
EMBED(embed_bf16, FormatBf16)
EMBED(embed_f16, FormatF16)
#undef EMBED

#endif
