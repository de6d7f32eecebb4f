/* tune: see tune.h. Candidates take turns, round after round; medians count, and what the target has stays where nothing is clearly better. */
#include "compiler/command/tune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command/bench.h"
#include "runtime/core/team.h"

enum { ROUNDS = 31, MOST_CANDIDATES = 8 };

typedef struct Candidates {
    int count, kept; /* kept: number of the value that the target has, or -1 */
    int64_t value[MOST_CANDIDATES];
    double seconds[MOST_CANDIDATES][ROUNDS], middle[MOST_CANDIDATES];
} Candidates;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void take_medians(Candidates *c)
{
    for (int i = 0; i < c->count; i++) {
        qsort(c->seconds[i], ROUNDS, sizeof(double), ascending);
        c->middle[i] = c->seconds[i][ROUNDS / 2];
    }
}

/* ---- ahead: how far before their turn few rows ask for weights ---- */

/* The kernel that reads most of the model's weights, one row, and copies of its weights as many as the model has, so that they come from where
 * the model's will. */
typedef struct Reading {
    const Instance *instance;
    size_t weight_bytes, copies;
    char *weights;
    float *x, *y;
    double seconds;
} Reading;

static const Instance *largest_linear(const Plan *plan, size_t *bytes)
{
    const Instance *largest = NULL;
    for (size_t i = 0; i < plan->steps; i++) {
        const Step *step = &plan->step[i];
        if (strncmp(step->call.op, "linear", 6) != 0 || step->pointer[2].place != PLACE_WEIGHTS) continue;
        const PackedWeight *weight = plan_weight(plan, step->pointer[2].node);
        if (largest && weight->bytes <= *bytes) continue;
        largest = &plan->instance[step->instance];
        *bytes = weight->bytes;
    }
    return largest;
}

static void read_body(const hf2c_team *team, void *argument)
{
    Reading *reading = argument;
    const Instance *instance = reading->instance;
    const int one = 1;
    float reals[CALL_MAX_REALS];
    for (int i = 0; i < CALL_MAX_REALS; i++) reals[i] = (float)instance->call.real[i];
    hf2c_barrier(team);
    double start = seconds_since_boot();
    for (size_t i = 0; i < reading->copies; i++) {
        void *pointers[CALL_MAX_POINTERS] = {reading->y, reading->x, reading->weights + i * reading->weight_bytes};
        instance->kernel->thunk(team, pointers, &one, instance->call.constant, reals);
    }
    hf2c_barrier(team);
    if (team->index == 0) reading->seconds = seconds_since_boot() - start;
}

/* Codes and scales that are ordinary numbers in every format. */
static bool reading_begin(Reading *reading, const Plan *plan)
{
    static const size_t most = (size_t)512 << 20;
    reading->instance = largest_linear(plan, &reading->weight_bytes);
    if (!reading->instance || reading->weight_bytes > most) return false;
    reading->weight_bytes = (reading->weight_bytes + 63) / 64 * 64;
    reading->copies = (plan->weights_bytes < most ? plan->weights_bytes : most) / reading->weight_bytes;
    if (reading->copies == 0) reading->copies = 1;
    size_t bytes = reading->copies * reading->weight_bytes;
    const int64_t *constant = reading->instance->call.constant;
    size_t numbers = (size_t)(constant[0] > constant[1] ? constant[0] : constant[1]) * 2 + 4096;
    reading->weights = aligned_alloc(64, bytes);
    reading->x = aligned_alloc(64, numbers / 16 * 64);
    reading->y = aligned_alloc(64, numbers / 16 * 64);
    if (!reading->weights || !reading->x || !reading->y) fatal("no memory to measure with");
    for (size_t i = 0; i < bytes / 2; i++) ((uint16_t *)(void *)reading->weights)[i] = (uint16_t)(0x2c00 + i * 2654435761u % 509);
    memset(reading->x, 0, numbers / 16 * 64);
    return true;
}

static void measure_ahead(const Plan *plan, int threads, Reading *reading, Candidates *c)
{
    static const int64_t values[] = {1, 1024, 2048, 3072, 4096, 6144, 8192, 12288};
    int64_t before = kernels_ahead;
    c->count = COUNT_OF(values);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < c->count; i++) {
            kernels_ahead = c->value[i] = values[i];
            if (values[i] == (plan->options.target->ahead ? plan->options.target->ahead : before)) c->kept = i;
            hf2c_parallel(threads, read_body, reading);
            c->seconds[i][round] = reading->seconds;
        }
    kernels_ahead = before;
    take_medians(c);
}

/* ---- alone: the most work that one thread does sooner than several get ready to share it ---- */

typedef struct Sharing {
    const KernelEntry *kernel;
    int64_t K, N;
    float *weights, *x, *y;
    int alone;
    double seconds;
} Sharing;

enum { STEPS = 400, WIDTH = 512, PANEL = 16 };

static void share_body(const hf2c_team *team, void *argument)
{
    Sharing *sharing = argument;
    const int one = 1;
    const int64_t constants[] = {sharing->K, sharing->N, sharing->K, sharing->N, PANEL, 1, 0, 0};
    const float reals[] = {0};
    void *pointers[CALL_MAX_POINTERS] = {sharing->y, sharing->x, sharing->weights};
    double start = seconds_since_boot();
    for (int i = 0; i < STEPS; i++) {
        hf2c_team part;
        if (hf2c_enter(team, &part, sharing->alone)) sharing->kernel->thunk(&part, pointers, &one, constants, reals);
    }
    hf2c_barrier(team);
    if (team->index == 0) sharing->seconds = (seconds_since_boot() - start) / STEPS;
}

static const KernelEntry *kernel_named(const char *isa, const char *name)
{
    size_t count;
    const KernelEntry *table = kernels_table(isa, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    bug("no kernel %s", name);
}

/* c: of one thread; together: of the same work shared. */
static void measure_alone(const char *isa, int threads, Candidates *c, Candidates *together)
{
    static const int64_t work[] = {2048, 4096, 8192, 16384, 32768, 65536, 131072};
    Sharing s = {.kernel = kernel_named(isa, "linear_f32")};
    s.weights = calloc((size_t)WIDTH * WIDTH, sizeof(float));
    s.x = calloc(WIDTH, sizeof(float));
    s.y = calloc(WIDTH, sizeof(float));
    if (!s.weights || !s.x || !s.y) fatal("no memory to measure with");
    c->count = together->count = COUNT_OF(work);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < c->count; i++) {
            for (s.N = PANEL * 2; s.N * s.N < work[i]; s.N *= 2) continue;
            s.K = work[i] / s.N;
            c->value[i] = work[i];
            s.alone = 1;
            hf2c_parallel(threads, share_body, &s);
            c->seconds[i][round] = s.seconds;
            s.alone = 0;
            hf2c_parallel(threads, share_body, &s);
            together->seconds[i][round] = s.seconds;
        }
    take_medians(c);
    take_medians(together);
    free(s.weights);
    free(s.x);
    free(s.y);
}

/* ---- the file ---- */

static void print_ahead(Str *out, const Reading *reading, Candidates *c)
{
    int best = c->kept < 0 ? 0 : c->kept;
    for (int i = 0; i < c->count; i++)
        if (c->middle[i] < 0.97 * c->middle[best] && (best == c->kept || c->middle[i] < c->middle[best])) best = i;
    str_printf(out, "# %s, %lld x %lld, one row, GB/s by bytes ahead:", reading->instance->kernel->name, (long long)reading->instance->call.constant[1],
               (long long)reading->instance->call.constant[0]);
    for (int i = 0; i < c->count; i++)
        str_printf(out, " %lld: %.1f%s", (long long)c->value[i], (double)(reading->copies * reading->weight_bytes) / c->middle[i] * 1e-9,
                   i + 1 < c->count ? "," : "\n");
    str_printf(out, "ahead = %lld\n", (long long)c->value[best]);
}

/* Where something else has the processors, threads wait for each other long: such numbers say nothing, and the target's stays. */
static void print_alone(Str *out, const Candidates *c, const Candidates *together)
{
    static const double longest_wait = 5e-6;
    int64_t most = 0;
    if (together->middle[0] > longest_wait) {
        str_printf(out, "# alone: not measured, other programs have the processors: threads get ready in %.0f ns\n", 1e9 * together->middle[0]);
        return;
    }
    for (int i = 0; i < c->count && c->middle[i] <= together->middle[i]; i++) most = c->value[i];
    str_printf(out, "# nanoseconds of one thread and of all by multiply-accumulates:");
    for (int i = 0; i < c->count; i++)
        str_printf(out, " %lld: %.0f and %.0f%s", (long long)c->value[i], 1e9 * c->middle[i], 1e9 * together->middle[i],
                   i + 1 < c->count ? "," : "\n");
    str_printf(out, "alone = %lld\n", (long long)most);
}

static void write_tuning(const char *path, const Str *text)
{
    Err err = {{0}};
    FileWriter *writer = writer_open(path, &err);
    if (!writer) fatal("%s", err.text);
    writer_write(writer, text->data, text->length);
    if (!writer_commit(writer, false, &err)) fatal("%s", err.text);
}

void tune_measure(Arena *arena, const Options *options, const CompileOptions *compile_options)
{
    static Candidates ahead, alone, together;
    Err err = {{0}};
    const Compiled *c = compile(arena, compile_options, &err);
    if (!c) fatal("%s", err.text);
    const Target *target = c->target;
    int threads = target->threads ? hf2c_thread_limit() : 1;
    if (!target->hosted || target->device || !kernels_isa_runs(target->isa))
        fatal("--tune %s: there is no such file, and this machine cannot run what target %s has, so nothing can be measured", options->tune, target->name);
    Str text = {0};
    Reading reading = {0};
    str_printf(&text, "# %s, %d threads\n", target->name, threads);
    ahead.kept = -1;
    if (reading_begin(&reading, c->plan)) {
        measure_ahead(c->plan, threads, &reading, &ahead);
        print_ahead(&text, &reading, &ahead);
    }
    if (threads > 1) {
        measure_alone(target->isa, threads, &alone, &together);
        print_alone(&text, &alone, &together);
    }
    write_tuning(options->tune, &text);
    printf("%s", text.data);
    free(reading.weights);
    free(reading.x);
    free(reading.y);
    str_free(&text);
}
