/* The kernels in plain C11, element by element. */
#define HF2C_SIMD scalar
#define THUNKS_TABLE kernels_scalar
#define THUNKS_COUNT kernels_scalar_count
#define THUNKS_PEAK peak_scalar
#include "templates/cpu/thunks.h"
