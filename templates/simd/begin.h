/* Opens the part of a source file that is compiled for HF2C_SIMD, whatever the compiler's flags: everything up to
 * end.h, kernels and the functions that call them. Headers of the system come first, outside of it. */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/core/team.h"
#include "templates/format/layout.h"
#include "templates/kernel.h"
#include "templates/simd/simd.h"

#if HF2C_ISA > HF2C_ISA_c11
#include <immintrin.h>
#elif HF2C_ISA == HF2C_ISA_helium
#include <arm_mve.h>
#elif HF2C_ISA == HF2C_ISA_dsp && defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#elif HF2C_ISA == HF2C_ISA_dotprod || HF2C_ISA == HF2C_ISA_i8mm
#include <arm_neon.h>
#endif

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif
#if HF2C_ISA == HF2C_ISA_avx2
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif
#elif HF2C_ISA == HF2C_ISA_avx512
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx2,fma,f16c"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx2,fma,f16c")
#endif
#elif HF2C_ISA == HF2C_ISA_zen4
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx512bf16,avx512vbmi,avx2,fma,f16c"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vnni,avx512bf16,avx512vbmi,avx2,fma,f16c")
#endif
#endif

#if HF2C_ISA >= HF2C_ISA_avx512
#include "templates/simd/avx512.h"
#elif HF2C_ISA == HF2C_ISA_avx2
#include "templates/simd/avx2.h"
#elif HF2C_ISA >= HF2C_ISA_dotprod && defined(__GNUC__)
#include "templates/simd/vector.h"
#else
#include "templates/simd/scalar.h"
#endif
