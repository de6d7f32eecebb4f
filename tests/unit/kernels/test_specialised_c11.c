/* Compiled against interpreted kernels on c11. */
#define SPECIALISED_ISA "c11"
#define HF2C_SIMD c11
#include "specialised.h"
