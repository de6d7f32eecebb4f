/* The kernels in portable C11. */
#define HF2C_SIMD c11
#define THUNKS_TABLE kernels_c11
#define THUNKS_COUNT kernels_c11_count
#define THUNKS_PEAK peak_c11
#include "templates/cpu/thunks.h"
