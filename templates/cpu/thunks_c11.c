/* The kernels in portable C11. */
#define HF2C_SIMD c11
#define THUNKS_TABLE kernels_c11
#define THUNKS_COUNT kernels_c11_count
#include "templates/cpu/thunks.h"
