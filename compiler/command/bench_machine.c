/* bench_machine: what the machine itself can do, measured in the same run as the models. */
#include <stdlib.h>
#include <string.h>

#include "compiler/command/bench.h"
#include "runtime/core/team.h"

enum { PROBES = 5, BARRIERS = 20000 };

typedef struct Probe {
    const uint64_t *memory;
    size_t words, turns;
    double seconds;
    uint64_t sink[256]; /* what each thread read, so that it is read */
} Probe;

static uint64_t read_words(const uint64_t *from, size_t words)
{
    uint64_t sum[8] = {0};
    for (size_t i = 0; i + 8 <= words; i += 8)
        for (size_t j = 0; j < 8; j++) sum[j] ^= from[i + j];
    return sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5] ^ sum[6] ^ sum[7];
}

static void read_body(const hf2c_team *team, void *argument)
{
    Probe *probe = argument;
    size_t part = probe->words / (size_t)team->count;
    hf2c_barrier(team);
    double start = seconds_since_boot();
    for (size_t turn = 0; turn < probe->turns; turn++)
        probe->sink[team->index % 256] += read_words(probe->memory + part * (size_t)team->index, part) ^ turn;
    hf2c_barrier(team);
    if (team->index == 0) probe->seconds = seconds_since_boot() - start;
}

static void barrier_body(const hf2c_team *team, void *argument)
{
    Probe *probe = argument;
    hf2c_barrier(team);
    double start = seconds_since_boot();
    for (int i = 0; i < BARRIERS; i++) hf2c_barrier(team);
    if (team->index == 0) probe->seconds = seconds_since_boot() - start;
}

static double best_seconds(int threads, void (*body)(const hf2c_team *, void *), Probe *probe)
{
    double best = 0;
    for (int i = 0; i < PROBES; i++) {
        hf2c_parallel(threads, body, probe);
        if (i == 0 || probe->seconds < best) best = probe->seconds;
    }
    return best;
}

double machine_bandwidth(size_t bytes, int threads)
{
    static const size_t read_at_least = (size_t)64 << 20;
    uint64_t *memory = malloc(bytes);
    if (!memory || bytes < 4096) fatal("no memory for a probe of %zu bytes", bytes);
    for (size_t i = 0; i < bytes / 8; i++) memory[i] = i * 0x9e3779b97f4a7c15u;
    Probe probe = {.memory = memory, .words = bytes / 8, .turns = read_at_least / bytes + 1};
    double seconds = best_seconds(threads, read_body, &probe);
    free(memory);
    return (double)bytes * (double)probe.turns / seconds;
}

typedef struct Units {
    const char *isa;
    int kind;
    int64_t operations[256];
    float sink[256];
    double seconds;
} Units;

static void units_body(const hf2c_team *team, void *argument)
{
    enum { TURNS = 400000 };
    Units *units = argument;
    int i = team->index % 256;
    units->sink[i] = 0x1p-20f;
    hf2c_barrier(team);
    double start = seconds_since_boot();
    units->operations[i] = kernels_peak(units->isa, units->kind, TURNS, &units->sink[i]);
    hf2c_barrier(team);
    if (team->index == 0) units->seconds = seconds_since_boot() - start;
}

double machine_peak(const char *isa, int kind, int threads)
{
    Units units = {.isa = isa, .kind = kind};
    double best = 0;
    for (int i = 0; i < PROBES; i++) {
        hf2c_parallel(threads, units_body, &units);
        double rate = (double)threads * (double)units.operations[0] / units.seconds;
        if (rate > best) best = rate;
    }
    return best;
}

double machine_barrier(int threads)
{
    Probe probe = {.words = 0};
    return best_seconds(threads, barrier_body, &probe) / BARRIERS;
}

static int kind_of(Format activations)
{
    return activations == FORMAT_a8 ? PEAK_int8 : activations == FORMAT_bf16 ? PEAK_bf16 : PEAK_f32;
}

double work_per_token(const Compiled *compiled, int *kind)
{
    const Graph *graph = compiled->plan->graph;
    double work[PEAK_int8 + 1] = {0}, all = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->op != OP_linear || node_is_constant(node) || node->shape.dim[0].symbol != SYMBOL_rows) continue;
        Shape weight = node->operand[1]->shape;
        work[kind_of(node->operand[0]->format)] += 2.0 * (double)weight.dim[0].size * (double)weight.dim[1].size;
    }
    *kind = PEAK_f32;
    for (int i = 0; i <= PEAK_int8; i++) {
        all += work[i];
        if (work[i] > work[*kind]) *kind = i;
    }
    return all;
}

size_t bytes_per_token(const Compiled *compiled, int position)
{
    const Plan *plan = compiled->plan;
    size_t bytes = 0;
    for (size_t i = 0; i < plan->weights; i++) {
        const PackedWeight *weight = &plan->weight[i];
        /* Of a table that only an embedding reads a token needs one row. */
        bool whole = plan->is_linear_weight[weight->node->id] || weight->node->shape.rank < 2;
        bytes += whole ? weight->bytes : weight->bytes / (size_t)weight->node->shape.dim[0].size;
    }
    return bytes + plan->state_bytes / (size_t)plan->options.max_sequence * (size_t)position;
}
