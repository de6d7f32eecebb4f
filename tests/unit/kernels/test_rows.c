/* The kernels that work row by row: norms, elementwise, rope, embed, take, copy, pool, cache. */
#include "kernels_test.h"
#include "templates/format/layout.h"

static const int row_counts[] = {1, 5, 33};
static const int64_t widths[] = {1, 15, 64, 131};
enum { ROW_COUNTS = 3, WIDTHS = 4 };

/* Runs check(rows, H, view) for all sizes; view: extra elements between the rows of operands. */
static void each_size(void (*check)(int rows, int64_t H, int64_t view))
{
    for (int r = 0; r < ROW_COUNTS; r++)
        for (int w = 0; w < WIDTHS; w++)
            for (int64_t view = 0; view < 6; view += 5) check(row_counts[r], widths[w], view);
}

static double *doubles(int64_t count) { return test_alloc((size_t)count * sizeof(double)); }

/* One part of a row: x, gain and bias of that part; bias NULL: no centre is taken either. */
static void norm_part(double *layer, double *rms, const float *x, const float *gain, const float *bias, int64_t H,
                      double epsilon)
{
    double mean = 0, variance = 0, square = 0;
    for (int64_t i = 0; i < H; i++) mean += x[i] / (double)H;
    for (int64_t i = 0; i < H; i++) variance += pow(x[i] - mean, 2) / (double)H;
    for (int64_t i = 0; i < H; i++) square += pow(x[i], 2) / (double)H;
    for (int64_t i = 0; i < H; i++) {
        double g = gain ? gain[i] : 1, b = bias ? bias[i] : 0;
        layer[i] = (x[i] - mean) / sqrt(variance + epsilon) * g + b;
        rms[i] = x[i] / sqrt(square + epsilon) * g;
    }
}

static void check_norm_heads(int rows, int heads, int64_t H, int64_t view)
{
    int64_t width = heads * H, ld = width + view;
    float *x = test_matrix(rows, width, ld, 3), *gain = test_reals(width, 2), *bias = test_reals(width, 2), epsilon = 1e-5f;
    double *layer = doubles(rows * width), *rms = doubles(rows * width);
    for (int optional = 0; optional < 2; optional++) {
        float *g = optional ? gain : NULL, *b = optional ? bias : NULL;
        for (int r = 0; r < rows; r++)
            for (int64_t c = 0; c < width; c += H)
                norm_part(layer + r * width + c, rms + r * width + c, x + r * ld + c, g ? g + c : NULL, b ? b + c : NULL, H,
                          (double)epsilon);
        test_check(&(TestCall){"layer_norm", {NULL, x, g, b}, rows, {heads, H, ld}, {epsilon}}, layer, rows * width, 2e-5);
        test_check(&(TestCall){"rms_norm", {NULL, x, g}, rows, {heads, H, ld}, {epsilon}}, rms, rows * width, 1e-5);
    }
    free(x), free(gain), free(bias), free(layer), free(rms);
}

static void check_norms(int rows, int64_t H, int64_t view)
{
    check_norm_heads(rows, 1, H, view);
    check_norm_heads(rows, 3, H, view);
}

static void norms(void **state)
{
    (void)state;
    each_size(check_norms);
}

static void check_unary(int rows, int64_t H, int64_t view)
{
    int64_t ld = H + view;
    float *x = test_matrix(rows, H, ld, 12), c = 7.5f;
    double *y = doubles(rows * H);
    for (int function = FUNCTION_none; function < FUNCTION_add; function++) {
        for (int r = 0; r < rows; r++)
            for (int64_t i = 0; i < H; i++) y[r * H + i] = test_unary(function, x[r * ld + i], c);
        test_check(&(TestCall){"unary", {NULL, x}, rows, {H, ld, function}, {c}}, y, rows * H, 1e-6);
    }
    free(x), free(y);
}

static void check_binary(int rows, int64_t H, int64_t view)
{
    int64_t lda = H + view, ldb = view ? 0 : H; /* with a view, b is one row for all */
    float *a = test_matrix(rows, H, lda, 2), *b = test_matrix(rows, H, ldb, 2);
    double *y[3] = {doubles(rows * H), doubles(rows * H), doubles(rows * H)};
    for (int r = 0; r < rows; r++)
        for (int64_t i = 0; i < H; i++) {
            double u = a[r * lda + i], v = b[r * ldb + i];
            y[0][r * H + i] = u + v;
            y[1][r * H + i] = u - v;
            y[2][r * H + i] = u * v;
        }
    for (int f = 0; f < 3; f++) {
        test_check(&(TestCall){"binary", {NULL, a, b}, rows, {H, lda, ldb, FUNCTION_add + f}, {0}}, y[f], rows * H,
                   1e-6);
        free(y[f]);
    }
    free(a), free(b);
}

static void elementwise(void **state)
{
    (void)state;
    each_size(check_unary);
    each_size(check_binary);
}

static void elementwise_extremes(void **state)
{
    (void)state;
    float x[] = {INFINITY, -INFINITY, NAN, 0, -0.0f, 1e-45f, -1e-45f, 3e38f, -3e38f, 88.7f, -104, 1e-20f, 40};
    enum { COUNT = sizeof(x) / sizeof(x[0]) };
    static const int functions[] = {FUNCTION_relu, FUNCTION_sigmoid, FUNCTION_tanh, FUNCTION_exp, FUNCTION_neg};
    for (size_t f = 0; f < sizeof(functions) / sizeof(functions[0]); f++) {
        double y[COUNT];
        for (int i = 0; i < COUNT; i++) {
            y[i] = isnan(x[i]) ? (double)x[i] : test_unary(functions[f], x[i], 0);
            if (y[i] > 3.5e38) y[i] = INFINITY;
        }
        test_check(&(TestCall){"unary", {NULL, x}, 1, {COUNT, COUNT, functions[f]}, {0}}, y, COUNT, 1e-6);
    }
}

static void check_rope(int heads, int head_dim, int rotary_dim, int interleaved)
{
    enum { ROWS = 5 };
    int half = rotary_dim / 2, width = heads * head_dim, ld = width + 3;
    int32_t positions[ROWS] = {0, 1, 7, 100, 2000};
    float *x = test_matrix(ROWS, width, ld, 2), *frequencies = test_reals(half, 1),
          *table = test_reals(ROWS * rotary_dim, 1);
    double *angles = doubles(ROWS * rotary_dim), *y = doubles(ROWS * width);
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < half; i++) {
            double angle = (double)((float)positions[r] * frequencies[i]);
            angles[r * rotary_dim + i] = 1.5 * cos(angle);
            angles[r * rotary_dim + half + i] = 1.5 * sin(angle);
        }
    test_check(&(TestCall){"rope_table", {NULL, positions, frequencies}, ROWS, {half}, {1.5f}}, angles,
               ROWS * rotary_dim, 1e-6);
    for (int r = 0; r < ROWS; r++)
        for (int h = 0; h < heads; h++)
            for (int e = 0; e < head_dim; e++) {
                const float *in = x + r * ld + h * head_dim;
                double *out = y + r * width + h * head_dim + e;
                *out = in[e];
                if (e >= rotary_dim) continue;
                int pair = interleaved ? e / 2 : e % half, second = interleaved ? e % 2 : e >= half;
                double a = in[interleaved ? 2 * pair : pair], b = in[interleaved ? 2 * pair + 1 : pair + half];
                double cosine = table[r * rotary_dim + pair], sine = table[r * rotary_dim + half + pair];
                *out = second ? b * cosine + a * sine : a * cosine - b * sine;
            }
    test_check(&(TestCall){"rope", {NULL, x, table}, ROWS, {heads, head_dim, rotary_dim, interleaved, ld}, {0}}, y,
               ROWS * width, 1e-6);
    free(x), free(frequencies), free(table), free(angles), free(y);
}

/* A short and a long sequence, the long one by what is cached: by a list of its own, and by a factor. */
static void rope_tables_by_length(void **state)
{
    (void)state;
    enum { ROWS = 5, HALF = 3, ORIGINAL = 4 };
    int32_t start[] = {0, 3, 5}, past[] = {0, 6}, positions[ROWS] = {0, 1, 2, 6, 7};
    hf2c_sequences sequences = {.count = 2, .rows = ROWS, .start = start, .past = past};
    float frequencies[HALF] = {1, 0.25f, 0.0625f}, longer[HALF] = {0.5f, 0.2f, 0.03f};
    for (int listed = 0; listed < 2; listed++) {
        double wanted[ROWS * 2 * HALF], growth = 2.0 * 8 / ORIGINAL - 1; /* length 8, factor 2 */
        for (int r = 0; r < ROWS; r++)
            for (int i = 0; i < HALF; i++) {
                float f = r < 3 ? frequencies[i] : listed ? longer[i] : (float)(frequencies[i] * pow(growth, -i / 2.0));
                wanted[r * 2 * HALF + i] = 1.25 * cos((double)((float)positions[r] * f));
                wanted[r * 2 * HALF + HALF + i] = 1.25 * sin((double)((float)positions[r] * f));
            }
        TestCall call = {"rope_table_by_length", {NULL, positions, frequencies, &sequences, listed ? longer : NULL}, ROWS,
                         {HALF, ORIGINAL}, {1.25f, 2}};
        test_check(&call, wanted, ROWS * 2 * HALF, 1e-6);
    }
}

static void rope(void **state)
{
    (void)state;
    for (int interleaved = 0; interleaved < 2; interleaved++) {
        check_rope(1, 2, 2, interleaved);
        check_rope(3, 64, 64, interleaved);
        check_rope(2, 80, 22, interleaved);
    }
}

/* block: 0 as the format has it */
static void check_embed(int format, int64_t panel, int64_t H, int first, int64_t block)
{
    enum { V = 37, ROWS = 6 };
    static const char *const names[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) "embed_" #name,
#include "templates/format/formats.def"
    };
    int32_t ids[ROWS] = {-first, 36 - first, 17, 16, -1 - first, V - first};
    PackLayout layout = {format, (int)panel, 0, V, H, block};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    float *matrix = test_reals(V * H, 3);
    void *table = test_alloc(bytes);
    double *y = doubles(ROWS * H);
    pack_weight(&layout, matrix, table);
    pack_unpack(&layout, table, matrix);
    for (int r = 0; r < ROWS; r++)
        for (int64_t i = 0; i < H; i++) y[r * H + i] = ids[r] + first < 0 || ids[r] + first >= V ? 0 : 2.5 * matrix[(ids[r] + first) * H + i];
    test_check(&(TestCall){names[format], {NULL, ids, table}, ROWS, {V, H, panel, pack_block(&layout), first}, {2.5f}}, y, ROWS * H, 1e-7);
    free(matrix), free(table), free(y);
}

static void embed(void **state)
{
    (void)state;
    for (int format = 0; format < WEIGHT_COUNT; format++)
        for (int64_t panel = 1; panel <= 16; panel += 15) {
            check_embed(format, panel, 1, 0, 0);
            check_embed(format, panel, 200, 0, 0);
            check_embed(format, panel, 77, 2, 0);
            for (int64_t block = 4; block <= 16 && layout_parameters(format); block *= 2) check_embed(format, panel, 90, 1, block);
        }
}

static void check_columns(int rows, int64_t H, int64_t view)
{
    int64_t ld = H + view;
    float *x = test_matrix(rows, H, ld, 2), *index = test_alloc((size_t)H * sizeof(float));
    double *chosen = doubles(rows * H), *large = doubles(rows * H);
    for (int64_t i = 0; i < H; i++) index[i] = (float)test_between(0, (int)H);
    x[(rows - 1) * ld + H / 2] = -6;
    x[0] = nextafterf(6, 0);
    for (int r = 0; r < rows; r++)
        for (int64_t i = 0; i < H; i++) {
            chosen[r * H + i] = x[r * ld + (int64_t)index[i]];
            large[r * H + i] = i == H / 2 ? x[r * ld + i] : 0;
        }
    test_check(&(TestCall){"columns", {NULL, x, index}, rows, {H, ld}, {0}}, chosen, rows * H, 0);
    if (H > 1) test_check(&(TestCall){"outliers", {NULL, x}, rows, {H, ld}, {6}}, large, rows * H, 0);
    free(x), free(index), free(chosen), free(large);
}

static void columns(void **state)
{
    (void)state;
    each_size(check_columns);
}

static void check_take(int rows, int64_t H, int64_t view)
{
    enum { SOURCE = 9 };
    int64_t ld = H + view;
    float *x = test_matrix(SOURCE > rows ? SOURCE : rows, H, ld, 2);
    int32_t *index = test_alloc((size_t)rows * sizeof(int32_t));
    double *taken = doubles(rows * H), *copied = doubles(rows * H);
    for (int r = 0; r < rows; r++) index[r] = test_between(0, SOURCE);
    for (int r = 0; r < rows; r++)
        for (int64_t i = 0; i < H; i++) {
            taken[r * H + i] = x[index[r] * ld + i];
            copied[r * H + i] = x[r * ld + i];
        }
    test_check(&(TestCall){"take", {NULL, x, index}, rows, {H, ld}, {0}}, taken, rows * H, 0);
    test_check(&(TestCall){"copy", {NULL, x}, rows, {H, ld}, {0}}, copied, rows * H, 0);
    free(x), free(index), free(taken), free(copied);
}

static void take_and_copy(void **state)
{
    (void)state;
    each_size(check_take);
}

static double pooled(const float *x, int first, int end, int64_t ld, int64_t i, int mode)
{
    if (first == end) return 0;
    if (mode == POOL_first) return x[first * ld + i];
    if (mode == POOL_last) return x[(end - 1) * ld + i];
    double sum = 0, highest = -INFINITY;
    for (int r = first; r < end; r++) {
        sum += x[r * ld + i] / (end - first);
        if (x[r * ld + i] > highest) highest = x[r * ld + i];
    }
    return mode == POOL_mean ? sum : highest;
}

static void check_pool(int rows, int64_t H, int64_t view)
{
    int64_t ld = H + view;
    int32_t start[] = {0, rows / 3, rows / 3, rows};
    hf2c_sequences sequences = {.count = 3, .rows = rows, .start = start};
    float *x = test_matrix(rows, H, ld, 2);
    double *y = doubles(3 * H);
    for (int mode = POOL_first; mode <= POOL_max; mode++) {
        for (int s = 0; s < 3; s++)
            for (int64_t i = 0; i < H; i++) y[s * H + i] = pooled(x, start[s], start[s + 1], ld, i, mode);
        test_check(&(TestCall){"pool", {NULL, x, &sequences}, 3, {H, ld, mode}, {0}}, y, 3 * H, 1e-6);
    }
    free(x), free(y);
}

static void pool(void **state)
{
    (void)state;
    each_size(check_pool);
}

/* Rows reach their positions; nothing else of the state changes. */
static void cache(void **state)
{
    (void)state;
    enum { W = 19, LD = 22, POSITIONS = 12, SLOT = 2 * POSITIONS * W };
    int32_t start[] = {0, 4, 4, 5}, past[] = {0, 3, 7}, slot[] = {2, 0, 1};
    hf2c_sequences sequences = {.count = 3, .rows = 5, .start = start, .past = past, .slot = slot, .slot_bytes = SLOT * sizeof(float)};
    float *x = test_matrix(5, W, LD, 1);
    double wanted[3 * SLOT];
    for (int i = 0; i < 3 * SLOT; i++) wanted[i] = NAN;
    for (int s = 0; s < 3; s++)
        for (int r = start[s]; r < start[s + 1]; r++)
            for (int i = 0; i < W; i++) wanted[slot[s] * SLOT + (past[s] + r - start[s]) * W + i] = x[r * LD + i];
    test_check(&(TestCall){"cache", {NULL, x, &sequences}, 5, {W, LD, 1, POSITIONS}, {0}}, wanted, 3 * SLOT, 0);
    free(x);
}

/* Heads lie one behind the other, and positions come round again. */
static void cache_rings(void **state)
{
    (void)state;
    enum { HEADS = 3, SIZE = 5, W = HEADS * SIZE, POSITIONS = 4 };
    int32_t start[] = {0, 3}, past[] = {6};
    hf2c_sequences sequences = {.count = 1, .rows = 3, .start = start, .past = past, .slot_bytes = POSITIONS * W * sizeof(float)};
    float *x = test_matrix(3, W, W, 1);
    double wanted[POSITIONS * W];
    for (int i = 0; i < POSITIONS * W; i++) wanted[i] = NAN;
    for (int r = 0; r < 3; r++)
        for (int i = 0; i < W; i++) wanted[(i / SIZE * POSITIONS + (6 + r) % POSITIONS) * SIZE + i % SIZE] = x[r * W + i];
    test_check(&(TestCall){"cache", {NULL, x, &sequences}, 3, {W, W, HEADS, POSITIONS}, {0}}, wanted, POSITIONS * W, 0);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms), cmocka_unit_test(elementwise), cmocka_unit_test(elementwise_extremes),
        cmocka_unit_test(rope),  cmocka_unit_test(columns), cmocka_unit_test(embed),       cmocka_unit_test(take_and_copy),
        cmocka_unit_test(pool),  cmocka_unit_test(rope_tables_by_length),  cmocka_unit_test(cache), cmocka_unit_test(cache_rings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
