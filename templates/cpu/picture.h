/* picture: pictures of sizes of their own, each of them a sequence: rows in front, one for each patch, line by line, rows behind. */
#ifndef HF2C_CPU_PICTURE_H
#define HF2C_CPU_PICTURE_H

#include "templates/cpu/cells.h"

/* Where row `row` of the call is: in picture `sequence`, `place` patches behind its first patch (below 0: in front of it). */
typedef struct PictureRow {
    int64_t sequence, place, down, across, before; /* before: pixels of the pictures before it */
} PictureRow;

static inline PictureRow picture_row(const hf2c_sequences *sequences, int64_t row, const int size, const int front)
{
    PictureRow r = {0};
    while (row >= sequences->start[r.sequence + 1]) {
        r.before += (int64_t)sequences->sizes[2 * r.sequence] * sequences->sizes[2 * r.sequence + 1];
        r.sequence++;
    }
    r.place = row - sequences->start[r.sequence] - front;
    r.down = sequences->sizes[2 * r.sequence] / size;
    r.across = sequences->sizes[2 * r.sequence + 1] / size;
    return r;
}

static inline int picture_row_is_patch(const PictureRow *r) { return r->place >= 0 && r->place < r->down * r->across; }

/* y: [rows, channels * size * size]: the pixels under each patch, zeros in the other rows; values: [channels, height, width] of each
 * picture, one behind another */
static inline void patches(const hf2c_team *team, float *y, const float *values, const hf2c_sequences *sequences, int rows,
                           const int channels, const int size, const int front)
{
    const int64_t columns = (int64_t)channels * size * size;
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int64_t row = first; row < end; row++) {
        PictureRow r = picture_row(sequences, row, size, front);
        float *to = y + row * columns;
        int64_t height = sequences->sizes[2 * r.sequence], width = sequences->sizes[2 * r.sequence + 1];
        if (!picture_row_is_patch(&r)) {
            for (int64_t c = 0; c < columns; c++) to[c] = 0;
            continue;
        }
        const float *from = values + r.before * channels + r.place / r.across * size * width + r.place % r.across * size;
        for (int64_t line = 0; line < (int64_t)channels * size; line++)
            cells_copy(to + line * size, from + (line / size * height + line % size) * width, size);
    }
}

/* The cubic convolution of torch, A = -0.75, for what is -1, 0, 1 and 2 places from the one before. t: share of a place */
static inline void picture_cubic_weights(float t, float *weight)
{
    const float a = -0.75F, u = 1 - t, v = t + 1, w = u + 1;
    weight[0] = ((a * v - 5 * a) * v + 8 * a) * v - 4 * a;
    weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
    weight[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
    weight[3] = ((a * w - 5 * a) * w + 8 * a) * w - 4 * a;
}

/* The four places of one direction, held within `from`, for place number i of `to`. */
static inline void picture_taps(int64_t i, int64_t from, int64_t to, int64_t *tap, float *weight)
{
    float at = ((float)i + 0.5F) * ((float)from / (float)to) - 0.5F, below = floorf(at);
    picture_cubic_weights(at - below, weight);
    for (int64_t k = 0; k < 4; k++) {
        int64_t place = (int64_t)below - 1 + k;
        tap[k] = place < 0 ? 0 : place < from ? place : from - 1;
    }
}

/* y: [rows, H]; table: [front + height * width + behind, H]; patches lie between the places of the grid, the others have rows of their
 * own */
static inline void places(const hf2c_team *team, float *y, const float *table, const hf2c_sequences *sequences, int rows,
                          const int64_t H, const int height, const int width, const int size, const int front)
{
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int64_t row = first; row < end; row++) {
        PictureRow r = picture_row(sequences, row, size, front);
        int64_t tap[8], grid = (int64_t)height * width;
        float weight[8];
        if (!picture_row_is_patch(&r)) {
            cells_copy(y + row * H, table + (r.place < 0 ? r.place + front : front + grid + r.place - r.down * r.across) * H, H);
            continue;
        }
        picture_taps(r.place / r.across, height, r.down, tap, weight);
        picture_taps(r.place % r.across, width, r.across, tap + 4, weight + 4);
        for (int64_t c = 0; c < H; c++) y[row * H + c] = 0;
        for (int i = 0; i < 16; i++) {
            const float *from = table + (front + tap[i / 4] * width + tap[4 + i % 4]) * H;
            float share = weight[i / 4] * weight[4 + i % 4];
            for (int64_t c = 0; c < H; c++) y[row * H + c] += share * from[c];
        }
    }
}

/* y: [images, size, H]: the last rows of each sequence */
static inline void ends(const hf2c_team *team, float *y, const float *x, const hf2c_sequences *sequences, int rows, const int64_t H,
                        const int64_t ldx, const int size)
{
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int64_t i = first; i < end; i++) cells_copy(y + i * H, x + (sequences->start[i / size + 1] - size + i % size) * ldx, H);
}

#endif
