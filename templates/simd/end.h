/* Closes what begin.h opened. */
#if HF2C_ISA > HF2C_ISA_c11
#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT DEFAULT
#endif
