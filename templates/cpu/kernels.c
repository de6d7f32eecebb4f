/* Which table of kernels serves an instruction set, and which sets this machine has. */
#include "templates/cpu/kernels.h"

#include <string.h>

/* The best first. HF2C_FEW_ISAS: builds with sanitizers, which take long over each table, have those that differ most. */
#if !defined(__x86_64__) || !defined(__GNUC__)
#define ISAS(ISA) ISA(c11) ISA(scalar)
#elif defined(HF2C_FEW_ISAS)
#define ISAS(ISA) ISA(avx2) ISA(c11) ISA(scalar)
#else
#define ISAS(ISA) ISA(zen4) ISA(avx512) ISA(avx2) ISA(c11) ISA(scalar)
#endif

#if defined(__x86_64__) && defined(__GNUC__)
static int machine_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif
#if defined(__x86_64__) && defined(__GNUC__) && !defined(HF2C_FEW_ISAS)
static int machine_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx2");
}
static int machine_has_zen4(void)
{
    return machine_has_avx512() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512vbmi");
}
#endif
static int machine_has_c11(void) { return 1; }
static int machine_has_scalar(void) { return 1; }

#define ISA(name) extern const KernelEntry kernels_##name[];
ISAS(ISA)
#undef ISA
#define ISA(name) extern const size_t kernels_##name##_count;
ISAS(ISA)
#undef ISA

#define ISA(name) extern hf2c_kernel_peak peak_##name;
ISAS(ISA)
#undef ISA

int64_t kernels_ahead = 4096;

static const struct {
    const char *name;
    const KernelEntry *table;
    const size_t *count;
    int (*machine_has)(void);
    hf2c_kernel_peak *peak;
} isas[] = {
#define ISA(name) {#name, kernels_##name, &kernels_##name##_count, machine_has_##name, peak_##name},
    ISAS(ISA)
#undef ISA
};
enum { ISA_COUNT = sizeof(isas) / sizeof(isas[0]) };

/* What only products of bytes tell apart has one table here. */
static const char *table_of(const char *isa)
{
    if (strcmp(isa, "dsp") == 0 || strcmp(isa, "helium") == 0) return "scalar";
    return strcmp(isa, "dotprod") == 0 || strcmp(isa, "i8mm") == 0 ? "c11" : isa;
}

const KernelEntry *kernels_table(const char *isa, size_t *count)
{
    for (int i = 0; i < ISA_COUNT; i++)
        if (strcmp(isas[i].name, table_of(isa)) == 0) {
            *count = *isas[i].count;
            return isas[i].table;
        }
    *count = 0;
    return NULL;
}

int kernels_isa_runs(const char *isa)
{
    for (int i = 0; i < ISA_COUNT; i++)
        if (strcmp(isas[i].name, table_of(isa)) == 0) return isas[i].machine_has();
    return 0;
}

int64_t kernels_peak(const char *isa, int kind, int64_t turns, float *sink)
{
    for (int i = 0; i < ISA_COUNT; i++)
        if (strcmp(isas[i].name, table_of(isa)) == 0) return isas[i].peak(kind, turns, sink);
    return 0;
}

const char *kernels_native_isa(void)
{
    for (int i = 0; i < ISA_COUNT; i++)
        if (isas[i].machine_has()) return isas[i].name;
    return "c11";
}
