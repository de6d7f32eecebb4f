/* The kernels on AVX-512; empty where the compiler cannot make it. */
#include "templates/cpu/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(HF2C_FEW_ISAS)
#define HF2C_SIMD avx512
#define THUNKS_TABLE kernels_avx512
#define THUNKS_COUNT kernels_avx512_count
#define THUNKS_PEAK peak_avx512
#include "templates/cpu/thunks.h"
#endif
