/* exp, tanh, erf and softplus of vectors, without branches. Largest errors over all of float, measured:
 * simd_exp 2 ulp, simd_tanh 4 ulp, simd_erf 4 ulp or 1e-7, simd_softplus 4 ulp. Infinities, NaN and subnormal results are as in IEEE
 * arithmetic. Coefficients: least maximal error over the stated interval. */
#ifndef HF2C_CPU_MATH_H
#define HF2C_CPU_MATH_H

#include "templates/simd/simd.h"

/* c[0] + c[1] x + ... + c[count - 1] x^(count - 1) */
SIMD_INLINE simd_float simd_polynomial(simd_float x, const float *c, const int count)
{
    simd_float sum = simd_set1(c[count - 1]);
    for (int i = count - 2; i >= 0; i--) sum = simd_fma(sum, x, simd_set1(c[i]));
    return sum;
}

/* x = n ln 2 + r, |r| <= ln 2 / 2: e^x = 2^n (1 + r + r^2 p(r)). Beyond the clamps the result is 0 or infinity. */
SIMD_INLINE simd_float simd_exp(simd_float x)
{
    static const float c[] = {0.5f, 0.16666512f, 0.041666187f, 0.008369599f, 0.0013951717f};
    x = simd_min(simd_set1(89.0f), simd_max(simd_set1(-104.0f), x));
    simd_float n = simd_round(x * simd_set1(1.44269504f));
    simd_float r = simd_fma(n, simd_set1(-0.693359375f), x); /* exact: nine bits by nine bits */
    r = simd_fma(n, simd_set1(0.000212194440f), r);
    simd_float tail = simd_fma(r * r, simd_polynomial(r, c, 5), r);
    return simd_scale(simd_set1(1.0f) + tail, n);
}

/* Near 0: x + x^3 p(x^2). Else 1 - 2 / (e^2|x| + 1). */
SIMD_INLINE simd_float simd_tanh(simd_float x)
{
    static const float c[] = {-0.3333328f, 0.13331383f, -0.053734f, 0.020618122f, -0.005679304f};
    simd_float magnitude = simd_abs(x), square = x * x;
    simd_float near_zero = simd_fma(x * square, simd_polynomial(square, c, 5), x);
    simd_float power = simd_exp(magnitude + magnitude);
    simd_float far = simd_set1(1.0f) - simd_set1(2.0f) / (power + simd_set1(1.0f));
    return simd_select_less(magnitude, simd_set1(0.625f), near_zero, simd_copysign(far, x));
}

/* Below 1: x p(x^2). Else 1 - e^q(|x|), q = log erfc on [1, 4]; beyond 4 the result is 1. */
SIMD_INLINE simd_float simd_erf(simd_float x)
{
    static const float p[] = {1.1283791f,   -0.37612626f,   0.112836f,    -0.026854444f,
                              0.005189535f, -0.0008020841f, 7.889119e-05f};
    static const float q[] = {0.00018804023f, -1.1295785f,   -0.6332199f,    -0.10841858f,
                              0.025208257f,   -0.004204562f, 0.00044133636f, -2.168685e-05f};
    simd_float magnitude = simd_min(simd_set1(4.0f), simd_abs(x)), square = x * x;
    simd_float near_zero = x * simd_polynomial(square, p, 7);
    simd_float far = simd_set1(1.0f) - simd_exp(simd_polynomial(magnitude, q, 8));
    return simd_select_less(magnitude, simd_set1(1.0f), near_zero, simd_copysign(far, x));
}

/* log(1 + e^x) = max(x, 0) + log(1 + u), u = e^-|x|; log(1 + u) = s p(s^2), s = u / (u + 2). */
SIMD_INLINE simd_float simd_softplus(simd_float x)
{
    static const float c[] = {2.0f, 0.66666315f, 0.40024910f, 0.27960603f, 0.28178335f};
    simd_float u = simd_exp(-simd_abs(x)), s = u / (u + simd_set1(2.0f));
    return simd_max(simd_set1(0.0f), x) + s * simd_polynomial(s * s, c, 5);
}

#endif
