/* Where the keys and values of a sequence are, and which of them a row sees. */
#ifndef HF2C_CPU_SEQUENCE_H
#define HF2C_CPU_SEQUENCE_H

#include "templates/simd/simd.h"

/* The cache tensor of sequence s, given that of slot 0. */
static inline float *sequence_cache(float *base, const hf2c_sequences *sequences, int s)
{
    return (float *)(void *)((char *)base + (size_t)hf2c_slot(sequences, s) * sequences->slot_bytes);
}
static inline const float *sequence_cached(const float *base, const hf2c_sequences *sequences, int s)
{
    return (const float *)(const void *)((const char *)base + (size_t)hf2c_slot(sequences, s) * sequences->slot_bytes);
}

static inline const float *sequence_memory(const float *base, const hf2c_sequences *sequences, int s)
{
    size_t offset = (size_t)hf2c_memory_slot(sequences, s) * sequences->slot_bytes;
    return (const float *)(const void *)((const char *)base + offset);
}

/* Keys (or values) of a sequence by position: position j begins at data + j * stride. */
typedef struct Keys {
    const float *data;
    int64_t stride;
    int count; /* positions that hold data */
    int past;  /* of them before the first row of this call */
} Keys;

/* width: kv_heads * head_dim, the stride of a cache; ld: the row stride of keys that are not cached */
static inline Keys sequence_keys(const float *base, const hf2c_sequences *sequences, int s, const int cached,
                                 const int64_t width, const int64_t ld)
{
    int start = sequences->start[s], length = sequences->start[s + 1] - start;
    if (cached == KEYS_rows) return (Keys){base + start * ld, ld, length, 0};
    if (cached == KEYS_memory) return (Keys){sequence_memory(base, sequences, s), width, sequences->memory[s], 0};
    int past = hf2c_past(sequences, s);
    return (Keys){sequence_cached(base, sequences, s), width, past + length, past};
}

/* Keys [*first, *end) are those that position i sees, of count there are; window 0: no limit. */
static inline void sequence_visible(int i, int count, const int causal, const int64_t window, int *first, int *end)
{
    *first = window > 0 && i - window + 1 > 0 ? (int)(i - window + 1) : 0;
    *end = causal ? i + 1 : window > 0 && i + window < count ? (int)(i + window) : count;
}

/* p[j] += row[at + j] for n scores, where what is before or behind the D biases of a row is its first or last one. */
static inline void sequence_add_bias(float *p, int n, const float *row, int64_t D, int64_t at)
{
    int low = at >= 0 ? 0 : -at < n ? (int)-at : n, high = D - at < n ? (int)(D - at) : n, j = 0;
    if (high < low) high = low;
    for (; j < low; j++) p[j] += row[0];
    for (; j < high; j++) p[j] += row[at + j];
    for (; j < n; j++) p[j] += row[D - 1];
}

#endif
