/* The accuracy of templates/cpu/math.h on HF2C_SIMD, over floats of every exponent; test_math_ISA.c is this with an
 * ISA. */
#include "kernels_test.h"

#include "templates/simd/begin.h"
#include "templates/cpu/math.h"

static void vector_exp(float *y, const float *x)
{
    for (int i = 0; i < 64; i += SIMD_LANES) simd_store(y + i, simd_exp(simd_load(x + i)));
}
static void vector_tanh(float *y, const float *x)
{
    for (int i = 0; i < 64; i += SIMD_LANES) simd_store(y + i, simd_tanh(simd_load(x + i)));
}
static void vector_erf(float *y, const float *x)
{
    for (int i = 0; i < 64; i += SIMD_LANES) simd_store(y + i, simd_erf(simd_load(x + i)));
}
static void vector_softplus(float *y, const float *x)
{
    for (int i = 0; i < 64; i += SIMD_LANES) simd_store(y + i, simd_softplus(simd_load(x + i)));
}
#include "templates/simd/end.h"

/* The distance to the exact value in units in the last place of a float of that size. */
static double ulps(float found, double exact)
{
    if (isnan(exact)) return isnan(found) ? 0 : INFINITY;
    if (exact > 3.4028235677973366e38) return isinf(found) && found > 0 ? 0 : INFINITY; /* rounds to infinity */
    int exponent;
    frexp(exact, &exponent);
    return fabs(found - exact) / ldexp(1, exponent < -125 ? -149 : exponent - 24);
}

static void check_64(const char *name, void (*vector)(float *, const float *), double (*exact)(double), const float *x,
                     double limit, double absolute, double *worst)
{
    float y[64];
    vector(y, x);
    for (int i = 0; i < 64; i++) {
        double wanted = exact(x[i]), error = ulps(y[i], wanted);
        if (fabs(y[i] - wanted) <= absolute) continue;
        if (error > *worst) *worst = error;
        if (!(error <= limit))
            fail_msg("%s(%.9g): found %.9g, wanted %.9g: %.2f ulp", name, (double)x[i], (double)y[i], wanted, error);
    }
}

/* Every step-th float from 0 up to infinity and NaN, of both signs, and finely where the function bends. */
static void check_function(const char *name, void (*vector)(float *, const float *), double (*exact)(double),
                           double limit, double absolute)
{
    double worst = 0;
    float x[64];
    for (uint32_t sign = 0; sign < 2; sign++)
        for (uint32_t bits = 0; bits < 0x7fc00000u; bits += 64 * 1021) {
            for (uint32_t i = 0; i < 64; i++) x[i] = bits_float((bits + i * 1021) | sign << 31);
            check_64(name, vector, exact, x, limit, absolute, &worst);
        }
    for (int step = -110 * 4096; step < 110 * 4096; step += 64) {
        for (int i = 0; i < 64; i++) x[i] = (float)(step + i) / 4096.0f;
        check_64(name, vector, exact, x, limit, absolute, &worst);
    }
    float special[64] = {INFINITY,    -INFINITY,   NAN,          -NAN,         0,           -0.0f,
                         88.7228394f, 88.7228470f, -87.3365479f, -103.972076f, -103.972084f};
    check_64(name, vector, exact, special, limit, absolute, &worst);
    print_message("%s: at most %.2f ulp\n", name, worst);
}

static void exp_accuracy(void **state)
{
    (void)state;
    check_function("exp", vector_exp, exp, 2, 0);
}

static void tanh_accuracy(void **state)
{
    (void)state;
    check_function("tanh", vector_tanh, tanh, 4, 0);
}

static void erf_accuracy(void **state)
{
    (void)state;
    check_function("erf", vector_erf, erf, 4, 1e-7);
}

static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

static void softplus_accuracy(void **state)
{
    (void)state;
    check_function("softplus", vector_softplus, softplus, 4, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_accuracy),
        cmocka_unit_test(tanh_accuracy),
        cmocka_unit_test(erf_accuracy),
        cmocka_unit_test(softplus_accuracy),
    };
    return kernels_isa_runs(MATH_ISA) ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
