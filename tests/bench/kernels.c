/* How fast linear is beside what the machine can do: operations per second and their share of the measured peak of the same kind of product;
 * for few rows GB/s of weights and their share of the measured read bandwidth. Cold weights: copies beyond the caches take turns, each in one
 * stretch of huge pages where the system has them. Formats take turns too, round after round: best and median.
 *
 *   bench_kernels [ISA] [THREADS] [ROUNDS]
 */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* madvise */
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "runtime/core/team.h"
#include "templates/cpu/a8.h"
#include "templates/cpu/kernels.h"
#include "templates/cpu/pack.h"

enum { ROUNDS_MOST = 101, ROWS_MOST = 512, COLUMNS_MOST = 8192, WORDS_AT_A_TIME = 8, PEAK_TURNS = 400000 };
static const size_t weight_space = (size_t)256 << 20;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- the machine ---- */

typedef struct Probe {
    const char *isa;
    const uint64_t *memory;
    int kind;
    int64_t operations;
    double seconds;
    uint64_t sink[64];
} Probe;

static void read_body(const hf2c_team *team, void *argument)
{
    Probe *probe = argument;
    size_t part = weight_space / sizeof(uint64_t) / (size_t)team->count / WORDS_AT_A_TIME * WORDS_AT_A_TIME;
    const uint64_t *from = probe->memory + part * (size_t)team->index;
    uint64_t sum[WORDS_AT_A_TIME] = {0};
    hf2c_barrier(team);
    double start = now();
    for (size_t i = 0; i < part; i += WORDS_AT_A_TIME)
        for (int j = 0; j < WORDS_AT_A_TIME; j++) sum[j] ^= from[i + (size_t)j];
    for (int j = 0; j < WORDS_AT_A_TIME; j++) probe->sink[team->index % 64] ^= sum[j];
    hf2c_barrier(team);
    if (team->index == 0) probe->seconds = now() - start;
}

static void peak_body(const hf2c_team *team, void *argument)
{
    Probe *probe = argument;
    float sink = 0x1p-20f;
    hf2c_barrier(team);
    double start = now();
    int64_t operations = kernels_peak(probe->isa, probe->kind, PEAK_TURNS, &sink);
    hf2c_barrier(team);
    if (team->index == 0) probe->seconds = now() - start;
    if (team->index == 0) probe->operations = operations * team->count;
}

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

/* ---- what is measured ---- */

/* x: how the kernel takes its activations, which says of which kind its products are. */
typedef struct Subject {
    const char *kernel;
    int format, x;
} Subject;

static const Subject subjects[] = {
    {"linear_q4_a8", WEIGHT_q4, PEAK_int8},   {"linear_q4z_a8", WEIGHT_q4z, PEAK_int8}, {"linear_q8_a8", WEIGHT_q8, PEAK_int8},
    {"linear_int8_a8", WEIGHT_int8, PEAK_int8}, {"linear_bf16_bf16", WEIGHT_bf16, PEAK_bf16}, {"linear_f32", WEIGHT_f32, PEAK_f32},
    {"linear_bf16", WEIGHT_bf16, PEAK_f32},   {"linear_nf4", WEIGHT_nf4, PEAK_f32},     {"linear_nf4_double", WEIGHT_nf4_double, PEAK_f32},
    {"linear_q4", WEIGHT_q4, PEAK_f32},       {"linear_q8", WEIGHT_q8, PEAK_f32},         {"linear_e4m3", WEIGHT_e4m3, PEAK_f32},
    {"linear_nf4_bf16", WEIGHT_nf4, PEAK_bf16}, {"linear_nf4_double_bf16", WEIGHT_nf4_double, PEAK_bf16}, {"linear_e4m3_bf16", WEIGHT_e4m3, PEAK_bf16},
};
enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };
static const int row_counts[] = {1, 4, 16, 128, 512};
enum { ROW_COUNTS = sizeof(row_counts) / sizeof(row_counts[0]) };

static const KernelEntry *find_kernel(const char *isa, const char *name)
{
    size_t count;
    const KernelEntry *table = kernels_table(isa, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    fprintf(stderr, "no kernel %s for %s\n", name, isa);
    exit(1);
}

typedef struct Run {
    const KernelEntry *kernel;
    void *pointers[5];
    int rows;
    int64_t constants[8];
    float reals[1];
    double seconds;
} Run;

static void run_body(const hf2c_team *team, void *argument)
{
    Run *run = argument;
    hf2c_barrier(team);
    double start = now();
    run->kernel->thunk(team, run->pointers, &run->rows, run->constants, run->reals);
    hf2c_barrier(team);
    if (team->index == 0) run->seconds = now() - start;
}

typedef struct Bench {
    const char *isa;
    int threads, rounds;
    double bandwidth, peak[PEAK_int8 + 1];
    char *weights;
    float *x, *y;
    char *narrow;   /* x as bf16 or a8 */
    size_t turn;    /* of the copies of the weights */
    double seconds[SUBJECTS][ROW_COUNTS][ROUNDS_MOST];
} Bench;

static void make_narrow(Bench *b, int kind, int rows, int64_t K)
{
    if (kind == PEAK_f32) return;
    void *pointers[] = {b->narrow, b->x};
    const KernelEntry *kernel = find_kernel(b->isa, kind == PEAK_int8 ? "quantize_a8" : "quantize_bf16");
    kernel->thunk(&(hf2c_team){0, 1, NULL}, pointers, &rows, (int64_t[]){K, K}, NULL);
}

static size_t bytes_of(const Subject *s, int64_t N, int64_t K, int64_t *block)
{
    PackLayout layout = {s->format, 16, 0, N, K, 0};
    size_t bytes;
    if (!pack_bytes(&layout, &bytes)) exit(1);
    *block = pack_block(&layout);
    return bytes;
}

static double time_once(Bench *b, const Subject *s, int rows, int64_t N, int64_t K)
{
    int64_t block;
    size_t bytes = (bytes_of(s, N, K, &block) + 4095) / 4096 * 4096, copies = weight_space / bytes;
    Run run = {.kernel = find_kernel(b->isa, s->kernel), .rows = rows, .constants = {K, N, K, N, 16, block, 0, 0}};
    run.pointers[0] = b->y;
    run.pointers[1] = s->x == PEAK_f32 ? (void *)b->x : b->narrow;
    run.pointers[2] = b->weights + b->turn++ % copies * bytes;
    make_narrow(b, s->x, rows, K);
    hf2c_parallel(b->threads, run_body, &run);
    return run.seconds;
}

static void print_cell(const Bench *b, const Subject *s, int rows, double work, size_t bytes, double best, double middle)
{
    if (rows <= 4)
        printf(" %5.1f GB/s %3.0f%% (%3.0f%%) |", (double)bytes / best * 1e-9, 100 * (double)bytes / best / b->bandwidth,
               100 * (double)bytes / middle / b->bandwidth);
    else
        printf(" %5.0f G %3.0f%% (%3.0f%%) |", work / best * 1e-9, 100 * work / best / b->peak[s->x], 100 * work / middle / b->peak[s->x]);
}

static void bench_shape(Bench *b, int64_t N, int64_t K)
{
    for (int round = 0; round < b->rounds; round++)
        for (int r = 0; r < ROW_COUNTS; r++)
            for (int i = 0; i < SUBJECTS; i++) b->seconds[i][r][round] = time_once(b, &subjects[i], row_counts[r], N, K);
    for (int i = 0; i < SUBJECTS; i++) {
        int64_t block;
        size_t bytes = bytes_of(&subjects[i], N, K, &block);
        printf("| %-16s | %4lld x %-4lld |", subjects[i].kernel, (long long)N, (long long)K);
        for (int r = 0; r < ROW_COUNTS; r++) {
            double *seconds = b->seconds[i][r];
            qsort(seconds, (size_t)b->rounds, sizeof(double), ascending);
            print_cell(b, &subjects[i], row_counts[r], 2.0 * row_counts[r] * (double)N * (double)K, bytes, seconds[0], seconds[b->rounds / 2]);
        }
        printf("\n");
    }
}

static void measure_machine(Bench *b)
{
    static Probe probe;
    probe = (Probe){.isa = b->isa, .memory = (const uint64_t *)(const void *)b->weights};
    b->bandwidth = (double)weight_space / best_seconds(b->threads, read_body, &probe);
    printf("%s, %d threads: read %.1f GB/s", b->isa, b->threads, b->bandwidth * 1e-9);
    for (probe.kind = PEAK_f32; probe.kind <= PEAK_int8; probe.kind++) {
        double seconds = best_seconds(b->threads, peak_body, &probe);
        b->peak[probe.kind] = (double)probe.operations / seconds;
        if (probe.operations == 0) b->peak[probe.kind] = b->peak[PEAK_f32]; /* widened */
        printf("; %s %.0f GOP/s", probe.kind == PEAK_f32 ? "f32" : probe.kind == PEAK_bf16 ? "bf16" : "int8", b->peak[probe.kind] * 1e-9);
    }
    printf("\n| kernel | N x K | 1 row: best (median) | 4 rows | 16 rows | 128 rows | 512 rows |\n|---|---|---|---|---|---|---|\n");
}

/* Any codes and scales that are ordinary numbers in every format. */
static char *make_weights(void)
{
    char *weights = aligned_alloc((size_t)2 << 20, weight_space);
    if (!weights) exit(1);
#ifdef __linux__
    (void)madvise(weights, weight_space, MADV_HUGEPAGE);
#endif
    for (size_t i = 0; i < weight_space / 2; i++) ((uint16_t *)(void *)weights)[i] = (uint16_t)(0x2c00 + i * 2654435761u % 509);
    return weights;
}

int main(int argc, char **argv)
{
    static const int64_t shapes[][2] = {{8192, 2048}, {2048, 8192}, {768, 3072}, {384, 1536}};
    static Bench b;
    b.isa = argc > 1 ? argv[1] : kernels_native_isa();
    b.threads = argc > 2 ? atoi(argv[2]) : hf2c_thread_limit();
    b.rounds = argc > 3 ? atoi(argv[3]) : 7;
    if (!kernels_isa_runs(b.isa) || b.threads < 1 || b.threads > 64 || b.rounds < 1 || b.rounds > ROUNDS_MOST) return 2;
    b.weights = make_weights();
    b.x = calloc((size_t)ROWS_MOST * COLUMNS_MOST, sizeof(float));
    b.y = calloc((size_t)ROWS_MOST * COLUMNS_MOST, sizeof(float));
    b.narrow = aligned_alloc(A8_ALIGNMENT, ROWS_MOST * a8_row_bytes(2 * COLUMNS_MOST));
    if (!b.x || !b.y || !b.narrow) return 2;
    for (int i = 0; i < ROWS_MOST * COLUMNS_MOST; i++) b.x[i] = (float)(i % 1000) * 1e-3f;
    measure_machine(&b);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) bench_shape(&b, shapes[i][0], shapes[i][1]);
    free(b.weights), free(b.x), free(b.y), free(b.narrow);
    return 0;
}
