/* The accuracy of exp, tanh and erf on c11. */
#define MATH_ISA "c11"
#define HF2C_SIMD c11
#include "math_accuracy.h"
