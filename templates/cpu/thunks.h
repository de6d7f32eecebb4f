/* The body of thunks_ISA.c: the kernels compiled for HF2C_SIMD, a thunk for each, and their table THUNKS_TABLE. */
#include "templates/cpu/kernels.h"
#define HF2C_AHEAD kernels_ahead
#include "templates/simd/begin.h"
#include "templates/cpu/all.h"
#include "templates/cpu/peak.h"

/* A list of kernels.def, P(n, text), becomes (source, n, text); LIST_COUNT and LIST_TEXT take it apart, LIST_ARGUMENTS
 * makes ", source[0], source[1] ..." of it. */
#define P(n, text) (pointers, n, text)
#define D(n, text) (dynamics, n, text)
#define C(n, text) (constants, n, text)
#define F(n, text) (reals, n, text)
#define LIST_COUNT(source, n, text) n
#define LIST_TEXT(source, n, text) text
#define LIST_ARGUMENTS(source, n, text) ARGUMENTS_##n(source)
#define ARGUMENTS_0(s)
#define ARGUMENTS_1(s) , s[0]
#define ARGUMENTS_2(s) ARGUMENTS_1(s), s[1]
#define ARGUMENTS_3(s) ARGUMENTS_2(s), s[2]
#define ARGUMENTS_4(s) ARGUMENTS_3(s), s[3]
#define ARGUMENTS_5(s) ARGUMENTS_4(s), s[4]
#define ARGUMENTS_6(s) ARGUMENTS_5(s), s[5]
#define ARGUMENTS_7(s) ARGUMENTS_6(s), s[6]
#define ARGUMENTS_8(s) ARGUMENTS_7(s), s[7]
#define ARGUMENTS_9(s) ARGUMENTS_8(s), s[8]
#define ARGUMENTS_10(s) ARGUMENTS_9(s), s[9]
#define ARGUMENTS_11(s) ARGUMENTS_10(s), s[10]
#define ARGUMENTS_12(s) ARGUMENTS_11(s), s[11]
#define ARGUMENTS_13(s) ARGUMENTS_12(s), s[12]

#define KERNEL(...) KERNEL_THUNK(__VA_ARGS__)
#define KERNEL_THUNK(function, op, format, file, p, d, c, f)                                                           \
    static void thunk_##function(const hf2c_team *team, void *const *pointers, const int *dynamics,                    \
                                 const int64_t *constants, const float *reals)                                         \
    {                                                                                                                  \
        (void)reals;                                                                                                   \
        function(team LIST_ARGUMENTS p LIST_ARGUMENTS d LIST_ARGUMENTS c LIST_ARGUMENTS f);                            \
    }
#include "templates/kernels.def"

extern hf2c_kernel_peak THUNKS_PEAK;
int64_t THUNKS_PEAK(int kind, int64_t turns, float *sink) { return peak_run(kind, turns, sink); }

#include "templates/simd/end.h"

extern const KernelEntry THUNKS_TABLE[];
extern const size_t THUNKS_COUNT;

#define KERNEL(...) KERNEL_ENTRY(__VA_ARGS__)
#define KERNEL_ENTRY(function, op, format, file, p, d, c, f)                                                           \
    {#function,    #op,         #format,     file,        LIST_COUNT p, LIST_COUNT d,    LIST_COUNT c,                 \
     LIST_COUNT f, LIST_TEXT p, LIST_TEXT d, LIST_TEXT c, LIST_TEXT f,  thunk_##function},
const KernelEntry THUNKS_TABLE[] = {
#include "templates/kernels.def"
};
const size_t THUNKS_COUNT = sizeof(THUNKS_TABLE) / sizeof(THUNKS_TABLE[0]);
