/* The accuracy of exp, tanh and erf on avx512. */
#define MATH_ISA "avx512"
#if defined(__x86_64__) && defined(__GNUC__)
#define HF2C_SIMD avx512
#include "math_accuracy.h"
#else
int main(void) { return 0; }
#endif
