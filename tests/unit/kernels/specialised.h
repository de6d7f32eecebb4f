/* Compiled against interpreted: kernels that are called with literal constants, as generated code calls them, give the
 * bits of the table's thunks. test_specialised_ISA.c is this with an ISA. */
#include "kernels_test.h"

#include "templates/simd/begin.h"
#include "templates/cpu/all.h"

enum { K = 300, N = 100, ROWS = 19, HEADS = 4, KV_HEADS = 2, HEAD_DIM = 24 };

static void literal_linear(const hf2c_team *team, float *y, const float *x, const void *w, const float *bias, int rows)
{
    linear_bf16(team, y, x, w, bias, NULL, rows, K, N, K, N, 16, 1, FUNCTION_gelu, FUNCTION_none, 0.0f);
}
static void literal_gate(const hf2c_team *team, float *y, const float *x, const void *w, const float *bias, int rows)
{
    linear_bf16(team, y, x, w, bias, NULL, rows, K, N / 2, K, N, 16, 1, FUNCTION_none, FUNCTION_silu, 0.0f);
}
static void literal_norm(const hf2c_team *team, float *y, const float *x, const float *gain, int rows)
{
    layer_norm(team, y, x, gain, NULL, rows, 1, K, K, 1e-5f);
}
static void literal_attention_of(const hf2c_team *team, float *y, const float *q, const float *all, const hf2c_sequences *sequences, int rows)
{
    const float *k = all + HEADS * HEAD_DIM, *v = k + KV_HEADS * HEAD_DIM;
    attention(team, y, q, k, v, sequences, NULL, NULL, rows, HEADS, KV_HEADS, HEAD_DIM, K, K, K, 0, 1, 7, 0, 0, HEAD_DIM, 0, 0.3f, 20.0f);
}
static void literal_attention(const hf2c_team *team, float *y, const float *q, const hf2c_sequences *sequences, int rows)
{
    literal_attention_of(team, y, q, q, sequences, rows);
}
#include "templates/simd/end.h"

static const hf2c_team alone = {0, 1, NULL};

static void compare(TestCall *call, const float *compiled, int64_t count)
{
    float *interpreted = test_alloc((size_t)count * sizeof(float));
    test_run(call, SPECIALISED_ISA, 1, interpreted, count);
    test_same_bits(compiled, interpreted, count, call->name);
    free(interpreted);
}

static void same_linear(void **state)
{
    (void)state;
    PackLayout layout = {WEIGHT_bf16, 16, 0, N, K, 0};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    float *x = test_reals(ROWS * K, 1), *matrix = test_reals(N * K, 1), *bias = test_reals(N, 1),
          *y = test_reals(ROWS * N, 1);
    void *w = test_alloc(2 * bytes);
    pack_weight(&layout, matrix, w);
    for (int rows = 1; rows <= ROWS; rows += 6) {
        literal_linear(&alone, y, x, w, bias, rows);
        TestCall call = {"linear_bf16", {NULL, x, w, bias, NULL}, rows, {K, N, K, N, 16, 1, FUNCTION_gelu, 0}, {0}};
        compare(&call, y, rows * N);
    }
    layout.gate = 1;
    assert_true(pack_bytes(&layout, &bytes));
    pack_weight(&layout, matrix, w);
    for (int rows = 1; rows <= ROWS; rows += 6) {
        literal_gate(&alone, y, x, w, bias, rows);
        TestCall call = {"linear_bf16", {NULL, x, w, bias, NULL}, rows, {K, N / 2, K, N, 16, 1, 0, FUNCTION_silu}, {0}};
        compare(&call, y, rows * N / 2);
    }
    free(x), free(matrix), free(bias), free(y), free(w);
}

static void same_norm_and_attention(void **state)
{
    (void)state;
    int32_t start[] = {0, 4, ROWS};
    hf2c_sequences sequences = {.count = 2, .rows = ROWS, .start = start};
    float *x = test_reals(ROWS * K, 1), *gain = test_reals(K, 1), *y = test_reals(ROWS * K, 1);
    literal_norm(&alone, y, x, gain, ROWS);
    TestCall norm = {"layer_norm", {NULL, x, gain, NULL}, ROWS, {1, K, K}, {1e-5f}};
    compare(&norm, y, ROWS * K);
    literal_attention(&alone, y, x, &sequences, ROWS);
    TestCall call = {"attention",
                     {NULL, x, x + HEADS * HEAD_DIM, x + (HEADS + KV_HEADS) * HEAD_DIM, &sequences, NULL},
                     ROWS,
                     {HEADS, KV_HEADS, HEAD_DIM, K, K, K, 0, 1, 7, 0, 0, HEAD_DIM},
                     {0.3f, 20.0f}};
    compare(&call, y, ROWS * HEADS * HEAD_DIM);
    float *strip = test_alloc(ROWS * HEADS * HEAD_DIM * sizeof(float));
    for (int row = 0; row < ROWS; row += 3) { /* the queries of three rows at a time, whatever sequences they are of */
        sequences.first = row;
        literal_attention_of(&alone, strip + row * HEADS * HEAD_DIM, x + row * K, x, &sequences, ROWS - row < 3 ? ROWS - row : 3);
    }
    test_same_bits(y, strip, ROWS * HEADS * HEAD_DIM, "attention in strips");
    free(x), free(gain), free(y), free(strip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_linear),
        cmocka_unit_test(same_norm_and_attention),
    };
    return kernels_isa_runs(SPECIALISED_ISA) ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
