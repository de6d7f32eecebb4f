/* The accuracy of exp, tanh and erf on avx2. */
#define MATH_ISA "avx2"
#if defined(__x86_64__) && defined(__GNUC__)
#define HF2C_SIMD avx2
#include "math_accuracy.h"
#else
int main(void) { return 0; }
#endif
