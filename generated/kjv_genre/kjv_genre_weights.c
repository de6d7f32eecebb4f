/* kjv_genre_weights.c: the bytes of kjv_genre.weights, in this program's read-only data. */
#include "kjv_genre.h"

#if defined(HF2C_WEIGHTS_SECTION)
#define SECTION HF2C_WEIGHTS_SECTION
#elif defined(__APPLE__)
#define SECTION "__TEXT,__const"
#elif defined(_WIN32)
#define SECTION ".rdata,\"dr\""
#elif defined(__wasm__)
#define SECTION ".rodata.weights,\"\",@"
#elif defined(__arm__)
#define SECTION ".rodata,\"a\",%progbits"
#else
#define SECTION ".rodata,\"a\",@progbits"
#endif
#if defined(__APPLE__)
#define SYMBOL "_kjv_genre_weights"
#else
#define SYMBOL "kjv_genre_weights"
#endif

/* A type and a size: what links against a shared library finds the bytes by them. */
#if defined(__ELF__)
#define BEGIN ".type " SYMBOL ", %object\n"
#define END ".size " SYMBOL ", . - " SYMBOL "\n"
#elif defined(__wasm__)
#define BEGIN ".type " SYMBOL ",@object\n"
#define END ".size " SYMBOL ", . - " SYMBOL "\n"
#else
#define BEGIN
#define END
#endif

__asm__(".section " SECTION "\n"
        ".p2align 6\n"
        ".globl " SYMBOL "\n"
        BEGIN SYMBOL ":\n"
        ".incbin \"kjv_genre.weights\"\n"
        ".byte 0\n"
        END ".text\n");
