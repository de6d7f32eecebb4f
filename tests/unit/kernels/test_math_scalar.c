/* The accuracy of exp, tanh and erf on scalar. */
#define MATH_ISA "scalar"
#define HF2C_SIMD scalar
#include "math_accuracy.h"
