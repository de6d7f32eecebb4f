/* At the limits of kernels: heads that are too wide, and teams that are larger than the work. */
#include "kernels_test.h"

static void too_wide_heads_give_nan(void **state)
{
    (void)state;
    enum { WIDE = ATTENTION_HEAD_DIM + 1 };
    int32_t start[] = {0, 2};
    hf2c_sequences sequences = {.count = 1, .rows = 2, .start = start};
    float *x = test_reals(2 * WIDE, 1), y[2 * WIDE];
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        TestCall call = {.name = "attention", .pointers = {NULL, x, x, x, &sequences}, .rows = 2, .reals = {1, 0}};
        int64_t constants[] = {1, 1, WIDE, WIDE, WIDE, WIDE, 0, 0, 0, 0, 0, WIDE};
        memcpy(call.constants, constants, sizeof(constants));
        test_run(&call, test_isas[i], 2, y, 2 * WIDE);
        for (int e = 0; e < 2 * WIDE; e++) assert_true(isnan(y[e]));
    }
    free(x);
}

/* Every element is written by some member, even if most have none to write. */
static void teams_larger_than_the_work(void **state)
{
    (void)state;
    enum { MEMBERS = 64, K = 5, N = 50 };
    PackLayout layout = {WEIGHT_f32, 16, 0, N, K, 0};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    float *x = test_reals(40 * K, 1), *matrix = test_reals(N * K, 1), one[40 * N], many[40 * N];
    void *w = test_alloc(bytes);
    pack_weight(&layout, matrix, w);
    for (int i = 0; i < TEST_ISAS; i++)
        for (int rows = 1; rows < 41 && kernels_isa_runs(test_isas[i]); rows += 13) {
            TestCall call = {"linear_f32", {NULL, x, w, NULL, NULL}, rows, {K, N, K, N, 16, 1, 0, 0}, {0}};
            test_run(&call, test_isas[i], 1, one, rows * N);
            test_run(&call, test_isas[i], MEMBERS, many, rows * N);
            test_same_bits(one, many, rows * N, "a large team");
            for (int e = 0; e < rows * N; e++) assert_false(isnan(many[e]));
        }
    free(x), free(matrix), free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_wide_heads_give_nan),
        cmocka_unit_test(teams_larger_than_the_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
