/* bench: compiled against interpreted, interleaved in one run, medians; a Markdown table. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "compiler/command/bench.h"
#include "compiler/command/command.h"
#include "compiler/engine/loaded.h"
#include "runtime/core/team.h"

enum { PROMPT = 128, MANY = 8, SUBJECT_MAX = 16 };

typedef struct Bench {
    Arena *arena;
    const Options *options;
    int threads, runs;
    Contestant contestant[CONTESTANT_MAX];
    Subject subject[SUBJECT_MAX];
    size_t subjects;
    double bandwidth, peak[PEAK_int8 + 1]; /* of the machine, where --machine asks for them */
} Bench;

/* ---- contestants ---- */

/* Encoders need room for a batch of long sequences. */
static Compiled *compile_for(const Bench *b, bool with_passes)
{
    static const char *const none[] = {"all", "roll"};
    CompileOptions options = options_compile(b->options);
    if (!with_passes) {
        options.passes.without = none;
        options.passes.without_count = COUNT_OF(none);
    }
    Compiled *c = command_compile(b->arena, b->options, &options);
    if (options.max_rows || c->built.cached || c->facts.max_rows >= MANY * PROMPT) return c;
    options.max_rows = MANY * (c->facts.max_sequence < PROMPT ? c->facts.max_sequence : PROMPT);
    return command_compile(b->arena, b->options, &options);
}

static void add_contestant(Bench *b, int which, const char *name, bool compiled_code, bool with_passes)
{
    Err err = {{0}};
    Contestant *c = &b->contestant[which];
    LoadOptions load = {.compiler = b->options->compiler, .verbose = b->options->verbose};
    double start = seconds_since_boot();
    Compiled *compiled = compile_for(b, with_passes);
    Engine *engine = compiled_code ? engine_compiled(b->arena, compiled, &load, &err) : engine_interpreter(b->arena, compiled, &err);
    if (!engine) fatal("%s", err.text);
    *c = (Contestant){.name = name, .compiled = compiled, .engine = engine, .made = seconds_since_boot() - start};
    size_t slots = compiled->facts.state_bytes ? 1 : MANY;
    if (!engine_context(b->arena, &engine->model, engine, engine->weights, slots, b->threads, &c->context, &err)) fatal("%s", err.text);
}

/* ---- subjects ---- */

static Subject *add_subject(Bench *b, int kind, int sequences, int tokens)
{
    if (b->subjects == SUBJECT_MAX) bug("too many subjects");
    Subject *s = &b->subject[b->subjects++];
    s->kind = kind;
    s->sequences = sequences;
    s->tokens = tokens;
    return s;
}

static int at_most(int64_t wish, int limit) { return wish < limit ? (int)wish : limit; }

static void choose_images(Bench *b, const hf2c_model *model)
{
    for (int images = 1; images <= model->max_images; images += model->max_images > 1 ? model->max_images - 1 : 1) {
        Subject *s = add_subject(b, SUBJECT_see, images, 0);
        snprintf(s->name, sizeof s->name, "%d image%s, ms", images, images > 1 ? "s" : "");
    }
}

static void choose_subjects(Bench *b)
{
    static const int lengths[] = {8, 32, PROMPT};
    const hf2c_model *model = &b->contestant[0].compiled->facts;
    snprintf(add_subject(b, SUBJECT_start, 1, 1)->name, sizeof b->subject->name, "start-up to first result, ms");
    if (model->state_bytes) {
        int prompt = at_most(PROMPT, at_most(model->max_rows, model->max_sequence / 2));
        int fresh = at_most(b->options->tokens ? b->options->tokens : 64, model->max_sequence - 1);
        Subject *s = add_subject(b, SUBJECT_prefill, 1, prompt);
        snprintf(s->name, sizeof s->name, "prompt of %d, tokens/s", prompt);
        s = add_subject(b, SUBJECT_decode, 1, fresh);
        snprintf(s->name, sizeof s->name, "decoding %d, tokens/s", fresh);
        return;
    }
    choose_images(b, model);
    for (size_t i = 0; model->vocabulary && i < COUNT_OF(lengths); i++) {
        for (int sequences = 1; sequences <= MANY; sequences += MANY - 1) {
            if (lengths[i] > model->max_sequence || sequences > model->max_batch || sequences * lengths[i] > model->max_rows) continue;
            Subject *s = add_subject(b, SUBJECT_encode, sequences, lengths[i]);
            snprintf(s->name, sizeof s->name, "%d x %d tokens, ms", sequences, lengths[i]);
        }
    }
}

/* The workers of another contestant's runtime spin for a while after its last call. */
static void let_workers_sleep(void)
{
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    nanosleep(&pause, NULL);
}

/* Each round begins with another contestant, so that none always comes first. */
static void run_all(Bench *b)
{
    for (int run = 0; run < b->runs; run++)
        for (size_t s = 0; s < b->subjects; s++)
            for (int i = 0; i < CONTESTANT_MAX; i++) {
                int which = (i + run) % CONTESTANT_MAX;
                let_workers_sleep();
                b->subject[s].seconds[which][run] = measure(&b->contestant[which], &b->subject[s]);
            }
}

/* ---- the table ---- */

/* Seconds as the subject's unit. */
static double shown(const Subject *subject, double seconds)
{
    if (subject->kind == SUBJECT_prefill) return subject->tokens / seconds;
    return subject->kind == SUBJECT_decode ? 1 / seconds : 1e3 * seconds;
}

/* Of the arithmetic peak of the kind that most products are of; of the bandwidth where a token is read for. */
static void print_share(const Bench *b, const Subject *s, double seconds)
{
    int kind;
    const Compiled *c = b->contestant[0].compiled;
    double work = work_per_token(c, &kind) * s->tokens * s->sequences;
    if (!b->options->machine) return;
    if (s->kind == SUBJECT_decode)
        printf(" %.0f %% of the bandwidth |", 100 * (double)bytes_per_token(c, s->tokens / 2) / seconds / b->bandwidth);
    else if ((s->kind == SUBJECT_prefill || s->kind == SUBJECT_encode) && b->peak[kind] > 0)
        printf(" %.0f %% of the peak |", 100 * work / seconds / b->peak[kind]);
    else
        printf(" |");
}

static void print_subject(Bench *b, Subject *s)
{
    double value[CONTESTANT_MAX];
    printf("| %s |", s->name);
    for (int i = 0; i < CONTESTANT_MAX; i++) {
        value[i] = median(s->seconds[i], (size_t)b->runs);
        double number = shown(s, value[i]);
        printf(number < 1000 ? " %.4g |" : " %.0f |", number);
    }
    printf(" %.2f | %.2f |", value[1] / value[0], value[2] / value[0]);
    print_share(b, s, value[0]);
    printf("\n");
}

static void print_bytes(const Bench *b, const char *what, size_t offset)
{
    printf("| %s, bytes |", what);
    for (int i = 0; i < CONTESTANT_MAX; i++) printf(" %zu |", *(const size_t *)((const char *)&b->contestant[i].compiled->facts + offset));
    printf(" | |\n");
}

static void print_table(Bench *b)
{
    const Compiled *c = b->contestant[0].compiled;
    printf("%s (%s), target %s, %d threads; medians of %d interleaved runs. Ratios are times: above 1, compiled code is faster.\n\n",
           c->facts.name, c->facts.architecture, c->target->name, b->threads, b->runs);
    printf("| |");
    for (int i = 0; i < CONTESTANT_MAX; i++) printf(" %s |", b->contestant[i].name);
    printf(" interpreted / compiled | without passes / compiled |%s\n|---|---:|---:|---:|---:|---:|%s\n", b->options->machine ? " share |" : "",
           b->options->machine ? "---:|" : "");
    for (size_t i = 0; i < b->subjects; i++) print_subject(b, &b->subject[i]);
    print_bytes(b, "weights", offsetof(hf2c_model, weights_bytes));
    print_bytes(b, "workspace", offsetof(hf2c_model, workspace_bytes));
    print_bytes(b, "state of a sequence", offsetof(hf2c_model, state_bytes));
    printf("| from the folder to ready, s |");
    for (int i = 0; i < CONTESTANT_MAX; i++) printf(" %.3g |", b->contestant[i].made);
    printf(" | |\n");
}

static Subject *find_decode(Bench *b)
{
    for (size_t i = 0; i < b->subjects; i++)
        if (b->subject[i].kind == SUBJECT_decode) return &b->subject[i];
    return NULL;
}

static void measure_machine(Bench *b, const char *isa)
{
    static const char *const names[] = {"f32", "bf16", "int8"};
    static const size_t beyond_caches = (size_t)256 << 20;
    b->bandwidth = machine_bandwidth(beyond_caches, b->threads);
    printf("This machine, %d thread%s: reads %.3g GB/s of memory; a barrier takes %.3g microseconds; %s:", b->threads, b->threads > 1 ? "s" : "",
           1e-9 * b->bandwidth, 1e6 * machine_barrier(b->threads), isa);
    for (int kind = 0; kind <= PEAK_int8; kind++) {
        b->peak[kind] = machine_peak(isa, kind, b->threads);
        if (b->peak[kind] > 0) printf("%s %s %.0f GOP/s", kind ? "," : "", names[kind], 1e-9 * b->peak[kind]);
    }
    printf(".\n\n");
}

static void print_machine(Bench *b)
{
    static const size_t beyond_caches = (size_t)256 << 20;
    Subject *decode = find_decode(b);
    printf("\nThis machine, %d threads: reads %.3g GB/s of memory; a barrier takes %.3g microseconds.\n", b->threads,
           1e-9 * machine_bandwidth(beyond_caches, b->threads), 1e6 * machine_barrier(b->threads));
    if (!decode) return;
    const Contestant *c = &b->contestant[0];
    size_t bytes = bytes_per_token(c->compiled, decode->tokens / 2);
    double limit = machine_bandwidth(bytes < 4096 ? 4096 : bytes, b->threads);
    double rate = (double)bytes / median(decode->seconds[0], (size_t)b->runs);
    printf("A decoded token reads %zu bytes: compiled %.3g GB/s, which is %.0f %% of the %.3g GB/s that this machine reads of so many bytes.\n",
           bytes, 1e-9 * rate, 100 * rate / limit, 1e-9 * limit);
}

int command_bench(const Options *options)
{
    if (options->quality) return bench_quality(options);
    int64_t runs = options->repeat ? options->repeat : 5;
    if (runs > RUNS_MAX) fatal("--repeat: found %lld, wanted at most %d", (long long)runs, RUNS_MAX);
    Arena *arena = arena_new();
    Bench *b = ARENA_NEW(arena, Bench);
    *b = (Bench){.arena = arena, .options = options, .runs = (int)runs};
    b->threads = options->threads ? (int)options->threads : hf2c_thread_limit();
    if (!options->model) {
        measure_machine(b, kernels_native_isa());
        arena_free(arena);
        return EXIT_DONE;
    }
    add_contestant(b, 0, "compiled", true, true);
    add_contestant(b, 1, "interpreted", false, true);
    add_contestant(b, 2, "interpreted without passes", false, false);
    choose_subjects(b);
    run_all(b);
    if (options->machine) measure_machine(b, b->contestant[0].compiled->target->isa);
    print_table(b);
    print_machine(b);
    arena_free(arena);
    return EXIT_DONE;
}
