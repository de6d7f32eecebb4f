/* Compiled against interpreted kernels on avx2. */
#define SPECIALISED_ISA "avx2"
#if defined(__x86_64__) && defined(__GNUC__)
#define HF2C_SIMD avx2
#include "specialised.h"
#else
int main(void)
{
    return 0;
}
#endif
