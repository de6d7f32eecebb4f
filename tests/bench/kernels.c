/* How fast linear is beside what the machine can do: GFLOP/s and the share of the measured fma peak, GB/s and the share
 * of the measured read bandwidth, by rows and shapes. Weights rotate through copies larger than the caches.
 *
 *   bench_kernels [ISA] [THREADS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/core/team.h"
#include "templates/cpu/kernels.h"
#include "templates/cpu/pack.h"

#if !defined(HF2C_SIMD) && defined(__x86_64__) && defined(__GNUC__)
#define HF2C_SIMD avx512 /* of the probes of the machine; -DHF2C_SIMD=avx2 where there is no more */
#endif
#include "templates/simd/begin.h"

enum { PEAK_TURNS = 2000000, PEAK_CHAINS = 12 };
static const size_t probe_bytes = (size_t)192 << 20;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct Probe {
    const float *memory;
    double seconds;
    float sink[64][16];
} Probe;

/* Independent chains of fma, enough of them to fill the units. */
static void peak_body(const hf2c_team *team, void *argument)
{
    Probe *probe = argument;
    simd_float chain[PEAK_CHAINS], factor = simd_set1(probe->memory[0]);
    SIMD_UNROLL
    for (int i = 0; i < PEAK_CHAINS; i++) chain[i] = simd_set1((float)i);
    hf2c_barrier(team);
    double start = now();
    for (int turn = 0; turn < PEAK_TURNS; turn++) {
        SIMD_UNROLL
        for (int i = 0; i < PEAK_CHAINS; i++) chain[i] = simd_fma(chain[i], factor, factor);
    }
    hf2c_barrier(team);
    if (team->index == 0) probe->seconds = now() - start;
    SIMD_UNROLL
    for (int i = 0; i < PEAK_CHAINS; i++) probe->sink[team->index][i] = simd_reduce_add(chain[i]);
}

static void read_body(const hf2c_team *team, void *argument)
{
    Probe *probe = argument;
    size_t part = probe_bytes / sizeof(float) / (size_t)team->count / 1024 * 1024;
    const float *from = probe->memory + part * (size_t)team->index;
    simd_float sum[8];
    SIMD_UNROLL
    for (int i = 0; i < 8; i++) sum[i] = simd_zero();
    hf2c_barrier(team);
    double start = now();
    for (size_t i = 0; i < part; i += 8 * SIMD_LANES) {
        SIMD_UNROLL
        for (int j = 0; j < 8; j++) sum[j] = simd_max(simd_load(from + i + j * SIMD_LANES), sum[j]);
    }
    hf2c_barrier(team);
    if (team->index == 0) probe->seconds = now() - start;
    SIMD_UNROLL
    for (int i = 0; i < 8; i++) probe->sink[team->index][i] = simd_reduce_max(sum[i]);
}

#include "templates/simd/end.h"

/* The best of several runs. */
static double best_seconds(int threads, void (*body)(const hf2c_team *, void *), Probe *probe)
{
    double best = 1e9;
    for (int i = 0; i < 7; i++) {
        hf2c_parallel(threads, body, probe);
        if (probe->seconds < best) best = probe->seconds;
    }
    return best;
}

typedef struct Run {
    const KernelEntry *kernel;
    void *pointers[5];
    int rows, copies, calls;
    int64_t constants[9];
    float reals[2];
    const char *weights;
    size_t bytes;
    double best;
} Run;

static void run_body(const hf2c_team *team, void *argument)
{
    Run *run = argument;
    for (int i = 0; i < run->calls; i++) {
        void *pointers[5];
        memcpy(pointers, run->pointers, sizeof(pointers));
        pointers[2] = (void *)(uintptr_t)(run->weights + (size_t)(i % run->copies) * run->bytes);
        hf2c_barrier(team);
        double start = now();
        run->kernel->thunk(team, pointers, &run->rows, run->constants, run->reals);
        hf2c_barrier(team);
        double seconds = now() - start;
        if (team->index == 0 && seconds < run->best) run->best = seconds;
    }
}

static const KernelEntry *find_kernel(const char *isa, const char *name)
{
    size_t count;
    const KernelEntry *table = kernels_table(isa, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    fprintf(stderr, "no kernel %s for %s\n", name, isa);
    exit(1);
}

static void bench_linear(const char *isa, int threads, const char *name, int format, int64_t K, int64_t N, double peak,
                         double bandwidth, const float *x, float *y, void *weights, size_t weight_space)
{
    static const int row_counts[] = {1, 4, 16, 128, 512};
    PackLayout layout = {format, 16, 0, N, K, 0};
    size_t bytes;
    if (!pack_bytes(&layout, &bytes)) exit(1);
    bytes = (bytes + 4095) / 4096 * 4096;
    printf("%-12s %5lld x %-5lld", name, (long long)N, (long long)K);
    for (size_t i = 0; i < sizeof(row_counts) / sizeof(row_counts[0]); i++) {
        int rows = row_counts[i];
        double work = 2.0 * rows * (double)N * (double)K;
        int calls = (int)(4e10 / work);
        Run run = {.kernel = find_kernel(isa, name), .rows = rows, .copies = (int)(weight_space / bytes), .best = 1e9};
        run.calls = calls < 4 ? 4 : calls > 60 ? 60 : calls;
        run.weights = weights;
        run.bytes = bytes;
        run.pointers[0] = y;
        run.pointers[1] = (void *)(uintptr_t)x;
        int64_t constants[] = {K, N, K, N, 16, pack_block(&layout), 0, 0};
        memcpy(run.constants, constants, sizeof(constants));
        hf2c_parallel(threads, run_body, &run);
        if (rows <= 4)
            printf(" | %5.1f GB/s %3.0f%%", (double)bytes / run.best * 1e-9,
                   (double)bytes / run.best / bandwidth * 100);
        else
            printf(" | %5.0f GF %3.0f%%", work / run.best * 1e-9, work / run.best / peak * 100);
        fflush(stdout);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const char *isa = argc > 1 ? argv[1] : kernels_native_isa();
    int threads = argc > 2 ? atoi(argv[2]) : hf2c_thread_limit();
    static const int64_t shapes[][2] = {{384, 1536}, {768, 3072}, {2048, 2048}, {2048, 8192}, {8192, 2048}};
    static const char *const names[] = {"linear_f32", "linear_bf16", "linear_f16"};
    void *weights = aligned_alloc((size_t)2 << 20, probe_bytes);
    float *x = calloc((size_t)512 * 8192, sizeof(float)), *y = calloc((size_t)512 * 8192, sizeof(float));
    if (!kernels_isa_runs(isa) || threads < 1 || threads > 64 || !weights || !x || !y) return 2;
    for (size_t i = 0; i < probe_bytes / 2; i++) ((uint16_t *)weights)[i] = (uint16_t)(0x3c00 + i % 509);
    for (int i = 0; i < 512 * 8192; i++) x[i] = (float)(i % 1000) * 1e-3f;
    static Probe probe;
    probe.memory = weights;
    double peak = 2.0 * PEAK_TURNS * PEAK_CHAINS * SIMD_LANES * threads / best_seconds(threads, peak_body, &probe);
    double bandwidth = (double)probe_bytes / best_seconds(threads, read_body, &probe);
    printf("%s, %d threads; of the bench's own vectors: peak %.0f GFLOP/s, read %.1f GB/s\n", isa, threads, peak * 1e-9,
           bandwidth * 1e-9);
    printf("%-12s %5s x %-5s | %14s | %14s | %11s | %11s | %11s\n", "kernel", "N", "K", "1 row", "4 rows", "16 rows",
           "128 rows", "512 rows");
    for (int format = 0; format < 3; format++)
        for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
            bench_linear(isa, threads, names[format], format, shapes[i][0], shapes[i][1], peak, bandwidth, x, y,
                         weights, probe_bytes);
    free(weights);
    free(x);
    free(y);
    return 0;
}
