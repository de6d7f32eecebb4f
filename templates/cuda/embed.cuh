/* embed: rows of a table, by id. */
#ifndef HF2C_CUDA_EMBED_CUH
#define HF2C_CUDA_EMBED_CUH

#include "templates/cuda/format.cuh"

template <int format, int64_t V, int64_t H, int64_t panel, int64_t block, int64_t first>
__global__ void embed_elements(float *y, const int32_t *ids, const void *table, int rows, float scale)
{
    const Weight<format, V, H, panel, block> w = {table};
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int64_t id = first + ids[i / H];
        bool known = id >= 0 && id < V;
        y[i] = known ? scale * w.value(id, i % H) : 0.0f;
    }
}

#define FORMAT(name, bits, own_block, parameters, group, cut, text)                                                    \
    /* y: [rows, H] = scale * table[ids + first]; table: [V, H]; a row outside [0, V) gives zeros */                   \
    template <int64_t V, int64_t H, int64_t panel, int64_t block, int64_t first>                                       \
    void embed_##name(hf2c_stream *stream, float *y, const int32_t *ids, const void *table, int rows, float scale)     \
    {                                                                                                                  \
        launch_elements(stream, "embed_" #name, rows * H, embed_elements<WEIGHT_##name, V, H, panel, block, first>, y, \
                        ids, table, rows, scale);                                                                      \
    }
#include "templates/format/formats.def"

#endif
