/* disentangled against a double reference, and the rows that a convolution over a sequence reads. */
#include "kernels_test.h"

enum { MAX_SEQUENCES = 3 };

typedef struct Case {
    int heads, head_dim, span; /* tables of 2 span rows */
    int with_keys, with_queries, D, origin;
    int count, length[MAX_SEQUENCES];
} Case;

typedef struct Data {
    int32_t start[MAX_SEQUENCES + 1];
    int rows;
    int64_t width, ld;
    float *q, *k, *v, *buckets, *keys, *queries;
    double *wanted;
} Data;

static void make_data(const Case *c, Data *d)
{
    memset(d, 0, sizeof(*d));
    for (int s = 0; s < c->count; s++) d->start[s + 1] = d->start[s] + c->length[s];
    d->rows = d->start[c->count];
    d->width = c->heads * c->head_dim;
    d->ld = d->width + 3;
    d->q = test_matrix(d->rows, d->width, d->ld, 2);
    d->k = test_matrix(d->rows, d->width, d->ld, 1);
    d->v = test_matrix(d->rows, d->width, d->ld, 1);
    d->buckets = test_alloc((size_t)c->D * sizeof(float));
    for (int i = 0; i < c->D; i++) d->buckets[i] = (float)test_between(0, 2 * c->span);
    d->keys = c->with_keys ? test_reals(2 * c->span * d->width, 1) : NULL;
    d->queries = c->with_queries ? test_reals(2 * c->span * d->width, 1) : NULL;
    d->wanted = test_alloc((size_t)(d->rows * d->width) * sizeof(double));
}

static void free_data(Data *d)
{
    free(d->q), free(d->k), free(d->v), free(d->buckets), free(d->keys), free(d->queries), free(d->wanted);
}

static double score(const Case *c, const Data *d, int row, int key, int64_t column)
{
    int at = row - key + c->origin;
    int64_t bucket = (int64_t)d->buckets[at < 0 ? 0 : at < c->D ? at : c->D - 1];
    double sum = 0;
    for (int e = 0; e < c->head_dim; e++) {
        double q = d->q[row * d->ld + column + e], k = d->k[key * d->ld + column + e];
        sum += q * k;
        if (d->keys) sum += q * d->keys[bucket * d->width + column + e];
        if (d->queries) sum += k * d->queries[bucket * d->width + column + e];
    }
    return 0.3 * sum;
}

static void reference_query(const Case *c, const Data *d, int s, int row, int64_t column)
{
    double highest = -INFINITY, total = 0;
    for (int j = d->start[s]; j < d->start[s + 1]; j++) highest = fmax(highest, score(c, d, row, j, column));
    double *y = d->wanted + row * d->width + column;
    for (int e = 0; e < c->head_dim; e++) y[e] = 0;
    for (int j = d->start[s]; j < d->start[s + 1]; j++) {
        double weight = exp(score(c, d, row, j, column) - highest);
        total += weight;
        for (int e = 0; e < c->head_dim; e++) y[e] += weight * d->v[j * d->ld + column + e];
    }
    for (int e = 0; e < c->head_dim; e++) y[e] /= total;
}

static void check_case(const Case *c)
{
    Data d;
    make_data(c, &d);
    for (int s = 0; s < c->count; s++)
        for (int row = d.start[s]; row < d.start[s + 1]; row++)
            for (int h = 0; h < c->heads; h++) reference_query(c, &d, s, row, h * c->head_dim);
    hf2c_sequences sequences = {.count = c->count, .rows = d.rows, .start = d.start};
    TestCall call = {.name = "disentangled",
                     .pointers = {NULL, d.q, d.k, d.v, &sequences, d.buckets, d.keys, d.queries},
                     .rows = d.rows,
                     .constants = {c->heads, c->head_dim, d.ld, d.ld, d.ld, c->D, c->origin},
                     .reals = {0.3f}};
    test_check(&call, d.wanted, d.rows * d.width, 1e-5);
    free_data(&d);
}

static void disentangled(void **state)
{
    (void)state;
    check_case(&(Case){2, 16, 8, 1, 1, 41, 20, 1, {33}});
    check_case(&(Case){3, 20, 4, 1, 1, 255, 127, 3, {5, 1, 130}});
    check_case(&(Case){2, 64, 16, 1, 0, 15, 7, 2, {64, 3}});
    check_case(&(Case){1, 7, 2, 0, 1, 1, 0, 1, {65}});
}

static void too_wide(void **state)
{
    (void)state;
    enum { WIDTH = ATTENTION_HEAD_DIM + 1 };
    static float x[2 * WIDTH], y[2 * WIDTH], bucket = 0;
    int32_t start[] = {0, 2};
    hf2c_sequences sequences = {.count = 1, .rows = 2, .start = start};
    TestCall call = {.name = "disentangled",
                     .pointers = {NULL, x, x, x, &sequences, &bucket, x, NULL},
                     .rows = 2,
                     .constants = {1, WIDTH, WIDTH, WIDTH, WIDTH, 1, 0},
                     .reals = {1}};
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        test_run(&call, test_isas[i], 2, y, 2 * WIDTH);
        for (int e = 0; e < 2 * WIDTH; e++) assert_true(isnan(y[e]));
    }
}

static void check_neighbours(int64_t H, int size, int origin)
{
    int32_t start[] = {0, 4, 5, 12};
    hf2c_sequences sequences = {.count = 3, .rows = 12, .start = start};
    float *x = test_matrix(12, H, H + 2, 1);
    double *y = test_alloc((size_t)(12 * H * size) * sizeof(double));
    for (int s = 0; s < 3; s++)
        for (int r = start[s]; r < start[s + 1]; r++)
            for (int64_t c = 0; c < H; c++)
                for (int t = 0; t < size; t++) {
                    int from = r + t - origin;
                    y[(r * H + c) * size + t] = from < start[s] || from >= start[s + 1] ? 0 : x[from * (H + 2) + c];
                }
    TestCall call = {"neighbours", {NULL, x, &sequences}, 12, {H, H + 2, size, origin, 1, 1}, {0}};
    test_check(&call, y, 12 * H * size, 0);
    free(x), free(y);
}

static void neighbours(void **state)
{
    (void)state;
    check_neighbours(5, 3, 1);
    check_neighbours(33, 1, 0);
    check_neighbours(2, 7, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disentangled),
        cmocka_unit_test(too_wide),
        cmocka_unit_test(neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
