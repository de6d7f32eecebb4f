/* What images are computed with: arrange, grouped, pools of rows, spans; against double references. */
#include "tests/unit/kernels/kernels_test.h"

static void arrange(void **state)
{
    (void)state;
    enum { IMAGES = 3, R = 7, EXTRA = 2, N = 13, H = 19 };
    float *x = test_reals(IMAGES * R * H, 1), *extra = test_reals(EXTRA * H, 1), index[N];
    double y[IMAGES * N * H];
    for (int i = 0; i < N; i++) index[i] = (float)test_between(-1, R + EXTRA);
    index[0] = -1, index[1] = R + EXTRA - 1, index[2] = R - 1;
    for (int i = 0; i < IMAGES * N * H; i++) {
        int row = (int)index[i / H % N], c = i % H;
        y[i] = row < 0 ? -3.5 : row < R ? x[(i / H / N * R + row) * H + c] : extra[(row - R) * H + c];
    }
    test_check(&(TestCall){"arrange", {NULL, x, index, extra}, IMAGES, {H, R, N}, {-3.5f}}, y, IMAGES * N * H, 0);
    free(x), free(extra);
}

/* x: [rows, size, groups, channels]; w: [size, channels, N] */
static void check_grouped(int64_t N, int64_t channels, int64_t size, int64_t groups)
{
    enum { ROWS = 5 };
    int64_t width = size * groups * channels, ld = width + 3;
    float *x = test_matrix(ROWS, width, ld, 1), *w = test_reals(size * channels * N, 1);
    double *y = test_alloc((size_t)(ROWS * N) * sizeof *y);
    for (int64_t i = 0; i < ROWS * N; i++) {
        y[i] = 0;
        for (int64_t k = 0; k < size * channels; k++) {
            int64_t column = k / channels * groups * channels + i % N / (N / groups) * channels + k % channels;
            y[i] += (double)x[i / N * ld + column] * w[k * N + i % N];
        }
    }
    test_check(&(TestCall){"grouped", {NULL, x, w}, ROWS, {N, channels, size, groups, ld}, {0}}, y, ROWS * N, 1e-5);
    free(x), free(w), free(y);
}

static void grouped(void **state)
{
    (void)state;
    check_grouped(37, 1, 9, 37);
    check_grouped(16, 1, 49, 16);
    check_grouped(40, 3, 5, 2);
    check_grouped(6, 2, 4, 3);
    check_grouped(33, 5, 2, 1);
}

static void pool_of_rows(void **state)
{
    (void)state;
    enum { COUNT = 4, SIZE = 9, H = 21 };
    float *x = test_reals(COUNT * SIZE * H, 2);
    double mean[COUNT * H], highest[COUNT * H];
    for (int i = 0; i < COUNT * H; i++) {
        mean[i] = 0, highest[i] = -INFINITY;
        for (int r = 0; r < SIZE; r++) {
            double value = x[(i / H * SIZE + r) * H + i % H];
            mean[i] += value / SIZE;
            highest[i] = value > highest[i] ? value : highest[i];
        }
    }
    test_check(&(TestCall){"pool", {NULL, x}, COUNT, {H, H, POOL_mean, SIZE}, {0}}, mean, COUNT * H, 1e-6);
    test_check(&(TestCall){"pool", {NULL, x}, COUNT, {H, H, POOL_max, SIZE}, {0}}, highest, COUNT * H, 0);
    free(x);
}

/* One query, one head: y[d] of softmax(q k' + bias) v over the rows of its span. */
static void span_row(double *y, const float *q, const float *k, const float *v, const float *bias, int span, int head_dim, int width)
{
    double p[64], sum = 0;
    for (int j = 0; j < span; j++) {
        double score = bias ? bias[j] : 0;
        for (int d = 0; d < head_dim; d++) score += 0.5 * q[d] * k[j * width + d];
        sum += p[j] = exp(score);
    }
    for (int d = 0; d < head_dim; d++) {
        y[d] = 0;
        for (int j = 0; j < span; j++) y[d] += p[j] / sum * v[j * width + d];
    }
}

static void check_spans(int spans, int span, int groups, int heads, int head_dim, int biased)
{
    int rows = spans * span, width = heads * head_dim, pairs = span * span;
    float *q = test_reals(rows * width, 1), *k = test_reals(rows * width, 1), *v = test_reals(rows * width, 1);
    float *bias = test_reals(groups * heads * pairs, 2);
    double *y = test_alloc((size_t)(rows * width) * sizeof *y);
    for (int r = 0; r < rows; r++)
        for (int h = 0; h < heads; h++) {
            int first = r / span * span * width + h * head_dim;
            const float *own = bias + (r / span % groups * heads + h) * pairs + r % span * span;
            span_row(y + r * width + h * head_dim, q + r * width + h * head_dim, k + first, v + first, biased ? own : NULL, span, head_dim, width);
        }
    TestCall call = {"spans", {NULL, q, k, v, biased ? bias : NULL}, rows, {heads, head_dim, span, groups, width, width, width}, {0.5f}};
    test_check(&call, y, rows * width, 1e-5);
    free(q), free(k), free(v), free(bias), free(y);
}

static void attention_within_spans(void **state)
{
    (void)state;
    check_spans(8, 16, 4, 2, 8, 1);
    check_spans(6, 9, 1, 3, 5, 1);
    check_spans(3, 50, 1, 1, 12, 0);
    check_spans(4, 49, 2, 3, 32, 1);
    check_spans(5, 1, 1, 2, 4, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrange),
        cmocka_unit_test(grouped),
        cmocka_unit_test(pool_of_rows),
        cmocka_unit_test(attention_within_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
