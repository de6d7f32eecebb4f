/* attention and its three single steps against one double reference: grouped heads, masks, caches in slots, batches of
 * sequences. */
#include "kernels_test.h"

enum { MAX_SEQUENCES = 4 };

typedef struct Case {
    int heads, kv_heads, head_dim, cached, causal, window;
    float scale, softcap;
    int count, length[MAX_SEQUENCES], past[MAX_SEQUENCES]; /* past of KEYS_memory: tokens of the source */
    int biases, origin; /* of a head; 0: none */
} Case;

typedef struct Data {
    hf2c_sequences sequences;
    int32_t start[MAX_SEQUENCES + 1], past[MAX_SEQUENCES], slot[MAX_SEQUENCES];
    int rows, positions;
    int64_t width, ldq, ldk;
    float *bias;                                      /* [heads, biases], or NULL */
    float *q, *k, *v;                                 /* k, v: rows, or the state's first slot */
    float *key[MAX_SEQUENCES], *value[MAX_SEQUENCES]; /* where position 0 of each sequence is */
    int64_t stride, head; /* elements from position to position, from head to head */
    double *weights, *wanted; /* [rows, heads, positions], [rows, heads, head_dim] */
} Data;

static int keys_of(const Case *c, int s)
{
    if (c->cached == KEYS_memory) return c->past[s];
    return c->length[s] + (c->cached == KEYS_cached ? c->past[s] : 0);
}

/* Caches: slots in another order than the sequences, k and v of a slot one after another. Unwritten positions are NaN.
 */
static void make_caches(const Case *c, Data *d)
{
    int64_t tensor = d->positions * d->width;
    d->sequences.slot_bytes = (size_t)(2 * tensor) * sizeof(float);
    d->k = test_alloc(d->sequences.slot_bytes * (size_t)c->count);
    d->v = d->k + tensor;
    for (int64_t i = 0; i < 2 * tensor * c->count; i++) d->k[i] = NAN;
    d->stride = c->head_dim;
    d->head = d->positions * c->head_dim;
    for (int s = 0; s < c->count; s++) {
        d->key[s] = d->k + 2 * tensor * d->slot[s];
        d->value[s] = d->v + 2 * tensor * d->slot[s];
        for (int64_t i = 0; i < d->positions * d->width; i++) {
            if (i / c->head_dim % d->positions >= keys_of(c, s)) continue;
            d->key[s][i] = test_real();
            d->value[s][i] = test_real();
        }
    }
}

static void make_rows(const Case *c, Data *d)
{
    d->k = test_matrix(d->rows, d->width, d->ldk, 1);
    d->v = test_matrix(d->rows, d->width, d->ldk, 1);
    d->stride = d->ldk;
    d->head = c->head_dim;
    for (int s = 0; s < c->count; s++) {
        d->key[s] = d->k + d->start[s] * d->ldk;
        d->value[s] = d->v + d->start[s] * d->ldk;
    }
}

static void make_data(const Case *c, Data *d)
{
    memset(d, 0, sizeof(*d));
    for (int s = 0; s < c->count; s++) {
        d->start[s + 1] = d->start[s] + c->length[s];
        d->past[s] = c->past[s];
        d->slot[s] = c->count - 1 - s;
        if (keys_of(c, s) > d->positions) d->positions = keys_of(c, s);
    }
    d->rows = d->start[c->count];
    d->positions += 3;
    d->sequences = (hf2c_sequences){.count = c->count, .rows = d->rows, .start = d->start};
    if (c->cached == KEYS_memory) {
        d->sequences.memory = d->past;
        d->sequences.memory_slot = d->slot;
    } else {
        d->sequences.past = d->past;
        d->sequences.slot = d->slot;
    }
    d->width = c->kv_heads * c->head_dim;
    d->ldq = c->heads * c->head_dim + 7;
    d->ldk = d->width + 5;
    d->q = test_matrix(d->rows, c->heads * c->head_dim, d->ldq, 2);
    d->bias = c->biases ? test_reals((int64_t)c->heads * c->biases, 3) : NULL;
    if (c->cached)
        make_caches(c, d);
    else
        make_rows(c, d);
    d->weights = test_alloc((size_t)d->rows * (size_t)(c->heads * d->positions) * sizeof(double));
    d->wanted = test_alloc((size_t)d->rows * (size_t)(c->heads * c->head_dim) * sizeof(double));
}

static void free_data(const Case *c, Data *d)
{
    free(d->q);
    free(d->bias);
    free(d->k);
    if (!c->cached) free(d->v);
    free(d->weights);
    free(d->wanted);
}

static int sees(const Case *c, int i, int j)
{
    if (c->causal && j > i) return 0;
    return !c->window || (i - j < c->window && j - i < c->window);
}

static double bias_of(const Case *c, const Data *d, int h, int distance)
{
    int at = distance + c->origin;
    if (!c->biases) return 0;
    return d->bias[h * c->biases + (at < 0 ? 0 : at >= c->biases ? c->biases - 1 : at)];
}

/* The weights of one query: scores, then the softmax of those. */
static void reference_weights(const Case *c, const Data *d, int s, int r, int h, double *weights, double *scores)
{
    int i = r - d->start[s] + (c->cached == KEYS_cached ? c->past[s] : 0);
    double highest = -INFINITY, total = 0;
    for (int j = 0; j < d->positions; j++) {
        scores[j] = -INFINITY;
        if (j >= keys_of(c, s) || !sees(c, i, j)) continue;
        double dot = 0;
        for (int e = 0; e < c->head_dim; e++)
            dot += (double)d->q[r * d->ldq + h * c->head_dim + e] *
                   d->key[s][j * d->stride + h / (c->heads / c->kv_heads) * d->head + e];
        scores[j] = c->scale * dot;
        if (c->softcap != 0) scores[j] = c->softcap * tanh(scores[j] / c->softcap);
        scores[j] += bias_of(c, d, h, j - i);
        if (scores[j] > highest) highest = scores[j];
    }
    for (int j = 0; j < d->positions; j++) total += weights[j] = scores[j] == -INFINITY ? 0 : exp(scores[j] - highest);
    for (int j = 0; j < d->positions; j++) weights[j] = total > 0 ? weights[j] / total : 0;
}

static void reference(const Case *c, const Data *d, double *scores)
{
    for (int s = 0; s < c->count; s++)
        for (int r = d->start[s]; r < d->start[s + 1]; r++)
            for (int h = 0; h < c->heads; h++) {
                int64_t query = (int64_t)r * c->heads + h;
                double *weights = d->weights + query * d->positions;
                reference_weights(c, d, s, r, h, weights, scores + query * d->positions);
                for (int e = 0; e < c->head_dim; e++) {
                    double sum = 0;
                    for (int j = 0; j < keys_of(c, s); j++)
                        sum += weights[j] * d->value[s][j * d->stride + h / (c->heads / c->kv_heads) * d->head + e];
                    d->wanted[query * c->head_dim + e] = sum;
                }
            }
}

static TestCall attention_call(const Case *c, Data *d)
{
    TestCall call = {.name = "attention", .pointers = {NULL, d->q, d->k, d->v, &d->sequences, d->bias}, .rows = d->rows};
    int64_t ldk = c->cached ? d->positions : d->ldk;
    int64_t constants[] = {c->heads,  c->kv_heads, c->head_dim, d->ldq,    ldk,       ldk,
                           c->cached, c->causal,   c->window,   c->biases, c->origin, c->head_dim, 0};
    memcpy(call.constants, constants, sizeof(constants));
    call.reals[0] = c->scale;
    call.reals[1] = c->softcap;
    return call;
}

/* scores, softmax and mix, each from the reference of the one before. */
static void check_steps(const Case *c, Data *d, const double *scores)
{
    int64_t count = (int64_t)d->rows * c->heads * d->positions;
    float *p = test_alloc((size_t)count * sizeof(float));
    TestCall call = {.name = "scores", .pointers = {NULL, d->q, d->k, &d->sequences, d->bias}, .rows = d->rows};
    int64_t ldk = c->cached ? d->positions : d->ldk;
    int64_t constants[] = {c->heads,  c->kv_heads, c->head_dim, d->ldq,    ldk,      d->positions,
                           c->cached, c->causal,   c->window,   c->biases, c->origin};
    memcpy(call.constants, constants, sizeof(constants));
    call.reals[0] = c->scale;
    call.reals[1] = c->softcap;
    test_check(&call, scores, count, 2e-5 * (1 + c->scale));
    for (int64_t i = 0; i < count; i++) p[i] = (float)scores[i];
    TestCall soft = {.name = "softmax", .pointers = {NULL, p}, .rows = d->rows, .constants = {c->heads, d->positions}};
    test_check(&soft, d->weights, count, 2e-6);
    for (int64_t i = 0; i < count; i++) p[i] = (float)d->weights[i];
    TestCall mix = {.name = "mix",
                    .pointers = {NULL, p, d->v, &d->sequences},
                    .rows = d->rows,
                    .constants = {c->heads, c->kv_heads, c->head_dim, d->positions, ldk, c->cached}};
    test_check(&mix, d->wanted, (int64_t)d->rows * c->heads * c->head_dim, 1e-5);
    free(p);
}

/* Each row alone, as a call of one row whose sequence has that many positions behind it, gives the bits of the batch.
 */
static void check_rows_alone(const Case *c, Data *d, const char *isa)
{
    int64_t width = c->heads * c->head_dim;
    float *all = test_alloc((size_t)(d->rows * width) * sizeof(float)),
          *one = test_alloc((size_t)width * sizeof(float));
    TestCall call = attention_call(c, d);
    test_run(&call, isa, 1, all, d->rows * width);
    for (int s = 0; s < c->count; s++)
        for (int r = d->start[s]; r < d->start[s + 1]; r++) {
            int32_t start[2] = {0, 1}, past = c->past[s] + r - d->start[s];
            hf2c_sequences sequences = {.count = 1, .rows = 1, .start = start, .past = &past, .slot = &d->slot[s]};
            sequences.slot_bytes = d->sequences.slot_bytes;
            TestCall alone = call;
            alone.rows = 1;
            alone.pointers[1] = d->q + r * d->ldq;
            alone.pointers[4] = &sequences;
            test_run(&alone, isa, 1, one, width);
            test_same_bits(all + r * width, one, width, "an attention row alone");
        }
    free(all);
    free(one);
}

static void check_case(const Case *c)
{
    Data d;
    make_data(c, &d);
    double *scores = test_alloc((size_t)d.rows * (size_t)(c->heads * d.positions) * sizeof(double));
    reference(c, &d, scores);
    TestCall call = attention_call(c, &d);
    test_check(&call, d.wanted, (int64_t)d.rows * c->heads * c->head_dim, 1e-5);
    check_steps(c, &d, scores);
    for (int i = 0; i < TEST_ISAS && c->cached && c->causal; i++)
        if (kernels_isa_runs(test_isas[i])) check_rows_alone(c, &d, test_isas[i]);
    free(scores);
    free_data(c, &d);
}

static void encoders(void **state)
{
    (void)state;
    check_case(&(Case){2, 2, 32, 0, 0, 0, 0.2f, 0, 1, {33}, {0}, 0, 0});
    check_case(&(Case){3, 1, 20, 0, 0, 0, 0.2f, 0, 3, {5, 1, 40}, {0}, 0, 0});
    check_case(&(Case){2, 1, 48, 0, 0, 9, 0.1f, 0, 2, {70, 3}, {0}, 0, 0});
    check_case(&(Case){1, 1, 1, 0, 0, 0, 1, 0, 1, {1}, {0}, 0, 0});
    check_case(&(Case){1, 1, 7, 0, 0, 0, 1, 30, 1, {300}, {0}, 0, 0});
}

static void decoders(void **state)
{
    (void)state;
    check_case(&(Case){4, 2, 64, 1, 1, 0, 0.125f, 0, 1, {37}, {0}, 0, 0});
    check_case(&(Case){8, 2, 16, 1, 1, 0, 0.25f, 0, 3, {1, 1, 1}, {280, 0, 31}, 0, 0});
    check_case(&(Case){6, 2, 80, 1, 1, 0, 0.1f, 50, 3, {3, 29, 1}, {255, 256, 600}, 0, 0});
    check_case(&(Case){2, 1, 24, 1, 1, 7, 0.3f, 0, 2, {40, 2}, {0, 300}, 0, 0});
    check_case(&(Case){2, 2, 33, 1, 1, 260, 0.3f, 0, 2, {19, 1}, {270, 530}, 0, 0});
    check_case(&(Case){40, 1, 8, 1, 1, 0, 0.3f, 0, 1, {3}, {4}, 0, 0});
    check_case(&(Case){2, 1, 512, 1, 1, 0, 0.05f, 0, 1, {5}, {20}, 0, 0});
    check_case(&(Case){2, 1, 300, 0, 1, 0, 0.05f, 0, 1, {30}, {0}, 0, 0});
}

/* A decoder that looks back at sources of other lengths, in slots of their own. */
static void memories(void **state)
{
    (void)state;
    check_case(&(Case){4, 2, 64, KEYS_memory, 0, 0, 0.125f, 0, 1, {3}, {37}, 0, 0});
    check_case(&(Case){8, 2, 16, KEYS_memory, 0, 0, 0.25f, 0, 3, {1, 40, 1}, {280, 1, 31}, 0, 0});
    check_case(&(Case){6, 2, 80, KEYS_memory, 0, 0, 0.1f, 50, 3, {300, 2, 1}, {5, 256, 600}, 0, 0});
}

/* Fewer biases than distances, more of them, one for all, and a window. */
static void biased(void **state)
{
    (void)state;
    check_case(&(Case){2, 2, 32, 0, 0, 0, 0.2f, 0, 1, {150}, {0}, 41, 20});
    check_case(&(Case){3, 1, 20, 0, 0, 0, 0.2f, 0, 3, {5, 1, 40}, {0}, 200, 100});
    check_case(&(Case){2, 1, 48, 0, 0, 9, 0.1f, 4, 2, {70, 3}, {0}, 7, 6});
    check_case(&(Case){6, 2, 80, 1, 1, 0, 0.1f, 0, 3, {3, 29, 1}, {255, 256, 600}, 300, 299});
    check_case(&(Case){6, 2, 16, 1, 1, 7, 0.1f, 0, 2, {3, 29}, {255, 0}, 1, 0});
}

/* Scores of large differences, and of none. */
static void extreme_scores(void **state)
{
    (void)state;
    check_case(&(Case){2, 1, 16, 1, 1, 0, 1000.0f, 0, 1, {30}, {290}, 0, 0});
    check_case(&(Case){2, 1, 16, 0, 0, 0, 0.0f, 0, 1, {30}, {0}, 0, 0});
}

static void rows_without_keys(void **state)
{
    (void)state;
    int32_t start[] = {0, 0, 2}, past[] = {0, -2};
    hf2c_sequences sequences = {.count = 2, .rows = 2, .start = start, .past = past, .slot_bytes = 64 * sizeof(float)};
    float q[2 * 8] = {1}, k[2 * 64] = {0}, v[2 * 64] = {0}, y[2 * 8];
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        TestCall call = {"attention", {NULL, q, k, v, &sequences, NULL}, 2, {1, 1, 8, 8, 8, 8, 1, 1, 0, 0, 0, 8, 0}, {1, 0}};
        test_run(&call, test_isas[i], 1, y, 16);
        for (int e = 0; e < 16; e++) assert_true(y[e] == 0);
    }
}

/* ---- where keys lie, and who reads them, changes no bit ---- */

/* The caches of a case, one sequence each slot, as rings of `ring` positions, which only the last ones survive. */
static void move_to_ring(const Case *c, const Data *d, const float *from, float *to, int ring)
{
    for (int s = 0; s < c->count; s++)
        for (int h = 0; h < c->kv_heads; h++)
            for (int j = keys_of(c, s) > ring ? keys_of(c, s) - ring : 0; j < keys_of(c, s); j++) {
                const float *row = from + 2 * d->positions * d->width * d->slot[s] + (h * d->positions + j) * c->head_dim;
                float *at = to + 2 * ring * d->width * d->slot[s] + ((int64_t)h * ring + j % ring) * c->head_dim;
                memcpy(at, row, (size_t)c->head_dim * sizeof(float));
            }
}

static void check_ring(const Case *c, int ring)
{
    Data d;
    make_data(c, &d);
    int64_t width = c->heads * c->head_dim, tensor = ring * d.width;
    float *wanted = test_alloc((size_t)(d.rows * width) * sizeof(float)), *found = test_alloc((size_t)(d.rows * width) * sizeof(float));
    float *rings = test_alloc((size_t)(2 * tensor * c->count) * sizeof(float));
    for (int64_t i = 0; i < 2 * tensor * c->count; i++) rings[i] = 0.5f;
    move_to_ring(c, &d, d.k, rings, ring);
    move_to_ring(c, &d, d.v, rings + tensor, ring);
    TestCall call = attention_call(c, &d), other = call;
    hf2c_sequences sequences = d.sequences;
    sequences.slot_bytes = (size_t)(2 * tensor) * sizeof(float);
    other.pointers[2] = rings;
    other.pointers[3] = rings + tensor;
    other.pointers[4] = &sequences;
    other.constants[4] = other.constants[5] = ring;
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        test_run(&call, test_isas[i], 1, wanted, d.rows * width);
        test_run(&other, test_isas[i], 1, found, d.rows * width);
        test_same_bits(wanted, found, d.rows * width, "attention over a ring");
    }
    free(rings);
    free(wanted);
    free(found);
    free_data(c, &d);
}

static void rings(void **state)
{
    (void)state;
    check_ring(&(Case){4, 2, 16, 1, 1, 7, 0.25f, 0, 2, {1, 5}, {100, 331}, 0, 0}, 32);
    check_ring(&(Case){2, 1, 64, 1, 1, 40, 0.25f, 0, 3, {20, 1, 9}, {0, 255, 700}, 0, 0}, 64);
    check_ring(&(Case){2, 2, 33, 1, 1, 260, 0.3f, 0, 2, {19, 1}, {270, 530}, 0, 0}, 288);
}

/* Every position is moved to a slot of its own choice. */
static void check_ancestors(const Case *c)
{
    enum { SLOTS = 5 };
    Data d;
    make_data(c, &d);
    int64_t width = c->heads * c->head_dim, slot = 2 * d.positions * d.width;
    float *wanted = test_alloc((size_t)(d.rows * width) * sizeof(float)), *found = test_alloc((size_t)(d.rows * width) * sizeof(float));
    float *spread = test_alloc((size_t)(slot * SLOTS) * sizeof(float));
    int32_t *ancestors = test_alloc((size_t)d.positions * sizeof(int32_t)), own = 3;
    for (int64_t i = 0; i < slot * SLOTS; i++) spread[i] = NAN;
    for (int j = 0; j < d.positions; j++) {
        ancestors[j] = j < c->past[0] ? (j * j / 7 + j / 50) % SLOTS : own;
        for (int64_t h = 0; h < 2 * c->kv_heads; h++) /* keys, then values */
            memcpy(spread + ancestors[j] * slot + (h * d.positions + j) * c->head_dim, d.k + (h * d.positions + j) * c->head_dim,
                   (size_t)c->head_dim * sizeof(float));
    }
    TestCall call = attention_call(c, &d), other = call;
    hf2c_sequences sequences = d.sequences;
    sequences.slot = &own;
    sequences.ancestors = ancestors;
    other.pointers[2] = spread;
    other.pointers[3] = spread + d.positions * d.width;
    other.pointers[4] = &sequences;
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        test_run(&call, test_isas[i], 1, wanted, d.rows * width);
        test_run(&other, test_isas[i], 1, found, d.rows * width);
        test_same_bits(wanted, found, d.rows * width, "attention over other slots");
    }
    free(ancestors);
    free(spread);
    free(wanted);
    free(found);
    free_data(c, &d);
}

static void ancestors(void **state)
{
    (void)state;
    check_ancestors(&(Case){4, 2, 16, 1, 1, 0, 0.25f, 0, 1, {1}, {331}, 0, 0});
    check_ancestors(&(Case){2, 2, 128, 1, 1, 0, 0.1f, 0, 1, {1}, {600}, 0, 0});
    check_ancestors(&(Case){3, 1, 20, 1, 1, 9, 0.25f, 0, 1, {4}, {70}, 0, 0});
}

typedef struct Shared {
    const KernelEntry *kernel;
    TestCall *call;
} Shared;

static void run_shared(const hf2c_team *team, void *argument)
{
    const Shared *shared = argument;
    shared->kernel->thunk(team, shared->call->pointers, &shared->call->rows, shared->call->constants, shared->call->reals);
}

/* Blocks of one sequence shared by several members, and what they leave put together. */
static void check_split(const Case *c)
{
    Data d;
    make_data(c, &d);
    int64_t width = c->heads * c->head_dim, room = 100;
    float *wanted = test_alloc((size_t)(d.rows * width) * sizeof(float)), *found = test_alloc((size_t)(room * width) * sizeof(float));
    TestCall call = attention_call(c, &d);
    call.constants[12] = room;
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        test_run(&call, test_isas[i], 1, wanted, d.rows * width);
        for (int threads = 2; threads < 5; threads++) {
            call.pointers[0] = found;
            hf2c_parallel(threads, run_shared, &(Shared){test_kernel(test_isas[i], "attention"), &call});
            test_same_bits(wanted, found, d.rows * width, "attention split over the cache");
        }
    }
    free(wanted);
    free(found);
    free_data(c, &d);
}

static void splits(void **state)
{
    (void)state;
    check_split(&(Case){4, 1, 64, 1, 1, 0, 0.125f, 0, 1, {1}, {2000}, 0, 0});
    check_split(&(Case){3, 3, 40, 1, 1, 0, 0.125f, 0, 2, {1, 2}, {1500, 3}, 0, 0});
    check_split(&(Case){2, 1, 16, 1, 1, 700, 0.25f, 30, 1, {2}, {1500}, 9, 8});
    check_split(&(Case){2, 1, 24, KEYS_memory, 0, 0, 0.125f, 0, 1, {1}, {900}, 0, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoders),
        cmocka_unit_test(decoders),
        cmocka_unit_test(memories),
        cmocka_unit_test(biased),
        cmocka_unit_test(extreme_scores),
        cmocka_unit_test(rows_without_keys),
        cmocka_unit_test(rings),
        cmocka_unit_test(ancestors),
        cmocka_unit_test(splits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
