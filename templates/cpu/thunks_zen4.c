/* The kernels on AVX-512 with VNNI, BF16 and VBMI; empty where the compiler cannot make it. */
#include "templates/cpu/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(HF2C_FEW_ISAS)
#define HF2C_SIMD zen4
#define THUNKS_TABLE kernels_zen4
#define THUNKS_COUNT kernels_zen4_count
#define THUNKS_PEAK peak_zen4
#include "templates/cpu/thunks.h"
#endif
