/* Activations in narrower numbers: what quantize makes, and linear over it against the exact sums of the same numbers. All instruction sets
 * give the same bits where there is no function behind the sums. */
#include "kernels_test.h"

#include "templates/cpu/a8.h"
#include "templates/format/layout.h"

/* ---- quantize ---- */

static char *quantized(const float *x, int rows, int64_t K, int64_t ldx, const char *isa, int members)
{
    size_t bytes = (size_t)rows * a8_row_bytes(K);
    char *y = test_alloc(bytes);
    const KernelEntry *kernel = test_kernel(isa, "quantize_a8");
    void *pointers[] = {y, (void *)(uintptr_t)x};
    int64_t constants[] = {K, ldx};
    memset(y, 0x55, bytes);
    for (int i = 0; i < members; i++) kernel->thunk(&(hf2c_team){i, members, NULL}, pointers, &rows, constants, NULL);
    return y;
}

static void check_row(const char *row, const float *x, int64_t K)
{
    const int8_t *q = (const int8_t *)row;
    const int32_t *starts = (const int32_t *)(const void *)(row + a8_starts(K));
    float scale = *(const float *)(const void *)(row + a8_scale(K)), largest = 0;
    int32_t start = 0;
    for (int64_t k = 0; k < K; k++) largest = fabsf(x[k]) > largest ? fabsf(x[k]) : largest;
    assert_true(scale == largest / 127);
    for (int64_t k = 0; k < K; k++) assert_true(fabs((double)scale * q[k] - (double)x[k]) <= 0.5001 * (double)scale);
    for (int64_t k = 0; k < (int64_t)a8_columns(K); k += A8_SUM) {
        int32_t sum = 0;
        for (int64_t i = k; i < k + A8_SUM; i++) {
            assert_true(i < K || q[i] == 0);
            sum += q[i];
        }
        assert_int_equal(-128 * sum, starts[k / A8_SUM]);
        start += -128 * sum;
    }
    assert_int_equal(start, *(const int32_t *)(const void *)(row + a8_start(K)));
    for (size_t i = a8_start(K) + sizeof(start); i < a8_row_bytes(K); i++) assert_int_equal(row[i], 0);
}

static void rows_are_quantised(void **state)
{
    (void)state;
    enum { ROWS = 6 };
    for (int64_t K = 1; K < 200; K += 33) {
        float *x = test_matrix(ROWS, K, K + 2, 3);
        for (int64_t k = 0; k < K; k++) x[1 * (K + 2) + k] = 0;
        char *wanted = quantized(x, ROWS, K, K + 2, "scalar", 1);
        for (int r = 0; r < ROWS; r++) check_row(wanted + (size_t)r * a8_row_bytes(K), x + r * (K + 2), K);
        for (int i = 0; i < TEST_ISAS; i++) {
            if (!kernels_isa_runs(test_isas[i])) continue;
            char *found = quantized(x, ROWS, K, K + 2, test_isas[i], 3);
            assert_memory_equal(found, wanted, (size_t)ROWS * a8_row_bytes(K));
            free(found);
        }
        free(x), free(wanted);
    }
}

/* Denormal rows become zeros; what is not finite makes the scale, and with it all results, NaN. */
static void extreme_rows(void **state)
{
    (void)state;
    enum { K = 40 };
    float x[4 * K] = {0};
    for (int k = 0; k < K; k++) x[k] = 1e-43f, x[K + k] = 3e38f, x[2 * K + k] = 1, x[3 * K + k] = 1;
    x[2 * K + 3] = INFINITY;
    x[3 * K + 38] = NAN;
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        char *y = quantized(x, 4, K, K, test_isas[i], 1);
        size_t row = a8_row_bytes(K);
        for (int k = 0; k < K; k++) {
            assert_int_equal(y[k], 0);
            assert_int_equal(y[row + (size_t)k], 127);
        }
        assert_true(isnan(*(float *)(void *)(y + 2 * row + a8_scale(K))) && isnan(*(float *)(void *)(y + 3 * row + a8_scale(K))));
        free(y);
    }
}

static void rows_of_bf16(void **state)
{
    (void)state;
    enum { ROWS = 3, K = 37, LDX = 40 };
    float *x = test_matrix(ROWS, K, LDX, 5);
    for (int i = 0; i < TEST_ISAS; i++) {
        uint16_t y[ROWS * K];
        void *pointers[] = {y, x};
        int rows = ROWS;
        if (!kernels_isa_runs(test_isas[i])) continue;
        test_kernel(test_isas[i], "quantize_bf16")->thunk(&(hf2c_team){0, 1, NULL}, pointers, &rows, (int64_t[]){K, LDX}, NULL);
        for (int e = 0; e < ROWS * K; e++) assert_int_equal(y[e], bf16_encode(x[e / K * LDX + e % K]));
    }
    free(x);
}

/* ---- linear ---- */

typedef struct Case {
    const char *name;
    int format, panel, rows, gate, bias, residual;
    int64_t K, N;
} Case;

typedef struct Operands {
    float *matrix, *bias, *residual;
    void *packed;
    char *x; /* rows of a8 */
    double *wanted;
    PackLayout layout;
} Operands;

static double row_sum(const Case *c, const Operands *o, int r, int64_t n)
{
    const char *row = o->x + (size_t)r * a8_row_bytes(c->K);
    double sum = 0, scale = (double)*(const float *)(const void *)(row + a8_scale(c->K));
    for (int64_t k = 0; k < c->K; k++) sum += scale * ((const int8_t *)row)[k] * (double)o->matrix[n * c->K + k];
    return sum + (o->bias ? (double)o->bias[n] : 0);
}

static void make(const Case *c, Operands *o, float magnitude)
{
    int64_t rows = c->gate ? 2 * c->N : c->N;
    size_t bytes;
    float *x = test_reals(c->rows * c->K, 2);
    *o = (Operands){.layout = {c->format, c->panel, c->gate != 0, rows, c->K, 0}};
    assert_true(pack_bytes(&o->layout, &bytes));
    o->matrix = test_reals(rows * c->K, magnitude);
    o->packed = test_alloc(bytes);
    pack_weight(&o->layout, o->matrix, o->packed);
    pack_unpack(&o->layout, o->packed, o->matrix);
    o->bias = c->bias ? test_reals(rows, 1) : NULL;
    o->residual = c->residual ? test_reals(c->rows * c->N, 1) : NULL;
    o->x = quantized(x, c->rows, c->K, c->K, "scalar", 1);
    o->wanted = test_alloc((size_t)(c->rows * c->N) * sizeof(double));
    for (int r = 0; r < c->rows; r++)
        for (int64_t n = 0; n < c->N; n++) {
            double y = row_sum(c, o, r, n);
            if (c->gate) y = test_unary(c->gate, y, 0) * row_sum(c, o, r, c->N + n);
            o->wanted[r * c->N + n] = y + (o->residual ? (double)o->residual[r * c->N + n] : 0);
        }
    free(x);
}

static TestCall call_of(const Case *c, const Operands *o, int row, int rows)
{
    TestCall call = {c->name,
                     {NULL, o->x + (size_t)row * a8_row_bytes(c->K), o->packed, o->bias, o->residual ? o->residual + row * c->N : NULL},
                     rows,
                     {c->K, c->N, c->K, c->N, c->panel, pack_block(&o->layout), 0, c->gate},
                     {0}};
    return call;
}

static void check_case(const Case *c, float magnitude)
{
    Operands o;
    int64_t count = c->rows * c->N;
    float *first = test_alloc((size_t)count * sizeof(float)), *other = test_alloc((size_t)count * sizeof(float));
    make(c, &o, magnitude);
    TestCall call = call_of(c, &o, 0, c->rows);
    test_check(&call, o.wanted, count, 1e-5 * sqrt((double)c->K) * (magnitude > 1 ? (double)magnitude : 1));
    test_run(&call, "scalar", 1, first, count);
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        test_run(&call, test_isas[i], 1, other, count);
        if (!c->gate) test_same_bits(first, other, count, test_isas[i]);
        for (int r = 0; r < c->rows; r += 3) { /* a row alone */
            TestCall alone = call_of(c, &o, r, 1);
            float *row = test_alloc((size_t)c->N * sizeof(float));
            test_run(&alone, test_isas[i], 2, row, c->N);
            test_same_bits(other + r * c->N, row, c->N, "a row alone");
            free(row);
        }
    }
    free(first), free(other), free(o.matrix), free(o.bias), free(o.residual), free(o.packed), free(o.x), free(o.wanted);
}

static const struct {
    const char *name;
    int format;
} kernels[] = {{"linear_q8_a8", WEIGHT_q8}, {"linear_q4_a8", WEIGHT_q4}, {"linear_q4z_a8", WEIGHT_q4z}, {"linear_int8_a8", WEIGHT_int8}};

static void every_shape(void **state)
{
    (void)state;
    static const int rows[] = {1, 2, 3, 5, 8, 14, 15, 33};
    static const int64_t shapes[][2] = {{1, 1}, {33, 15}, {64, 32}, {130, 49}, {257, 161}, {515, 20}};
    for (size_t f = 0; f < 4; f++)
        for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
            for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
                check_case(&(Case){kernels[f].name, kernels[f].format, 16, rows[r], 0, 0, 0, shapes[s][0], shapes[s][1]}, 1);
    check_case(&(Case){"linear_q4_a8", WEIGHT_q4, 16, 97, 0, 0, 0, 5000, 17}, 1); /* more rows than stay in the cache */
}

static void every_epilogue(void **state)
{
    (void)state;
    for (size_t f = 0; f < 4; f++)
        for (int i = 0; i < 16; i++)
            check_case(&(Case){kernels[f].name, kernels[f].format, i < 8 ? 16 : i < 12 ? 1 : 4, 1 + 5 * (i & 3), i & 4 ? FUNCTION_silu : 0, i & 1,
                               i >> 1 & 1, test_between(1, 100), test_between(1, 60)},
                       1);
}

/* Weights near the ends of what f16 scales hold. */
static void extreme_weights(void **state)
{
    (void)state;
    for (size_t f = 0; f < 4; f++) {
        check_case(&(Case){kernels[f].name, kernels[f].format, 16, 5, 0, 0, 0, 96, 33}, 1e-6f);
        check_case(&(Case){kernels[f].name, kernels[f].format, 16, 5, 0, 0, 0, 96, 33}, 3e5f);
    }
}

/* ---- rows of bf16 ---- */

static const struct {
    const char *name;
    int format;
} rounded[] = {{"linear_bf16_bf16", WEIGHT_bf16},
#define FORMAT(name, bits, block, parameters, group, cut, text) {"linear_" #name "_bf16", WEIGHT_##name},
#include "templates/format/blocks.def"
};
enum { ROUNDED = sizeof(rounded) / sizeof(rounded[0]), ROUNDED_ROWS = 19 };

/* The sums of x and the weights as they decode, both rounded to bf16. */
static double *rounded_sums(const uint16_t *x, const float *matrix, int64_t N, int64_t K)
{
    double *wanted = test_alloc((size_t)(ROUNDED_ROWS * N) * sizeof(double));
    for (int64_t i = 0; i < ROUNDED_ROWS * N; i++) {
        wanted[i] = 0;
        for (int64_t k = 0; k < K; k++) wanted[i] += (double)bf16_decode(x[i / N * K + k]) * (double)bf16_round(matrix[i % N * K + k]);
    }
    return wanted;
}

/* Many rows, few, each alone: the same bits. */
static void check_rounded_rows(TestCall call, const double *wanted, const uint16_t *x, int64_t N, int64_t K)
{
    float *all = test_alloc((size_t)(ROUNDED_ROWS * N) * sizeof(float)), *some = test_alloc((size_t)(3 * N) * sizeof(float));
    test_check(&call, wanted, ROUNDED_ROWS * N, 2e-5);
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        call.rows = ROUNDED_ROWS;
        call.pointers[1] = (void *)(uintptr_t)x;
        test_run(&call, test_isas[i], 1, all, ROUNDED_ROWS * N);
        for (int row = 0; row < ROUNDED_ROWS; row += 5) {
            call.rows = 1 + row % 3;
            call.pointers[1] = (void *)(uintptr_t)(x + row * K);
            test_run(&call, test_isas[i], 2, some, call.rows * N);
            test_same_bits(all + row * N, some, call.rows * N, "few rows");
        }
    }
    free(all), free(some);
}

static void check_rounded(const char *name, int format, int panel, int64_t N, int64_t K)
{
    PackLayout layout = {format, panel, 0, N, K, 0};
    size_t bytes;
    if (!pack_bytes(&layout, &bytes)) return; /* blocks of the flat matrix that no row is made of */
    float *x = test_reals(ROUNDED_ROWS * K, 1), *matrix = test_reals(N * K, 1);
    uint16_t *narrow = test_alloc((size_t)(ROUNDED_ROWS * K) * sizeof(uint16_t));
    void *w = test_alloc(bytes);
    pack_weight(&layout, matrix, w);
    pack_unpack(&layout, w, matrix);
    for (int64_t i = 0; i < ROUNDED_ROWS * K; i++) narrow[i] = bf16_encode(x[i]);
    double *wanted = rounded_sums(narrow, matrix, N, K);
    TestCall call = {name, {NULL, narrow, w, NULL, NULL}, ROUNDED_ROWS, {K, N, K, N, panel, pack_block(&layout), 0, 0}, {0}};
    check_rounded_rows(call, wanted, narrow, N, K);
    free(x), free(matrix), free(narrow), free(wanted), free(w);
}

static void rows_of_bf16_times_weights(void **state)
{
    (void)state;
    static const int64_t shapes[][2] = {{4, 1}, {33, 15}, {130, 49}, {301, 70}, {320, 130}, {648, 65}};
    for (size_t f = 0; f < ROUNDED; f++) {
        for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) check_rounded(rounded[f].name, rounded[f].format, 16, shapes[s][1], shapes[s][0]);
        check_rounded(rounded[f].name, rounded[f].format, 1, 15, 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_quantised), cmocka_unit_test(extreme_rows),    cmocka_unit_test(rows_of_bf16), cmocka_unit_test(every_shape),
        cmocka_unit_test(every_epilogue),     cmocka_unit_test(extreme_weights), cmocka_unit_test(rows_of_bf16_times_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
