/* picture: pictures of sizes of their own, each of them a sequence: rows in front, one for each patch, line by line, rows behind. */
#ifndef HF2C_CUDA_PICTURE_CUH
#define HF2C_CUDA_PICTURE_CUH

#include "templates/cuda/portable.cuh"

/* Where a row of the call is: in picture `sequence`, `place` patches behind its first patch (below 0: in front of it). */
struct PictureRow {
    int64_t sequence, place, down, across, before; /* before: pixels of the pictures before it */
    __device__ bool is_patch() const { return place >= 0 && place < down * across; }
};

template <int64_t size, int64_t front>
__device__ inline PictureRow picture_row(const hf2c_sequences *sequences, int64_t row)
{
    PictureRow r = {0, 0, 0, 0, 0};
    while (row >= sequences->start[r.sequence + 1]) {
        r.before += (int64_t)sequences->sizes[2 * r.sequence] * sequences->sizes[2 * r.sequence + 1];
        r.sequence++;
    }
    r.place = row - sequences->start[r.sequence] - front;
    r.down = sequences->sizes[2 * r.sequence] / size;
    r.across = sequences->sizes[2 * r.sequence + 1] / size;
    return r;
}

template <int64_t channels, int64_t size, int64_t front>
__global__ void patches_elements(float *y, const float *values, const hf2c_sequences *sequences, int rows)
{
    const int64_t columns = channels * size * size;
    for (int64_t i = global_index(); i < rows * columns; i += global_count()) {
        PictureRow r = picture_row<size, front>(sequences, i / columns);
        int64_t height = sequences->sizes[2 * r.sequence], width = sequences->sizes[2 * r.sequence + 1], c = i % columns / (size * size);
        int64_t line = r.place / r.across * size + i / size % size, column = r.place % r.across * size + i % size;
        y[i] = r.is_patch() ? values[r.before * channels + (c * height + line) * width + column] : 0.0f;
    }
}

/* y: [rows, channels * size * size]; values: [channels, height, width] of each picture, one behind another */
template <int64_t channels, int64_t size, int64_t front>
void patches(hf2c_stream *stream, float *y, const float *values, const hf2c_sequences *sequences, int rows)
{
    launch_elements(stream, "patches", rows * channels * size * size, patches_elements<channels, size, front>, y, values, sequences, rows);
}

/* The cubic convolution of torch, A = -0.75, at a distance below 2. */
__device__ inline float picture_cubic(float distance)
{
    const float a = -0.75f;
    float x = distance < 0 ? -distance : distance;
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/* One column at place (i, j) of a grid of down x across between those of height x width; grid: of that column, H apart. */
template <int64_t H, int64_t height, int64_t width>
__device__ inline float picture_between(const float *grid, int64_t i, int64_t j, int64_t down, int64_t across)
{
    float y = ((float)i + 0.5f) * ((float)height / (float)down) - 0.5f, x = ((float)j + 0.5f) * ((float)width / (float)across) - 0.5f;
    float sum = 0;
    for (int k = 0; k < 16; k++) {
        int64_t row = (int64_t)floorf(y) - 1 + k / 4, column = (int64_t)floorf(x) - 1 + k % 4;
        float weight = picture_cubic(y - (float)row) * picture_cubic(x - (float)column);
        row = row < 0 ? 0 : row < height ? row : height - 1;
        column = column < 0 ? 0 : column < width ? column : width - 1;
        sum += weight * grid[(row * width + column) * H];
    }
    return sum;
}

template <int64_t H, int64_t height, int64_t width, int64_t size, int64_t front>
__global__ void places_elements(float *y, const float *table, const hf2c_sequences *sequences, int rows)
{
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        PictureRow r = picture_row<size, front>(sequences, i / H);
        int64_t row = r.place < 0 ? r.place + front : front + height * width + r.place - r.down * r.across;
        y[i] = r.is_patch() ? picture_between<H, height, width>(table + front * H + i % H, r.place / r.across, r.place % r.across, r.down, r.across)
                            : table[row * H + i % H];
    }
}

/* y: [rows, H]; table: [front + height * width + behind, H] */
template <int64_t H, int64_t height, int64_t width, int64_t size, int64_t front>
void places(hf2c_stream *stream, float *y, const float *table, const hf2c_sequences *sequences, int rows)
{
    launch_elements(stream, "places", rows * H, places_elements<H, height, width, size, front>, y, table, sequences, rows);
}

template <int64_t H, int64_t ldx, int64_t size>
__global__ void ends_elements(float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    for (int64_t i = global_index(); i < rows * H; i += global_count()) {
        int64_t row = i / H;
        y[i] = x[(sequences->start[row / size + 1] - size + row % size) * ldx + i % H];
    }
}

/* y: [images, size, H]: the last rows of each sequence */
template <int64_t H, int64_t ldx, int64_t size>
void ends(hf2c_stream *stream, float *y, const float *x, const hf2c_sequences *sequences, int rows)
{
    launch_elements(stream, "ends", rows * H, ends_elements<H, ldx, size>, y, x, sequences, rows);
}

#endif
