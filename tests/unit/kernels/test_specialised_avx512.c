/* Compiled against interpreted kernels on avx512. */
#define SPECIALISED_ISA "avx512"
#if defined(__x86_64__) && defined(__GNUC__)
#define HF2C_SIMD avx512
#include "specialised.h"
#else
int main(void)
{
    return 0;
}
#endif
