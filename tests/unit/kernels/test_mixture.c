/* route, experts, combine, join, convolve and scan against double references; attention with sinks and with values of another width. */
#include "kernels_test.h"

/* ---- route ---- */

typedef struct RouteCase {
    int E, active, groups, active_groups, group_best, normalized, activation, with_offset;
} RouteCase;

/* How many of the others come before number i. */
static int rank_of(const double *x, int count, int i)
{
    int rank = 0;
    for (int j = 0; j < count; j++) rank += x[j] > x[i] || (x[j] == x[i] && j < i);
    return rank;
}

static void reference_route(const RouteCase *c, const float *x, const float *offset, double *y)
{
    int size = c->E / c->groups;
    double score[64], choice[64], group[64], total = 0, sum = 0;
    for (int e = 0; e < c->E; e++) total += exp(x[e]);
    for (int e = 0; e < c->E; e++) {
        score[e] = c->activation == FUNCTION_sigmoid ? 1 / (1 + exp(-x[e])) : exp(x[e]) / total;
        choice[e] = score[e] + (offset ? offset[e] : 0);
    }
    for (int g = 0; g < c->groups; g++) {
        group[g] = 0;
        for (int e = 0; e < size; e++)
            if (rank_of(choice + g * size, size, e) < c->group_best) group[g] += choice[g * size + e];
    }
    for (int e = 0; e < c->E; e++)
        if (rank_of(group, c->groups, e / size) >= c->active_groups) choice[e] = -100 - e;
    for (int e = 0; e < c->E; e++) y[e] = rank_of(choice, c->E, e) < c->active ? score[e] : 0;
    for (int e = 0; e < c->E; e++) sum += y[e];
    for (int e = 0; e < c->E; e++) y[e] *= c->normalized ? 2.5 / sum : 2.5;
}

static void check_route(const RouteCase *c)
{
    enum { ROWS = 9 };
    int ldx = c->E + 3;
    float *x = test_matrix(ROWS, c->E, ldx, 3), *offset = c->with_offset ? test_reals(c->E, 1) : NULL;
    double *wanted = test_alloc((size_t)(ROWS * c->E) * sizeof(double));
    for (int r = 0; r < ROWS; r++) reference_route(c, x + r * ldx, offset, wanted + r * c->E);
    TestCall call = {"route",
                     {NULL, x, offset},
                     ROWS,
                     {c->E, ldx, c->active, c->groups, c->active_groups, c->group_best, c->normalized, c->activation},
                     {2.5f}};
    test_check(&call, wanted, ROWS * c->E, 1e-5);
    free(x), free(offset), free(wanted);
}

static void rows_are_routed(void **state)
{
    (void)state;
    check_route(&(RouteCase){8, 2, 1, 1, 1, 1, FUNCTION_none, 0});
    check_route(&(RouteCase){5, 5, 1, 1, 1, 0, FUNCTION_none, 0});
    check_route(&(RouteCase){12, 3, 4, 2, 1, 0, FUNCTION_none, 0});
    check_route(&(RouteCase){64, 8, 8, 4, 2, 1, FUNCTION_sigmoid, 1});
    check_route(&(RouteCase){6, 2, 6, 3, 2, 1, FUNCTION_sigmoid, 1});
    check_route(&(RouteCase){1, 1, 1, 1, 1, 1, FUNCTION_none, 0});
}

static void too_many_experts_give_nan(void **state)
{
    (void)state;
    enum { E = ROUTE_EXPERTS + 1 };
    static float x[E], y[E];
    TestCall call = {"route", {NULL, x, NULL}, 1, {E, E, 1, 1, 1, 1, 0, FUNCTION_none}, {1}};
    test_run(&call, "c11", 1, y, E);
    for (int e = 0; e < E; e++) assert_true(isnan(y[e]));
}

/* ---- experts and combine ---- */

typedef struct MixtureCase {
    int rows, E, active;
    int64_t K, N;
    int gate, with_bias;
    float limit;
} MixtureCase;

/* Some rows have one expert less than there is room for. */
static float *random_choice(const MixtureCase *c, int64_t ldp)
{
    float *p = test_matrix(c->rows, c->E, ldp, 1);
    for (int r = 0; r < c->rows; r++) {
        int shift = test_between(0, c->E), chosen = c->active - (r % 3 == 2);
        for (int e = 0; e < c->E; e++) p[r * ldp + e] = (e + shift) % c->E < chosen ? 0.2f + 0.1f * (float)e : 0;
    }
    return p;
}

/* The number of the row's expert in that slot, -1: none. */
static int expert_at(const MixtureCase *c, const float *p, int slot)
{
    for (int e = 0; e < c->E; e++)
        if (p[e] != 0 && slot-- == 0) return e;
    return -1;
}

static double weighted(const float *w, const float *bias, int64_t n, const float *x, int64_t K)
{
    double sum = bias ? bias[n] : 0;
    for (int64_t k = 0; k < K; k++) sum += (double)w[n * K + k] * x[k];
    return sum;
}

static void check_experts(const MixtureCase *c)
{
    int64_t ldx = c->K + 1, ldp = c->E + 2, count = c->rows * c->active * c->N;
    float *x = test_matrix(c->rows, c->K, ldx, 1), *p = random_choice(c, ldp), *w = test_reals(c->E * 2 * c->N * c->K, 1);
    float *bias = c->with_bias ? test_reals(c->E * 2 * c->N, 1) : NULL;
    double *wanted = test_alloc((size_t)count * sizeof(double));
    for (int64_t i = 0; i < count; i++) {
        int64_t r = i / (c->active * c->N), n = i % c->N;
        int e = expert_at(c, p + r * ldp, (int)(i / c->N % c->active));
        wanted[i] = 0;
        if (e < 0) continue;
        double gate = weighted(w, bias, 2 * e * c->N + n, x + r * ldx, c->K), up = weighted(w, bias, (2 * e + 1) * c->N + n, x + r * ldx, c->K);
        if (c->limit > 0) {
            gate = fmin(gate, (double)c->limit);
            up = fmax(fmin(up, (double)c->limit), -(double)c->limit);
        }
        wanted[i] = test_unary(c->gate, gate, (double)1.25f) * (up + 0.5);
    }
    TestCall call = {"experts_f32", {NULL, x, p, w, bias}, c->rows, {c->E, c->K, c->N, c->active, ldx, ldp, 1, c->gate}, {1.25f, c->limit, 0.5f}};
    test_check(&call, wanted, count, 1e-5);
    free(x), free(p), free(w), free(bias), free(wanted);
}

static void check_combine(const MixtureCase *c)
{
    int64_t ldx = c->active * c->K + 1, ldp = c->E, count = c->rows * c->N;
    float *x = test_matrix(c->rows, c->active * c->K, ldx, 1), *p = random_choice(c, ldp), *w = test_reals(c->E * c->N * c->K, 1);
    float *bias = c->with_bias ? test_reals(c->E * c->N, 1) : NULL;
    double *wanted = test_alloc((size_t)count * sizeof(double));
    for (int64_t i = 0; i < count; i++) {
        int64_t r = i / c->N;
        wanted[i] = 0;
        for (int slot = 0; slot < c->active; slot++) {
            int e = expert_at(c, p + r * ldp, slot);
            if (e >= 0) wanted[i] += p[r * ldp + e] * weighted(w, bias, e * c->N + i % c->N, x + r * ldx + slot * c->K, c->K);
        }
    }
    TestCall call = {"combine_f32", {NULL, x, p, w, bias}, c->rows, {c->E, c->K, c->N, c->active, ldx, ldp, 1}, {0}};
    test_check(&call, wanted, count, 1e-5);
    free(x), free(p), free(w), free(bias), free(wanted);
}

static void experts_are_mixed(void **state)
{
    (void)state;
    static const MixtureCase cases[] = {
        {5, 4, 2, 20, 9, FUNCTION_silu, 0, 0},
        {70, 3, 3, 33, 17, FUNCTION_scaled_silu, 1, 0.75f},
        {130, 6, 1, 16, 3, FUNCTION_gelu, 1, 0},
        {1, 1, 1, 7, 40, FUNCTION_silu, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_experts(&cases[i]);
        check_combine(&cases[i]);
    }
}

/* What weights of fewer bits decode to gives the bits that the same numbers give in f32. */
static void formats_of_experts_agree(void **state)
{
    (void)state;
    enum { ROWS = 3, E = 2, K = 309, N = 5, COUNT = ROWS * 2 * N };
    static const char *const names[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) "experts_" #name,
#include "templates/format/formats.def"
    };
    float *x = test_reals(ROWS * K, 1), *p = test_reals(ROWS * E, 1), *w = test_reals(E * 2 * N * K, 1), *rounded = test_reals(E * 2 * N * K, 1);
    for (int i = 0; i < WEIGHT_COUNT; i++) {
        PackLayout layout = {i, 1, 0, E * 2 * N, K, 0};
        float packed[E * 2 * N * K + 1024];
        float wide[COUNT], narrow[COUNT];
        pack_weight(&layout, w, packed);
        pack_unpack(&layout, packed, rounded);
        TestCall f32 = {"experts_f32", {NULL, x, p, rounded, NULL}, ROWS, {E, K, N, 2, K, E, 1, FUNCTION_silu}, {0}};
        TestCall other = {names[i], {NULL, x, p, packed, NULL}, ROWS, {E, K, N, 2, K, E, pack_block(&layout), FUNCTION_silu}, {0}};
        for (int isa = 0; isa < TEST_ISAS; isa++) {
            if (!kernels_isa_runs(test_isas[isa])) continue;
            test_run(&f32, test_isas[isa], 1, wide, COUNT);
            test_run(&other, test_isas[isa], 1, narrow, COUNT);
            test_same_bits(wide, narrow, COUNT, names[i]);
        }
    }
    free(x), free(p), free(w), free(rounded);
}

/* ---- join ---- */

static void columns_are_joined(void **state)
{
    (void)state;
    enum { ROWS = 5, HEADS = 3, M = 4, N = 7, LDX = 6, LDZ = HEADS * N + 1, W = HEADS * (M + N) };
    float *x = test_matrix(ROWS, M, LDX, 1), *z = test_matrix(ROWS, HEADS * N, LDZ, 1);
    double wanted[ROWS * W];
    for (int i = 0; i < ROWS * W; i++) {
        int r = i / W, h = i % W / (M + N), c = i % (M + N);
        wanted[i] = c < M ? x[r * LDX + c] : z[r * LDZ + h * N + c - M];
    }
    TestCall call = {"join", {NULL, x, z}, ROWS, {HEADS, M, N, LDX, LDZ}, {0}};
    test_check(&call, wanted, ROWS * W, 0);
    free(x), free(z);
}

/* ---- recurrence: in one call, and in pieces that go on where the one before ended ---- */

typedef struct Pieces {
    int length, cut[4]; /* rows of the sequence; where calls begin, ended by length */
} Pieces;

static const Pieces pieces[] = {{9, {0, 9}}, {9, {0, 1, 2, 9}}, {9, {0, 5, 6, 9}}, {2, {0, 1, 2}}};

/* Runs the rows of slot 1 piece by piece; pointers[row_pointers..] of each call are moved on by their strides. */
static void run_pieces(const TestCall *whole, const Pieces *p, const char *isa, int sequences_at, int state_at, float *state, int64_t state_size,
                       const int64_t strides[8], float *y, int64_t columns)
{
    for (int64_t i = 0; i < 2 * state_size; i++) state[i] = NAN;
    for (int i = 0; p->cut[i] < p->length; i++) {
        int32_t start[] = {0, p->cut[i + 1] - p->cut[i]}, past[] = {p->cut[i]}, slot[] = {1};
        hf2c_sequences sequences = {.count = 1, .rows = start[1], .start = start, .past = past, .slot = slot, .slot_bytes = (size_t)state_size * sizeof(float)};
        TestCall call = *whole;
        for (int j = 1; j < 8; j++)
            if (strides[j]) call.pointers[j] = (float *)call.pointers[j] + strides[j] * p->cut[i];
        call.pointers[sequences_at] = &sequences;
        call.pointers[state_at] = state;
        test_run(&call, isa, 1 + i, y + p->cut[i] * columns, start[1] * columns);
    }
}

static void check_pieces(const TestCall *whole, int sequences_at, int state_at, int64_t state_size, const int64_t strides[8], int64_t columns)
{
    float y[9 * 64], one[9 * 64], *state = test_alloc((size_t)(2 * state_size) * sizeof(float));
    assert_true(columns <= 64);
    for (int isa = 0; isa < TEST_ISAS; isa++) {
        if (!kernels_isa_runs(test_isas[isa])) continue;
        run_pieces(whole, &pieces[0], test_isas[isa], sequences_at, state_at, state, state_size, strides, one, columns);
        for (size_t i = 1; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
            run_pieces(whole, &pieces[i], test_isas[isa], sequences_at, state_at, state, state_size, strides, y, columns);
            test_same_bits(y, one, pieces[i].length * columns, whole->name);
        }
    }
    free(state);
}

static void rows_are_convolved(void **state)
{
    (void)state;
    enum { C = 13, SIZE = 4, LDX = 15 };
    int32_t start[] = {0, 2, 9};
    hf2c_sequences sequences = {.count = 2, .rows = 9, .start = start};
    float *x = test_matrix(9, C, LDX, 1), *w = test_reals(C * SIZE, 1), *bias = test_reals(C, 1);
    double wanted[9 * C];
    for (int i = 0; i < 9 * C; i++) {
        int r = i / C, c = i % C;
        wanted[i] = bias[c];
        for (int t = 0; t < SIZE; t++)
            if (r + t - 3 >= start[r >= 2]) wanted[i] += (double)w[c * SIZE + t] * x[(r + t - 3) * LDX + c];
    }
    TestCall call = {"convolve", {NULL, x, w, &sequences, bias, NULL}, 2, {C, LDX, SIZE}, {0}};
    test_check(&call, wanted, 9 * C, 1e-6);
    call.rows = 1;
    check_pieces(&call, 3, 5, (SIZE - 1) * C, (const int64_t[8]){0, LDX}, C);
    free(x), free(w), free(bias);
}

typedef struct ScanCase {
    int heads, head_dim, size, groups, decays;
    float least, limit;
} ScanCase;

static void reference_scan(const ScanCase *c, const int32_t *start, const float *x, const float *step, const float *bc, const float *decay,
                           double *y)
{
    double h[64] = {0};
    int width = c->heads * c->head_dim;
    for (int column = 0; column < width; column++)
        for (int r = 0; r < 9; r++) {
            int head = column / c->head_dim, group = head / (c->heads / c->groups);
            double d = log1p(exp(step[r * c->heads + head]));
            d = fmax(d, (double)c->least);
            d = c->limit > 0 ? fmin(d, (double)c->limit) : d;
            y[r * width + column] = 0;
            for (int n = 0; n < c->size; n++) {
                const float *b = bc + r * 2 * c->groups * c->size + group * c->size + n;
                if (r == start[0] || r == start[1]) h[n] = 0;
                h[n] = h[n] * exp(d * decay[head * c->decays + (c->decays > 1 ? n : 0)]) + d * x[r * width + column] * b[0];
                y[r * width + column] += h[n] * b[c->groups * c->size];
            }
        }
}

static void check_scan(const ScanCase *c)
{
    int32_t start[] = {0, 4, 9};
    hf2c_sequences sequences = {.count = 2, .rows = 9, .start = start};
    int64_t width = c->heads * c->head_dim, both = 2 * c->groups * c->size;
    float *x = test_reals(9 * width, 1), *step = test_reals(9 * c->heads, 3), *bc = test_reals(9 * both, 1);
    float *decay = test_reals(c->heads * c->decays, 1);
    double *wanted = test_alloc((size_t)(9 * width) * sizeof(double));
    step[0] = 25;
    for (int i = 0; i < c->heads * c->decays; i++) decay[i] = -1.1f - decay[i];
    reference_scan(c, start, x, step, bc, decay, wanted);
    TestCall call = {"scan",
                     {NULL, x, step, bc, decay, &sequences, NULL},
                     2,
                     {c->heads, c->head_dim, c->size, c->groups, c->decays, width, c->heads, both},
                     {c->least, c->limit}};
    test_check(&call, wanted, 9 * width, 1e-5);
    call.rows = 1;
    check_pieces(&call, 5, 6, width * c->size, (const int64_t[8]){0, width, c->heads, both}, width);
    free(x), free(step), free(bc), free(decay), free(wanted);
}

static void rows_are_scanned(void **state)
{
    (void)state;
    check_scan(&(ScanCase){30, 1, 8, 1, 8, 0, 0});
    check_scan(&(ScanCase){4, 8, 33, 2, 1, 0.5f, 1.5f});
    check_scan(&(ScanCase){1, 3, 1, 1, 1, 0, 0});
}

/* ---- attention with sinks, and with values of another width ---- */

static void check_attention(int heads, int kv_heads, int head_dim, int v_head_dim, int with_sinks)
{
    enum { ROWS = 40 };
    int32_t start[] = {0, 3, ROWS};
    hf2c_sequences sequences = {.count = 2, .rows = ROWS, .start = start};
    int64_t ldq = heads * head_dim, ldk = kv_heads * head_dim, ldv = kv_heads * v_head_dim, ldy = heads * v_head_dim;
    float *q = test_reals(ROWS * ldq, 2), *k = test_reals(ROWS * ldk, 1), *v = test_reals(ROWS * ldv, 1), *sinks = test_reals(heads, 4);
    double *wanted = test_alloc((size_t)(ROWS * ldy) * sizeof(double));
    for (int i = 0; i < ROWS * heads; i++) {
        int r = i / heads, h = i % heads, kv = h / (heads / kv_heads);
        double total = with_sinks ? exp((double)sinks[h]) : 0, *y = wanted + i * v_head_dim;
        for (int e = 0; e < v_head_dim; e++) y[e] = 0;
        for (int j = start[r >= 3]; j <= r; j++) {
            double score = 0;
            for (int e = 0; e < head_dim; e++) score += 0.5 * q[r * ldq + h * head_dim + e] * k[j * ldk + kv * head_dim + e];
            total += exp(score);
            for (int e = 0; e < v_head_dim; e++) y[e] += exp(score) * v[j * ldv + kv * v_head_dim + e];
        }
        for (int e = 0; e < v_head_dim; e++) y[e] /= total;
    }
    TestCall call = {"attention",
                     {NULL, q, k, v, &sequences, NULL, with_sinks ? sinks : NULL},
                     ROWS,
                     {heads, kv_heads, head_dim, ldq, ldk, ldv, KEYS_rows, 1, 0, 0, 0, v_head_dim},
                     {0.5f, 0}};
    test_check(&call, wanted, ROWS * ldy, 1e-5);
    free(q), free(k), free(v), free(sinks), free(wanted);
}

static void attention_has_sinks_and_widths(void **state)
{
    (void)state;
    check_attention(4, 2, 8, 8, 1);
    check_attention(4, 4, 12, 8, 0);
    check_attention(2, 1, 7, 20, 1);
    check_attention(3, 3, 48, 33, 0);
}

/* A sink takes its share of the sum. */
static void softmax_has_sinks(void **state)
{
    (void)state;
    enum { ROWS = 3, GROUPS = 2, H = 19 };
    float *x = test_reals(ROWS * GROUPS * H, 3), sinks[GROUPS] = {2, -1};
    double wanted[ROWS * GROUPS * H];
    for (int i = 0; i < ROWS * GROUPS; i++) {
        double sum = exp((double)sinks[i % GROUPS]);
        for (int j = 0; j < H; j++) sum += exp((double)x[i * H + j]);
        for (int j = 0; j < H; j++) wanted[i * H + j] = exp((double)x[i * H + j]) / sum;
    }
    TestCall call = {"softmax", {NULL, x, sinks}, ROWS, {GROUPS, H}, {0}};
    test_check(&call, wanted, ROWS * GROUPS * H, 1e-5);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_routed),
        cmocka_unit_test(too_many_experts_give_nan),
        cmocka_unit_test(experts_are_mixed),
        cmocka_unit_test(formats_of_experts_agree),
        cmocka_unit_test(columns_are_joined),
        cmocka_unit_test(rows_are_convolved),
        cmocka_unit_test(rows_are_scanned),
        cmocka_unit_test(attention_has_sinks_and_widths),
        cmocka_unit_test(softmax_has_sinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
