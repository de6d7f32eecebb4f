/* linear of all formats against a double reference: odd shapes, views, every epilogue; the same bits for a row alone.
 */
#include "kernels_test.h"

#include <stdbool.h>

#include "templates/format/layout.h"

typedef struct Case {
    const char *name;
    int format, rows, activation, gate, bias, residual, panel;
    int64_t K, N, ldx, ldr;
} Case;

typedef struct Operands {
    float *x, *matrix, *bias, *residual;
    void *packed;
    double *wanted;
} Operands;

static double row_sum(const Case *c, const Operands *o, int r, int64_t n)
{
    double sum = o->bias ? o->bias[n] : 0;
    for (int64_t k = 0; k < c->K; k++) sum += (double)o->x[r * c->ldx + k] * o->matrix[n * c->K + k];
    return sum;
}

static void reference(const Case *c, const Operands *o)
{
    for (int r = 0; r < c->rows; r++)
        for (int64_t n = 0; n < c->N; n++) {
            double y = row_sum(c, o, r, n);
            if (c->gate)
                y = test_unary(c->gate, y, 0) * row_sum(c, o, r, c->N + n);
            else
                y = test_unary(c->activation, y, 0);
            o->wanted[r * c->N + n] = y + (o->residual ? o->residual[r * c->ldr + n] : 0);
        }
}

static PackLayout layout_of(const Case *c) { return (PackLayout){c->format, c->panel, c->gate != 0, c->gate ? 2 * c->N : c->N, c->K, 0}; }

static void make_operands(const Case *c, Operands *o)
{
    int64_t rows = c->gate ? 2 * c->N : c->N;
    PackLayout layout = layout_of(c);
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    o->x = test_matrix(c->rows, c->K, c->ldx, 1);
    o->matrix = test_reals(rows * c->K, 1);
    o->packed = test_alloc(bytes);
    pack_weight(&layout, o->matrix, o->packed);
    pack_unpack(&layout, o->packed, o->matrix); /* what the packed elements really are */
    o->bias = c->bias ? test_reals(rows, 1) : NULL;
    o->residual = c->residual ? test_matrix(c->rows, c->N, c->ldr, 1) : NULL;
    o->wanted = test_alloc((size_t)(c->rows * c->N) * sizeof(double));
}

static void free_operands(Operands *o)
{
    free(o->x);
    free(o->matrix);
    free(o->bias);
    free(o->residual);
    free(o->packed);
    free(o->wanted);
}

static TestCall make_call(const Case *c, const Operands *o, int row, int rows)
{
    TestCall call = {.name = c->name, .rows = rows};
    call.pointers[1] = o->x + row * c->ldx;
    call.pointers[2] = o->packed;
    call.pointers[3] = o->bias;
    call.pointers[4] = o->residual ? o->residual + row * c->ldr : NULL;
    PackLayout layout = layout_of(c);
    int64_t constants[] = {c->K, c->N, c->ldx, c->ldr, c->panel, pack_block(&layout), c->activation, c->gate};
    memcpy(call.constants, constants, sizeof(constants));
    return call;
}

/* Each row alone, and the rows from the third on, give the bits that they have in the batch. */
static void check_rows_alone(const Case *c, const Operands *o)
{
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        int64_t count = c->rows * c->N;
        float *all = test_alloc((size_t)count * sizeof(float)), *part = test_alloc((size_t)count * sizeof(float));
        TestCall call = make_call(c, o, 0, c->rows);
        test_run(&call, test_isas[i], 1, all, count);
        for (int r = 0; r < c->rows; r += 3) {
            call = make_call(c, o, r, 1);
            test_run(&call, test_isas[i], 2, part, c->N);
            test_same_bits(all + r * c->N, part, c->N, "a row alone");
        }
        if (c->rows > 2) {
            call = make_call(c, o, 2, c->rows - 2);
            test_run(&call, test_isas[i], 3, part, count - 2 * c->N);
            test_same_bits(all + 2 * c->N, part, count - 2 * c->N, "rows without the first two");
        }
        free(all);
        free(part);
    }
}

static void check_case(const Case *c)
{
    Operands o;
    make_operands(c, &o);
    reference(c, &o);
    TestCall call = make_call(c, &o, 0, c->rows);
    test_check(&call, o.wanted, c->rows * c->N, 2e-6 * sqrt((double)c->K));
    check_rows_alone(c, &o);
    free_operands(&o);
}

static const char *const names[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) "linear_" #name,
#include "templates/format/formats.def"
};

static void every_shape(void **state)
{
    (void)state;
    static const int rows[] = {1, 2, 3, 4, 5, 7, 12, 13, 33, 131};
    static const int64_t shapes[][2] = {{1, 1}, {3, 17}, {33, 15}, {64, 32}, {257, 49}, {300, 161}, {1029, 20}};
    for (int format = 0; format < 3; format++)
        for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
            for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
                int64_t K = shapes[s][0], N = shapes[s][1];
                check_case(&(Case){names[format], format, rows[r], 0, 0, 0, 0, 16, K, N, K, N});
            }
}

static void formats_with_blocks(void **state)
{
    (void)state;
    static const int rows[] = {1, 3, 13, 37};
    static const int64_t shapes[][2] = {{1, 1}, {33, 15}, {257, 49}, {300, 35}};
    for (int format = WEIGHT_q8; format < WEIGHT_COUNT; format++)
        for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
            for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
                int64_t K = shapes[s][0], N = shapes[s][1];
                check_case(&(Case){names[format], format, rows[r], 0, r % 2 ? FUNCTION_silu : 0, 1, 1, 16, K, N, K + 3, N});
            }
}

/* Rows whose nested scales begin somewhere in a row, each elsewhere. */
static void shift_nested(const PackLayout *layout, void *packed)
{
    const Packed p = {packed, layout->format, layout->N, layout->K, layout->panel, layout->block};
    for (int64_t n = 0; layout_is_nested(layout->format) && n < layout->N; n++) {
        const float before = (float)(n * 37 % packed_period(&p)), scale = 0.25f;
        memcpy((char *)packed + packed_outer_place(&p, n, 1), &before, sizeof before);
        memcpy((char *)packed + packed_outer_place(&p, n, 1 + packed_scales(&p)), &scale, sizeof scale);
    }
}

/* Blocks of nf4 in rows that are no multiple of 64, and longer than those that share a nested scale. */
static void check_flat_blocks(int format, int64_t K)
{
    enum { N = 20 };
    const int64_t block = layout_row_block(format, K);
    PackLayout layout = {format, 16, 0, N, K, block};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    float *x = test_reals(5 * K, 1), *matrix = test_reals(N * K, 1), *plain = test_alloc(32 * (size_t)K * sizeof(float)), narrow[5 * N], wide[5 * N];
    void *w = test_alloc(bytes);
    pack_weight(&layout, matrix, w);
    shift_nested(&layout, w);
    pack_unpack(&layout, w, matrix);
    pack_weight(&(PackLayout){WEIGHT_f32, 16, 0, N, K, 0}, matrix, plain);
    for (int isa = 0; isa < TEST_ISAS; isa++)
        for (int rows = 1; kernels_isa_runs(test_isas[isa]) && rows <= 5; rows += 4) {
            test_run(&(TestCall){names[format], {NULL, x, w, NULL, NULL}, rows, {K, N, K, N, 16, block, 0, 0}, {0}}, test_isas[isa], 2, narrow, rows * N);
            test_run(&(TestCall){"linear_f32", {NULL, x, plain, NULL, NULL}, rows, {K, N, K, N, 16, 1, 0, 0}, {0}}, test_isas[isa], 1, wide, rows * N);
            test_same_bits(narrow, wide, rows * N, "blocks against f32");
        }
    free(x), free(matrix), free(plain), free(w);
}

static void narrow_blocks(void **state)
{
    (void)state;
    static const int64_t columns[] = {96, 72, 68, 320, 40000};
    for (int format = 0; format < WEIGHT_COUNT; format++)
        for (size_t i = 0; layout_cut(format) != CUT_rows && i < sizeof(columns) / sizeof(columns[0]); i++) check_flat_blocks(format, columns[i]);
}

static void every_epilogue(void **state)
{
    (void)state;
    for (int combination = 0; combination < 16; combination++)
        for (int rows = 1; rows < 40; rows += 11) {
            int bias = combination & 1, residual = combination >> 1 & 1, gate = combination >> 2 & 1,
                view = combination >> 3;
            int64_t K = test_between(1, 70), N = test_between(1, 90);
            int function = test_between(FUNCTION_relu, FUNCTION_quick_gelu + 1);
            check_case(&(Case){names[combination % 3], combination % 3, rows, gate ? 0 : function, gate ? function : 0,
                               bias, residual, 16, K, N, K + 5 * view, N + 3 * view});
        }
}

static void other_panels(void **state)
{
    (void)state;
    static const int panels[] = {1, 8, 32};
    for (int i = 0; i < 3; i++)
        for (int gate = 0; gate < 2; gate++)
            check_case(&(Case){names[i], i, 6, 0, gate ? FUNCTION_silu : 0, 1, 1, panels[i], 37, 41, 40, 41});
}

/* NaN, infinities and subnormal numbers go where arithmetic takes them, and nowhere else. */
static void extreme_values(void **state)
{
    (void)state;
    Case c = {"linear_f32", WEIGHT_f32, 14, 0, 0, 0, 0, 16, 35, 50, 35, 50};
    Operands o;
    make_operands(&c, &o);
    o.x[3 * c.ldx + 1] = NAN;
    o.x[5 * c.ldx + 2] = INFINITY;
    for (int k = 0; k < c.K; k++) o.x[7 * c.ldx + k] = 1e-40f;
    reference(&c, &o);
    TestCall call = make_call(&c, &o, 0, c.rows);
    test_check(&call, o.wanted, c.rows * c.N, 2e-5);
    free_operands(&o);
}

/* Weights of every magnitude: what a format makes of them, subnormal numbers too, is what its kernels multiply with. The bound is that of the
 * products' sizes: sums of numbers of both signs may be near zero. */
static void check_magnitude(int format, int64_t K, float scale, float peak)
{
    enum { N = 21, ROWS = 5 };
    PackLayout layout = {format, 16, 0, N, K, 0};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    float *x = test_reals(ROWS * K, 1), *matrix = test_reals(N * K, scale), y[ROWS * N];
    void *packed = test_alloc(bytes);
    for (int64_t n = 0; n < N; n++) matrix[n * K + n % K] = n % 2 ? peak : -peak;
    pack_weight(&layout, matrix, packed);
    pack_unpack(&layout, packed, matrix);
    TestCall call = {names[format], {NULL, x, packed}, ROWS, {K, N, K, N, 16, pack_block(&layout), 0, 0}, {0}};
    for (int isa = 0; isa < TEST_ISAS; isa++) {
        if (!kernels_isa_runs(test_isas[isa])) continue;
        test_run(&call, test_isas[isa], 2, y, ROWS * N);
        for (int r = 0; r < ROWS; r++)
            for (int n = 0; n < N; n++) {
                double sum = 0, size = 0;
                for (int64_t k = 0; k < K; k++) {
                    double product = (double)x[r * K + k] * (double)matrix[n * K + k];
                    sum += product;
                    size += fabs(product);
                }
                if (!(fabs((double)y[r * N + n] - sum) <= 2e-7 * sqrt((double)K) * size + (double)K * 0x1p-149))
                    fail_msg("%s on %s, weights near %g: %.9g, wanted %.9g", names[format], test_isas[isa], (double)scale, (double)y[r * N + n], sum);
            }
    }
    free(x), free(matrix), free(packed);
}

static void every_magnitude(void **state)
{
    (void)state;
    static const float magnitudes[][2] = {{1e-42f, 1e-41f}, {1e-38f, 1e-39f}, {1e-38f, 1}, {1e-7f, 1e-7f}, {1, 60000}, {60000, 60000}, {1e-20f, 1e20f}, {1e30f, 1e32f}};
    for (int format = 0; format < WEIGHT_COUNT; format++)
        for (size_t i = 0; i < sizeof(magnitudes) / sizeof(magnitudes[0]); i++) {
            if (format == WEIGHT_f16 && magnitudes[i][1] > 65504) continue; /* they would be infinite */
            check_magnitude(format, 40, magnitudes[i][0], magnitudes[i][1]);
            check_magnitude(format, 260, magnitudes[i][0], magnitudes[i][1]);
        }
}

static void residual_in_place(void **state)
{
    (void)state;
    Case c = {"linear_f32", WEIGHT_f32, 9, 0, 0, 1, 1, 16, 44, 70, 44, 70};
    Operands o;
    make_operands(&c, &o);
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        int64_t count = c.rows * c.N;
        float *apart = test_alloc((size_t)count * sizeof(float)), *same = test_alloc((size_t)count * sizeof(float));
        TestCall call = make_call(&c, &o, 0, c.rows);
        test_run(&call, test_isas[i], 2, apart, count);
        memcpy(same, o.residual, (size_t)count * sizeof(float));
        call.pointers[0] = call.pointers[4] = same;
        hf2c_team team = {0, 1, NULL};
        test_kernel(test_isas[i], c.name)->thunk(&team, call.pointers, &call.rows, call.constants, call.reals);
        test_same_bits(apart, same, count, "residual in place");
        free(apart);
        free(same);
    }
    free_operands(&o);
}

enum { CODES = 256, PANEL = 16 };

/* Row n has code k in column k; what is no number, and makes none of a row's other results, only the last row has. */
static void fill_codes(const Packed *w, unsigned char *data)
{
    for (int64_t n = 0; n < w->rows; n++)
        for (int64_t k = 0; k < CODES; k++) {
            bool shown = n == w->rows - 1 || isfinite(layout_value(w->format, (uint32_t)k, data + packed_parameters(w, n, k)));
            data[packed_codes(w, n, k) + packed_place(w, n, k)] = shown ? (unsigned char)k : 0;
        }
}

/* Rows [row, row + rows) of the identity times the codes: what the codes are worth, exactly. */
static void check_codes(const KernelEntry *kernel, const char *isa, const Packed *w, int row, int rows)
{
    static float x[CODES * CODES], y[CODES * PANEL];
    for (int i = 0; i < rows * CODES; i++) x[i] = i % CODES == row + i / CODES;
    void *pointers[] = {y, x, (void *)(uintptr_t)w->data, NULL, NULL};
    int64_t constants[] = {CODES, w->rows, CODES, w->rows, w->panel, w->block, 0, 0};
    kernel->thunk(&(hf2c_team){0, 1, NULL}, pointers, &rows, constants, (float[]){0});
    bool all_numbers = true;
    for (int64_t k = 0; k < CODES; k++) all_numbers = all_numbers && isfinite(packed_value(w, w->rows - 1, k));
    for (int i = 0; i < rows * (int)w->rows; i++) {
        int64_t n = i % w->rows, k = row + i / w->rows;
        bool fine = n < w->rows - 1 || all_numbers ? y[i] == packed_value(w, n, k) : isnan(y[i]);
        if (!fine) fail_msg("%s on %s: code %d is %g, wanted %g", kernel->name, isa, (int)k, (double)y[i], (double)packed_value(w, n, k));
    }
}

static void check_codes_of(int format, const char *name)
{
    PackLayout layout = {format, PANEL, 0, PANEL, CODES, 0};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    float *matrix = test_reals(PANEL * CODES, 1);
    unsigned char *data = test_alloc(bytes);
    pack_weight(&layout, matrix, data);
    const Packed w = {data, format, PANEL, CODES, PANEL, pack_block(&layout)};
    fill_codes(&w, data);
    for (int isa = 0; isa < TEST_ISAS; isa++) {
        if (!kernels_isa_runs(test_isas[isa])) continue;
        const KernelEntry *kernel = test_kernel(test_isas[isa], name);
        for (int row = 0; row < CODES; row += 2) check_codes(kernel, test_isas[isa], &w, row, 2);
        check_codes(kernel, test_isas[isa], &w, 0, CODES);
    }
    free(matrix);
    free(data);
}

static void every_code(void **state)
{
    (void)state;
    check_codes_of(WEIGHT_e4m3, "linear_e4m3");
    check_codes_of(WEIGHT_e5m2, "linear_e5m2");
    check_codes_of(WEIGHT_q8, "linear_q8");
    check_codes_of(WEIGHT_int8, "linear_int8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape),    cmocka_unit_test(formats_with_blocks), cmocka_unit_test(narrow_blocks), cmocka_unit_test(every_epilogue),    cmocka_unit_test(other_panels),
        cmocka_unit_test(extreme_values), cmocka_unit_test(every_magnitude), cmocka_unit_test(residual_in_place), cmocka_unit_test(every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
