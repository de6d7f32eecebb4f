/* The kernels on AVX2; empty where the compiler cannot make it. */
#include "templates/cpu/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HF2C_SIMD avx2
#define THUNKS_TABLE kernels_avx2
#define THUNKS_COUNT kernels_avx2_count
#define THUNKS_PEAK peak_avx2
#include "templates/cpu/thunks.h"
#endif
