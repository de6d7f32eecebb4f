/* Where the keys and values of a sequence are, and which of them a row sees. */
#ifndef HF2C_CPU_SEQUENCE_H
#define HF2C_CPU_SEQUENCE_H

#include "templates/format/row.h"
#include "templates/simd/simd.h"

/* Bytes from slot 0 of the state to another. */
static inline int64_t sequence_slot(const hf2c_sequences *sequences, int slot) { return (int64_t)((size_t)slot * sequences->slot_bytes); }

/* The numbers that sequence s keeps in the state, given those of slot 0. */
static inline float *sequence_state(float *base, const hf2c_sequences *sequences, int s)
{
    return base + sequence_slot(sequences, hf2c_slot(sequences, s)) / (int64_t)sizeof(float);
}

/* Keys (or values) of one head of a sequence. Those of a call's rows lie `stride` apart; a cache has each head's side by side, in a ring
 * of so many positions: position j is at j % positions. */
typedef struct Keys {
    const char *data; /* of position 0, in the sequence's own slot */
    int64_t stride;   /* bytes */
    int64_t positions;
    const int32_t *ancestors; /* slot of each position before the call, relative to ... */
    int own;                  /* ... the sequence's own; NULL: all there */
    int64_t slot;             /* bytes from slot to slot */
    int count;                /* positions that hold data */
    int past;                 /* of them before the first row of this call */
} Keys;

static inline Keys sequence_rows(const char *base, const hf2c_sequences *sequences, int s, int64_t column, int64_t ld)
{
    int start = sequences->start[s], length = sequences->start[s + 1] - start;
    const int64_t bytes = sizeof(float);
    return (Keys){base + (start * ld + column) * bytes, ld * bytes, INT64_MAX, NULL, 0, 0, length, 0};
}

/* Those of kv head `head`, which have `size` elements each. format: of a cache. ld: the stride of rows, or the positions of each head in
 * a cache */
static inline Keys sequence_keys(const int format, const void *base, const hf2c_sequences *sequences, int s, const int cached,
                                 int64_t head, const int64_t size, const int64_t ld)
{
    const int64_t bytes = row_bytes(format, size);
    if (cached == KEYS_rows) return sequence_rows(base, sequences, s, head * size, ld);
    int own = cached == KEYS_memory ? hf2c_memory_slot(sequences, s) : hf2c_slot(sequences, s);
    const char *data = (const char *)base + sequence_slot(sequences, own) + head * ld * bytes;
    Keys keys = {data, bytes, ld, NULL, own, sequence_slot(sequences, 1), 0, 0};
    if (cached == KEYS_memory) {
        keys.count = sequences->memory[s];
        return keys;
    }
    keys.past = hf2c_past(sequences, s);
    keys.count = keys.past + sequences->start[s + 1] - sequences->start[s];
    if (sequences->ancestors) keys.ancestors = sequences->ancestors + (int64_t)s * sequences->ancestor_stride;
    return keys;
}

static inline int keys_slot(const Keys *keys, int j) { return keys->ancestors && j < keys->past ? keys->ancestors[j] : keys->own; }

/* Where position j is. */
static inline const char *keys_at(const Keys *keys, int j)
{
    const char *data = keys->data + (j < keys->positions ? j : j % keys->positions) * keys->stride;
    return keys->ancestors ? data + (keys_slot(keys, j) - keys->own) * keys->slot : data;
}

/* How many of the positions [j, end), at least one, lie `stride` apart in memory. */
static inline int keys_run(const Keys *keys, int j, int end)
{
    int64_t left = j < keys->positions ? keys->positions - j : keys->positions - j % keys->positions;
    int n = 1, most = end - j < left ? end - j : (int)left;
    if (!keys->ancestors) return most;
    while (n < most && keys_slot(keys, j + n) == keys_slot(keys, j)) n++;
    return n;
}

/* Keys [*first, *end) are those that position i sees, of count there are; window 0: no limit. */
static inline void sequence_visible(int i, int count, const int causal, const int64_t window, int *first, int *end)
{
    *first = window > 0 && i - window + 1 > 0 ? (int)(i - window + 1) : 0;
    *end = causal ? i + 1 : window > 0 && i + window < count ? (int)(i + window) : count;
}

/* Adds its bias to each of the n scores of a query, of keys from `key` on; what is before or behind the D biases of a row is its first or
 * last one. */
static inline void sequence_add_bias(float *p, int n, const float *row, int64_t D, const int64_t origin, int key, int query)
{
    const int64_t at = origin == BIAS_BY_KEY ? key : key - query + origin;
    int low = at >= 0 ? 0 : -at < n ? (int)-at : n, high = D - at < n ? (int)(D - at) : n, j = 0;
    if (high < low) high = low;
    for (; j < low; j++) p[j] += row[0];
    for (; j < high; j++) p[j] += row[at + j];
    for (; j < n; j++) p[j] += row[D - 1];
}

#endif
