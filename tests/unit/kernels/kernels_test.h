/* What the tests of kernels share: random data in allocations of the exact size, and calls of a kernel by name on every
 * instruction set of this machine by teams of several sizes, which must all give the same bits. */
#ifndef HF2C_KERNELS_TEST_H
#define HF2C_KERNELS_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "templates/cpu/kernels.h"
#include "templates/cpu/pack.h"

static const char *const test_isas[] = {"scalar", "c11", "avx2", "avx512", "zen4"};
enum { TEST_ISAS = 5 };

static uint64_t test_state = 88172645463325252u;

static inline uint32_t test_random(void)
{
    test_state = test_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(test_state >> 33);
}

/* in [first, end) */
static inline int test_between(int first, int end) { return first + (int)(test_random() % (uint32_t)(end - first)); }
static inline float test_real(void) { return (float)test_random() * 0x1p-30f - 1.0f; } /* [-1, 1) */

static inline void *test_alloc(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    assert_non_null(memory);
    return memory;
}

/* count floats in [-scale, scale), freed by the caller */
static inline float *test_reals(int64_t count, float scale)
{
    float *values = test_alloc((size_t)count * sizeof(float));
    for (int64_t i = 0; i < count; i++) values[i] = scale * test_real();
    return values;
}

/* a matrix of exactly (rows - 1) * ld + columns floats */
static inline float *test_matrix(int rows, int64_t columns, int64_t ld, float scale)
{
    return test_reals(rows ? (rows - 1) * ld + columns : 0, scale);
}

static inline const KernelEntry *test_kernel(const char *isa, const char *name)
{
    size_t count;
    const KernelEntry *table = kernels_table(isa, &count);
    for (size_t i = 0; table && i < count; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

typedef struct TestCall {
    const char *name;
    void *pointers[8]; /* the result is set by test_run */
    int rows;
    int64_t constants[13];
    float reals[3];
} TestCall;

/* Runs a call by a team of that many, its members one after another; y is filled with NaN before. */
static inline void test_run(const TestCall *call, const char *isa, int members, float *y, int64_t count)
{
    const KernelEntry *kernel = test_kernel(isa, call->name);
    assert_non_null(kernel);
    void *pointers[8];
    memcpy(pointers, call->pointers, sizeof(pointers));
    pointers[0] = y;
    for (int64_t i = 0; i < count; i++) y[i] = NAN;
    for (int i = members - 1; i >= 0; i--) {
        hf2c_team team = {i, members, NULL};
        kernel->thunk(&team, pointers, &call->rows, call->constants, call->reals);
    }
}

static inline void test_same_bits(const float *a, const float *b, int64_t count, const char *what)
{
    for (int64_t i = 0; i < count; i++)
        if (memcmp(a + i, b + i, sizeof(float)) != 0)
            fail_msg("%s: element %lld: %.9g and %.9g", what, (long long)i, (double)a[i], (double)b[i]);
}

/* |found - wanted| <= tolerance + tolerance |wanted|; NaN matches NaN */
static inline void test_near(const float *found, const double *wanted, int64_t count, double tolerance,
                             const char *what)
{
    for (int64_t i = 0; i < count; i++) {
        if (isnan(wanted[i]) ? isnan(found[i]) : (double)found[i] == wanted[i]) continue;
        if (!(fabs((double)found[i] - wanted[i]) <= tolerance * (1 + fabs(wanted[i]))))
            fail_msg("%s: element %lld: found %.9g, wanted %.9g", what, (long long)i, (double)found[i], wanted[i]);
    }
}

/* Checks a call of every instruction set, by teams of 1, 2, 3 and 7, against the wanted result. */
static inline void test_check(const TestCall *call, const double *wanted, int64_t count, double tolerance)
{
    static const int teams[] = {2, 3, 7};
    for (int i = 0; i < TEST_ISAS; i++) {
        if (!kernels_isa_runs(test_isas[i])) continue;
        char what[64];
        snprintf(what, sizeof(what), "%s on %s", call->name, test_isas[i]);
        float *one = test_alloc((size_t)count * sizeof(float)), *many = test_alloc((size_t)count * sizeof(float));
        test_run(call, test_isas[i], 1, one, count);
        test_near(one, wanted, count, tolerance, what);
        for (size_t t = 0; t < sizeof(teams) / sizeof(teams[0]); t++) {
            test_run(call, test_isas[i], teams[t], many, count);
            test_same_bits(one, many, count, what);
        }
        free(one);
        free(many);
    }
}

/* The table's functions in double, written out once more. */
static inline double test_unary(int function, double x, double c)
{
    switch (function) {
    case FUNCTION_relu:
        return x > 0 ? x : 0;
    case FUNCTION_silu:
        return x / (1 + exp(-x));
    case FUNCTION_scaled_silu:
        return x / (1 + exp(-c * x));
    case FUNCTION_sigmoid:
        return 1 / (1 + exp(-x));
    case FUNCTION_tanh:
        return tanh(x);
    case FUNCTION_gelu:
        return 0.5 * x * erfc(-x / sqrt(2));
    case FUNCTION_gelu_tanh:
        return 0.5 * x * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
    case FUNCTION_quick_gelu:
        return x / (1 + exp(-1.702 * x));
    case FUNCTION_scale:
        return x * c;
    case FUNCTION_softcap:
        return c * tanh(x / c);
    case FUNCTION_clamp:
        return x > c ? c : x < -c ? -c : x;
    case FUNCTION_exp:
        return exp(x);
    case FUNCTION_rsqrt:
        return 1 / sqrt(fabs(x) + c);
    case FUNCTION_neg:
        return -x;
    case FUNCTION_relu2:
        return x > 0 ? x * x : 0;
    case FUNCTION_relu6:
        return x > 6 ? 6 : x > 0 ? x : 0;
    case FUNCTION_leaky_relu:
        return x > 0 ? x : 0.01 * x;
    case FUNCTION_softplus:
        return log1p(exp(x));
    case FUNCTION_sqrtsoftplus:
        return sqrt(log1p(exp(x)));
    case FUNCTION_hardswish:
        return x > 3 ? x : x < -3 ? 0 : x * (x + 3) / 6;
    case FUNCTION_gelu_10:
        return fmin(fmax(0.5 * x * erfc(-x / sqrt(2)), -10), 10);
    case FUNCTION_laplace:
        return 0.5 * erfc((0.707107 - x) / (0.282095 * sqrt(2)));
    case FUNCTION_mish:
        return x * tanh(log1p(exp(x)));
    default:
        return x;
    }
}

#endif
