/* Every CUDA kernel against the CPU's kernel of the same name, on odd shapes, with one and several threads to a block
 * and fewer blocks than units of work. One test per row of kernels.def: a kernel without a test does not compile. */
#include "tests/cuda/host_kernels.h"

#include <stdio.h>

#include "runtime/cuda/device.h"

/* ---- rows by id ---- */

template <int format, int64_t V, int64_t H, int64_t panel, int64_t first, class Kernel>
static void check_embed(const char *name, Kernel kernel)
{
    int rows = random_between(1, 20);
    Buffer<int32_t> ids = random_numbers(rows, -first, V - 1 - first);
    if (rows > 2) ids[1] = V; /* unknown: zeros */
    Buffer<char> table = random_weight(format, V, H, panel, false, generator());
    Buffer<float> before = not_numbers(rows * H), expected(before);
    run_on_cpu(name, {expected, ids, table}, rows, {V, H, panel, block_of(format, H), first}, {1.5f});
    compare(name, before, expected, [&](hf2c_stream *stream, float *y) { kernel(stream, y, ids, table, rows, 1.5f); });
}

#define CHECK_EMBED(name, V, H, panel, first)                                                                          \
    check_embed<WEIGHT_##name, V, H, panel, first>("embed_" #name,                                                     \
                                                   embed_##name<V, H, panel, block_of(WEIGHT_##name, H), first>)
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    static void test_embed_##name(void **)                                                                             \
    {                                                                                                                  \
        CHECK_EMBED(name, 11, 7, 1, 0);                                                                                \
        CHECK_EMBED(name, 50, 33, 16, 2);                                                                              \
        CHECK_EMBED(name, 20, 130, 1, 0);                                                                              \
    }
#include "templates/format/formats.def"

template <int64_t H, int64_t ldx>
static void check_columns()
{
    int rows = random_between(1, 12);
    Buffer<float> x = random_rows(rows, H, ldx), index(H), before = not_numbers(rows * H), expected(before);
    for (int64_t i = 0; i < H; i++) index[i] = (float)(H - 1 - i);
    run_on_cpu("columns", {expected, x, index}, rows, {H, ldx}, {});
    compare("columns", before, expected, [&](hf2c_stream *stream, float *y) { columns<H, ldx>(stream, y, x, index, rows); });
}

static void test_columns(void **)
{
    check_columns<1, 1>();
    check_columns<33, 40>();
}

template <int64_t H, int64_t ldx>
static void check_outliers()
{
    int rows = random_between(1, 12);
    Buffer<float> x = random_rows(rows, H, ldx), before = not_numbers(rows * H), expected(before);
    run_on_cpu("outliers", {expected, x}, rows, {H, ldx}, {0.9f});
    compare("outliers", before, expected, [&](hf2c_stream *stream, float *y) { outliers<H, ldx>(stream, y, x, rows, 0.9f); });
}

static void test_outliers(void **)
{
    check_outliers<1, 1>();
    check_outliers<130, 140>();
}

template <int64_t H, int64_t ldx>
static void check_take()
{
    int rows = random_between(1, 12);
    Buffer<float> x = random_rows(20, H, ldx), before = not_numbers(rows * H), expected(before);
    Buffer<int32_t> index = random_numbers(rows, 0, 19);
    run_on_cpu("take", {expected, x, index}, rows, {H, ldx}, {});
    compare("take", before, expected, [&](hf2c_stream *stream, float *y) { take<H, ldx>(stream, y, x, index, rows); });
}

static void test_take(void **)
{
    check_take<1, 1>();
    check_take<33, 33>();
    check_take<17, 40>();
}

template <int64_t H, int64_t ldx>
static void check_copy()
{
    int rows = random_between(1, 12);
    Buffer<float> x = random_rows(rows, H, ldx), before = not_numbers(rows * H), expected(before);
    run_on_cpu("copy", {expected, x}, rows, {H, ldx}, {});
    compare("copy", before, expected, [&](hf2c_stream *stream, float *y) { copy<H, ldx>(stream, y, x, rows); });
}

static void test_copy(void **)
{
    check_copy<1, 1>();
    check_copy<33, 33>();
    check_copy<17, 40>();
}

template <int64_t H, int64_t ldx, int64_t mode>
static void check_pool()
{
    for (int i = 0; i < 4; i++) {
        Sequences s = random_sequences(-1, 0);
        int count = ((hf2c_sequences *)s.table)->count;
        Buffer<float> x = random_rows(s.rows, H, ldx), before = not_numbers(count * H), expected(before);
        run_on_cpu("pool", {expected, x, s.table}, count, {H, ldx, mode, 0}, {});
        compare("pool", before, expected,
                [&](hf2c_stream *stream, float *y) { pool<H, ldx, mode, 0>(stream, y, x, s.table, count); });
    }
}

/* Each `size` rows by themselves. */
template <int64_t H, int64_t ldx, int64_t mode, int64_t size>
static void check_pool_of_rows()
{
    int count = random_between(1, 6);
    Buffer<float> x = random_rows(count * size, H, ldx), before = not_numbers(count * H), expected(before);
    run_on_cpu("pool", {expected, x, NULL}, count, {H, ldx, mode, size}, {});
    compare("pool", before, expected,
            [&](hf2c_stream *stream, float *y) { pool<H, ldx, mode, size>(stream, y, x, NULL, count); });
}

static void test_pool(void **)
{
    check_pool_of_rows<13, 15, POOL_max, 9>();
    check_pool_of_rows<33, 33, POOL_mean, 4>();
    check_pool<13, 13, POOL_first>();
    check_pool<13, 20, POOL_last>();
    check_pool<40, 40, POOL_mean>();
    check_pool<7, 9, POOL_max>();
}

/* ---- images ---- */

template <int64_t H, int64_t R, int64_t n, int64_t extra_rows>
static void check_arrange()
{
    int images = random_between(1, 3);
    Buffer<float> x = random_rows(images * R, H, H), extra = random_rows(extra_rows + 1, H, H), index(n);
    for (int64_t i = 0; i < n; i++) index[i] = (float)random_between(-1, (int)(R + extra_rows) - 1);
    Buffer<float> before = not_numbers(images * n * H), expected(before);
    run_on_cpu("arrange", {expected, x, index, extra}, images, {H, R, n}, {-2.5f});
    compare("arrange", before, expected,
            [&](hf2c_stream *stream, float *y) { arrange<H, R, n>(stream, y, x, index, extra, images, -2.5f); });
}

static void test_arrange(void **)
{
    check_arrange<1, 12, 30, 0>();
    check_arrange<7, 5, 6, 2>();
    check_arrange<40, 3, 9, 1>();
}

/* Pictures of one to three patches a side, and up to a patch's side less one of pixels more. */
struct Pictures {
    Buffer<int32_t> start, sizes;
    Buffer<hf2c_sequences> table;
    int count, rows, pixels;
};

template <int64_t size>
static Pictures random_pictures(int tokens)
{
    int count = random_between(1, 3);
    Pictures p = {Buffer<int32_t>(count + 1), Buffer<int32_t>(2 * count), Buffer<hf2c_sequences>(1), count, 0, 0};
    for (int i = 0; i < count; i++) {
        int down = random_between(1, 3), across = random_between(1, 3);
        p.start[i] = p.rows;
        p.sizes[2 * i] = (int)size * down + random_between(0, (int)size - 1);
        p.sizes[2 * i + 1] = (int)size * across + random_between(0, (int)size - 1);
        p.rows += tokens + down * across;
        p.pixels += p.sizes[2 * i] * p.sizes[2 * i + 1];
    }
    p.start[count] = p.rows;
    hf2c_sequences *table = p.table;
    memset(table, 0, sizeof *table);
    table->count = count;
    table->rows = p.rows;
    table->start = p.start;
    table->sizes = p.sizes;
    return p;
}

template <int64_t channels, int64_t size, int64_t front>
static void check_patches(int behind)
{
    Pictures p = random_pictures<size>((int)front + behind);
    Buffer<float> values = random_floats(channels * p.pixels), before = not_numbers(p.rows * channels * size * size), expected(before);
    run_on_cpu("patches", {expected, values, p.table}, p.rows, {channels, size, front}, {});
    compare("patches", before, expected,
            [&](hf2c_stream *stream, float *y) { patches<channels, size, front>(stream, y, values, p.table, p.rows); });
}

static void test_patches(void **)
{
    check_patches<1, 3, 0>(0);
    check_patches<3, 4, 1>(5);
}

template <int64_t H, int64_t height, int64_t width, int64_t size, int64_t front>
static void check_places(int behind)
{
    Pictures p = random_pictures<size>((int)front + behind);
    Buffer<float> table = random_floats((front + height * width + behind) * H), before = not_numbers(p.rows * H), expected(before);
    run_on_cpu("places", {expected, table, p.table}, p.rows, {H, height, width, size, front}, {});
    compare("places", before, expected,
            [&](hf2c_stream *stream, float *y) { places<H, height, width, size, front>(stream, y, table, p.table, p.rows); });
}

static void test_places(void **)
{
    check_places<7, 2, 3, 4, 1>(2);
    check_places<33, 5, 1, 2, 0>(1);
}

template <int64_t H, int64_t ldx, int64_t size>
static void check_ends()
{
    Pictures p = random_pictures<4>((int)size);
    int rows = p.count * (int)size;
    Buffer<float> x = random_rows(p.rows, H, ldx), before = not_numbers(rows * H), expected(before);
    run_on_cpu("ends", {expected, x, p.table}, rows, {H, ldx, size}, {});
    compare("ends", before, expected, [&](hf2c_stream *stream, float *y) { ends<H, ldx, size>(stream, y, x, p.table, rows); });
}

static void test_ends(void **)
{
    check_ends<13, 13, 1>();
    check_ends<7, 9, 5>();
}

template <int64_t N, int64_t channels, int64_t size, int64_t groups, int64_t ldx>
static void check_grouped()
{
    int rows = random_between(1, 5);
    Buffer<float> x = random_rows(rows, size * channels * groups, ldx), w = random_floats(size * channels * N);
    Buffer<float> before = not_numbers(rows * N), expected(before);
    run_on_cpu("grouped", {expected, x, w}, rows, {N, channels, size, groups, ldx}, {});
    compare("grouped", before, expected, [&](hf2c_stream *stream, float *y) {
        grouped<N, channels, size, groups, ldx>(stream, y, x, w, rows);
    });
}

static void test_grouped(void **)
{
    check_grouped<37, 1, 9, 37, 333>();
    check_grouped<8, 3, 4, 2, 30>();
    check_grouped<6, 2, 3, 1, 6>();
}

template <int64_t heads, int64_t head_dim, int64_t size, int64_t groups>
static void check_spans(int count, bool biased)
{
    const int64_t H = heads * head_dim;
    int rows = count * (int)size;
    Buffer<float> q = random_rows(rows, H, H), k = random_rows(rows, H, H + 3), v = random_rows(rows, H, H);
    Buffer<float> biases = random_floats(groups * heads * size * size);
    const float *bias = biased ? (float *)biases : NULL;
    Buffer<float> before = not_numbers(rows * H), expected(before);
    run_on_cpu("spans", {expected, q, k, v, bias}, rows, {heads, head_dim, size, groups, H, H + 3, H}, {0.9f});
    compare("spans", before, expected, [&](hf2c_stream *stream, float *y) {
        spans<heads, head_dim, size, groups, H, H + 3, H>(stream, y, q, k, v, bias, rows, 0.9f);
    });
}

static void test_spans(void **)
{
    check_spans<3, 8, 9, 4>(8, true);
    check_spans<2, 10, 17, 1>(3, false);
    check_spans<1, 33, 150, 1>(2, false);
    check_spans<2, 8, 5, 1>(2, true);
}

/* ---- linear ---- */

enum { ALL_OPTIONS = 8, CPU_PANEL = 16 }; /* with and without bias, with and without residual, residual in place */

/* Rows of x as the kernel takes them: by the CPU's kernel `quantize`, or as they are when that is NULL. */
static Buffer<char> quantized(const char *quantize, const Buffer<float> &x, int rows, int64_t K, int64_t ldx)
{
    bool a8 = quantize && strcmp(quantize, "quantize_a8") == 0;
    size_t bytes = !quantize ? (size_t)x.count * sizeof(float) : a8 ? rows * a8_row_bytes(K) : (size_t)(rows * K) * sizeof(bf16_element);
    Buffer<char> to((int64_t)bytes);
    if (quantize)
        run_on_cpu(quantize, {to, x}, rows, {K, ldx}, {});
    else
        memcpy(to, x, bytes);
    return to;
}

template <int format, int64_t K, int64_t N, int64_t ldx, int64_t ldr, int64_t panel, int64_t activation, int64_t gate, class Input, class Kernel>
static void check_linear(const char *name, const char *quantize, const Input *, Kernel kernel)
{
    for (int options = 0; options < ALL_OPTIONS; options++) {
        int rows = options < 2 ? 1 : random_between(2, 20);
        unsigned seed = generator();
        Buffer<float> reals = random_rows(rows, K, ldx), bias = random_floats(gate ? 2 * N : N);
        Buffer<char> x = quantized(quantize, reals, rows, K, ldx);
        Buffer<float> residual = random_rows(rows, N, ldr), before = random_floats(rows * N), expected(before);
        auto w = random_weight(format, gate ? 2 * N : N, K, panel, gate != 0, seed),
             w16 = random_weight(format, gate ? 2 * N : N, K, CPU_PANEL, gate != 0, seed);
        const float *b = options & 1 ? (float *)bias : NULL;
        bool in_place = options & 4 && ldr == N;
        auto residual_of = [&](float *y) -> const float * {
            return !(options & 2) ? NULL : in_place ? y : (float *)residual;
        };
        run_on_cpu(name, {expected, x, w16, b, residual_of(expected)}, rows,
                   {K, N, quantize ? K : ldx, ldr, CPU_PANEL, block_of(format, K), activation, gate}, {0.7f});
        compare(name, before, expected, [&](hf2c_stream *stream, float *y) {
            kernel(stream, y, (const Input *)(const void *)(char *)x, w, b, residual_of(y), rows, 0.7f);
        });
    }
}

#define CHECK_LINEAR(name, format, K, N, ldx, ldr, panel, activation, gate)                                            \
    check_linear<WEIGHT_##format, K, N, ldx, ldr, panel, activation, gate>(                                            \
        #name, NULL, (const float *)NULL, name<K, N, ldx, ldr, panel, block_of(WEIGHT_##format, K), activation, gate>)
#define CHECK_NARROW(name, quantize, format, K, N, ldr, panel, activation, gate)                                       \
    check_linear<WEIGHT_##format, K, N, K, ldr, panel, activation, gate>(                                              \
        #name, quantize, (const void *)NULL, name<K, N, K, ldr, panel, block_of(WEIGHT_##format, K), activation, gate>)

/* Every function of one operand as activation and as gate. */
template <int64_t function>
static void check_activation()
{
    CHECK_LINEAR(linear_f32, f32, 9, 5, 9, 5, 16, function, 0);
    CHECK_LINEAR(linear_f32, f32, 9, 5, 9, 5, 16, 0, function);
}

static void check_activations()
{
#define UNARY(name, expression) check_activation<FUNCTION_##name>();
#include "templates/elementwise.def"
}

#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    static void test_linear_##name(void **)                                                                            \
    {                                                                                                                  \
        if (WEIGHT_##name == WEIGHT_f32) check_activations();                                                          \
        CHECK_LINEAR(linear_##name, name, 1, 1, 1, 1, 1, 0, 0);                                                        \
        CHECK_LINEAR(linear_##name, name, 257, 33, 257, 33, 16, 0, 0);                                                 \
        CHECK_LINEAR(linear_##name, name, 40, 19, 50, 30, 4, FUNCTION_gelu, 0);                                        \
        CHECK_LINEAR(linear_##name, name, 31, 35, 31, 40, 1, 0, FUNCTION_silu);                                        \
    }
#include "templates/format/formats.def"

#define TEST_NARROW(format, numbers)                                                                                   \
    static void test_linear_##format##_##numbers(void **)                                                              \
    {                                                                                                                  \
        CHECK_NARROW(linear_##format##_##numbers, "quantize_" #numbers, format, 70, 33, 33, 16, 0, 0);                 \
        CHECK_NARROW(linear_##format##_##numbers, "quantize_" #numbers, format, 129, 7, 9, 1, 0, FUNCTION_silu);       \
    }
TEST_NARROW(q8, a8)
TEST_NARROW(q4, a8)
TEST_NARROW(q4z, a8)
TEST_NARROW(int8, a8)
TEST_NARROW(bf16, bf16)
#define FORMAT(format, bits, block, parameters, group, cut, text) TEST_NARROW(format, bf16)
#include "templates/format/blocks.def"

/* The bytes of the CPU's kernel, in every grid. */
template <class Kernel>
static void check_quantize(const char *name, int64_t K, int64_t ldx, Kernel kernel)
{
    int rows = random_between(1, 6);
    Buffer<float> x = random_rows(rows, K, ldx);
    Buffer<char> expected = quantized(name, x, rows, K, ldx);
    for_each_grid([&] {
        Buffer<char> y(expected.count);
        memset(y, 0, (size_t)y.count);
        hf2c_stream stream = {NULL, HF2C_OK, ""};
        kernel(&stream, (void *)(char *)y, x, rows);
        wait_for_launch();
        assert_memory_equal((char *)y, (char *)expected, (size_t)y.count);
    });
}

static void test_quantize_a8(void **)
{
    check_quantize("quantize_a8", 100, 103, quantize_a8<100, 103>);
    check_quantize("quantize_a8", 64, 64, quantize_a8<64, 64>);
}

static void test_quantize_bf16(void **) { check_quantize("quantize_bf16", 37, 40, quantize_bf16<37, 40>); }

/* ---- norms and elementwise ---- */

template <int64_t heads, int64_t H, int64_t ldx>
static void check_layer_norm()
{
    const int64_t width = heads * H;
    for (int options = 0; options < 4; options++) {
        int rows = random_between(1, 9);
        Buffer<float> x = random_rows(rows, width, ldx), gain = random_floats(width), bias = random_floats(width);
        Buffer<float> before = not_numbers(rows * width), expected(before);
        const float *g = options & 1 ? (float *)gain : NULL, *b = options & 2 ? (float *)bias : NULL;
        run_on_cpu("layer_norm", {expected, x, g, b}, rows, {heads, H, ldx}, {1e-5f});
        compare("layer_norm", before, expected,
                [&](hf2c_stream *stream, float *y) { layer_norm<heads, H, ldx>(stream, y, x, g, b, rows, 1e-5f); });
    }
}

static void test_layer_norm(void **)
{
    check_layer_norm<1, 1, 1>();
    check_layer_norm<1, 33, 40>();
    check_layer_norm<1, 257, 257>();
    check_layer_norm<3, 17, 60>();
}

template <int64_t heads, int64_t H, int64_t ldx>
static void check_rms_norm()
{
    const int64_t width = heads * H;
    for (int options = 0; options < 2; options++) {
        int rows = random_between(1, 9);
        Buffer<float> x = random_rows(rows, width, ldx), gain = random_floats(width), before = not_numbers(rows * width),
                      expected(before);
        const float *g = options & 1 ? (float *)gain : NULL;
        run_on_cpu("rms_norm", {expected, x, g}, rows, {heads, H, ldx}, {1e-6f});
        compare("rms_norm", before, expected,
                [&](hf2c_stream *stream, float *y) { rms_norm<heads, H, ldx>(stream, y, x, g, rows, 1e-6f); });
    }
}

static void test_rms_norm(void **)
{
    check_rms_norm<1, 1, 1>();
    check_rms_norm<1, 33, 40>();
    check_rms_norm<1, 257, 257>();
    check_rms_norm<5, 16, 80>();
}

template <int64_t function>
static void check_unary()
{
    int rows = random_between(1, 9);
    Buffer<float> x = random_floats((rows - 1) * 25 + 19, rows % 2 ? 3.0f : 60.0f), before = not_numbers(rows * 19),
                  expected(before);
    x[0] = 0.0f;
    run_on_cpu("unary", {expected, x}, rows, {19, 25, function}, {1.7f});
    compare("unary", before, expected,
            [&](hf2c_stream *stream, float *y) { unary<19, 25, function>(stream, y, x, rows, 1.7f); });
}

static void test_unary(void **)
{
#define UNARY(name, expression)                                                                                        \
    check_unary<FUNCTION_##name>();                                                                                    \
    check_unary<FUNCTION_##name>();
#include "templates/elementwise.def"
}

template <int64_t H, int64_t lda, int64_t ldb, int64_t function>
static void check_binary()
{
    int rows = random_between(1, 9);
    Buffer<float> a = random_rows(rows, H, lda), b = random_rows(rows, H, ldb), before = not_numbers(rows * H),
                  expected(before);
    run_on_cpu("binary", {expected, a, b}, rows, {H, lda, ldb, function}, {0.0f});
    compare("binary", before, expected,
            [&](hf2c_stream *stream, float *y) { binary<H, lda, ldb, function>(stream, y, a, b, rows, 0.0f); });
}

static void test_binary(void **)
{
#define BINARY(name, expression)                                                                                       \
    check_binary<21, 21, 21, FUNCTION_##name>();                                                                       \
    check_binary<21, 30, 0, FUNCTION_##name>();                                                                        \
    check_binary<40, 0, 41, FUNCTION_##name>();
#include "templates/elementwise.def"
}

/* ---- positions ---- */

template <int64_t half>
static void check_rope_table()
{
    int rows = random_between(1, 12);
    Buffer<int32_t> positions = random_numbers(rows, 0, 5000);
    Buffer<float> frequencies(half), before = not_numbers(rows * 2 * half), expected(before);
    for (int64_t i = 0; i < half; i++) frequencies[i] = powf(10000.0f, -(float)i / (float)half);
    run_on_cpu("rope_table", {expected, positions, frequencies}, rows, {half}, {1.25f});
    compare("rope_table", before, expected,
            [&](hf2c_stream *stream, float *y) { rope_table<half>(stream, y, positions, frequencies, rows, 1.25f); });
}

static void test_rope_table(void **)
{
    check_rope_table<1>();
    check_rope_table<13>();
    check_rope_table<32>();
}

template <int64_t half, int64_t original>
static void check_rope_table_by_length()
{
    for (int listed = 0; listed < 2; listed++) {
        Sequences s = random_sequences(-1, 0);
        Buffer<int32_t> positions = random_numbers(s.rows, 0, 500);
        Buffer<float> frequencies(half), longer = random_floats(half), before = not_numbers(s.rows * 2 * half), expected(before);
        for (int64_t i = 0; i < half; i++) frequencies[i] = powf(10000.0f, -(float)i / (float)half);
        const float *list = listed ? (float *)longer : NULL;
        run_on_cpu("rope_table_by_length", {expected, positions, frequencies, s.table, list}, s.rows, {half, original}, {1.25f, 4.0f});
        compare("rope_table_by_length", before, expected, [&](hf2c_stream *stream, float *y) {
            rope_table_by_length<half, original>(stream, y, positions, frequencies, s.table, list, s.rows, 1.25f, 4.0f);
        });
    }
}

static void test_rope_table_by_length(void **)
{
    check_rope_table_by_length<2, 1>();
    check_rope_table_by_length<13, 4>();
    check_rope_table_by_length<5, 1000>();
}

template <int64_t heads, int64_t head_dim, int64_t rotary_dim, int64_t interleaved, int64_t ldx>
static void check_rope()
{
    int rows = random_between(1, 9);
    Buffer<float> x = random_rows(rows, heads * head_dim, ldx), table = random_floats(rows * rotary_dim);
    Buffer<float> before = not_numbers(rows * heads * head_dim), expected(before);
    run_on_cpu("rope", {expected, x, table}, rows, {heads, head_dim, rotary_dim, interleaved, ldx}, {});
    compare("rope", before, expected, [&](hf2c_stream *stream, float *y) {
        rope<heads, head_dim, rotary_dim, interleaved, ldx>(stream, y, x, table, rows);
    });
}

static void test_rope(void **)
{
    check_rope<1, 2, 2, 0, 2>();
    check_rope<3, 10, 10, 0, 40>();
    check_rope<3, 10, 10, 1, 30>();
    check_rope<2, 24, 6, 0, 48>();
    check_rope<2, 24, 6, 1, 50>();
}

/* ---- attention ---- */

constexpr int64_t MOST_KEYS = 420; /* several tiles of attention */
constexpr int MOST_PAST = 400;

template <int64_t W, int64_t ldx, int64_t heads = 1, int64_t positions = MOST_KEYS>
static void check_cache()
{
    for (int i = 0; i < 4; i++) {
        const int64_t slot_floats = MOST_KEYS * W + 6; /* other tensors of the slot lie around this one */
        Sequences s = random_sequences(MOST_PAST, slot_floats);
        Buffer<float> x = random_rows(s.rows, W, ldx), before = not_numbers(SLOTS * slot_floats), expected(before);
        run_on_cpu("cache", {expected + 3, x, s.table}, s.rows, {W, ldx, heads, positions}, {});
        compare("cache", before, expected,
                [&](hf2c_stream *stream, float *y) { cache<W, ldx, heads, positions>(stream, y + 3, x, s.table, s.rows); });
    }
}

static void test_cache(void **)
{
    check_cache<1, 1>();
    check_cache<13, 20>();
    check_cache<12, 20, 3>();
    check_cache<12, 12, 3, 32>();
}

/* Keys or values of random sequences: in cache slots, or as rows of the call. What lies behind a sequence's last key is
 * not a number. Later keys are larger, so that a running maximum moves. */
struct Keys {
    Buffer<float> memory;
    const float *base; /* what kernels are given */
};

template <int64_t W, int64_t size, int64_t ld, int64_t cached>
static Keys random_keys(const Sequences &s)
{
    if (!cached) {
        Keys rows = {random_rows(s.rows, W, ld), NULL};
        rows.base = rows.memory;
        return rows;
    }
    const hf2c_sequences *table = s.table;
    int64_t slot_floats = (int64_t)(table->slot_bytes / sizeof(float));
    Keys keys = {not_numbers(SLOTS * slot_floats), NULL};
    for (int i = 0; i < table->count; i++) {
        bool source = cached == KEYS_memory;
        float *slot = keys.memory + (source ? hf2c_memory_slot(table, i) : hf2c_slot(table, i)) * slot_floats;
        int64_t length = source ? table->memory[i] : hf2c_past(table, i) + table->start[i + 1] - table->start[i];
        for (int64_t j = 0; j < MOST_KEYS * W; j++)
            if (j / size % MOST_KEYS < length) slot[j] = random_floats(1, 1.0f + (float)(j / size % MOST_KEYS) / 100.0f)[0];
    }
    keys.base = keys.memory;
    return keys;
}

template <int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t ldv, int64_t cached,
          int64_t causal, int64_t window, int64_t D = 0, int64_t origin = 0, int64_t v_head_dim = head_dim>
static void check_attention(float softcap, bool with_sinks = false)
{
    const int64_t W = kv_heads * head_dim, VW = kv_heads * v_head_dim, H = heads * head_dim;
    Sequences s = random_sequences(cached ? MOST_PAST : -1, MOST_KEYS * (W > VW ? W : VW));
    Buffer<float> q = random_rows(s.rows, H, ldq), sinks = random_floats(heads, 3.0f);
    constexpr int64_t LK = cached ? MOST_KEYS : ldk, LV = cached ? MOST_KEYS : ldv;
    Keys k = random_keys<W, head_dim, ldk, cached>(s), v = random_keys<VW, v_head_dim, ldv, cached>(s);
    Buffer<float> biases = random_floats(heads * (D ? D : 1));
    const float *bias = D ? (float *)biases : NULL, *sink = with_sinks ? (float *)sinks : NULL;
    Buffer<float> before = not_numbers(s.rows * heads * v_head_dim), expected(before);
    run_on_cpu("attention", {expected, q, k.base, v.base, s.table, bias, sink}, s.rows,
               {heads, kv_heads, head_dim, ldq, LK, LV, cached, causal, window, D, origin, v_head_dim, 0},
               {0.9f, softcap});
    compare("attention", before, expected, [&](hf2c_stream *stream, float *y) {
        attention<heads, kv_heads, head_dim, ldq, LK, LV, cached, causal, window, D, origin, v_head_dim>(
            stream, y, q, k.base, v.base, s.table, bias, sink, s.rows, 0.9f, softcap);
    });
}

static void test_attention(void **)
{
    check_attention<1, 1, 1, 1, 1, 1, 0, 0, 0>(0.0f);
    check_attention<4, 4, 8, 40, 33, 34, 0, 0, 0>(0.0f);
    check_attention<4, 4, 8, 32, 32, 32, 0, 0, 3>(0.0f);
    check_attention<4, 2, 8, 32, 16, 16, 0, 1, 0>(5.0f);
    check_attention<4, 2, 8, 32, 16, 16, 0, 0, 0, 9, 4>(0.0f);
    for (int i = 0; i < 3; i++) {
        check_attention<4, 2, 8, 32, 16, 16, 1, 1, 0, 300, 299>(0.0f);
        check_attention<4, 2, 8, 32, 16, 16, KEYS_memory, 0, 0>(0.0f);
        check_attention<4, 2, 10, 40, 20, 20, 1, 1, 0>(0.0f);
        check_attention<3, 1, 33, 100, 33, 33, 1, 1, 5>(2.0f);
        check_attention<4, 2, 8, 32, 16, 16, 1, 1, 6>(0.0f, true);
        check_attention<4, 2, 12, 48, 24, 10, 1, 1, 0, 0, 0, 5>(0.0f);
        check_attention<2, 2, 6, 12, 12, 30, 0, 1, 0, 0, 0, 9>(0.0f, true);
    }
}

template <int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t ldq, int64_t ldk, int64_t keys, int64_t cached,
          int64_t causal, int64_t window, int64_t D = 0, int64_t origin = 0>
static void check_scores(float softcap)
{
    const int64_t W = kv_heads * head_dim;
    Sequences s = random_sequences(cached ? MOST_PAST : -1, MOST_KEYS * W);
    Buffer<float> q = random_rows(s.rows, heads * head_dim, ldq);
    constexpr int64_t LK = cached ? MOST_KEYS : ldk;
    Keys k = random_keys<W, head_dim, ldk, cached>(s);
    Buffer<float> biases = random_floats(heads * (D ? D : 1));
    const float *bias = D ? (float *)biases : NULL;
    Buffer<float> before = not_numbers(s.rows * heads * keys), expected(before);
    run_on_cpu("scores", {expected, q, k.base, s.table, bias}, s.rows,
               {heads, kv_heads, head_dim, ldq, LK, keys, cached, causal, window, D, origin},
               {0.9f, softcap});
    compare("scores", before, expected, [&](hf2c_stream *stream, float *y) {
        scores<heads, kv_heads, head_dim, ldq, LK, keys, cached, causal, window, D, origin>(
            stream, y, q, k.base, s.table, bias, s.rows, 0.9f, softcap);
    });
}

static void test_scores(void **)
{
    check_scores<4, 4, 8, 40, 33, 12, 0, 0, 0>(0.0f);
    check_scores<4, 2, 8, 32, 16, 9, 0, 1, 4>(0.0f);
    check_scores<4, 2, 8, 32, 16, 9, 0, 0, 2>(3.0f);
    check_scores<2, 1, 7, 20, 7, MOST_KEYS, 1, 1, 0>(0.0f);
    check_scores<2, 1, 7, 20, 7, MOST_KEYS, 1, 1, 20>(2.0f);
    check_scores<2, 1, 7, 20, 7, MOST_KEYS, 1, 1, 0, 50, 40>(0.0f);
    check_scores<2, 1, 7, 20, 7, MOST_KEYS, KEYS_memory, 0, 0>(0.0f);
}

template <int64_t groups, int64_t H>
static void check_softmax(bool with_sinks = false)
{
    int rows = random_between(2, 9);
    Buffer<float> x = random_floats(rows * groups * H, 30.0f), before = not_numbers(rows * groups * H),
                  expected(before);
    for (int64_t i = 0; i < x.count; i++) {
        if (i < H || random_between(0, 2) == 0) x[i] = -INFINITY; /* the first group sees nothing */
    }
    Buffer<float> sinks = random_floats(groups, 20.0f);
    const float *sink = with_sinks ? (float *)sinks : NULL;
    run_on_cpu("softmax", {expected, x, sink}, rows, {groups, H}, {});
    compare("softmax", before, expected,
            [&](hf2c_stream *stream, float *y) { softmax<groups, H>(stream, y, x, sink, rows); });
}

static void test_softmax(void **)
{
    check_softmax<1, 1>();
    check_softmax<3, 17>();
    check_softmax<2, 200>();
    check_softmax<3, 17>(true);
}

/* p is 0 behind the sequence's last key, as softmax leaves it. */
template <int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t keys, int64_t ldv, int64_t cached>
static void check_mix()
{
    const int64_t W = kv_heads * head_dim, H = heads * head_dim;
    Sequences s = random_sequences(cached ? MOST_PAST : -1, MOST_KEYS * W);
    const hf2c_sequences *table = s.table;
    constexpr int64_t LV = cached ? MOST_KEYS : ldv;
    Keys v = random_keys<W, head_dim, ldv, cached>(s);
    Buffer<float> p = random_floats(s.rows * heads * keys), before = not_numbers(s.rows * H), expected(before);
    for (int i = 0; i < table->count; i++) {
        int64_t first = table->start[i], end = table->start[i + 1], length = hf2c_past(table, i) + end - first;
        for (int64_t j = first * heads * keys; j < end * heads * keys; j++) p[j] = j % keys < length ? p[j] : 0.0f;
    }
    run_on_cpu("mix", {expected, p, v.base, s.table}, s.rows, {heads, kv_heads, head_dim, keys, LV, cached}, {});
    compare("mix", before, expected, [&](hf2c_stream *stream, float *y) {
        mix<heads, kv_heads, head_dim, keys, LV, cached>(stream, y, p, v.base, s.table, s.rows);
    });
}

static void test_mix(void **)
{
    check_mix<4, 4, 8, 12, 33, 0>();
    check_mix<4, 2, 7, 9, 14, 0>();
    check_mix<4, 2, 7, MOST_KEYS, 14, 1>();
}

/* Caches in narrower formats: queries of 4 heads on 2, of 40 numbers each; keys and values of every slot, one after another. */
struct NarrowCache {
    Sequences s;
    int64_t tensor; /* bytes of the keys of a slot */
    Buffer<float> x, q;
    Buffer<char> empty, state; /* before, and with the rows of x as keys and as values */
};

static NarrowCache random_narrow_cache(int format, const char *name)
{
    const int64_t tensor = 2 * MOST_KEYS * row_bytes(format, 40), bytes = SLOTS * tensor * (int64_t)sizeof(float);
    Sequences s = random_sequences(MOST_PAST, tensor); /* floats: room for more than two tensors */
    int rows = s.rows;
    NarrowCache c = {std::move(s), tensor, random_rows(rows, 80, 80), random_rows(rows, 160, 160), Buffer<char>(bytes), Buffer<char>(bytes)};
    memset(c.empty, 0, (size_t)bytes);
    memset(c.state, 0, (size_t)bytes);
    for (int i = 0; i < 2; i++) run_on_cpu(name, {c.state + i * tensor, c.x, c.s.table}, rows, {80, 80, 2, MOST_KEYS}, {});
    return c;
}

template <class Write>
static void check_narrow_writing(const NarrowCache &c, Write write)
{
    for_each_grid([&] {
        Buffer<char> state(c.empty);
        hf2c_stream stream = {NULL, HF2C_OK, ""};
        for (int i = 0; i < 2; i++) write(&stream, state + i * c.tensor);
        wait_for_launch();
        assert_int_equal(stream.status, HF2C_OK);
        assert_memory_equal(state, c.state, (size_t)state.count);
    });
}

#define NARROW_CACHE(format, suffix)                                                                                              \
    static void test_cache##suffix(void **)                                                                                       \
    {                                                                                                                             \
        NarrowCache c = random_narrow_cache(WEIGHT_##format, "cache" #suffix);                                                    \
        check_narrow_writing(c, [&](hf2c_stream *stream, char *to) {                                                              \
            cache##suffix<80, 80, 2, MOST_KEYS>(stream, to, c.x, c.s.table, c.s.rows);                                            \
        });                                                                                                                       \
    }                                                                                                                             \
    static void test_attention##suffix(void **)                                                                                   \
    {                                                                                                                             \
        NarrowCache c = random_narrow_cache(WEIGHT_##format, "cache" #suffix);                                                    \
        const char *k = c.state, *v = k + c.tensor;                                                                               \
        Buffer<float> before = not_numbers(c.s.rows * 160), expected(before);                                                     \
        run_on_cpu("attention" #suffix, {expected, c.q, k, v, c.s.table, NULL, NULL}, c.s.rows,                                   \
                   {4, 2, 40, 160, MOST_KEYS, MOST_KEYS, 1, 1, 0, 0, 0, 40, 0}, {0.9f, 0.0f});                                    \
        compare("attention" #suffix, before, expected, [&](hf2c_stream *stream, float *y) {                                       \
            attention##suffix<4, 2, 40, 160, MOST_KEYS, MOST_KEYS, 1, 1, 0, 0, 0, 40>(stream, y, c.q, k, v, c.s.table, NULL,      \
                                                                                      NULL, c.s.rows, 0.9f, 0.0f);                \
        });                                                                                                                       \
    }                                                                                                                             \
    static void test_scores##suffix(void **)                                                                                      \
    {                                                                                                                             \
        NarrowCache c = random_narrow_cache(WEIGHT_##format, "cache" #suffix);                                                    \
        Buffer<float> before = not_numbers(c.s.rows * 4 * MOST_KEYS), expected(before);                                           \
        run_on_cpu("scores" #suffix, {expected, c.q, c.state, c.s.table, NULL}, c.s.rows,                                         \
                   {4, 2, 40, 160, MOST_KEYS, MOST_KEYS, 1, 1, 0, 0, 0}, {0.9f, 0.0f});                                           \
        compare("scores" #suffix, before, expected, [&](hf2c_stream *stream, float *y) {                                          \
            scores##suffix<4, 2, 40, 160, MOST_KEYS, MOST_KEYS, 1, 1, 0, 0, 0>(stream, y, c.q, c.state, c.s.table, NULL,          \
                                                                               c.s.rows, 0.9f, 0.0f);                             \
        });                                                                                                                       \
    }                                                                                                                             \
    static void test_mix##suffix(void **)                                                                                         \
    {                                                                                                                             \
        NarrowCache c = random_narrow_cache(WEIGHT_##format, "cache" #suffix);                                                    \
        Buffer<float> p = random_floats(c.s.rows * 4 * MOST_KEYS), before = not_numbers(c.s.rows * 160), expected(before);        \
        run_on_cpu("mix" #suffix, {expected, p, c.state, c.s.table}, c.s.rows, {4, 2, 40, MOST_KEYS, MOST_KEYS, 1}, {});          \
        compare("mix" #suffix, before, expected, [&](hf2c_stream *stream, float *y) {                                             \
            mix##suffix<4, 2, 40, MOST_KEYS, MOST_KEYS, 1>(stream, y, p, c.state, c.s.table, c.s.rows);                           \
        });                                                                                                                       \
    }
#define NARROW_f32(suffix) /* tested above, with more shapes */
#define NARROW_bf16(suffix) NARROW_CACHE(bf16, suffix)
#define NARROW_f16(suffix) NARROW_CACHE(f16, suffix)
#define NARROW_q8(suffix) NARROW_CACHE(q8, suffix)
#define CACHE(format, suffix) NARROW_##format(suffix)
#include "templates/format/caches.def"

template <int64_t heads, int64_t head_dim, int64_t ld, int64_t D, int64_t origin>
static void check_disentangled(bool with_keys, bool with_queries)
{
    const int64_t H = heads * head_dim, table_rows = 6;
    Sequences s = random_sequences(-1, 0);
    Buffer<float> q = random_rows(s.rows, H, ld), k = random_rows(s.rows, H, ld), v = random_rows(s.rows, H, ld);
    Buffer<float> keys = random_floats(table_rows * H), queries = random_floats(table_rows * H), buckets(D);
    for (int64_t i = 0; i < D; i++) buckets[i] = (float)random_between(0, (int)table_rows - 1);
    const float *pk = with_keys ? (float *)keys : NULL, *pq = with_queries ? (float *)queries : NULL;
    Buffer<float> before = not_numbers(s.rows * H), expected(before);
    run_on_cpu("disentangled", {expected, q, k, v, s.table, buckets, pk, pq}, s.rows, {heads, head_dim, ld, ld, ld, D, origin},
               {0.9f});
    compare("disentangled", before, expected, [&](hf2c_stream *stream, float *y) {
        disentangled<heads, head_dim, ld, ld, ld, D, origin>(stream, y, q, k, v, s.table, buckets, pk, pq, s.rows, 0.9f);
    });
}

static void test_disentangled(void **)
{
    for (int i = 0; i < 3; i++) {
        check_disentangled<2, 8, 20, 9, 4>(true, true);
        check_disentangled<3, 7, 21, 200, 100>(true, false);
        check_disentangled<1, 33, 33, 1, 0>(false, true);
    }
}

template <int64_t H, int64_t ldx, int64_t size, int64_t origin, int64_t stride, int64_t multiple>
static void check_neighbours()
{
    Sequences s = random_sequences(-1, 0);
    int rows = (int)(s.rows * multiple / stride);
    Buffer<float> x = random_rows(s.rows * multiple, H, ldx), before = not_numbers(rows * H * size), expected(before);
    run_on_cpu("neighbours", {expected, x, s.table}, rows, {H, ldx, size, origin, stride, multiple}, {});
    compare("neighbours", before, expected,
            [&](hf2c_stream *stream, float *y) { neighbours<H, ldx, size, origin, stride, multiple>(stream, y, x, s.table, rows); });
}

static void test_neighbours(void **)
{
    check_neighbours<1, 1, 1, 0, 1, 1>();
    check_neighbours<13, 20, 3, 1, 1, 1>();
    check_neighbours<5, 5, 6, 5, 1, 2>();
    check_neighbours<7, 9, 3, 1, 2, 2>();
    check_neighbours<4, 4, 5, 2, 2, 6>();
}

/* ---- sounds ---- */

/* Sounds for the sequences: as many samples as give their rows, with some left over. */
struct Sounds {
    Buffer<int32_t> samples;
    int pieces;
};

static Sounds random_sounds(const Sequences &s, int size, int step)
{
    hf2c_sequences *table = (hf2c_sequences *)s.table;
    Sounds sounds = {Buffer<int32_t>(table->count + 1), 0};
    sounds.samples[0] = 0;
    table->samples = sounds.samples;
    for (int i = 0; i < table->count; i++) {
        int rows = s.start[i + 1] - s.start[i], samples = rows ? (rows - 1) * step + size + random_between(0, step - 1) : 0;
        sounds.samples[i + 1] = sounds.samples[i] + samples;
        sounds.pieces += hf2c_pieces(table, i, step);
    }
    return sounds;
}

template <int64_t size>
static void check_spread()
{
    Sequences s = random_sequences(-1, 0);
    Sounds sounds = random_sounds(s, 2 * size + 3, size);
    Buffer<float> x = random_floats(sounds.samples[((hf2c_sequences *)s.table)->count] + 1);
    Buffer<float> before = not_numbers(sounds.pieces * size), expected(before);
    run_on_cpu("spread", {expected, x, s.table}, sounds.pieces, {size}, {});
    compare("spread", before, expected, [&](hf2c_stream *stream, float *y) { spread<size>(stream, y, x, s.table, sounds.pieces); });
}

static void test_spread(void **)
{
    check_spread<1>();
    check_spread<20>();
}

template <int64_t H, int64_t ldx, int64_t size>
static void check_collect()
{
    Sequences s = random_sequences(-1, 0);
    Sounds sounds = random_sounds(s, size + 5, size);
    Buffer<float> x = random_rows(sounds.pieces + 1, H, ldx), before = not_numbers(s.rows * H), expected(before);
    run_on_cpu("collect", {expected, x, s.table}, s.rows, {H, ldx, size}, {});
    compare("collect", before, expected, [&](hf2c_stream *stream, float *y) { collect<H, ldx, size>(stream, y, x, s.table, s.rows); });
}

static void test_collect(void **)
{
    check_collect<1, 1, 1>();
    check_collect<19, 24, 6>();
}

template <int64_t H, int64_t ldx, int64_t rows, int64_t size, int64_t stride>
static void check_sound_norm()
{
    Sequences s = random_sequences(-1, 0);
    Sounds sounds = random_sounds(s, size + 40, rows * stride);
    Buffer<float> x = random_rows(sounds.pieces * rows + 1, H, ldx), gain = random_floats(H), bias = random_floats(H);
    Buffer<float> before = not_numbers(sounds.pieces * rows * H), expected(before);
    run_on_cpu("sound_norm", {expected, x, s.table, gain, bias}, sounds.pieces, {H, ldx, rows, size, stride}, {0.01f});
    compare("sound_norm", before, expected, [&](hf2c_stream *stream, float *y) {
        sound_norm<H, ldx, rows, size, stride>(stream, y, x, s.table, gain, bias, sounds.pieces, 0.01f);
    });
}

static void test_sound_norm(void **)
{
    check_sound_norm<1, 1, 4, 3, 2>();
    check_sound_norm<21, 30, 16, 10, 5>();
}

template <int64_t N, int64_t channels, int64_t size, int64_t groups, int64_t origin, int64_t ldx>
static void check_correlate()
{
    Sequences s = random_sequences(-1, 0);
    Buffer<float> x = random_rows(s.rows, channels * groups, ldx), w = random_floats(size * channels * N);
    Buffer<float> before = not_numbers(s.rows * N), expected(before);
    run_on_cpu("correlate", {expected, x, s.table, w}, s.rows, {N, channels, size, groups, origin, ldx}, {});
    compare("correlate", before, expected, [&](hf2c_stream *stream, float *y) {
        correlate<N, channels, size, groups, origin, ldx>(stream, y, x, s.table, w, s.rows);
    });
}

static void test_correlate(void **)
{
    check_correlate<4, 1, 1, 4, 0, 4>();
    check_correlate<40, 5, 4, 2, 2, 13>();
    check_correlate<21, 7, 9, 3, 4, 21>();
}

template <int64_t heads, int64_t M, int64_t N, int64_t ldx, int64_t ldz>
static void check_join()
{
    int rows = random_between(1, 9);
    Buffer<float> x = random_rows(rows, M, ldx), z = random_rows(rows, heads * N, ldz);
    Buffer<float> before = not_numbers(rows * heads * (M + N)), expected(before);
    run_on_cpu("join", {expected, x, z}, rows, {heads, M, N, ldx, ldz}, {});
    compare("join", before, expected,
            [&](hf2c_stream *stream, float *y) { join<heads, M, N, ldx, ldz>(stream, y, x, z, rows); });
}

static void test_join(void **)
{
    check_join<1, 1, 1, 1, 1>();
    check_join<4, 3, 8, 5, 40>();
}

/* ---- experts ---- */

template <int64_t E, int64_t ldx, int64_t active, int64_t groups, int64_t active_groups, int64_t group_best, int64_t normalized,
          int64_t activation>
static void check_route(bool with_offset)
{
    int rows = random_between(1, 9);
    Buffer<float> x = random_rows(rows, E, ldx), offsets = random_floats(E), before = not_numbers(rows * E), expected(before);
    const float *offset = with_offset ? (float *)offsets : NULL;
    run_on_cpu("route", {expected, x, offset}, rows, {E, ldx, active, groups, active_groups, group_best, normalized, activation}, {1.5f});
    compare("route", before, expected, [&](hf2c_stream *stream, float *y) {
        route<E, ldx, active, groups, active_groups, group_best, normalized, activation>(stream, y, x, offset, rows, 1.5f);
    });
}

static void test_route(void **)
{
    check_route<1, 1, 1, 1, 1, 1, 0, FUNCTION_none>(false);
    check_route<8, 11, 2, 1, 1, 1, 1, FUNCTION_none>(false);
    check_route<12, 12, 3, 4, 2, 1, 0, FUNCTION_none>(false);
    check_route<16, 20, 4, 4, 2, 2, 1, FUNCTION_sigmoid>(true);
}

/* Weights of `active` experts in each row, in the last row one less. */
static Buffer<float> random_choice(int rows, int64_t experts, int64_t active, int64_t ld)
{
    Buffer<float> p = random_rows(rows, experts, ld);
    for (int r = 0; r < rows; r++) {
        int64_t chosen = active - (r == rows - 1), shift = random_between(0, (int)experts - 1);
        for (int64_t e = 0; e < experts; e++) p[r * ld + e] = (e + shift) % experts < chosen ? 0.1f + (float)e : 0.0f;
    }
    return p;
}

typedef void ExpertsRun(hf2c_stream *, float *, const float *, const float *, const void *, const float *, int, float, float, float);

template <int format, int64_t E, int64_t K, int64_t N, int64_t active, int64_t ldx, int64_t ldp, int64_t gate>
static void check_experts(const char *name, ExpertsRun *run, bool with_bias, float limit)
{
    int rows = random_between(1, 70);
    Buffer<float> x = random_rows(rows, K, ldx), p = random_choice(rows, E, active, ldp), biases = random_floats(E * 2 * N);
    Buffer<char> w = random_weight(format, E * 2 * N, K, 1, false, generator());
    Buffer<float> before = not_numbers(rows * active * N), expected(before);
    const float *bias = with_bias ? (float *)biases : NULL;
    run_on_cpu(name, {expected, x, p, w, bias}, rows, {E, K, N, active, ldx, ldp, block_of(format, K), gate}, {1.3f, limit, 0.5f});
    compare(name, before, expected,
            [&](hf2c_stream *stream, float *y) { run(stream, y, x, p, w, bias, rows, 1.3f, limit, 0.5f); });
}

#define CHECK_EXPERTS(format, E, K, N, active, ldx, ldp, gate, ...)                                                    \
    check_experts<WEIGHT_##format, E, K, N, active, ldx, ldp, gate>(                                                   \
        "experts_" #format, experts_##format<E, K, N, active, ldx, ldp, block_of(WEIGHT_##format, K), gate>, __VA_ARGS__)
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    static void test_experts_##name(void **)                                                                           \
    {                                                                                                                  \
        CHECK_EXPERTS(name, 4, 20, 9, 2, 24, 4, FUNCTION_silu, false, 0.0f);                                           \
        CHECK_EXPERTS(name, 3, 33, 5, 3, 33, 7, FUNCTION_scaled_silu, true, 0.7f);                                     \
    }
#include "templates/format/formats.def"

typedef void CombineRun(hf2c_stream *, float *, const float *, const float *, const void *, const float *, int);

template <int format, int64_t E, int64_t K, int64_t N, int64_t active, int64_t ldx, int64_t ldp>
static void check_combine(const char *name, CombineRun *run, bool with_bias)
{
    int rows = random_between(1, 70);
    Buffer<float> x = random_rows(rows, active * K, ldx), p = random_choice(rows, E, active, ldp), biases = random_floats(E * N);
    Buffer<char> w = random_weight(format, E * N, K, 1, false, generator());
    Buffer<float> before = not_numbers(rows * N), expected(before);
    const float *bias = with_bias ? (float *)biases : NULL;
    run_on_cpu(name, {expected, x, p, w, bias}, rows, {E, K, N, active, ldx, ldp, block_of(format, K)}, {});
    compare(name, before, expected, [&](hf2c_stream *stream, float *y) { run(stream, y, x, p, w, bias, rows); });
}

#define CHECK_COMBINE(format, E, K, N, active, ldx, ldp, ...)                                                          \
    check_combine<WEIGHT_##format, E, K, N, active, ldx, ldp>(                                                         \
        "combine_" #format, combine_##format<E, K, N, active, ldx, ldp, block_of(WEIGHT_##format, K)>, __VA_ARGS__)
#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    static void test_combine_##name(void **)                                                                           \
    {                                                                                                                  \
        CHECK_COMBINE(name, 4, 20, 9, 2, 40, 4, false);                                                                \
        CHECK_COMBINE(name, 3, 33, 5, 3, 100, 7, true);                                                                \
    }
#include "templates/format/formats.def"

/* ---- recurrence: the result, and behind it the slots with the state, which a sequence without past finds undefined ---- */

static Buffer<float> result_and_states(const Sequences &s, int64_t columns, int64_t slot_floats)
{
    const hf2c_sequences *table = s.table;
    Buffer<float> all = not_numbers(s.rows * columns + SLOTS * slot_floats);
    for (int i = 0; i < table->count; i++) {
        float *slot = all + s.rows * columns + hf2c_slot(table, i) * slot_floats;
        for (int64_t j = 0; hf2c_past(table, i) > 0 && j < slot_floats; j++) slot[j] = random_floats(1)[0];
    }
    return all;
}

template <int64_t C, int64_t ldx, int64_t size>
static void check_convolve(bool kept)
{
    const int64_t slot_floats = (size - 1) * C + 6;
    Sequences s = random_sequences(kept ? MOST_PAST : -1, slot_floats);
    const hf2c_sequences *table = s.table;
    Buffer<float> x = random_rows(s.rows, C, ldx), w = random_floats(C * size), biases = random_floats(C);
    Buffer<float> before = result_and_states(s, C, slot_floats), expected(before);
    const float *bias = kept ? (float *)biases : NULL;
    run_on_cpu("convolve", {expected, x, w, s.table, bias, kept ? expected + s.rows * C + 3 : NULL}, table->count, {C, ldx, size}, {});
    compare("convolve", before, expected, [&](hf2c_stream *stream, float *y) {
        convolve<C, ldx, size>(stream, y, x, w, s.table, bias, kept ? y + s.rows * C + 3 : NULL, table->count);
    });
}

static void test_convolve(void **)
{
    for (int i = 0; i < 3; i++) {
        check_convolve<1, 1, 2>(true);
        check_convolve<13, 20, 4>(true);
        check_convolve<13, 20, 4>(false);
    }
}

template <int64_t heads, int64_t head_dim, int64_t size, int64_t groups, int64_t decays, int64_t ldx, int64_t lds, int64_t ldbc>
static void check_scan(bool kept, float limit)
{
    const int64_t W = heads * head_dim, slot_floats = W * size + 6;
    Sequences s = random_sequences(kept ? MOST_PAST : -1, slot_floats);
    const hf2c_sequences *table = s.table;
    Buffer<float> x = random_rows(s.rows, W, ldx), step = random_rows(s.rows, heads, lds), bc = random_rows(s.rows, 2 * groups * size, ldbc);
    Buffer<float> decay = random_floats(heads * decays), before = result_and_states(s, W, slot_floats), expected(before);
    for (int64_t i = 0; i < decay.count; i++) decay[i] = -1.1f - decay[i];
    run_on_cpu("scan", {expected, x, step, bc, decay, s.table, kept ? expected + s.rows * W + 3 : NULL}, table->count,
               {heads, head_dim, size, groups, decays, ldx, lds, ldbc}, {0.1f, limit});
    compare("scan", before, expected, [&](hf2c_stream *stream, float *y) {
        scan<heads, head_dim, size, groups, decays, ldx, lds, ldbc>(stream, y, x, step, bc, decay, s.table,
                                                                   kept ? y + s.rows * W + 3 : NULL, table->count, 0.1f, limit);
    });
}

static void test_scan(void **)
{
    for (int i = 0; i < 3; i++) {
        check_scan<5, 1, 8, 1, 8, 5, 5, 16>(true, 0.0f);
        check_scan<4, 3, 7, 2, 1, 15, 6, 30>(true, 0.9f);
        check_scan<4, 3, 20, 1, 1, 12, 4, 40>(false, 0.0f);
    }
}

/* ---- the layer below ---- */

/* After an error nothing is launched any more, and the first error stays. */
static void test_failed_stream(void **)
{
    Buffer<float> x = random_floats(4), y = not_numbers(4);
    hf2c_stream stream = {NULL, HF2C_DEVICE, "lost"};
    copy<4, 4>(&stream, y, x, 1);
    wait_for_launch();
    assert_true(y[0] != y[0]);
    assert_string_equal(stream.error, "lost");
}

/* No rows: nothing is touched. */
static void test_no_rows(void **)
{
    Buffer<float> y = not_numbers(4);
    hf2c_stream stream = {NULL, HF2C_OK, ""};
    copy<4, 4>(&stream, y, NULL, 0);
    rms_norm<1, 4, 4>(&stream, y, NULL, NULL, 0, 1e-6f);
    linear_f32<4, 4, 4, 4, 1, 1, 0, 0>(&stream, y, NULL, NULL, NULL, NULL, 0, 0.0f);
    wait_for_launch();
    assert_int_equal(stream.status, HF2C_OK);
    assert_true(y[0] != y[0]);
}

int main()
{
#ifdef __CUDACC__
    char reason[256];
    if (hf2c_device_count(reason) == 0) {
        fprintf(stderr, "%s\n", reason);
        return 77; /* skipped */
    }
#endif
    const struct CMUnitTest tests[] = {
#define KERNEL(function, ...) cmocka_unit_test(test_##function),
#include "templates/kernels.def"
        cmocka_unit_test(test_failed_stream),
        cmocka_unit_test(test_no_rows),
    };
    return cmocka_run_group_tests_name("cuda kernels", tests, NULL, NULL);
}
