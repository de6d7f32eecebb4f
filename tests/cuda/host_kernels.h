/* What the comparison of CUDA kernels with CPU kernels stands on: random operands in exactly sized memory, sequences,
 * the CPU's kernels by name, and ways to run a launch. Compiled by nvcc the same tests run on a GPU. */
#ifndef HF2C_TESTS_HOST_KERNELS_H
#define HF2C_TESTS_HOST_KERNELS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <initializer_list>
#include <random>
#include <vector>

extern "C" {
#include <cmocka.h>
#include "templates/cpu/kernels.h"
#include "templates/cpu/pack.h"
}
#include "templates/cuda/kernels.cuh"

/* ---- memory ---- */

#ifdef __CUDACC__
inline void *allocate_shared(size_t bytes)
{
    void *memory = NULL;
    if (cudaMallocManaged(&memory, bytes) != cudaSuccess) abort();
    return memory;
}
inline void release_shared(void *memory) { (void)cudaFree(memory); }
inline void wait_for_launch() { assert_int_equal(cudaDeviceSynchronize(), cudaSuccess); }
#else
inline void *allocate_shared(size_t bytes) { return malloc(bytes); }
inline void release_shared(void *memory) { free(memory); }
inline void wait_for_launch() {}
#endif

/* Exactly n elements, so that the sanitizers find an access behind them. */
template <class T>
class Buffer
{
  public:
    explicit Buffer(int64_t n) : count(n), data((T *)allocate_shared((size_t)n * sizeof(T))) {}
    Buffer(const Buffer &other) : Buffer(other.count) { memcpy(data, other.data, (size_t)count * sizeof(T)); }
    Buffer(Buffer &&other) : count(other.count), data(other.data) { other.data = NULL; }
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() { release_shared(data); }
    operator T *() const { return data; }
    const int64_t count;

  private:
    T *data;
};

/* ---- random operands ---- */

extern std::mt19937 generator; /* seeded from SEED, 1 by default */

inline int random_between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator); }

inline Buffer<float> random_floats(int64_t n, float bound = 1.0f)
{
    Buffer<float> x(n);
    std::uniform_real_distribution<float> number(-bound, bound);
    for (int64_t i = 0; i < n; i++) x[i] = number(generator);
    return x;
}

/* Rows of a matrix that is a column range of a wider one: the last row ends with its last column. */
inline Buffer<float> random_rows(int64_t rows, int64_t columns, int64_t stride)
{
    return random_floats((rows - 1) * stride + columns);
}

inline Buffer<float> not_numbers(int64_t n)
{
    Buffer<float> x(n);
    for (int64_t i = 0; i < n; i++) x[i] = NAN;
    return x;
}

inline Buffer<int32_t> random_numbers(int64_t n, int low, int high)
{
    Buffer<int32_t> x(n);
    for (int64_t i = 0; i < n; i++) x[i] = random_between(low, high);
    return x;
}

/* The same numbers for the same seed, packed. */
Buffer<char> random_weight(int format, int64_t rows, int64_t K, int64_t panel, bool gate, unsigned seed);

/* What pack.h calls the block, as a constant. */
constexpr int64_t block_of(int format, int64_t K)
{
    constexpr int64_t blocks[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) block,
#include "templates/format/formats.def"
    };
    return blocks[format] ? blocks[format] : (K + 3) / 4 * 4;
}

/* ---- sequences ---- */

struct Sequences {
    Buffer<int32_t> start, past, slot, memory, memory_slot;
    Buffer<hf2c_sequences> table;
    int rows;
};

/* 1 to 4 sequences, some without rows; most_past < 0: nothing is cached, past and slot are NULL. Slots: 5, each
 * [slot_floats]. */
Sequences random_sequences(int most_past, int64_t slot_floats);
constexpr int SLOTS = 5;

/* ---- running and comparing ---- */

/* Runs the CPU's kernel of that name. */
void run_on_cpu(const char *name, std::initializer_list<const void *> pointers, int dynamic,
                std::initializer_list<int64_t> constants, std::initializer_list<float> reals);

/* Every way to run a launch: threads of a block, most blocks. */
template <class Body>
void for_each_grid(Body body)
{
#ifdef __CUDACC__
    body();
#else
    static const struct {
        int threads;
        int64_t blocks;
    } grids[] = {{1, GRID_BLOCKS}, {1, 3}, {3, 2}, {5, GRID_BLOCKS}};
    for (const auto &grid : grids) {
        emulated_grid.threads = grid.threads;
        emulated_grid.most_blocks = grid.blocks;
        body();
    }
#endif
}

/* |y - expected| <= 2e-5 (1 + |expected|), infinities and NaNs in the same places. */
void assert_near(const char *name, const Buffer<float> &y, const Buffer<float> &expected);

/* Calls launch(y) and compares y with what it should be; y begins as `before`. */
template <class Launch>
void compare(const char *name, const Buffer<float> &before, const Buffer<float> &expected, Launch launch_kernel)
{
    for_each_grid([&] {
        Buffer<float> y(before);
        hf2c_stream stream = {NULL, HF2C_OK, ""};
        launch_kernel(&stream, (float *)y);
        wait_for_launch();
        assert_int_equal(stream.status, HF2C_OK);
        assert_near(name, y, expected);
    });
}

#endif
