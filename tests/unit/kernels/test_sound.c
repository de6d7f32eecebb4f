/* What sounds are computed with: spread, collect, sound_norm, correlate, neighbours with strides; against double references. */
#include "tests/unit/kernels/kernels_test.h"

enum { SEQUENCES = 3 };

/* Sounds whose first row needs `size` samples and each next one `step` more. */
typedef struct Sounds {
    int32_t start[SEQUENCES + 1], samples[SEQUENCES + 1];
    int pieces[SEQUENCES], all;
    hf2c_sequences table;
} Sounds;

static void make_sounds(Sounds *s, const int *rows, int size, int step)
{
    *s = (Sounds){.table = {.count = SEQUENCES, .start = s->start, .samples = s->samples}};
    for (int i = 0; i < SEQUENCES; i++) {
        int samples = (rows[i] - 1) * step + size + test_between(0, step);
        s->start[i + 1] = s->start[i] + rows[i];
        s->samples[i + 1] = s->samples[i] + samples;
        s->pieces[i] = (samples + step - 1) / step;
        s->all += s->pieces[i];
    }
    s->table.rows = s->start[SEQUENCES];
}

static void spread(void **state)
{
    (void)state;
    static const int rows[SEQUENCES] = {3, 1, 9};
    Sounds s;
    make_sounds(&s, rows, 11, 4);
    float *x = test_reals(s.samples[SEQUENCES], 1);
    double *y = test_alloc((size_t)s.all * 4 * sizeof *y), *at = y;
    for (int i = 0; i < SEQUENCES; i++)
        for (int j = 0; j < s.pieces[i] * 4; j++) *at++ = s.samples[i] + j < s.samples[i + 1] ? x[s.samples[i] + j] : 0;
    test_check(&(TestCall){"spread", {NULL, x, &s.table}, s.all, {4}, {0}}, y, s.all * 4, 0);
    free(x), free(y);
}

static void collect(void **state)
{
    (void)state;
    enum { H = 19, LD = 21, STEP = 6 };
    static const int rows[SEQUENCES] = {1, 4, 7};
    Sounds s;
    make_sounds(&s, rows, 20, STEP);
    float *x = test_matrix(s.all, H, LD, 1);
    double *y = test_alloc((size_t)(s.table.rows * H) * sizeof *y);
    for (int i = 0, before = 0; i < SEQUENCES; before += s.pieces[i++])
        for (int r = 0; r < rows[i]; r++)
            for (int c = 0; c < H; c++) y[(s.start[i] + r) * H + c] = x[(before + r) * LD + c];
    test_check(&(TestCall){"collect", {NULL, x, &s.table}, s.table.rows, {H, LD, STEP}, {0}}, y, s.table.rows * H, 0);
    free(x), free(y);
}

static void normalized_column(double *y, const float *x, int count, int ld, int H, double epsilon, double gain, double bias)
{
    double mean = 0, variance = 0;
    for (int r = 0; r < count; r++) mean += (double)x[r * ld] / count;
    for (int r = 0; r < count; r++) variance += ((double)x[r * ld] - mean) * ((double)x[r * ld] - mean) / count;
    for (int r = 0; r < count; r++) y[r * H] = ((double)x[r * ld] - mean) / sqrt(variance + epsilon) * gain + bias;
}

static void check_sound_norm(int H, int ld, const int *rows_of)
{
    enum { ROWS = 8, SIZE = 10, STRIDE = 5 };
    Sounds s;
    make_sounds(&s, rows_of, 70, ROWS * STRIDE);
    float *x = test_matrix(s.all * ROWS, H, ld, 3), *gain = test_reals(H, 1), *bias = test_reals(H, 1);
    double *y = test_alloc((size_t)(s.all * ROWS * H) * sizeof *y);
    for (int i = 0; i < s.all * ROWS * H; i++) y[i] = 0;
    for (int i = 0, before = 0; i < SEQUENCES; before += s.pieces[i++] * ROWS)
        for (int c = 0; c < H; c++)
            normalized_column(y + before * H + c, x + before * ld + c, (s.samples[i + 1] - s.samples[i] - SIZE) / STRIDE + 1, ld, H, 1e-3f,
                              gain[c], bias[c]);
    TestCall call = {"sound_norm", {NULL, x, &s.table, gain, bias}, s.all, {H, ld, ROWS, SIZE, STRIDE}, {1e-3f}};
    test_check(&call, y, s.all * ROWS * H, 1e-5);
    free(x), free(gain), free(bias), free(y);
}

static void sound_norm(void **state)
{
    (void)state;
    check_sound_norm(1, 1, (const int[]){1, 2, 1});
    check_sound_norm(16, 16, (const int[]){5, 1, 3});
    check_sound_norm(37, 40, (const int[]){2, 60, 1});
}

static void check_correlate(int64_t N, int64_t channels, int64_t size, int64_t groups, int64_t origin)
{
    int32_t start[] = {0, 1, 8, 22};
    hf2c_sequences table = {.count = 3, .rows = 22, .start = start};
    int64_t width = groups * channels, ld = width + 1;
    float *x = test_matrix(22, width, ld, 1), *w = test_reals(size * channels * N, 1);
    double *y = test_alloc((size_t)(22 * N) * sizeof *y);
    for (int s = 0; s < 3; s++)
        for (int64_t i = start[s] * N; i < start[s + 1] * N; i++) {
            y[i] = 0;
            for (int64_t k = 0; k < size * channels; k++) {
                int64_t from = i / N + k / channels - origin, column = i % N / (N / groups) * channels + k % channels;
                if (from >= start[s] && from < start[s + 1]) y[i] += (double)x[from * ld + column] * w[k * N + i % N];
            }
        }
    test_check(&(TestCall){"correlate", {NULL, x, &table, w}, 22, {N, channels, size, groups, origin, ld}, {0}}, y, 22 * N, 1e-5);
    free(x), free(w), free(y);
}

static void correlate(void **state)
{
    (void)state;
    check_correlate(32, 8, 16, 4, 8);
    check_correlate(6, 3, 5, 2, 2);
    check_correlate(35, 5, 3, 1, 0);
    check_correlate(4, 1, 40, 4, 20);
}

/* Rows that are twice and six times as many as those of the sequences. */
static void check_neighbours(int64_t H, int64_t size, int64_t origin, int64_t stride, int64_t multiple)
{
    int32_t start[] = {0, 2, 3, 9};
    hf2c_sequences table = {.count = 3, .rows = 9, .start = start};
    int64_t rows = 9 * multiple / stride, ld = H + 1;
    float *x = test_matrix((int)(9 * multiple), H, ld, 1);
    double *y = test_alloc((size_t)(rows * H * size) * sizeof *y);
    for (int s = 0; s < 3; s++)
        for (int64_t r = start[s] * multiple / stride; r < start[s + 1] * multiple / stride; r++)
            for (int64_t i = 0; i < H * size; i++) {
                int64_t from = r * stride + i % size - origin, inside = from >= start[s] * multiple && from < start[s + 1] * multiple;
                y[r * H * size + i] = inside ? x[from * ld + i / size] : 0;
            }
    TestCall call = {"neighbours", {NULL, x, &table}, (int)rows, {H, ld, size, origin, stride, multiple}, {0}};
    test_check(&call, y, rows * H * size, 0);
    free(x), free(y);
}

static void neighbours_with_strides(void **state)
{
    (void)state;
    check_neighbours(7, 3, 1, 1, 2);
    check_neighbours(5, 3, 1, 2, 2);
    check_neighbours(3, 5, 4, 3, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spread),    cmocka_unit_test(collect), cmocka_unit_test(sound_norm),
        cmocka_unit_test(correlate), cmocka_unit_test(neighbours_with_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
