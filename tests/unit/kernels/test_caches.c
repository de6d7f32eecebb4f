/* Caches in every format: what is written, how exactly, and that reading them gives the bits of an f32 cache that holds the same numbers. */
#include "kernels_test.h"

#include "templates/format/row.h"

typedef struct CacheFormat {
    int format;
    const char *name, *suffix;
} CacheFormat;

static const CacheFormat cache_formats[] = {
#define CACHE(format, suffix) {WEIGHT_##format, #format, #suffix},
#include "templates/format/caches.def"
};
enum { CACHE_FORMATS = sizeof(cache_formats) / sizeof(cache_formats[0]) };

static const char *kernel_of(const char *op, const CacheFormat *f)
{
    static char name[32];
    snprintf(name, sizeof(name), "%s%s", op, f->suffix);
    return name;
}

/* ---- one row ---- */

/* Of x in a block whose largest magnitude is `largest`. */
static double bound_of(int format, double x, double largest)
{
    if (format == WEIGHT_f32) return 0;
    if (format == WEIGHT_bf16) return fmax(fabs(x) * 0x1p-8, 0x1p-134);
    if (format == WEIGHT_f16) return fmax(fabs(x) * 0x1p-11, 0x1p-25);
    return largest / 254 * (1 + 0x1p-9) + 127 * 0x1p-25; /* half a step of a scale that is itself rounded */
}

static void check_row(int format, const float *x, int64_t size)
{
    char *row = test_alloc((size_t)row_bytes(format, size));
    row_encode(format, row, x, size);
    for (int64_t d = 0; d < size; d++) {
        double largest = 0, value = (double)row_value(format, row, size, d);
        for (int64_t i = d / 32 * 32; i < size && i < d / 32 * 32 + 32; i++) largest = fmax(largest, fabs((double)x[i]));
        if (!(fabs(value - (double)x[d]) <= bound_of(format, (double)x[d], largest)))
            fail_msg("%d: %.9g became %.9g beside %.9g", format, (double)x[d], value, largest);
    }
    free(row);
}

static void rows_keep_their_numbers(void **state)
{
    (void)state;
    static const float scales[] = {1, 1000, 6e4f, 1e-3f, 1e-6f, 0x1p-126f, 0};
    for (int f = 0; f < CACHE_FORMATS; f++)
        for (size_t s = 0; s < sizeof(scales) / sizeof(scales[0]); s++)
            for (int64_t size = 1; size < 140; size = size * 2 + (size & 1)) {
                float *x = test_reals(size, scales[s]);
                if (size > 2) x[size / 2] *= 0x1p-20f;
                check_row(cache_formats[f].format, x, size);
                free(x);
            }
}

/* What is not finite is seen by who reads it; what is too large for a scale is held at the largest there is. */
static void rows_of_extremes(void **state)
{
    (void)state;
    char row[512];
    for (int f = 1; f < CACHE_FORMATS; f++) {
        int format = cache_formats[f].format;
        for (int i = 0; i < 2; i++) {
            float x[40] = {1, 2, i ? INFINITY : NAN, 3};
            row_encode(format, row, x, 40);
            assert_false(isfinite(row_value(format, row, 40, 2)));
            assert_true(row_value(format, row, 40, 39) == 0);
        }
    }
    float large[2] = {1e9f, -1e9f};
    row_encode(WEIGHT_q8, row, large, 2);
    assert_true(row_value(WEIGHT_q8, row, 2, 0) == 127 * 65504.0f && row_value(WEIGHT_q8, row, 2, 1) == -128 * 65504.0f);
}

/* ---- writing ---- */

static void check_writing(const CacheFormat *f, int heads, int size, int positions)
{
    enum { ROWS = 9, PAST = 5 };
    int32_t start[] = {0, 4, ROWS}, past[] = {PAST, 0}, slot[] = {1, 0};
    int64_t bytes = row_bytes(f->format, size), W = heads * size, ldx = W + 3, tensor = (heads * positions * bytes + 63) / 64 * 64;
    hf2c_sequences sequences = {.count = 2, .rows = ROWS, .start = start, .past = past, .slot = slot, .slot_bytes = (size_t)tensor};
    float *x = test_matrix(ROWS, W, ldx, 2);
    char *wanted = test_alloc((size_t)(2 * tensor)), *found = test_alloc((size_t)(2 * tensor));
    memset(wanted, 7, (size_t)(2 * tensor));
    for (int r = 0; r < ROWS; r++)
        for (int h = 0; h < heads; h++) {
            int s = r >= start[1], position = (past[s] + r - start[s]) % positions;
            row_encode(f->format, wanted + slot[s] * tensor + (h * positions + position) * bytes, x + r * ldx + h * size, size);
        }
    for (int i = 0; i < TEST_ISAS; i++)
        for (int members = 1; members < 4; members++) {
            if (!kernels_isa_runs(test_isas[i])) continue;
            void *pointers[] = {found, x, &sequences};
            int64_t constants[] = {W, ldx, heads, positions};
            int rows = ROWS;
            memset(found, 7, (size_t)(2 * tensor));
            for (int m = 0; m < members; m++)
                test_kernel(test_isas[i], kernel_of("cache", f))->thunk(&(hf2c_team){m, members, NULL}, pointers, &rows, constants, NULL);
            assert_memory_equal(wanted, found, (size_t)(2 * tensor));
        }
    free(x);
    free(wanted);
    free(found);
}

static void writing(void **state)
{
    (void)state;
    for (int f = 0; f < CACHE_FORMATS; f++) {
        check_writing(&cache_formats[f], 2, 64, 16);
        check_writing(&cache_formats[f], 3, 33, 16);
        check_writing(&cache_formats[f], 1, 7, 6);
    }
}

/* ---- reading ---- */

typedef struct Case {
    int heads, kv_heads, head_dim, v_head_dim, rows, past, cached, window, positions, ancestors;
} Case;

enum { SLOTS = 3 };

typedef struct Data {
    hf2c_sequences sequences;
    int32_t start[2], past, slot, *ancestors;
    size_t tensor[2]; /* bytes of keys and values of a slot */
    char *state;
    float *plain, *q; /* plain: the same cache as f32 */
} Data;

/* A cache of keys and values in every slot, and what is in it. */
static void fill(const Case *c, int format, Data *d)
{
    int64_t rows = (int64_t)c->kv_heads * c->positions, sizes[] = {c->head_dim, c->v_head_dim};
    size_t slot = 0, plain_slot = (size_t)(rows * (c->head_dim + c->v_head_dim));
    for (int t = 0; t < 2; t++) slot += d->tensor[t] = (size_t)(rows * row_bytes(format, sizes[t]) + 63) / 64 * 64;
    d->state = test_alloc(SLOTS * slot);
    d->plain = test_alloc(SLOTS * plain_slot * sizeof(float));
    for (int s = 0; s < SLOTS; s++)
        for (int t = 0; t < 2; t++)
            for (int64_t r = 0; r < rows; r++) {
                char *row = d->state + (size_t)s * slot + (t ? d->tensor[0] : 0) + r * row_bytes(format, sizes[t]);
                float *plain = d->plain + (size_t)s * plain_slot + (t ? rows * c->head_dim : 0) + r * sizes[t];
                for (int64_t i = 0; i < sizes[t]; i++) plain[i] = 2 * test_real();
                row_encode(format, row, plain, sizes[t]);
                for (int64_t i = 0; i < sizes[t]; i++) plain[i] = row_value(format, row, sizes[t], i);
            }
    d->sequences.slot_bytes = slot;
}

static void make_data(const Case *c, int format, Data *d)
{
    memset(d, 0, sizeof(*d));
    d->start[1] = c->rows;
    d->past = c->past;
    d->slot = 1;
    d->sequences = (hf2c_sequences){.count = 1, .rows = c->rows, .start = d->start};
    if (c->cached == KEYS_memory) {
        d->sequences.memory = &d->past;
        d->sequences.memory_slot = &d->slot;
    } else {
        d->sequences.past = &d->past;
        d->sequences.slot = &d->slot;
    }
    fill(c, format, d);
    d->ancestors = test_alloc((size_t)(c->past + 1) * sizeof(int32_t));
    for (int i = 0; i < c->past; i++) d->ancestors[i] = (int32_t)(test_random() % SLOTS);
    if (c->ancestors) d->sequences.ancestors = d->ancestors;
    d->sequences.ancestor_stride = c->past;
    d->q = test_matrix(c->rows, c->heads * c->head_dim, c->heads * c->head_dim, 1);
}

static void free_data(Data *d)
{
    free(d->state);
    free(d->plain);
    free(d->q);
    free(d->ancestors);
}

/* The call over the cache, and that over the f32 cache with the same numbers: on every instruction set the same bits. */
static void check_same(const CacheFormat *f, const char *op, const TestCall *narrow, const TestCall *plain, int64_t count)
{
    float *wanted = test_alloc((size_t)count * sizeof(float)), *found = test_alloc((size_t)count * sizeof(float));
    TestCall call = *narrow;
    call.name = kernel_of(op, f);
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        test_run(plain, test_isas[i], 1, wanted, count);
        for (int members = 1; members < 4; members++) {
            test_run(&call, test_isas[i], members, found, count);
            test_same_bits(wanted, found, count, call.name);
        }
    }
    free(wanted);
    free(found);
}

static void check_reading(const Case *c, const CacheFormat *f)
{
    Data d;
    make_data(c, f->format, &d);
    hf2c_sequences plain_sequences = d.sequences;
    int64_t rows = (int64_t)c->kv_heads * c->positions;
    plain_sequences.slot_bytes = (size_t)(rows * (c->head_dim + c->v_head_dim)) * sizeof(float);
    int causal = c->cached == KEYS_cached;
    TestCall narrow = {.pointers = {NULL, d.q, d.state, d.state + d.tensor[0], &d.sequences},
                       .rows = c->rows,
                       .constants = {c->heads, c->kv_heads, c->head_dim, c->heads * c->head_dim, c->positions, c->positions, c->cached, causal,
                                     c->window, 0, 0, c->v_head_dim, 0},
                       .reals = {0.1f, 0}};
    TestCall plain = narrow;
    plain.name = "attention";
    plain.pointers[2] = d.plain;
    plain.pointers[3] = d.plain + rows * c->head_dim;
    plain.pointers[4] = &plain_sequences;
    check_same(f, "attention", &narrow, &plain, (int64_t)c->rows * c->heads * c->v_head_dim);
    free_data(&d);
}

static void check_steps(const Case *c, const CacheFormat *f)
{
    Data d;
    make_data(c, f->format, &d);
    hf2c_sequences plain_sequences = d.sequences;
    int64_t keys = c->positions, tensor = c->kv_heads * keys * c->head_dim, count = c->rows * c->heads * keys;
    plain_sequences.slot_bytes = (size_t)(2 * tensor) * sizeof(float);
    TestCall narrow = {.pointers = {NULL, d.q, d.state, &d.sequences},
                       .rows = c->rows,
                       .constants = {c->heads, c->kv_heads, c->head_dim, c->heads * c->head_dim, keys, keys, c->cached, 1, c->window},
                       .reals = {0.1f, 0}};
    TestCall plain = narrow;
    plain.name = "scores";
    plain.pointers[2] = d.plain;
    plain.pointers[3] = &plain_sequences;
    check_same(f, "scores", &narrow, &plain, count);
    float *p = test_reals(count, 1);
    TestCall mix = {.pointers = {NULL, p, d.state + d.tensor[0], &d.sequences},
                    .rows = c->rows,
                    .constants = {c->heads, c->kv_heads, c->head_dim, keys, keys, c->cached}};
    TestCall plain_mix = mix;
    plain_mix.name = "mix";
    plain_mix.pointers[2] = d.plain + tensor;
    plain_mix.pointers[3] = &plain_sequences;
    check_same(f, "mix", &mix, &plain_mix, c->rows * c->heads * c->head_dim);
    free(p);
    free_data(&d);
}

static void reading(void **state)
{
    (void)state;
    static const Case cases[] = {
        {8, 2, 64, 64, 1, 300, KEYS_cached, 0, 512, 0},   /* four queries that share keys */
        {1, 1, 128, 128, 1, 40, KEYS_cached, 0, 64, 0},   /* one */
        {4, 2, 96, 96, 1, 600, KEYS_cached, 0, 640, 0},   /* two */
        {14, 2, 64, 64, 3, 30, KEYS_cached, 0, 64, 0},    /* tiles of many */
        {6, 2, 80, 80, 29, 256, KEYS_cached, 0, 288, 0},  /* a piece of a prompt */
        {3, 1, 33, 33, 2, 50, KEYS_cached, 0, 64, 0},     /* blocks that are not whole */
        {2, 1, 7, 7, 5, 20, KEYS_cached, 0, 32, 0},       /* heads smaller than a vector */
        {4, 2, 48, 32, 3, 20, KEYS_cached, 0, 32, 0},     /* values of other heads */
        {1, 1, 300, 512, 2, 20, KEYS_cached, 0, 32, 0},   /* keys in chunks */
        {4, 2, 40, 40, 3, 400, KEYS_cached, 40, 64, 0},   /* rings */
        {4, 1, 64, 64, 1, 100, KEYS_cached, 0, 128, 1},   /* beams */
        {4, 2, 64, 64, 3, 90, KEYS_memory, 0, 128, 0},    /* what an encoder left */
    };
    for (int f = 0; f < CACHE_FORMATS; f++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            check_reading(&cases[i], &cache_formats[f]);
            if (cases[i].head_dim == cases[i].v_head_dim && cases[i].head_dim < 100) check_steps(&cases[i], &cache_formats[f]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_keep_their_numbers),
        cmocka_unit_test(rows_of_extremes),
        cmocka_unit_test(writing),
        cmocka_unit_test(reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
